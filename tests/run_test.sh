#!/usr/bin/env bash
# run_test.sh RUN [LOWRANK]: the script RUN on a checkout of a few lines, in a folder with a space in its
# name, with an apt-get of our own that only writes down what it was asked for. With the program LOWRANK,
# both must list the same commands.
set -euo pipefail
unset CDPATH

run=$1
lowrank=${2-}
work=$(cd "$(mktemp -d)" && pwd -P)
trap 'rm -rf "$work"' EXIT
checkout="$work/a checkout"
unset LOWRANK_PRESET

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  for stream in out err; do sed "s/^/  $stream: /" "$work/$stream" >&2; done
  exit 1
}

# expect CODE COMMAND...: runs it as a user would who sits in $work.
expect() {
  local code=$1 got=0
  shift
  (cd "$work" && PATH="$work/bin:$PATH" "$@" >"$work/out" 2>"$work/err" <<<"from standard input") || got=$?
  [[ $got -eq $code ]] || fail "exit code $got instead of $code: $*"
}
says() { grep -qF -e "$2" "$work/$1" || fail "std$1 does not say: $2"; }
silent() { [[ ! -s $work/$1 ]] || fail "std$1 is not empty"; }

mkdir -p "$work/bin" "$checkout"
cat >"$work/bin/dpkg-query" <<END
#!/bin/sh
for package; do
  case "\$package" in
    libfmt-dev) [ ! -e '$work/fmt-installed' ] || echo "installed \$package" ;;
    slurm-wlm) ;;
    libicu-dev) [ ! -e '$work/icu-installed' ] || echo "installed \$package" ;;
    *) echo "installed \$package" ;;
  esac
