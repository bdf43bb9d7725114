#!/usr/bin/env bash
# examples_test.sh LOWRANK JSON_FIELDS: the examples that tasks writes are those that a model is scored on, and the
# answers that eval writes are those that its score adds up.
set -euo pipefail
unset CDPATH

lowrank=$1 json_fields=$2
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
work=$root/work
mkdir "$work"
source "$(dirname "$0")/common.sh"
tiny=(--base-steps 40)

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

# --- The answers -------------------------------------------------------------------------------------------
# adds_up FILE: the file's examples, right answers and nll are those of the score on standard output.
adds_up() {
  fields examples value nll >"$root/score"
  awk -v wanted="$(tr '\n' ' ' <"$root/score")" '
    /"right":true,/ { ++right }
    { sub(/.*"nll":/, ""); nll += $0 }
    END {
      split(wanted, score, " ")
      off = score[3] - nll / NR
      exit !(NR == score[1] && right / NR == score[2] && off < 1e-9 && off > -1e-9)
    }' "$work/$1"
}
part() { grep -oE "\"id\":\"[^\"]*\"|\"words\":\\[[^]]*\\]" "$work/$1"; }
accepted train --task nli --steps 30 --examples 200 --lr 0.02 --out a "${tiny[@]}"
accepted train --task sqlgen --facts 4 --mode full --lr 0.01 --steps 60 --out f.safetensors "${tiny[@]}"
for scored in nli:again:--adapter:a reorder:again:--adapter:a sqlgen:facts:--checkpoint:f.safetensors; do
  IFS=: read -r task folder option model <<<"$scored"
  accepted eval "$option" "$model" --task "$task" --json
  cp "$root/out" "$root/without"
  accepted eval "$option" "$model" --task "$task" --predictions "said/$task.jsonl" --json
  [[ $(fields predictions) == "\"said/$task.jsonl\"" ]] || fail "--json does not say where the answers are"
  [[ $(fields value nll) == "$("$json_fields" value nll <"$root/without")" ]] || fail "writing the answers changed the score"
  adds_up "said/$task.jsonl" || fail "the answers to $task are not its score"
  cmp -s <(part "said/$task.jsonl") <(part "$folder/$task.test.jsonl") || fail "other examples than the test set of $task"
  # Controls: one answer more or less that is right, one nll, one line.
  sed '7s/"right":true/"right":false/;t;7s/"right":false/"right":true/' "$work/said/$task.jsonl" >"$work/turned"
  sed '7s/"nll":/"nll":1/' "$work/said/$task.jsonl" >"$work/raised"
  sed 7d "$work/said/$task.jsonl" >"$work/shorter"
  for control in turned raised shorter; do
    if adds_up "$control"; then fail "passed, but should not: $task, $control"; fi
  done
done
grep -q '"right":true' "$work/said/nli.jsonl" || fail "no answer is right"
line said/nli.jsonl 3
fields format id words expected answer right nll >/dev/null
accepted eval --adapter a --predictions said/text.jsonl
says out 'what it said for each of them is in said/text.jsonl'
cmp -s "$work/said/text.jsonl" "$work/said/nli.jsonl" || fail "without --json other answers were written"

# Nothing is replaced, and a model without a score leaves no file and no folder.
refused 'said/nli.jsonl is there already; remove it or choose another --predictions' eval --adapter a --predictions said/nli.jsonl
refused 'a is there already' eval --adapter a --predictions a
cp -r "$work/a" "$work/b"
printf '\x00\x00\xc0\x7f' |  # a NaN for the last number of B
  dd of="$work/b/adapter_model.safetensors" bs=1 seek=$(($(wc -c <"$work/b/adapter_model.safetensors") - 4)) conv=notrunc status=none
refused "score: the model's logits are not finite" eval --adapter b --predictions none/b.jsonl
limited 'cannot write none/a.jsonl: File too large' eval --adapter a --predictions none/a.jsonl
echo "examples and answers are what they are scored as"
