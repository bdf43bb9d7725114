#!/usr/bin/env bash
# shard_test.sh LOWRANK JSON_FIELDS FAILING_CALLS: a sweep in parts, as several machines would run it in one folder:
# the same bits as on one, whatever is run twice, not at all, with another number of parts, stopped, or without locks.
set -euo pipefail
unset CDPATH SLURM_CPUS_PER_TASK

lowrank=$1 json_fields=$2 failing_calls=$3
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
work=$root/work
mkdir "$work"
source "$(dirname "$0")/common.sh"

grid=(table6 --preset smoke --tasks nli --ranks 1,4 --targets q --jobs 1)
whole=("${grid[@]}" --seeds 2)  # 8 cells
small=("${grid[@]}" --seeds 1)  # 4 of them

# A results folder that has the base and nothing else.
new() { mkdir "$work/$1" && cp -r "$work/one/base" "$work/$1/"; }
# Everything about the cells of a folder but the time they took, in one order.
cells() { sed -E 's/"seconds":[^,}]*,?//' "$work/$1/table6/cells.jsonl" | sort; }
# parts PATTERN: the part files of a folder, for example one/table6/parts/2-of-3.*
parts() { (cd "$work" && compgen -G "$1.jsonl") || true; }
count() { parts "$1" | wc -l; }
cells_in_parts() { parts "$1/table6/parts/*" | (cd "$work" && xargs cat /dev/null) | wc -l; }
# Waits for processes, each of which must end well.
all_end_well() { local pid; for pid; do wait "$pid" || fail "a process ended with $?"; done; }
# same_as_one OUT: the cells and what is made of them.
same_as_one() {
  local file
  [[ $(cells "$1") == "$(cells one)" ]] || fail "the cells of $1 are others than those of one machine"
  for file in table6.md table6.csv report.json; do
    cmp -s "$work/$1/table6/$file" "$work/one/table6/$file" || fail "$file of $1 is another than that of one machine"
  done
}

# --- What is wrong is refused before anything is written ---------------------------------------------------
refused '--shard 3/2: there is no part 3 of 2' "${whole[@]}" --shard 3/2
refused '--shard 3: K/N is wanted, as 3/8' "${whole[@]}" --shard 3
refused '--shard 0/3: K/N is wanted' learning-rates --shard 0/3
refused '--fresh has no effect with --shard' "${whole[@]}" --shard 1/3 --fresh
refused '--fresh has no effect with --only-base' paper --only-base --fresh
refused '--shard has no effect with --only-base' table5 --only-base --shard 1/3
refused '--shard has no effect on costs: it measures' costs --shard 1/3
refused '--only-base has no effect on table1: it measures' table1 --only-base
refused '--shard has no effect where one teacher is asked for' known-rank --true-rank 2 --shard 1/3
for command in "${whole[0]}" paper learning-rates; do
  refused 'the base of seed 2, width 64, is not there; make it first, with the same command and --only-base' \
    "$command" --preset smoke --tasks nli --shard 1/3
done
refused 'not all learning rates are searched in results/learning-rates; search them first*--only-base' \
  table6 --preset full --tasks nli --shard 1/3
refused 'not all learning rates are searched' paper --preset full --tasks nli --shard 1/3

# --- The base, and one machine -----------------------------------------------------------------------------
accepted "${whole[@]}" --out one --only-base
[[ ! -s $root/out && ! -e $work/one/table6 && $(ls "$work/one/base" | wc -l) -eq 1 ]] || fail "--only-base did more"
accepted "${whole[@]}" --out one
[[ $(wc -l <"$work/one/table6/cells.jsonl") -eq 8 ]] || fail "8 cells were expected"

# Several make it at once: it is one, and the same.
pids=()
for folder in a a a b; do
  (cd "$work" && exec "$lowrank" pretrain --steps 40 --out "pretrained/$folder" >/dev/null 2>&1) &
  pids+=($!)
