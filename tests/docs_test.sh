#!/usr/bin/env bash
# docs_test.sh ROOT [LOWRANK]: what the documentation of the checkout ROOT (*.md and docs/**/*.md) says of
# files, code and commands is true. Names every mistake as "file:line: what", and ends with 1 if there is one.
#
#   links      a relative link names a file or folder of the checkout, its #anchor a heading there
#   excerpts   the line <!-- from FILE --> before a code block promises that the block stands in FILE as it is,
#              but for the white space at the start of lines; a block of C++ must have such a line
#   sources    a file of code in `backticks` (*.h, *.cpp, *.cmake, *.sh) is there, at this path or under this name
#   commands   every "./run COMMAND" is on the list in run; its --options are in `LOWRANK COMMAND --help`
#   typed      a line to be typed (```sh) gives each command the options that its help calls (required)
#   cases      case "NAME" is a test case of the file in tests/ that was named last before it
#   printed    numbers carry their command: a block of ```text stands under <!-- printed by ./run COMMAND --> or is an
#              excerpt, which <!-- from FILE --> says. Under <!-- output of ./run COMMAND --> the block stands in what
#              LOWRANK COMMAND prints, which is run
#   formulas   $...$ stands in one line and apart from words, $$...$$ begins a line; and what is in them survives
#              Markdown, which would take \\, \{ and \, for escapes and *, <, | or an _ after a sign for its own
#
# Links to other sites are counted, not followed. Options of "./run test" are ctest's, those of "./run course" are looked
# at by course_test.py.
set -euo pipefail
unset CDPATH
export LC_ALL=C
reader=$(cd "$(dirname "$0")" && pwd)/docs_records.awk
cd "$1"
lowrank=${2-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

pages=()
while IFS= read -r page; do pages+=("${page#./}"); done < <(
  find . -maxdepth 1 -name '*.md'
  [[ ! -d docs ]] || find docs -name '*.md' | sort
)

# A page as records for the loops below; docs_records.awk names them. Excerpts are written to $work/block-PAGE-LINE.
read_page() { awk -v block_prefix="$work/block-${1//\//-}-" -f "$reader" "$1"; }

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

# Whether the lines of BLOCK stand in FILE one after the other, but for the white space at their starts.
stands_in() {
  awk '
    { sub(/^[ \t]+/, "") }
    FILENAME == ARGV[1] { wanted[++n] = $0; next }
    { text[++m] = $0 }
    END {
      for (i = 0; n && i + n <= m; ++i) {
        for (j = 1; j <= n && text[i + j] == wanted[j]; ++j) {}
        if (j > n) exit 0
      }
      exit 1
    }' "$1" "$2"
}

check_excerpt() {
  local page=$1 line=$2 file=$3 block=$4
  excerpts=$((excerpts + 1))
  if [[ ! -f $file ]]; then
    mistake "$page:$line: an excerpt from $file, which is not there"
  elif ! stands_in "$block" "$file"; then
    mistake "$page:$line: an excerpt that is not in $file as it is here"
  fi
}

check_output() {
  local page=$1 line=$2 block=$3 command=$4 words
  [[ -n $lowrank ]] || return 0
  outputs=$((outputs + 1))
  read -ra words <<<"$command"
  (cd "$work" && "$lowrank" "${words[@]}") >"$work/output" 2>&1 ||
    mistake "$page:$line: ./run $command fails: $(head -n 1 "$work/output")"
  stands_in "$block" "$work/output" || mistake "$page:$line: ./run $command prints something else"
}

check_source() {
  sources=$((sources + 1))
  awk -v end="/$3" 'substr($0, length($0) - length(end) + 1) == end {found = 1} END {exit !found}' "$work/files" ||
    mistake "$1:$2: there is no file $3"
}

check_case() {
  cases=$((cases + 1))
  if [[ $3 == - ]]; then
    mistake "$1:$2: a case of no file: name one of tests/ before it"
  elif ! grep -qF "\"$4\"" "$3" 2>/dev/null; then
    mistake "$1:$2: $3 has no case \"$4\""
  fi
}

check_command() {
  local page=$1 line=$2 name=$3 help option words
  shift 3
  commands=$((commands + 1))
  if ! grep -q "^  ${name%% *}  *[a-z]" <<<"$listed"; then
    mistake "$page:$line: ./run has no command '$name'"
  elif [[ -n $lowrank && $name != test && $name != course && $# -gt 0 ]]; then
    read -ra words <<<"$name"  # "bench step": the command of a group
    help=$("$lowrank" "${words[@]}" --help 2>&1) || true
    for option; do
      [[ $option != --help ]] || continue
      grep -qE -e "$option([^a-z-]|\$)" <<<"$help" ||
        mistake "$page:$line: ./run $name has no option $option"
    done
  fi
}

# What a reader types must not end in a usage error.
check_typed() {
  local page=$1 line=$2 text=${3%%#*} part words help option unless
  [[ -n $lowrank && $text == *./run\ [a-z]* ]] || return 0
  while IFS= read -r part; do
    [[ $part == *./run\ [a-z]* ]] || continue
    read -ra words <<<"${part#*./run }"
    [[ ${words[0]} != test && ${words[0]} != course && " ${words[*]} " != *' --help '* ]] || continue
    typed=$((typed + 1))
    [[ ${words[0]} == bench && ${#words[@]} -gt 1 ]] && help=$("$lowrank" bench "${words[1]}" --help 2>&1) ||
      help=$("$lowrank" "${words[0]}" --help 2>&1) || continue
    while read -r option unless || [[ -n $option ]]; do
      [[ -z $option || " ${words[*]} " == *" $option "* || " ${words[*]} " == *" $option="* ]] ||
        [[ -n $unless && " ${words[*]} " == *" $unless "* ]] ||
        mistake "$page:$line: ./run ${words[0]} wants $option"
    done < <(tr '\n' ' ' <<<"$help" | sed 's/  --/\n--/g' | sed -nE 's/^(--[a-z-]+) .*\(required( +without +(--[a-z-]+))?\).*/\1 \3/p')
  done < <(sed 's/ *&& */\n/g; s/ *| */\n/g' <<<"$text")
}

links=0 typed=0 elsewhere=0 excerpts=0 sources=0 commands=0 outputs=0 cases=0 formulas=0
find . \( -path ./build -o -path ./.git -o -path ./tests/controls \) -prune -o -type f -print >"$work/files"
listed=$(awk '/^commands="$/ {on = 1; next} /^"$/ {on = 0} on' run
  [[ ! -e experiments/list.txt ]] || awk '$1 ~ "/" {print "  " $2 "  experiment"}' experiments/list.txt)
for page in ${pages[@]+"${pages[@]}"}; do
  while IFS=$'\t' read -r kind first rest; do
    case $kind in
      mistake) mistake "$page:$first: $rest" ;;
      link) check_link "$page" "$first" "$rest" ;;
      excerpt) check_excerpt "$page" "$first" "${rest%%$'\t'*}" "${rest#*$'\t'}" ;;
      source) check_source "$page" "$first" "$rest" ;;
      case) check_case "$page" "$first" "${rest%%$'\t'*}" "${rest#*$'\t'}" ;;
      output) check_output "$page" "$first" "${rest%%$'\t'*}" "${rest#*$'\t'}" ;;
      typed) check_typed "$page" "$first" "$rest" ;;
      formula) formulas=$((formulas + 1)) ;;
      command)
        IFS=$'\t' read -ra words <<<"$rest"
        check_command "$page" "$first" "${words[@]}" ;;
    esac
  done <"$(records "$page")"
done

# Nothing found would mean that nothing was looked at.
for found in "${#pages[@]} page" "$links link" "$excerpts excerpt" "$sources source" "$commands command" \
  "$cases case" "$formulas formula" ${lowrank:+"$outputs output" "$typed typed line"}; do
  [[ $found != 0* ]] || mistake "there is no ${found#0 } to check under $1"
done
printf '%s pages, %s links (and %s to other sites), %s excerpts, %s sources, %s commands, %s typed, %s outputs, %s cases, %s formulas\n' \
  "${#pages[@]}" "$links" "$elsewhere" "$excerpts" "$sources" "$commands" "$typed" "$outputs" "$cases" "$formulas"
if [[ $mistakes -gt 0 ]]; then
  printf 'mistakes in the documentation: %s\n' "$mistakes"
  exit 1
fi
