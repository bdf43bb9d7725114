#!/usr/bin/env bash
# consumer_test.sh SOURCE BUILD CXX: a project of somebody else's uses the library, from a folder with a space in its
# name: installed, as a subfolder, and by FetchContent. The installed libraries are built for this processor, and the
# project for any one of its kind, with addresses checked; without the definition that goes with the library that must
# fail where the two align memory differently.
set -euo pipefail
unset CDPATH

source=$1 build=$2
export CXX=$3
work="$(mktemp -d)/a consumer"
trap 'rm -rf "$(dirname "$work")"' EXIT
mkdir -p "$work"
cp -r "$source/tests/consumer/." "$work"

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  [[ ! -s $work/log ]] || tail -n 30 "$work/log" >&2
  exit 1
}
# quietly COMMAND...: what it prints is shown only where it fails.
quietly() { "$@" >"$work/log" 2>&1 || fail "$*"; }

# What was built for this processor is not installed unless that is asked for.
if grep -q '^LOWRANK_ARCH:STRING=native' "$build/CMakeCache.txt"; then
  if cmake --install "$build" --prefix "$work/none" >"$work/log" 2>&1; then fail "libraries for this processor were installed"; fi
  grep -q -e '-DLOWRANK_ARCH= for any' "$work/log" || fail "what to do instead is not said"
  [[ ! -e $work/none/include ]] || fail "something was installed all the same"
fi
LOWRANK_INSTALL_NATIVE=1 quietly cmake --install "$build" --prefix "$work/installed here"

# What is installed does not need the source again.
if grep -rqF --include="*.cmake" "$source" "$work/installed here"; then fail "an installed file names the source tree"; fi

any=()
[[ $(uname -m) != x86_64 ]] || any=(-march=x86-64)
consumer() {  # consumer FOLDER HOW OPTION...
  local folder=$1 how=$2
  shift 2
  quietly cmake -S "$work" -B "$work/$folder" -DCMAKE_BUILD_TYPE=Release -DHOW="$how" -DLOWRANK_SOURCE="$source" \
    -DCMAKE_PREFIX_PATH="$work/installed here" "$@"
}
checked=(-DCMAKE_CXX_FLAGS="${any[*]-} -fsanitize=address" -DCMAKE_BUILD_TYPE=Debug)
consumer found find_package "${checked[@]}"
quietly cmake --build "$work/found" --parallel 2
[[ $("$work/found/programs/autograd_only" 2>"$work/log") == '2 4 6' ]] || fail "autograd_only"
[[ $("$work/found/programs/whole" 2>"$work/log") == 'equal, merged equal' ]] || fail "whole"

# The control: the two sides align as each was compiled.
if [[ ${#any[@]} -gt 0 ]] && grep -qw avx /proc/cpuinfo 2>/dev/null &&
   grep -q '^LOWRANK_ARCH:STRING=native' "$build/CMakeCache.txt"; then
  consumer control find_package "${checked[@]}" -DCONTROL=ON
  quietly cmake --build "$work/control" --target whole
  if "$work/control/programs/whole" >"$work/log" 2>&1; then fail "without EIGEN_MAX_ALIGN_BYTES nothing was noticed"; fi
fi

# As a subfolder, of which only what is asked for is built; and by FetchContent. How fast its code is, is not tested.
consumer subfolder add_subdirectory -DCMAKE_CXX_FLAGS_RELEASE=-O1 -DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=16
quietly cmake --build "$work/subfolder" --parallel 2 --target autograd_only
[[ $("$work/subfolder/programs/autograd_only") == '2 4 6' ]] || fail "autograd_only from a subfolder"
consumer fetched FetchContent
echo "somebody else's project works"
