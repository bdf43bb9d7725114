#!/usr/bin/env bash
# sweep_csv_test.sh LOWRANK PAGE: the programs on the page about one question, in Python and in R, find in a sweep's
# CSV what its table has. Where Rscript or Python is not installed, its part is skipped with a note.
set -euo pipefail
unset CDPATH

lowrank=$1 page=$2
python=${LOWRANK_PYTHON:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() {
  echo "sweep_csv_test: $*" >&2
  exit 1
}

# program LANGUAGE N: the Nth block in that language on the page.
program() {
  awk -v fence="\`\`\`$1" -v wanted="$2" '
    $0 == fence { on = ++n == wanted; next }
    /^```/ { on = 0 }
    on' "$page"
}
program python 1 >rows.py
program python 2 >pairs.py
program r 1 >rows.R
for file in rows.py pairs.py rows.R; do [[ -s $file ]] || fail "the page has no $file"; done

small=(--steps 20 --examples 50 --base-steps 30 --seeds 2 --out results)
sweep() {  # NAME OPTION...
  "$lowrank" sweep --task nli --name "$1" "${@:2}" "${small[@]}" >"$1.txt" 2>"$1.log" || fail "$(cat "$1.log")"
}
sweep one --over alpha=2,8,32
sweep two --over rank=1,8 --over targets=q,q+v

# table NAME FIELDS: "2 34.4 3.7" for each row of the table, in some order. A set of matrices is q+v there and q,v in the CSV.
table() {
  awk -v fields="$2" '
    head && NF == 0 { exit }
    head { sub(/±/, ""); gsub(/\+/, ","); for (i = 1; i <= fields + 2; ++i) printf "%s%s", $i, i < fields + 2 ? " " : "\n" }
    / score +nll / { head = 1 }' "$1.txt" | sort
}
[[ $(table one 1 | wc -l) -eq 3 && $(table two 2 | wc -l) -eq 4 ]] || fail "the tables are not read: $(cat one.txt two.txt)"
[[ $(table one 1 | cut -d' ' -f2-) != *nan* ]] || fail "a row has no spread: $(cat one.txt)"

# same NAME PROGRAM...: it prints the rows of the table, and notices a run that is changed.
same() {
  local name=$1 fields=$2 csv=results/$1/$1.csv
  shift 2
  local names=(alpha)
  [[ $fields -eq 1 ]] || names=(rank targets)
  diff <("$@" "$csv" "${names[@]}" | sort) <(table "$name" "$fields") >&2 || fail "$1 does not print the table of $name"
  sed '2s/,accuracy,[0-9.]*,/,accuracy,0.99,/' "$csv" >changed.csv
  ! diff -q <("$@" changed.csv "${names[@]}" | sort) <(table "$name" "$fields") >/dev/null ||
    fail "$1 does not notice a run that is changed"
}

tried=0
if command -v "$python" >/dev/null; then
  tried=1
  same one 1 "$python" rows.py
  same two 2 "$python" rows.py
  # The mean of the differences is the difference of the means, each of which was rounded.
  "$python" pairs.py results/one/one.csv alpha 32 8 >pairs.txt || fail "pairs.py does not run"
  mean() { table one 1 | awk -v row="$1" '$1 == row { print $2 }'; }
  awk -v a="$(mean 32)" -v b="$(mean 8)" '
    /^32 minus 8: [+-]/ && /, 2 pairs$/ { d = $4 - (a - b); ok = d < 0.16 && d > -0.16 }
    END { exit !ok }' pairs.txt || fail "pairs.py says $(cat pairs.txt), the table $(table one 1)"
else
  echo "sweep_csv_test: no $python here, so the programs in Python are not tried"
fi
if command -v Rscript >/dev/null; then
  tried=1
  same one 1 Rscript rows.R
  same two 2 Rscript rows.R
else
  echo "sweep_csv_test: no Rscript here, so the program in R is not tried"
fi
[[ $tried -eq 1 ]] || exit 77
echo "the programs of the page print the tables"
