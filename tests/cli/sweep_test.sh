#!/usr/bin/env bash
# sweep_test.sh LOWRANK: a sweep of one's own. Fields are crossed, a field that says nothing is run once, the CSV has
# a line a run, the numbers are the same for any number of jobs, after a kill and in three shards, a rate that is
# searched is said, and the report shows the sweep.
set -euo pipefail
unset CDPATH

lowrank=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() {
  echo "sweep_test: $*" >&2
  exit 1
}

short=(--task nli --steps 12 --examples 40 --base-steps 30 --seeds 2)
sweep() {  # OUT ARGUMENT...
  local out=$1
  shift
  "$lowrank" sweep "${short[@]}" --over alpha=2,8 --over rank=1,4 --over method=lora,full --out "$out" "$@"
}
cells() { sed -E 's/"seconds":[^,}]*,?//' "$1/sweep/cells.jsonl" | sort; }

sweep one --jobs 1 >one.txt 2>one.log || fail "it does not run: $(<one.log)"
grep -q 'rank says nothing with --method full' one.log || fail "it is not said what says nothing: $(<one.log)"
grep -q '5 rows, 2 seeds each' one.log || fail "lora at four settings and full once are five rows: $(<one.log)"
grep -q '10 to compute, 1 at a time: about .* MB' one.log || fail "number, time and memory are not said: $(<one.log)"
[[ $(grep -c 'recorded for nli lora q,v' one.txt) -eq 4 ]] || fail "a row does not say where its rate is from: $(<one.txt)"
[[ $(wc -l <one/sweep/sweep.csv) -eq 11 ]] || fail "the CSV has not a line a run"
head -n 1 one/sweep/sweep.csv | grep -q '^task,.*,seed,.*,rank,alpha,.*,value,nll' || fail "its head: $(head -n 1 one/sweep/sweep.csv)"
if command -v gnuplot >/dev/null; then
  grep -q '<svg' one/sweep/sweep.svg || fail "there is no figure"
fi

# Any number of jobs, and three shards with the command without shard as the last: the same cells, table and data.
sweep two --jobs 2 >two.txt 2>two.log || fail "two jobs: $(<two.log)"
mkdir parts && cp -r one/base parts/
for shard in 1 2 3; do
  sweep parts --shard $shard/3 >shard.txt 2>shard.log || fail "shard $shard: $(<shard.log)"
  [[ ! -s shard.txt && ! -e parts/sweep/sweep.md ]] || fail "a shard printed a table"
done
sweep parts >parts.txt 2>parts.log || fail "after the shards: $(<parts.log)"
grep -q 'nothing to compute' parts.log || fail "the shards left something: $(<parts.log)"
for other in two parts; do
  [[ $(cells $other) == "$(cells one)" ]] || fail "$other has other cells"
  for file in sweep.md sweep.csv; do
    cmp -s one/sweep/$file $other/sweep/$file || fail "$other/$file is another"
  done
done

# Killed after its first cells, it goes on where it was.
mkdir killed && cp -r one/base killed/
"$lowrank" sweep "${short[@]}" --over alpha=2,8 --over rank=1,4 --over method=lora,full --out killed --jobs 1 \
  >/dev/null 2>killed.log &
until [[ -s killed/sweep/cells.jsonl ]]; do
  kill -0 $! 2>/dev/null || fail "it ended before its first cell: $(<killed.log)"
  sleep 0.02
done
kill -9 $!
wait $! 2>/dev/null || true
before=$(wc -l <killed/sweep/cells.jsonl)
sweep killed >killed.txt 2>killed.log || fail "after the kill: $(<killed.log)"
grep -q "$before of them there already" killed.log || fail "it did not go on: $(<killed.log)"
[[ $(cells killed) == "$(cells one)" ]] || fail "the kill changed a cell"

# Of what is in the folder the table has what was asked for.
"$lowrank" sweep "${short[@]}" --over alpha=8 --out one >less.txt 2>less.log || fail "fewer: $(<less.log)"
grep -q '1 of them there already\|2 of them there already' less.log || fail "the same runs are made again: $(<less.log)"
[[ $(wc -l <one/sweep/sweep.csv) -eq 3 ]] || fail "the CSV has more than was asked for"

# Rates that are searched: one for each row, on validation examples, with the grid and its edges.
"$lowrank" sweep --task nli --steps 2 --examples 32 --base-steps 30 --seeds 1 --over rank=1,4 --search-lr --name mine \
  --out one >search.txt 2>search.log || fail "a search: $(<search.log)"
grep -q 'Learning rates, searched on validation examples' search.txt || fail "the search is not shown: $(<search.txt)"
[[ $(grep -c ' searched$' search.txt) -eq 2 ]] || fail "the rows do not say so: $(<search.txt)"

# The report shows both.
if command -v gnuplot >/dev/null; then
  "$lowrank" report --out one >report.txt 2>&1 || fail "report: $(<report.txt)"
  for name in sweep mine; do
    grep -q "id=\"$name\"" one/report.html || fail "the report does not show $name"
  done
fi

refused() {  # MESSAGE ARGUMENT...
  local message=$1 code=0
  shift
  "$lowrank" sweep --task nli --out none "$@" >refused.txt 2>&1 || code=$?
  [[ $code -eq 2 && $(<refused.txt) == *"$message"* && $(wc -l <refused.txt) -eq 1 && ! -e none ]] ||
    fail "$*: exit code $code: $(<refused.txt)"
}
refused 'sweep wants --over FIELD=VALUES'
refused "unknown field 'seed'; valid are method, size, targets" --over seed=1,2
refused "--over 'rank=1,1' names 1 twice" --over rank=1,1
refused '--over names rank twice' --over rank=1 --over rank=2
refused '--rank has no effect beside --over rank=1' --over rank=1 --rank 2
refused "--rank '0': a whole number" --over rank=0
refused '--rank has no effect with --method full' --over method=full --rank 2
refused '--over rank has no effect with --method bitfit' --over method=full,bitfit --over rank=1,2
refused '--optimizer sgd wants --lr' --over optimizer=sgd,adamw
refused '--search-lr has no effect beside --over lr' --over lr=0.1 --search-lr
refused "--name 'table6'" --over rank=1 --name table6
refused "unknown target 'x'" --over targets=q+x
echo "sweep: 10 runs, the same however they are computed"
