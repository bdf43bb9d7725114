#!/usr/bin/env bash
# examples_test.sh LOWRANK JSON_FIELDS: the examples that tasks writes are those that its options name.
set -euo pipefail
unset CDPATH

lowrank=$1 json_fields=$2
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
work=$root/work
mkdir "$work"
source "$(dirname "$0")/common.sh"

# --- The examples ------------------------------------------------------------------------------------------
accepted tasks --export new/all
[[ $(wc -l <"$root/out") -eq 9 ]] || fail "not one line for each of nine files"
says out 'new/all/sqlgen.train.jsonl: 250 examples'
for lines in sqlgen.train:250 nli.train:1000 reorder.train:200 {sqlgen,nli,reorder}.validation:500 \
  {sqlgen,reorder}.test:1000 nli.test:1500; do
  [[ $(wc -l <"$work/new/all/${lines%:*}.jsonl") -eq ${lines#*:} ]] || fail "${lines%:*}.jsonl has no ${lines#*:} lines"
done
[[ $(ls "$work/new/all" | wc -l) -eq 9 ]] || fail "there are other files beside the nine"
line() { sed -n "$2p" "$work/$1" >"$root/out"; }
line new/all/sqlgen.test.jsonl 8
[[ $(fields format id facts split seed answer_span) == $'1\n"sqlgen-20/test/0/7"\n20\n"test"\n0\n[13,19]' ]] ||
  fail "not the eighth test example of sqlgen"
[[ $(fields meaning) == *' means c'*'and the table has c'* ]] || fail "sqlgen does not say what its aliases mean"
line new/all/nli.validation.jsonl 500
[[ $(fields id words meaning) == '"nli/validation/1/499"'*'["<premR>","'*'","<eos>"]'*'the second sentence'* ]] ||
  fail "not the last validation example of nli"

# Same options, same bytes; what is not asked for changes nothing of the rest.
accepted tasks --export again --splits train,validation,test --seed 1 --facts 20
diff -r "$work/new/all" "$work/again" >&2 || fail "the same options wrote other bytes"
accepted tasks --export one --tasks reorder --splits validation
cmp -s "$work/one/reorder.validation.jsonl" "$work/again/reorder.validation.jsonl" || fail "alone a file is another"
[[ $(ls "$work/one") == reorder.validation.jsonl ]] || fail "other files than the one that was asked for"
accepted tasks --export few --tasks nli --examples 40
cmp -s "$work/few/nli.train.jsonl" <(head -n 40 "$work/again/nli.train.jsonl") || fail "fewer are not the first ones"
cmp -s "$work/few/nli.validation.jsonl" "$work/again/nli.validation.jsonl" || fail "--examples changed validation"
accepted tasks --export seed2 --seed 2
for task in sqlgen nli reorder; do
  cmp -s "$work/seed2/$task.test.jsonl" "$work/again/$task.test.jsonl" || fail "the test set of $task has a seed"
  for split in train validation; do
    words() { grep -o '"words":.*' "$work/$1/$task.$split.jsonl"; }
    if cmp -s <(words seed2) <(words again); then fail "$task.$split is the same for every seed"; fi
  done
done
accepted tasks --export facts --facts 4
cmp -s "$work/facts/nli.test.jsonl" "$work/again/nli.test.jsonl" || fail "facts changed nli"
[[ $(wc -l <"$work/facts/sqlgen.train.jsonl") -eq 50 ]] || fail "4 facts have 50 training examples"
[[ $(grep -c '^{"format":1,"id":"sqlgen-4/test/0/' "$work/facts/sqlgen.test.jsonl") -eq 1000 ]] || fail "no ids with 4 facts"

# One file in the way: none is written.
mkdir "$work/kept"
echo mine >"$work/kept/reorder.test.jsonl"
refused 'kept/reorder.test.jsonl is there already; remove it or choose another --export' tasks --export kept
accepted tasks --export kept --tasks nli
[[ $(<"$work/kept/reorder.test.jsonl") == mine ]] || fail "a file of somebody else's is gone"
limited() (ulimit -f 8; trap '' XFSZ; refused "$@")
limited 'cannot write full/sqlgen.train.jsonl: File too large' tasks --export full

echo "the examples are those that were asked for"
