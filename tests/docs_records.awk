# docs_records.awk: what docs_test.sh checks of one page of Markdown, as records with tabs between their fields:
#   anchor NAME | link LINE TARGET | excerpt LINE FILE BLOCK | source LINE FILE | command LINE NAME OPTION...
#   output LINE BLOCK COMMAND | typed LINE TEXT | case LINE FILE NAME | formula LINE | mistake LINE TEXT
# Excerpts are written to files whose names begin with block_prefix. Slugs are GitHub's; a heading with letters beyond
# ASCII gets none.
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
    # `bench step --json`: the command of a group.
    if (match(text, /^ [a-z]+ --/)) found = found substr(text, 1, RLENGTH - 3)
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
function cases(text,   found) {
  while (match(text, /`tests\/[^`]*\.cpp`|case "[^"]*("|$)/)) {
    found = substr(text, RSTART, RLENGTH)
    text = substr(text, RSTART + RLENGTH)
    if (found ~ /^`/)
      tests = substr(found, 2, length(found) - 2)
    else if (found ~ /"$/ && length(found) > 6)
      emit("case", NR "\t" (tests ? tests : "-") "\t" substr(found, 7, length(found) - 7))
    else
      emit("mistake", NR "\tthe name of a case does not end in this line")
  }
}
function formula(text,   opened, closed) {
  emit("formula", NR)
  opened = gsub(/[{]/, "{", text)
  closed = gsub(/[}]/, "}", text)
  if (opened != closed) emit("mistake", NR "\ta formula with " opened " { and " closed " }")
  if (text ~ /\\([^A-Za-z]|$)/) emit("mistake", NR "\ta formula with \\ before a sign, which Markdown takes away")
  if (text ~ /(^|[^A-Za-z0-9])_/) emit("mistake", NR "\ta formula with _ after a sign, which may become emphasis")
  if (text ~ /[*<>|]/) emit("mistake", NR "\ta formula with *, <, > or |, which Markdown may take")
}
function formulas(text,   parts, n, i) {
  gsub(/`[^`]*`/, "code", text)
  if (display || text ~ /^\$\$/) {
    if (!display) { display = NR; sub(/^\$\$/, "", text) }
    if (sub(/\$\$$/, "", text)) display = 0
    formula(text)
    return
  }
  n = split(text, parts, /\$/)
  if (n > 1 && n % 2 == 0) emit("mistake", NR "\ta $ without its pair in this line")
  for (i = 2; i < n; i += 2) {
    formula(parts[i])
    if (parts[i] ~ /^ | $/ || parts[i - 1] !~ /(^|[ (])$/ || parts[i + 1] !~ /^($|[ .,;:)?!])/)
      emit("mistake", NR "\ta formula that does not stand apart: $" parts[i] "$")
  }
}
display && !/\$\$$/ && (/^ *$/ || /^ *```/) {
  emit("mistake", display "\ta formula that does not end")
  display = 0
}
/^ *```/ && !fenced {
  fenced = 1; language = $0; sub(/^ *```/, "", language)
  if (from != "") {
    block = block_prefix NR; printf "" > block
    emit("excerpt", NR "\t" from "\t" block)
  } else if (output != "") {
    block = block_prefix NR; printf "" > block
    emit("output", NR "\t" block "\t" output)
  } else if (language == "cpp")
    emit("mistake", NR "\tC++ without a line <!-- from FILE --> before it")
  else if (language == "text" && !printed)
    emit("mistake", NR "\ttext without a line <!-- printed by ./run COMMAND --> before it")
  copying = from != "" || output != ""
  printed = 0; from = output = ""
  next
}
/^ *```/ { fenced = copying = 0; next }
fenced { if (copying) print > block; commands($0); if (language == "sh") emit("typed", NR "\t" $0); next }
from != "" && !/^ *$/ { emit("mistake", from_line "\tno code block follows <!-- from " from " -->"); from = "" }
/^<!-- from [^ ]+ -->$/ { from = $3; from_line = NR; next }
printed && !/^ *$/ { emit("mistake", printed "\tno code block follows what prints it"); printed = 0; output = "" }
/^<!-- (printed by|output of) \.\/run [a-z].* -->$/ {
  printed = NR
  sub(/ -->$/, "")
  commands($0)
  if (sub(/^<!-- output of \.\/run /, "")) output = $0
  next
}
/^#+ / {
  heading = $0; sub(/^#+ +/, "", heading); name = slug(heading)
  if (name != "") emit("anchor", name (seen[name]++ ? "-" (seen[name] - 1) : ""))
}
{ commands($0); sources($0); links($0); cases($0); formulas($0) }
END {
  if (fenced) emit("mistake", NR "\ta code block that does not end")
  if (from != "") emit("mistake", from_line "\tno code block follows <!-- from " from " -->")
  if (printed) emit("mistake", printed "\tno code block follows what prints it")
  if (display) emit("mistake", display "\ta formula that does not end")
}
