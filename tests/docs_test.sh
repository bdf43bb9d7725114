#!/usr/bin/env bash
# docs_test.sh ROOT [LOWRANK]: what the documentation of the checkout ROOT (*.md and docs/**/*.md) says of
# files, code and commands is true. Names every mistake as "file:line: what", and ends with 1 if there is one.
#
#   links      a relative link names a file or folder of the checkout, its #anchor a heading there
#   excerpts   the line <!-- from FILE --> before a code block promises that the block stands in FILE as it is,
#              but for the white space at the start of lines; a block of C++ must have such a line
#   sources    a file of code in `backticks` (*.h, *.cpp, *.cmake, *.sh) is there, at this path or under this name
#   commands   every "./run COMMAND" is on the list in run; its --options are in `LOWRANK COMMAND --help`
#
# Links to other sites are counted, not followed. Options of "./run test" are ctest's.
set -euo pipefail
export LC_ALL=C
cd "$1"
lowrank=${2-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

pages=()
while IFS= read -r page; do pages+=("${page#./}"); done < <(
  find . -maxdepth 1 -name '*.md'
  [[ ! -d docs ]] || find docs -name '*.md' | sort
)

# One awk reads a page into records, tab-separated, for the loops below:
#   anchor NAME | link LINE TARGET | excerpt LINE FILE BLOCK | source LINE FILE
#   command LINE NAME OPTION... | mistake LINE TEXT
# Excerpts are written to $work/BLOCK. Slugs are GitHub's; a heading with letters beyond ASCII gets none.
read_page() {
  awk -v block_prefix="$work/block-${1//\//-}-" '
    function emit(kind, rest) { print kind "\t" rest }
    function slug(text) {
      gsub(/\]\([^)]*\)/, "", text)
      if (text ~ /[^ -~]/) return ""
      text = tolower(text)
      gsub(/[^a-z0-9 _-]/, "", text)
      gsub(/ /, "-", text)
      return text
    }
    function commands(text,   words, n, i, found) {
      while (match(text, /\.\/run +[a-z][a-z0-9-]*/)) {
        found = substr(text, RSTART, RLENGTH)
        sub(/^\.\/run +/, "", found)
        text = substr(text, RSTART + RLENGTH)
        # Options up to the end of the command: a backtick, a comment, another command.
        n = split(text, words, /[ \t]+/)
        for (i = 1; i <= n; ++i) {
          if (words[i] ~ /^(#|\.\/run|&&|\|)/) break
          if (match(words[i], /^--[a-z][a-z-]*/)) found = found "\t" substr(words[i], RSTART, RLENGTH)
          if (words[i] ~ /`/) break
        }
        emit("command", NR "\t" found)
      }
    }
    function sources(text,   spans, n, i, span, found) {
      n = split(text, spans, /`/)
      for (i = 2; i <= n; i += 2) {
        span = spans[i]
        while (match(span, /[A-Za-z0-9_.\/-]*[A-Za-z0-9_]\.(h|cpp|cmake|sh)([^A-Za-z0-9_.]|$)/)) {
          found = substr(span, RSTART, RLENGTH)
          span = substr(span, RSTART + RLENGTH)
          sub(/[^a-z]$/, "", found)
          emit("source", NR "\t" found)
        }
      }
    }
    function links(text,   target) {
      gsub(/`[^`]*`/, "", text)
      while (match(text, /\]\([^)]*\)|^ *\[[^]]*\]: *[^ ]+|(href|src)="[^"]*"/)) {
        target = substr(text, RSTART, RLENGTH)
        text = substr(text, RSTART + RLENGTH)
        sub(/^\]\(|^ *\[[^]]*\]: *|^(href|src)="/, "", target)
        sub(/( +"[^"]*")?\)$|"$/, "", target)
        emit("link", NR "\t" target)
      }
    }
    /^ *```/ && !fenced {
      fenced = 1; language = $0; sub(/^ *```/, "", language)
      if (from != "") {
        block = block_prefix NR; printf "" > block
        emit("excerpt", NR "\t" from "\t" block)
      } else if (language == "cpp")
        emit("mistake", NR "\tC++ without a line <!-- from FILE --> before it")
      copying = from != ""; from = ""
      next
    }
    /^ *```/ { fenced = copying = 0; next }
    fenced { if (copying) print > block; commands($0); next }
    from != "" && !/^ *$/ { emit("mistake", from_line "\tno code block follows <!-- from " from " -->"); from = "" }
    /^<!-- from [^ ]+ -->$/ { from = $3; from_line = NR; next }
    /^#+ / {
      heading = $0; sub(/^#+ +/, "", heading); name = slug(heading)
      if (name != "") emit("anchor", name (seen[name]++ ? "-" (seen[name] - 1) : ""))
    }
    { commands($0); sources($0); links($0) }
    END {
      if (fenced) emit("mistake", NR "\ta code block that does not end")
      if (from != "") emit("mistake", from_line "\tno code block follows <!-- from " from " -->")
    }' "$1"
}

records() { printf '%s/records-%s\n' "$work" "${1//\//-}"; }
for page in ${pages[@]+"${pages[@]}"}; do read_page "$page" >"$(records "$page")"; done

mistakes=0
mistake() {
  printf '%s\n' "$*"
  mistakes=$((mistakes + 1))
}

# The file that TARGET, seen from PAGE, means, as a path from the root; fails where it leaves the root.
resolve() {
  local part path=()
  local IFS=/
  for part in $(dirname "$1") $2; do
    case $part in
      . | '') ;;
      ..) [[ ${#path[@]} -gt 0 ]] || return 1; unset "path[$((${#path[@]} - 1))]" ;;
      *) path+=("$part") ;;
    esac
  done
  printf '%s\n' "${path[*]-}"
}

check_link() {
  local page=$1 line=$2 target=$3 file anchor=''
  case $target in
    http://* | https://* | mailto:*) elsewhere=$((elsewhere + 1)); return ;;
  esac
  links=$((links + 1))
  file=${target%%#*}
  [[ $target != *'#'* ]] || anchor=${target#*#}
  if [[ -z $file ]]; then
    file=$page
  elif ! file=$(resolve "$page" "$file") || [[ ! -e ./$file ]]; then
    mistake "$page:$line: a link to $target, which is not there"
    return
  fi
  [[ -n $anchor ]] || return 0
  grep -qxF "anchor	$anchor" "$(records "$file")" 2>/dev/null ||
    mistake "$page:$line: a link to $target, but $file has no such heading"
}

check_excerpt() {
  local page=$1 line=$2 file=$3 block=$4
  excerpts=$((excerpts + 1))
  if [[ ! -f $file ]]; then
    mistake "$page:$line: an excerpt from $file, which is not there"
  elif ! awk '
      { sub(/^[ \t]+/, "") }
      FILENAME == ARGV[1] { wanted[++n] = $0; next }
      { text[++m] = $0 }
      END {
        for (i = 0; n && i + n <= m; ++i) {
          for (j = 1; j <= n && text[i + j] == wanted[j]; ++j) {}
          if (j > n) exit 0
        }
        exit 1
      }' "$block" "$file"; then
    mistake "$page:$line: an excerpt that is not in $file as it is here"
  fi
}

check_source() {
  sources=$((sources + 1))
  awk -v end="/$3" 'substr($0, length($0) - length(end) + 1) == end {found = 1} END {exit !found}' "$work/files" ||
    mistake "$1:$2: there is no file $3"
}

check_command() {
  local page=$1 line=$2 name=$3 help option
  shift 3
  commands=$((commands + 1))
  if ! grep -q "^  $name  *[a-z]" <<<"$listed"; then
    mistake "$page:$line: ./run has no command '$name'"
  elif [[ -n $lowrank && $name != test && $# -gt 0 ]]; then
    help=$("$lowrank" "$name" --help 2>&1) || true
    for option; do
      grep -qE -e "$option([^a-z-]|\$)" <<<"$help" ||
        mistake "$page:$line: ./run $name has no option $option"
    done
  fi
}

links=0 elsewhere=0 excerpts=0 sources=0 commands=0
find . \( -path ./build -o -path ./.git -o -path ./tests/controls \) -prune -o -type f -print >"$work/files"
listed=$(awk '/^commands="$/ {on = 1; next} /^"$/ {on = 0} on' run)
for page in ${pages[@]+"${pages[@]}"}; do
  while IFS=$'\t' read -r kind first rest; do
    case $kind in
      mistake) mistake "$page:$first: $rest" ;;
      link) check_link "$page" "$first" "$rest" ;;
      excerpt) check_excerpt "$page" "$first" "${rest%%$'\t'*}" "${rest#*$'\t'}" ;;
      source) check_source "$page" "$first" "$rest" ;;
      command)
        IFS=$'\t' read -ra words <<<"$rest"
        check_command "$page" "$first" "${words[@]}" ;;
    esac
  done <"$(records "$page")"
done

# Nothing found would mean that nothing was looked at.
for found in "${#pages[@]} page" "$links link" "$excerpts excerpt" "$sources source" "$commands command"; do
  [[ $found != 0* ]] || mistake "there is no ${found#0 } to check under $1"
done
printf '%s pages, %s links (and %s to other sites), %s excerpts, %s sources, %s commands\n' \
  "${#pages[@]}" "$links" "$elsewhere" "$excerpts" "$sources" "$commands"
if [[ $mistakes -gt 0 ]]; then
  printf 'mistakes in the documentation: %s\n' "$mistakes"
  exit 1
fi