done
END
cat >"$work/bin/apt-get" <<END
#!/bin/sh
cat >/dev/null
echo "\$@" >>'$work/apt-get.log'
case "\$*" in *libfmt-dev*) touch '$work/fmt-installed' ;; esac
case "\$*" in *libicu-dev*) touch '$work/icu-installed' ;; esac
END
printf '#!/bin/sh\nexec "$@"\n' >"$work/bin/sudo"
chmod +x "$work"/bin/*

cp "$run" "$(dirname "$run")/CMakePresets.json" "$checkout"
mkdir "$checkout/experiments" && cp "$(dirname "$run")/experiments/list.txt" "$checkout/experiments"
cat >"$checkout/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.22)
project(checkout LANGUAGES CXX)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
option(LOWRANK_MODELS "" OFF)
option(LOWRANK_TESTS "" OFF)
add_executable(lowrank main.cpp)
if(LOWRANK_TESTS)
  enable_testing()
  add_executable(other main.cpp)
  add_test(NAME runs COMMAND other trace)
  add_test(NAME on_a_cluster COMMAND other trace)
  set_tests_properties(on_a_cluster PROPERTIES LABELS slurm)
endif()
END
cat >"$checkout/main.cpp" <<'END'
#include <filesystem>
#include <iostream>
#include <string>
int main(int argc, char** argv) {
  std::cout << std::filesystem::current_path().string() << '\n';
  for (int i = 1; i < argc; ++i) std::cout << '[' << argv[i] << "]\n";
  for (std::string line; std::getline(std::cin, line);) std::cout << line << '\n';
  return argc == 3 ? 2 : 0;
}
END

# The list needs no build, and a command that is not on it none either.
for help in '' help --help; do
  expect 0 "$checkout/run" ${help:+"$help"}
  silent err
  says out 'table6 '
done
expect 2 "$checkout/run" tabel6
silent out
says err "no command 'tabel6'; there are: paper report"
while read -r kind name now; do  # names of old: here and, with the program, there
  [[ $kind == replaced ]] || continue
  replaced=yes
  for program in "$checkout/run" ${lowrank:+"$lowrank"}; do
    expect 2 "$program" "$name" --preset smoke
    silent out
    says err "no command '$name': $now has taken its place"
    [[ $(wc -l <"$work/err") -eq 1 ]] || fail "more than one line"
    [[ ! -e $work/results ]] || fail "something was written"
    expect 0 "$checkout/run"
    says out "  $now "
  done
done <"$checkout/experiments/list.txt"
[[ -n ${replaced-} ]] || fail "no replaced name was tried"
# The course is Python's, and needs no build either.
if [[ -x /usr/bin/python3 ]]; then
  mkdir -p "$checkout/docs/course"
  echo 'import sys; print(sys.argv[1:]); sys.exit(2)' >"$checkout/docs/course/course.py"
  touch "$work/fmt-installed"
  expect 2 "$checkout/run" course check a1.q3
  says out "['check', 'a1.q3']"
  rm "$work/fmt-installed"
fi
[[ ! -e $checkout/build ]] || fail "something was built"

# The first call installs and builds. The program has the caller's folder, arguments, input and exit code.
ln -s "$checkout/run" "$work/link"
expect 2 "$work/link" trace '--out=here and there'
says err 'installing libfmt-dev'
[[ $(tail -n 1 "$work/apt-get.log") == *'install libfmt-dev' ]] || fail "apt-get was asked for something else"
printf '%s\n' "$work" '[trace]' '[--out=here and there]' 'from standard input' | cmp -s - "$work/out" ||
  fail "the program did not get what the user gave"

# The second call does nothing but run the program.
rm "$work/apt-get.log"
expect 0 "$checkout/run" trace
silent err
[[ ! -e $work/apt-get.log ]] || fail "apt-get was called again"

# What reads the tokenizers of others is installed and built where a command needs it, and stays in the build. `test`
# needs it too, and nothing else was installed for it.
is_on() { grep -q "^$1:BOOL=ON" "$checkout/build/release/CMakeCache.txt"; }
! is_on LOWRANK_MODELS || fail "a build has tokenizers that no one asked for"
LOWRANK_INSTALL=no expect 1 "$checkout/run" tokenize
says err 'please install: libicu-dev'
for other in 'trace --model DIR' 'merge --adapter a --model=DIR' 'export' 'bench model'; do
  LOWRANK_INSTALL=no expect 1 "$checkout/run" $other
  says err 'please install: libicu-dev'
done
! is_on LOWRANK_MODELS || fail "an option was put on though its library is missing"
expect 0 "$checkout/run" bench sweep --json
silent err
[[ ! -e $work/apt-get.log ]] || fail "apt-get was called for a command that needs nothing more"
expect 0 "$checkout/run" bench tokenize --json
says err 'installing libicu-dev'
says out '[--json]'
is_on LOWRANK_MODELS || fail "the build has no tokenizers"
expect 0 "$checkout/run" trace
silent err
is_on LOWRANK_MODELS || fail "the next command took the tokenizers out of the build"
! is_on LOWRANK_TESTS || fail "the tests were built for a command"
rm "$work/apt-get.log"

# The tests are built when they are asked for, and ctest's word is the last.
expect 0 "$checkout/run" test
is_on LOWRANK_MODELS || fail "the tests are without the tokenizers"
says out '100% tests passed'
! grep -q on_a_cluster "$work/out" || fail "a test on a cluster was run though nobody asked for it"
expect 8 "$checkout/run" test -R no_such_test
[[ ! -e $work/apt-get.log ]] || fail "apt-get was called again"

# A command that needs another option keeps the tests.
cmake -DLOWRANK_MODELS=OFF "$checkout/build/release" >/dev/null
expect 0 "$checkout/run" tokenize --tokenizer .
says err 'configuring'
is_on LOWRANK_TESTS || fail "a command took the tests out of the build"
is_on LOWRANK_MODELS || fail "the build has no tokenizers"

# What only a test on a cluster needs is installed where it is asked for.
expect 0 "$checkout/run" test -L slurm
says err 'installing slurm-wlm'
says out 'on_a_cluster'
! grep -q ' runs ' "$work/out" || fail "another test was run with -L slurm"
[[ $(tail -n 1 "$work/apt-get.log") == *'install slurm-wlm' ]] || fail "apt-get was asked for something else"
rm "$work/apt-get.log"

# Where nothing may be installed, CMake fetches what it needs; the tools are there.
rm -f "$work/fmt-installed"
LOWRANK_INSTALL=no expect 0 "$checkout/run" trace
says err 'not installed: '
says err 'libfmt-dev'
[[ ! -e $work/apt-get.log ]] || fail "apt-get was called although nothing may be installed"
touch "$work/fmt-installed"

# A build for another processor is compiled anew.
echo other >"$checkout/build/release/processor"
sed -i.old 's/^LOWRANK_ARCH.*//' "$checkout/build/release/CMakeCache.txt"
echo 'LOWRANK_ARCH:STRING=native' >>"$checkout/build/release/CMakeCache.txt"
expect 0 "$checkout/run" trace
says err 'was made for another processor, compiling it anew'
expect 0 "$checkout/run" trace
silent err

# A checkout that cannot be written is used as it is built.
if [[ $EUID -ne 0 ]]; then
  chmod -R a-w "$checkout"
  expect 0 "$checkout/run" trace
  silent err
  chmod -R u+w "$checkout"
fi

# A folder that was moved is built anew.
mv "$checkout" "$work/moved"
expect 0 "$work/moved/run" trace
says err "making it anew"

# The program that cannot be built says why, and the old one is not run instead.
echo 'int main() { return no_such_name; }' >"$work/moved/main.cpp"
expect 1 "$work/moved/run" trace
silent out
says err "no_such_name"

if [[ -n $lowrank ]]; then
  listed() { grep -oE '^  [a-z][a-z0-9-]*' | grep -vwE 'test|course' | sort; }
  diff <("$run" | listed) <("$lowrank" --help | awk 'on; /^usage:/ {on = 1}' | listed) ||
    { echo "FAILED: run and lowrank --help list other commands" >&2; exit 1; }
fi
