#!/usr/bin/env bash
# places_test.sh LOWRANK JSON_FIELDS FAILING_CALLS SANITIZED: the program in places that are not as one would
# like them: streams that fail, names of another encoding, other file systems, other people's files and folders,
# settings of the user's that are not meant for it. Work that was asked for is done, or refused before it begins.
set -euo pipefail
unset CDPATH

lowrank=$1 json_fields=$2 failing_calls=$3 sanitized=$4
root=$(mktemp -d)
trap 'chmod -R u+w "$root"; rm -rf "$root"' EXIT
work=$root/work
mkdir "$work"
source "$(dirname "$0")/common.sh"
tiny=(--task nli --base-steps 40 --steps 3 --examples 32)
accepted train "${tiny[@]}" --out a
base=$(cd "$work" && echo results/base/base-*.safetensors)

edit() { sed "$1" "$2" >"$work/edited" && mv "$work/edited" "$2"; }  # sed -i is not the same everywhere
# An adapter, whole, in the folder $1.
whole() { [[ -s $work/$1/adapter_model.safetensors && -s $work/$1/adapter_config.json ]] || fail "no adapter in $1"; }
# exits CODE COMMAND...: in $work, with the streams that the caller gave it.
exits() {
  local wanted=$1 got=0
  shift
  (cd "$work" && "$@") || got=$?
  [[ $got -eq $wanted ]] || fail "exit code $got instead of $wanted: $*"
}

# --- Streams -----------------------------------------------------------------------------------------------
if [[ -c /dev/full ]]; then
  exits 0 "$lowrank" train "${tiny[@]}" --out full2 2>/dev/full >/dev/null
  whole full2
  exits 2 "$lowrank" tabel6 2>/dev/full  # what is wrong cannot be said, but it is wrong
  exits 2 "$lowrank" train "${tiny[@]}" --out full1 >/dev/full 2>"$root/err"
  whole full1
  grep -q 'cannot write the output: No space left' "$root/err" || fail "a full disk under the output is not said"
fi
exits 0 "$lowrank" train "${tiny[@]}" --out closed <&- >&- 2>&-
whole closed
exits 141 "$lowrank" train "${tiny[@]}" --out gone 2>/dev/null > >(exec true)
whole gone

# A sweep whose streams are closed has nothing but cells in its file of cells.
sweep=(table6 --preset smoke --tasks nli --ranks 1 --targets q --seeds 1 --jobs 1)
exits 0 "$lowrank" "${sweep[@]}" --out sweep <&- >&- 2>&-
[[ $(grep -c '^{"experiment":"table6",' "$work/sweep/table6/cells.jsonl") -eq $(wc -l <"$work/sweep/table6/cells.jsonl") ]] ||
  fail "something else than cells is in cells.jsonl"
[[ ! -s $work/sweep/table6/lock ]] || fail "something was printed into the lock"
accepted "${sweep[@]}" --out sweep

# --- Threads that wait for others sleep, unless the user says otherwise -------------------------------------
# What GCC's OpenMP read when it was loaded; the program may begin twice.
spins() { OMP_DISPLAY_ENV=verbose "$lowrank" --version 2>&1 | sed -n "s/.*GOMP_SPINCOUNT = '\([0-9]*\)'.*/\1/p" | tail -n 1; }
if [[ -n $(spins) ]]; then
  [[ $(unset OMP_WAIT_POLICY; spins) -eq 0 ]] || fail "threads that wait spin $(unset OMP_WAIT_POLICY; spins) times"
  [[ $(OMP_WAIT_POLICY=active spins) -gt 0 ]] || fail "the user's OMP_WAIT_POLICY is not kept"
fi
exits 0 env -u OMP_WAIT_POLICY "$lowrank" train "${tiny[@]}" --out 'with a space' <&- >&- 2>&-
whole 'with a space'
exits 2 env -u OMP_WAIT_POLICY "$lowrank" 'no such' 2>/dev/null

# A program that begins again keeps its name for ps, pkill and gdb.
if [[ -r /proc/self/comm ]]; then
  rm "$work/sweep/table6/cells.jsonl"
  (cd "$work" && unset OMP_WAIT_POLICY && exec "$lowrank" "${sweep[@]}" --out sweep) >/dev/null 2>&1 &
  until [[ -s $work/sweep/table6/cells.jsonl ]]; do kill -0 $! && sleep 0.02; done
  [[ $(cat /proc/$!/comm) == "$(basename "$lowrank")" ]] || fail "the program is called $(cat /proc/$!/comm)"
  wait $! || fail "a sweep that was only looked at failed"
fi

