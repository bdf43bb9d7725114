# What the tests of the command line share. Sourced with $lowrank, $json_fields and $work set; commands
# run in $work.
export LC_ALL=C

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  for stream in out err; do sed "s/^/  $stream: /" "$work/../$stream" >&2; done
  exit 1
}

# run ARGUMENT...: the program's output goes to out and err beside $work, its exit code to $code.
run() {
  code=0
  (cd "$work" && "$lowrank" "$@" >../out 2>../err </dev/null) || code=$?
}

# Folders without their times: a temporary file that came and went is no trace.
listing() { (cd "$work" && find . -type d -exec echo {}/ \; -o -exec ls -ld {} + | sort); }

# says STREAM PATTERN: a glob that must match some part of out or err.
says() { [[ $(<"$work/../$1") == *$2* ]] || fail "std$1 does not say: $2"; }

# accepted ARGUMENT...: exit code 0.
accepted() {
  run "$@"
  [[ $code -eq 0 ]] || fail "exit code $code: lowrank $*"
}

# refused PATTERN ARGUMENT...: exit code 2, one line on standard error that begins as ours do and matches
# the glob, nothing on standard output, nothing written.
refused() {
  local pattern=$1 before
  shift
  before=$(listing)
  run "$@"
  [[ $code -eq 2 ]] || fail "exit code $code instead of 2: lowrank $*"
  [[ $(wc -l <"$work/../err") -eq 1 && $(<"$work/../err") == 'lowrank: '* ]] ||
    fail "not one line of ours on standard error: lowrank $*"
  [[ ! -s $work/../out ]] || fail "standard output is not empty: lowrank $*"
  says err "$pattern"
  [[ $before == "$(listing)" ]] || fail "something was written: lowrank $*: $(diff <(echo "$before") <(listing))"
}

# fields NAME...: of the one JSON object on standard output.
fields() { "$json_fields" "$@" <"$work/../out" || fail "standard output is not the JSON that was asked for"; }
