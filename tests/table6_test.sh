#!/usr/bin/env bash
# table6_test.sh LOWRANK: the sweep as its users know it, on a small grid. A second run computes nothing,
# kill -9 loses no finished cell and doubles none, the cells are the same bits for any number of jobs and
# threads, and a folder refuses another configuration.
set -euo pipefail
unset CDPATH

lowrank=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() {
  echo "table6_test: $*" >&2
  exit 1
}

arguments=(--tasks nli,reorder --ranks 1,4 --targets q,v --seeds 2)
grid() {  # OUT ARGUMENT...
  local out=$1
  shift
  "$lowrank" table6 --preset "${preset:-smoke}" "${arguments[@]}" --out "$out" "$@"
}

# Everything about the finished cells but the time they took, in one order.
cells() {
  sed -E 's/"seconds":[^,}]*,?//' "$1/table6/cells.jsonl" | sort
}

OMP_NUM_THREADS=1 grid one --jobs 1 >one.txt 2>one.log || fail "the grid does not run: $(cat one.log)"
total=$(wc -l <one/table6/cells.jsonl)
[[ $total -eq 16 ]] || fail "16 cells were expected, not $total"
grep -q 'Wq,Wv' one.txt || fail "no table was printed"
for file in table6.md table6.csv run.json; do
  [[ -s one/table6/$file ]] || fail "$file is not there"
done

# Again: nothing is computed, and the same is printed.
before=$(cells one)
grid one --jobs 1 >again.txt 2>again.log || fail "a second run: $(cat again.log)"
[[ $(cells one) == "$before" ]] || fail "a second run changed the cells"
cmp -s one.txt again.txt || fail "a second run printed another table"
grep -q '16 of them there already' again.log || fail "a second run did not say that all is there: $(cat again.log)"

# Other jobs and threads, another base trained with them: the same bits.
OMP_NUM_THREADS=2 grid two --jobs 2 >two.txt 2>two.log || fail "with two jobs: $(cat two.log)"
[[ $(cells two) == "$before" ]] || fail "jobs or threads changed the cells"
cmp -s one/base/*.safetensors two/base/*.safetensors || fail "threads changed the base"

# sweep_until N OUT SIGNAL ARGUMENT...: the sweep in the background until N of its cells are finished, then the signal.
finished_in() { if [[ -e $1/table6/cells.jsonl ]]; then wc -l <"$1/table6/cells.jsonl"; else echo 0; fi; }
sweep_until() {
  local cells=$1 out=$2 signal=$3
  shift 3
  "$lowrank" table6 --preset smoke "${arguments[@]}" --out "$out" --jobs 2 "$@" >/dev/null 2>"$out.log" &
  until [[ $(finished_in "$out") -ge $cells ]]; do
    kill -0 $! 2>/dev/null || fail "the sweep ended before cell $cells: $(cat "$out.log")"
    sleep 0.02
  done
  kill "-$signal" $!
  wait $! 2>/dev/null
}

# kill -9 while cells are computed, then to the end: exactly the rest is trained.
mkdir killed
cp -r one/base killed/
for cells in 1 4 8; do sweep_until $cells killed 9 && fail "it was not killed"; done
finished=$(finished_in killed)
[[ $finished -ge 8 && $finished -lt 16 ]] || fail "$finished cells were finished when it was killed"
grid killed --jobs 2 >/dev/null 2>killed.log || fail "after kill -9: $(cat killed.log)"
grep -q "$finished of them there already; $((16 - finished)) to compute" killed.log ||
  fail "$finished cells were there, and not the rest was to compute: $(cat killed.log)"
[[ $(cells killed) == "$before" ]] || fail "kill -9 lost, doubled or changed a cell"
if ls killed/table6/*.tmp* >/dev/null 2>&1; then fail "temporary files were left"; fi

# A run that is started over and stopped leaves no findings of the one before for the report to judge.
cp -r one stopped
rm stopped/table6/cells.jsonl  # else the lines of before are counted
code=0
sweep_until 1 stopped TERM --fresh || code=$?
[[ $code -eq 130 ]] || fail "exit code $code after a stop: $(cat stopped.log)"
grep -q 'stopped with [0-9]* of 16 cells finished; continue with: ' stopped.log || fail "a stop says: $(cat stopped.log)"
[[ -s one/table6/report.json && ! -e stopped/table6/report.json ]] || fail "a stopped run left findings"

# Another configuration in the same folder is refused, with the difference, and changes nothing.
if preset=quick grid one >/dev/null 2>refused.log; then fail "another configuration was accepted"; fi
grep -q 'steps_factor' refused.log || fail "the difference is not told: $(cat refused.log)"
[[ $(cells one) == "$before" ]] || fail "a refused run changed the cells"

# The controls of the comparison itself: another seed gives other cells.
grid other --base-seed 3 --jobs 2 >/dev/null 2>other.log || fail "another base: $(cat other.log)"
[[ $(cells other | sed 's/"base_seed":[0-9]*//') != $(cells one | sed 's/"base_seed":[0-9]*//') ]] ||
  fail "another base seed gave the same cells: the comparison is blind"
echo "table6: $total cells, the same however they are computed"