done
all_end_well "${pids[@]}"
cmp -s "$work"/pretrained/a/base/*.safetensors "$work"/pretrained/b/base/*.safetensors ||
  fail "three that made one base at once made another one"

# --- Three shards, one of them twice at once ---------------------------------------------------------------
new three
pids=()
for k in 1 2 3 2; do
  (cd "$work" && exec "$lowrank" "${whole[@]}" --out three --shard "$k/3" >"../$k.out" 2>"../$k.err" </dev/null) &
  pids+=($!)
done
all_end_well "${pids[@]}"
for k in 1 2 3; do
  [[ ! -s $root/$k.out ]] || fail "a shard printed a table"
  grep -q "^shard $k of 3: [23] of 8 cells of table6" "$root/$k.err" || fail "shard $k does not say its part: $(<"$root/$k.err")"
  grep -q "^shard $k of 3 is done; its cells are in three/table6/parts" "$root/$k.err" || fail "shard $k does not end"
done
[[ $(ls "$work/three/table6") == parts ]] || fail "a shard wrote more than its part: $(ls "$work/three/table6")"
[[ $(cells_in_parts three) -ge 8 ]] || fail "the parts have not all cells"
accepted "${whole[@]}" --out three
says err '8 cells are taken from parts, shards 1, 2, 3 of 3'
says err '8 cells, 8 of them there already; nothing to compute'
same_as_one three

# Again, and a shard after the end: nothing is left to do, and no empty part stays.
before=$(parts 'three/table6/parts/*')
accepted "${whole[@]}" --out three --shard 2/3
says err '2 of them there already; nothing to compute'
[[ $(parts 'three/table6/parts/*') == "$before" ]] || fail "a shard without work left a part"

# --- A shard is missing, and then there is another number of them ------------------------------------------
new other
accepted "${whole[@]}" --out other --shard 1/3
[[ $(count 'other/table6/parts/1-of-3.*') -eq 1 ]] || fail "there is no part of shard 1"
accepted "${whole[@]}" --out other --shard 1/2
says err 'of them there already'
accepted "${whole[@]}" --out other --shard 9/9  # more shards than cells
says err 'shard 9 of 9: 0 of 8 cells of table6'
says err 'shard 9 of 9 is done'
[[ $(count 'other/table6/parts/9-of-9.*') -eq 0 ]] || fail "an empty part stays"
SLURM_CPUS_PER_TASK=2 accepted table6 --preset smoke --tasks nli --ranks 1,4 --targets q --seeds 2 --out other
says err 'cells are taken from parts, shards 1 of 2; 1 of 3'
says err '2 at a time'
same_as_one other

# --- A shard that is killed, and one that is stopped -------------------------------------------------------
stopped_by() {  # SIGNAL: shard 1 of 1 in the folder stopped, until it has a cell; its exit code
  (cd "$work" && exec "$lowrank" "${whole[@]}" --out stopped --shard 1/1 >/dev/null 2>"$root/err") &
  local pid=$! before i
  before=$(cells_in_parts stopped)
  for ((i = 0; i < 1200; ++i)); do
    [[ $(cells_in_parts stopped) -gt $before ]] && break
    sleep 0.05
  done
  kill "-$1" "$pid"
  code=0
  wait "$pid" 2>/dev/null || code=$?
}
new stopped
stopped_by KILL
[[ $code -eq 137 ]] || fail "exit code $code after KILL"
stopped_by TERM
[[ $code -eq 130 ]] || fail "exit code $code after TERM"
says err 'stopped with '
finished=$(cells_in_parts stopped)
printf '{"experiment":"table6","ta' >>"$work/$(parts 'stopped/table6/parts/*' | head -n 1)"
accepted "${whole[@]}" --out stopped --shard 1/1
says err "8 cells, $finished of them there already"
accepted "${whole[@]}" --out stopped
same_as_one stopped

# --- A part that says something else, and another configuration --------------------------------------------
part=$(parts 'stopped/table6/parts/*' | tail -n 1)
sed '1s/"value":[0-9.]*/"value":0.125/' "$work/$part" >"$root/edited"
cp "$root/edited" "$work/$part"
run "${whole[@]}" --out stopped
[[ $code -eq 2 ]] || fail "another value in a part was accepted"
says err "$part:1 (on *): a second result of cell *than in stopped/table6/cells.jsonl:"
run table6 --preset quick --out three --base-seed 2 --shard 1/3
[[ $code -eq 2 ]] || fail "a shard of another configuration was accepted"

# --- File systems without locks, or with locks that nobody else sees ---------------------------------------
if [[ -n $failing_calls ]]; then
  without_locks() { FAIL_FLOCK=$1 LD_PRELOAD=$failing_calls "${@:2}"; }
  twice() {  # FAIL_FLOCK OUT: the whole command twice at once, and then once more
    pids=()
    for _ in 1 2; do
      (cd "$work" && without_locks "$1" exec "$lowrank" "${small[@]}" --out "$2" >/dev/null 2>&1 </dev/null) &
      pids+=($!)
    done
    all_end_well "${pids[@]}"
    without_locks "$1" accepted "${small[@]}" --out "$2"
    says err '4 cells, 4 of them there already'
    cmp -s <(cells "$2" | sort -u) <(cells one | grep '"seed":1,') || fail "other cells where two ran at once in $2"
  }
  new nolocks
  without_locks 38 accepted "${small[@]}" --out nolocks --shard 2/2
  [[ ! -e $work/nolocks/table6/lock ]] || fail "a shard locks"
  without_locks 38 accepted "${small[@]}" --out nolocks
  says err 'nolocks/table6 is on a file system without locks'
  [[ $(count 'nolocks/table6/parts/1-of-1.*') -eq 1 ]] || fail "without locks there is no part"
  cmp -s <(cells nolocks) <(cells one | grep '"seed":1,') || fail "other cells without locks"
  new nolocks2 && twice 37 nolocks2
  new local && twice 0 local  # a lock that only its own machine sees
fi
echo "shards: the same bits as one machine"