# --- Names that are not UTF-8 ------------------------------------------------------------------------------
latin=$'caf\xe9'
if mkdir "$work/$latin" 2>/dev/null; then  # some file systems take no such name
  accepted train "${tiny[@]}" --out "$latin" --json
  fields out value >/dev/null
  accepted eval --adapter "$latin" --json
  accepted merge --adapter "$latin" --out "$latin.safetensors" --json
fi

# --- File systems without locks, or whose folders cannot be synchronised -----------------------------------
if [[ -n $failing_calls && $sanitized == no ]]; then
  for errno in 5 22 38 95; do
    FAIL_FSYNC=$errno LD_PRELOAD=$failing_calls accepted train "${tiny[@]}" --out "fsync$errno"
    whole "fsync$errno"
  done
  for errno in 37 38 95; do
    FAIL_FLOCK=$errno LD_PRELOAD=$failing_calls accepted "${sweep[@]}" --out sweep
    says err 'sweep/table6 is on a file system without locks'
  done
fi

# --- What is there is not replaced -------------------------------------------------------------------------
refused 'a/adapter_model.safetensors is there already' trace --base-steps 40 --out a/adapter_model.safetensors
refused "$base is there already" trace --mode full --base-steps 40 --out "$base"
refused "results is there already" bench scaling --csv results

# --- Adapters that were elsewhere --------------------------------------------------------------------------
cp -r "$work/a" "$work/b"
sed 's/"lowrank.base_fingerprint"/"elsewhe.base_fingerprint"/' "$work/a/adapter_model.safetensors" \
  >"$work/b/adapter_model.safetensors"
refused 'b: it has no fingerprint of the base that it was made for' eval --adapter b
accepted eval --adapter b --checkpoint "$base"
says out 'it does not say which base it is for'
cp "$root/out" "$root/unverified"
accepted eval --adapter a
cmp -s <(tail -n 1 "$root/out") <(tail -n 1 "$root/unverified") || fail "the base was named, and the score is another"
edit 's/"base":/"bass":/' "$work/b/adapter_model.safetensors"
refused 'b does not say which base it is for; give that base with --checkpoint FILE' eval --adapter b

# Somebody's model of gigabytes is known by its header.
header='{"model.embed.weight":{"dtype":"F16","shape":[1610612736],"data_offsets":[0,3221225472]}}     '
{ printf '\x60\0\0\0\0\0\0\0%-96s' "$header"; } >"$work/big.safetensors"
if truncate -s $((8 + 96 + 3221225472)) "$work/big.safetensors" 2>/dev/null && [[ $sanitized == no ]]; then
  (ulimit -v 2000000; refused 'not a checkpoint of this program' eval --task nli --checkpoint big.safetensors)
fi
rm "$work/big.safetensors"

# --- Commands that are printed can be pasted ---------------------------------------------------------------
refused "make it with: ./run pretrain --base-seed 2 --steps 20 --out 'my results'" \
  eval --task nli --results 'my results' --base-steps 20

# --- Temperature 0 is the most likely word -----------------------------------------------------------------
accepted generate --adapter a
cp "$root/out" "$root/greedy"
accepted generate --adapter a --temperature 0
cmp -s "$root/out" "$root/greedy" || fail "temperature 0 is not the most likely word"

# --- Ctrl-C is not for what a script runs in the background ------------------------------------------------
(cd "$work" && trap '' INT && exec "$lowrank" train --task nli --base-steps 40 --steps 300 --examples 32 --out background >/dev/null 2>"$root/err") &
pid=$!
for ((i = 0; i < 600; ++i)); do
  grep -q 'training lora on nli' "$root/err" && break
  sleep 0.05
done
grep -q 'training lora on nli' "$root/err" || fail "the training has not begun"
kill -INT "$pid"
wait "$pid" || fail "a training that was started to ignore interrupts was interrupted"
whole background

