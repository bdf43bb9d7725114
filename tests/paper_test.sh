#!/usr/bin/env bash
# paper_test.sh LOWRANK: the whole paper in its smoke preset, as a user runs it, on two of its three tasks: every
# stage's folder, verdicts on F1 to F11, and a report that stands alone, with at least 8 figures. Without gnuplot it
# says so before it begins.
set -euo pipefail
unset CDPATH

lowrank=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() {
  echo "paper_test: $*" >&2
  exit 1
}

# Nobody finds out at the end of a night that there is no gnuplot.
mkdir empty
code=0
PATH=$work/empty "$lowrank" paper --preset smoke --out none >out.txt 2>err.txt || code=$?
[[ $code -eq 2 ]] || fail "without gnuplot: exit code $code"
[[ $(<err.txt) == *gnuplot-nox* && ! -e none ]] || fail "without gnuplot: $(<err.txt)"
if ! command -v gnuplot >/dev/null; then
  echo "gnuplot is not here: the paper is not run"
  exit 77
fi

start=$SECONDS
"$lowrank" paper --preset smoke --tasks sqlgen,nli --out results >out.txt 2>err.txt || fail "exit code $?: $(tail -n 20 err.txt)"
took=$((SECONDS - start))
head -n 1 out.txt | grep -q '^stage' || fail "the plan is not said first"

# Every stage that the plan names has left its table.
stages=$(sed -n '2,/^in all/p' out.txt | awk '!/^in all|^base |^[^ ]*\/search /{print $1}')
for stage in $stages; do
  [[ -s results/$stage/$stage.md ]] || fail "$stage has no table"
done
for finding in F1 F2 F3 F4 F5 F6 F7 F8 F9 F10 F11; do
  grep -q "\"id\": \"$finding\"" results/verdicts.json || fail "verdicts.json lacks $finding"
done
if grep -q '"summary": "not run"' results/verdicts.json; then fail "a finding was not run"; fi

# The plan said how many runs there are; what an experiment took from another is none.
planned=$(awk '/^in all/{exit} NR > 1 && $1 != "base" && $1 !~ /search/ {sum += $3} END {print sum}' out.txt)
trained=0 taken=0
for folder in results/*/; do
  name=$(basename "$folder")
  [[ -e $folder/cells.jsonl ]] || continue
  own=$(grep -c "\"experiment\":\"$name\"" "$folder/cells.jsonl" || true)
  trained=$((trained + own))
  taken=$((taken + $(wc -l <"$folder/cells.jsonl") - own))
done
[[ $planned -eq $trained && $taken -gt 0 ]] || fail "$planned runs were planned, $trained made, $taken cells taken from others"

# Each of these says that it is of models that are hardly trained, and the last lines are the findings.
smoke='Preset smoke: its models are hardly trained, so these numbers mean nothing.'
for stage in $stages; do
  head -n 3 "results/$stage/$stage.md" | grep -qF "**$smoke**" || fail "the table of $stage does not say that it is smoke"
done
for file in out.txt results/report.html results/verdicts.json; do
  grep -qF "$smoke" "$file" || fail "$file does not say that it is smoke"
done
tail -n 30 out.txt | grep -cE '^F[0-9]+ +(holds|does not hold|open|contradicted) on ' | grep -qx 11 ||
  fail "the end is not a line for each finding: $(tail -n 30 out.txt)"

# Every row of every table has as many cells as its rule; a bar within a cell is written \|.
rows_that_differ() {
  awk '{ sub(/\r$/, "") } { line = $0; gsub(/\\\|/, "", line); bars = gsub(/\|/, "", line) }
       /^\|[-:|]+$/ { rule = bars; if (head != rule) print FILENAME ": " head - 1 " headings over " rule - 1 " columns" }
       /^\|/ { if (rule && bars != rule) print FILENAME ":" FNR ": " $0; head = bars; next } { rule = 0 }' "$@"
}
wrong=$(rows_that_differ results/*/*.md)
[[ -z $wrong ]] || fail "a row has other cells than its table: $(head -n 1 <<<"$wrong")"
printf '| a | |b| |\n|---|---|\n| 1 | 2 |\n' >control.md
[[ $(rows_that_differ control.md) == "control.md: 4 headings over 2 columns" ]] || fail "the check of tables is blind"

report=results/report.html
figures=$(grep -c '<svg' "$report")
[[ $figures -ge 8 ]] || fail "$figures figures, at least 8 are wanted"
if grep -q 'is not drawn' "$report"; then fail "$(grep -o '<strong>.*is not drawn.*' "$report" | head -n 1)"; fi
# Nothing is loaded from elsewhere: links are into the page or hold their data; other addresses are only names of
# namespaces.
if grep -oE "(src|href|action|data)=[\"'][^\"']{0,40}" "$report" | grep -vE "=[\"'](#|data:)" >loads.txt; then
  fail "the report points outside: $(head -n 1 loads.txt)"
fi
if grep -qE '@import|<link|<iframe|<img' "$report" 2>/dev/null; then fail "the report loads something"; fi
grep -q '<a href="#top">' "$report" || fail "no link leads back to the top of the report"

# The report alone, from the results that are there: the same verdicts, nothing trained.
cp results/verdicts.json before.json
cells=$(cat results/*/cells.jsonl | cksum)
"$lowrank" report --out results >again.txt 2>&1 || fail "report: $(<again.txt)"
cmp -s before.json results/verdicts.json || fail "the report alone came to other verdicts"
[[ $(cat results/*/cells.jsonl | cksum) == "$cells" ]] || fail "the report trained something"

# A run of one task and the report again: the findings are still those of the whole.
"$lowrank" table7 --preset smoke --tasks nli --out results >again.txt 2>&1 || fail "table7: $(<again.txt)"
"$lowrank" report --out results >again.txt 2>&1 || fail "report: $(<again.txt)"
cmp -s before.json results/verdicts.json || fail "a run of one task changed the verdicts"
[[ $(cat results/*/cells.jsonl | cksum) == "$cells" ]] || fail "a run of one task trained something"

# Every stage says what it was made with.
for stage in $stages; do
  case $stage in table7 | figure[348]) folder=adapters ;; figure2) folder=table15 ;; *) folder=$stage ;; esac
  [[ -s results/$folder/run.json ]] || fail "$stage has no run card"
done
grep -q '<td>figure4</td><td>adapters</td>' "$report" || fail "figure4 has no provenance"

# A script is edited and drawn again by hand.
(cd results/figures && sed 's/^set output .*/set output "mine.svg"/' table6.gp >mine.gp && gnuplot mine.gp 2>/dev/null)
[[ -s results/figures/mine.svg ]] || fail "a figure cannot be drawn again"
echo "paper: $(wc -w <<<"$stages") stages, $trained runs and $taken cells of others, $figures figures, $took s"
