#!/usr/bin/env bash
# bench_test.sh LOWRANK JSON_FIELDS: every command of bench at its smallest, and what it prints and writes.
# How fast anything is, is not tested here.
set -euo pipefail
unset CDPATH

lowrank=$1 json_fields=$2
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
work=$root/work
mkdir "$work" "$root/tmp"
export TMPDIR=$root/tmp
source "$(dirname "$0")/common.sh"

accepted bench step --config toy --steps 1 --json
[[ $(fields engine) == '"lowrank'* ]] || fail "the engine is not named"
fields median_ms min_ms tokens_per_s trainable gflops peak_fraction allocations >"$root/fields"
accepted bench step --config toy --steps 1 --mode full
says out 'products by '

accepted bench gemm --config toy --json
[[ $(fields products) == *'"engine":"tiles"'*'"engine":"Eigen"'* ]] || fail "an engine is missing"
accepted bench gemm --config toy
says out 'gradient of up*tiles*256*64*1024'

accepted bench ops --filter '^(gelu|affine)/toy' --min-time 0.001 --json
[[ $(fields benchmarks | grep -o '"name":"[^"]*' | wc -l) -eq 4 ]] || fail "not four benchmarks"
says out 'affine/toy/backward'
accepted bench ops --filter scale/toy/forward --min-time 0.001
says out 'scale/toy/forward'

accepted bench scaling --vary r --steps 1 --csv points.csv --json
[[ $(fields sweeps) == *'"memory_exponent":'*'"time_exponent":'* ]] || fail "no exponents"
[[ $(wc -l <"$work/points.csv") -eq 5 && $(head -n 1 "$work/points.csv") == what,x,ms,bytes,* ]] ||
  fail "points.csv is not what was asked for"
accepted bench scaling --vary r --steps 1
says out 'exponent'

accepted bench sweep --pairs 1 --base-steps 20 --json
[[ $(fields cells) -gt 1 && $(fields ratio) != null ]] || fail "no ratio of sweeps"
[[ -z $(ls "$root/tmp") ]] || fail "a temporary folder was left"

if command -v gnuplot >/dev/null; then
  accepted bench roofline --out r
  for file in roofline.csv roofline.svg; do [[ -s $work/r/$file ]] || fail "$file was not written"; done
  grep -q '^bandwidth,-,"memory",1,' "$work/r/roofline.csv" || fail "no bandwidth in roofline.csv"
else
  refused 'gnuplot cannot be run*gnuplot-nox' bench roofline --out r
fi
echo "every bench ran"