# --- Workers may use every core that the process was given -------------------------------------------------
if [[ -r /proc/self/status && $(nproc) -ge 2 && $sanitized == no ]]; then
  allowed=$(sed -n 's/^Cpus_allowed_list:\s*//p' /proc/self/status)
  (cd "$work" && OMP_PROC_BIND=true OMP_PLACES=cores exec "$lowrank" table6 --preset smoke --tasks nli --ranks 1,2,4,8 \
    --targets q --seeds 4 --jobs 2 --out sweep >/dev/null 2>"$root/err") &
  pid=$!
  for ((i = 0; i < 600; ++i)); do
    [[ $(ls "/proc/$pid/task" 2>/dev/null | wc -l) -ge 3 ]] && break
    sleep 0.05
  done
  sleep 0.2
  free=$(cat "/proc/$pid/task"/*/status 2>/dev/null | grep -c "^Cpus_allowed_list:[[:space:]]*$allowed\$" || true)
  kill -TERM "$pid"
  wait "$pid" || true
  [[ $free -ge 2 ]] || fail "only $free threads may run on every core"
fi

# --- Results folders ---------------------------------------------------------------------------------------
command -v gnuplot >/dev/null || { echo "gnuplot is not here: the report is not tried"; exit 0; }
accepted report --out sweep
cp "$root/out" "$root/verdicts"
cp "$work/sweep/figures/table6.svg" "$root/table6.svg"
# A copy beside it is another's, whatever its name; a folder that cannot be looked into, or a link to itself, is nothing.
cp -r "$work/sweep/table6" "$work/sweep/table6.bak"
cp -r "$work/sweep/table6" "$work/sweep/table5"
ln -s loop "$work/sweep/loop"
mkdir -m 000 "$work/sweep/closed"
accepted report --out sweep
says out 'sweep/table5 is left out: its run.json is of "table6"'
says out 'sweep/table6.bak is left out: no experiment has that name'
cmp -s <(grep -v 'is left out' "$root/out") "$root/verdicts" || fail "a copy beside the results changes the verdicts"
rm -r "$work/sweep/table6.bak" "$work/sweep/table5" "$work/sweep/loop" "$work/sweep/closed"
# Neither the user's CDPATH nor the user's settings of gnuplot, nor a name that begins with a dash.
mkdir -p "$work/elsewhere/sweep/figures" "$work/home"
printf 'set logscale y\nset xtics rotate\n' >"$work/home/.gnuplot"
CDPATH=$work/elsewhere HOME=$work/home accepted report --out sweep
cmp -s "$work/sweep/figures/table6.svg" "$root/table6.svg" || fail "the user's settings change a figure"
cp -r "$work/sweep" "$work/-x"
rm -r "$work/-x/figures"
accepted report --out=-x
[[ -s $work/-x/figures/table6.svg ]] || fail "no figure in a folder whose name begins with a dash"

# What others wrote into a results folder, by accident or not, is one line.
damaged() {
  rm -rf "$work/damaged"
  cp -r "$work/sweep" "$work/damaged"
}
deep=$(printf '[%.0s' {1..70000})
damaged; printf '{"experiment":"t","more":%s}\n' "$deep" >>"$work/damaged/table6/cells.jsonl"
refused 'damaged/table6/cells.jsonl:*is nested deeper than 8 levels' report --out damaged
damaged; edit '1s/"value":[0-9.]*/"value":0.5,"value":42/' "$work/damaged/table6/cells.jsonl"
refused 'damaged/table6/cells.jsonl:1: has the member "value" twice' report --out damaged
damaged; edit '1s/"value":[0-9.]*/"value":42/' "$work/damaged/table6/cells.jsonl"
refused 'damaged/table6/cells.jsonl:1: field "value" must be from 0 to 1 or nan, not 42' report --out damaged
damaged; edit $'1s/"method":"[a-z]*"/"method":"\\\\u001b[31mX"/' "$work/damaged/table6/cells.jsonl"
refused 'damaged/table6/cells.jsonl:1: unknown method "\\u001b[31mX"' report --out damaged
damaged; edit 's/"cells": [0-9]*/"cells": 3000000000/' "$work/damaged/table6/report.json"
refused 'damaged/table6/report.json is no report: *"cells*' report --out damaged
damaged; echo '{"stages":[1,{"name":"x","seconds":"long"}]}' >"$work/damaged/paper.json"
accepted report --out damaged

# Somebody else's finished results can be printed and judged, and are not written to.
accepted "${sweep[@]}" --out sweep  # with the cells of a run that was stopped above
chmod -R a-w "$work/sweep"
others=()
if [[ $EUID -eq 0 ]]; then
  others=(setpriv --reuid 65534 --regid 65534 --clear-groups)
  chmod -R go+rX "$root"
  ${others[@]+"${others[@]}"} "$lowrank" --version >/dev/null 2>&1 || others=(none)
fi
if [[ ${others[0]-} != none ]]; then
  before=$(listing)
  exits 0 ${others[@]+"${others[@]}"} "$lowrank" report --out sweep >"$root/out" 2>"$root/err"
  says out 'sweep cannot be written, so there is no report; copy the folder to have one'
  exits 0 ${others[@]+"${others[@]}"} "$lowrank" "${sweep[@]}" --out sweep >"$root/out" 2>"$root/err"
  says out 'Wq'
  exits 2 ${others[@]+"${others[@]}"} "$lowrank" table6 --preset smoke --tasks nli --ranks 1 --targets q --seeds 20 --jobs 1 --out sweep >"$root/out" 2>"$root/err"
  says err 'sweep/table6 cannot be written'
  [[ $before == "$(listing)" ]] || fail "something was written into results that are somebody else's"
fi
echo "every place will do"
