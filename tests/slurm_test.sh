#!/usr/bin/env bash
# slurm_test.sh LOWRANK SWEEP_SH: the script of docs/cluster.md on a real Slurm, with the commands of that page, gives
# the bits of one machine: also where tasks are killed and requeued, run twice, missing, or of another number of shards.
# A cluster is started for it (slurm/loopback.sh), which needs the packages slurm-wlm and munge.
set -euo pipefail
unset CDPATH ${!SLURM_@} ${!SBATCH_@}

lowrank=$1 script=$2
for program in sbatch slurmctld slurmd munged; do
  # Debian has daemons in folders that only root's PATH names.
  PATH=$PATH:/usr/sbin command -v "$program" >/dev/null || { echo "$program is not here: skipped"; exit 77; }
done
PATH=$PATH:/usr/sbin
source "$(dirname "$0")/slurm/loopback.sh"
root=$(cd "$(mktemp -d)" && pwd -P)
trap 'slurm_down; rm -rf "$root"' EXIT
mkdir "$root/work"

fail() {
  echo "slurm_test: $*" >&2
  tail -n 5 "$root"/work/*.log >&2
  exit 1
}

grid=(table6 --preset smoke --tasks nli --ranks 1,4 --targets q --seeds 16)  # 64 cells: killed tasks have not ended yet
# sweep_sh OUT SHARDS: the page's script for this grid, to OUT, which its logs are named by, with so many shards.
sweep_sh() {
  sed -e "s|^sweep=.*|sweep=('$lowrank' ${grid[*]} --out $1)|" -e "s|^shards=8 |shards=$2 |" "$script" >sweep.sh
  [[ $(diff "$script" sweep.sh | grep -c '^>') -eq $(($2 == 8 ? 1 : 2)) ]] || fail "the script was not changed as meant"
  export SBATCH_JOB_NAME=$1
}
new() { mkdir "$root/work/$1" && cp -r "$root/work/one/base" "$root/work/$1/"; }
cells() { sed -E 's/"seconds":[^,}]*,?//' "$root/work/$1/table6/cells.jsonl" | sort; }
cells_in_parts() { find "$root/work/$1" -path '*/parts/*.jsonl' -exec cat {} + 2>/dev/null | wc -l; }
has_cells() { [[ $(cells_in_parts "$1") -ge $2 ]]; }
until_no_jobs() { within 300 no_jobs || fail "jobs do not end: $(squeue)"; }
same_as_one() {
  local file
  [[ $(cells "$1") == "$(cells one)" ]] || fail "the cells of $1 are others than those of one machine"
  for file in table6.md table6.csv report.json; do
    cmp -s "$root/work/$1/table6/$file" "$root/work/one/table6/$file" || fail "$file of $1 is another than of one machine"
  done
}
says() { grep -q "$2" "$root"/work/$1-*.log || fail "no log of $1 says: $2"; }

"$lowrank" "${grid[@]}" --out "$root/work/one" >/dev/null 2>"$root/work/one-1.log" || fail "one machine"
slurm_up "$root/slurm"
cd "$root/work"

# --- The three commands of the page ------------------------------------------------------------------------
sweep_sh all 8
base=$(sbatch --parsable --cpus-per-task=2 sweep.sh --only-base)
array=$(sbatch --parsable --array=1-8 --dependency=afterok:$base --kill-on-invalid-dep=yes sweep.sh)
sbatch --dependency=afterok:$base,afterany:$array --kill-on-invalid-dep=yes sweep.sh
until_no_jobs
same_as_one all
says all '^shard 8 of 8 is done'
says all '64 cells, 64 of them there already; nothing to compute'
[[ $(ls all/table6/parts/*.jsonl | wc -l) -eq 8 ]] || fail "8 parts were expected: $(ls all/table6/parts)"

# --- A shard twice at once, one missing, and then another number of them -----------------------------------
new other
sweep_sh other 3
sbatch --array=1-2 sweep.sh
sbatch --array=2 sweep.sh
until_no_jobs
[[ $(ls other/table6/parts/2-of-3.*.jsonl | wc -l) -eq 2 ]] || fail "shard 2 was not run twice at once"
sweep_sh other 2
sbatch --array=2 sweep.sh
until_no_jobs
says other '^shard 2 of 2 is done'
last=$(sbatch --parsable sweep.sh)
until_no_jobs
grep -q '^64 cells, .* there already; [1-9][0-9]* to compute' "other-$last.log" || fail "nothing was missing: $(<"other-$last.log")"
says other 'cells are taken from parts, shards 2 of 2; 1, 2 of 3'
same_as_one other

# --- A task that is requeued while it runs, and again after it was killed ----------------------------------
new killed
sweep_sh killed 1
job=$(sbatch --parsable --array=1 sweep.sh)
within 60 has_cells killed 2 || fail "the task does not run"
scontrol requeue "${job}_1"
before=$(cells_in_parts killed)
within 60 has_cells killed $((before + 2)) || fail "the task is not run again"
has_ended() { [[ $(scontrol show job "${job}_1") == *JobState=FAILED* ]]; }
for process in $(left_behind); do
  [[ $(cat "/proc/$process/comm" 2>/dev/null) != lowrank ]] || kill -KILL "$process"
done
says killed "64 cells, [1-9][0-9]* of them there already"
within 30 has_ended || fail "the killed task has not failed: $(scontrol show job "${job}_1")"
scontrol requeue "${job}_1"
until_no_jobs
says killed '^shard 1 of 1 is done'
[[ $(ls killed/table6/parts/1-of-1.*.jsonl | wc -l) -eq 3 ]] || fail "three processes were expected: $(ls killed/table6/parts)"
sbatch sweep.sh
until_no_jobs
same_as_one killed

# --- The base fails: nothing of it waits for ever ----------------------------------------------------------
sweep_sh broken 8
touch broken
base=$(sbatch --parsable sweep.sh --only-base)
array=$(sbatch --parsable --array=1-8 --dependency=afterok:$base --kill-on-invalid-dep=yes sweep.sh)
sbatch --dependency=afterok:$base,afterany:$array --kill-on-invalid-dep=yes sweep.sh
within 60 no_jobs || fail "jobs wait for a base that failed: $(squeue)"
[[ $(ls broken-*.log | wc -l) -eq 1 ]] || fail "something ran without a base"
says broken 'Not a directory'
cd /
echo "slurm: the bits of one machine"
