#!/usr/bin/env bash
# fuzz/run.sh [SECONDS [HARNESS...]]: builds the preset fuzz and runs its fuzzers one after the other, each for so long
# (default 60), from the seeds. What a fuzzer finds on its way is kept below build/fuzz/corpus, an input that fails
# below build/fuzz/findings; it then becomes a seed, and so a test. Exit code 1 if one of them failed.
set -euo pipefail
unset CDPATH
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
seconds=${1:-60}
[[ $# -eq 0 ]] || shift
cmake --preset fuzz >/dev/null
files=(tests/fuzz/{,reader_}harnesses.cpp)
! grep -q '^LOWRANK_MODELS:BOOL=ON' build/fuzz/CMakeCache.txt || files+=(tests/fuzz/{tokenizer,interop}_harnesses.cpp)
mapfile -t all < <(sed -n 's/^    {"\([a-z_]*\)".*/\1/p' "${files[@]}")
[[ $# -gt 0 ]] || set -- "${all[@]}"
cmake --build --preset fuzz --target "${@/#/fuzz_}"
failed=0
for harness; do
  mkdir -p "build/fuzz/corpus/$harness" build/fuzz/findings
  log=build/fuzz/$harness.log
  if "build/fuzz/bin/fuzz_$harness" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
      -artifact_prefix="build/fuzz/findings/$harness-" \
      "build/fuzz/corpus/$harness" "tests/fuzz/seeds/$harness" >"$log" 2>&1; then
    printf '%-16s %s\n' "$harness" "$(grep -o 'Done [0-9]* runs in [0-9]* second' "$log")s, nothing found"
  else
    failed=1
    printf '%-16s FAILED, see %s: %s\n' "$harness" "$log" "$(grep -m1 -E 'ERROR|error:|ALARM' "$log" || tail -n 1 "$log")"
  fi
done
exit "$failed"
