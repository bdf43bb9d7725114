#!/usr/bin/env bash
# tokenize_test.sh LOWRANK JSON_FIELDS TOKENIZERS MODELS: ids of lines and of JSON by the program, with the small
# tokenizers in the folder TOKENIZERS. MODELS is OFF for a build without them, which says how to get them.
set -euo pipefail
unset CDPATH

lowrank=$1 json_fields=$2 tokenizers=$3 models=$4
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
work=$root/work
mkdir "$work"
source "$(dirname "$0")/common.sh"

# given TEXT: printf's format, for the standard input of what is run next.
given() { printf "$1" >"$root/in"; }
run() {
  code=0
  (cd "$work" && "$lowrank" "$@" >../out 2>../err <../in) || code=$?
}
prints() { [[ $(<"$root/out") == "$1" ]] || fail "printed something else than: $1"; }
given ''

refused '--tokenizer' tokenize
refused "unknown form 'x'; valid are plain, llama, deberta-v3" tokenize --tokenizer . --form x
refused "unknown choice 'x'; valid are with, without" tokenize --tokenizer . --special x
refused '--decoded has no effect without --json' tokenize --tokenizer . --decoded with
if [[ $models == OFF ]]; then
  refused 'built without tokenizers*libpcre2-dev, libicu-dev and libsentencepiece-dev*LOWRANK_MODELS=ON' tokenize --tokenizer .
  refused 'built without tokenizers' bench tokenize --tokenizer . --text x
  echo "the program says how to get tokenizers"
  exit
fi

# Lines, also an empty one and a last one without its end.
given 'Hello world\n\nHello world'
accepted tokenize --tokenizer "$tokenizers/gpt2"
[[ $(wc -l <"$root/out") -eq 3 && $(sed -n 1p "$root/out") == "$(sed -n 3p "$root/out")" && -z $(sed -n 2p "$root/out") ]] ||
  fail "not the ids of three lines"
given ''
accepted tokenize --tokenizer "$tokenizers/gpt2"
prints ''

# JSON comes back as the libraries have it.
for name in gpt2 roberta deberta llama3 bert bert-cased llama deberta-v3; do
  cp "$tokenizers/$name/golden.jsonl" "$root/golden"
  sed -E 's/, "ids": .*/}/' "$root/golden" >"$root/in"
  accepted tokenize --tokenizer "$tokenizers/$name" --json
  diff <(sed -E 's/.*, "ids": /"ids": /; s/ //g' "$root/golden" | sed -E 's/,"decoded":.*//') \
    <(sed -E 's/.*"ids":/"ids":/; s/,"decoded":.*//' "$root/out") >"$root/err" || fail "$name has other ids"
done
given '{"text": "a b"}\n'
accepted tokenize --tokenizer "$tokenizers/bert" --json
ids=$(fields ids)
[[ $(fields decoded format) == $'"a b"\n1' ]] || fail "not what was encoded"
accepted tokenize --tokenizer "$tokenizers/bert" --json --decoded with
[[ $(fields decoded) == '"[CLS] a b [SEP]"' ]] || fail "not with special tokens"
accepted tokenize --tokenizer "$tokenizers/bert" --json --special without
[[ $ids == *"$(fields ids | tr -d '[]')"* && $ids != "$(fields ids)" ]] || fail "not without special tokens"
given "{\"ids\": $ids}\n"
accepted tokenize --tokenizer "$tokenizers/bert" --json
[[ $(fields decoded) == '"a b"' ]] || fail "ids are not decoded"
given 'a\n'
accepted tokenize --tokenizer "$tokenizers/llama" --form plain
plain=$(<"$root/out")
accepted tokenize --tokenizer "$tokenizers/llama"
prints "1 $plain"

# What is wrong is said before anything is printed.
given 'right\nwrong\xff\n'
refused 'standard input, line 2: byte 6 is not UTF-8' tokenize --tokenizer "$tokenizers/gpt2"
for wrong in '{' '[]' '{"text": 1}' '{"text": "a", "x": 1}' '{"pair": "a"}' '{}' '{"ids": [0.5]}' '{"ids": 1}' '{"ids": [-1]}'; do
  given '{"text": "right"}\n'
  printf '%s\n' "$wrong" >>"$root/in"
  refused 'standard input, line 2: ' tokenize --tokenizer "$tokenizers/gpt2" --json
done
refused 'there is no tokenizer' tokenize --tokenizer none
refused 'a form is of a SentencePiece model' tokenize --tokenizer "$tokenizers/gpt2" --form llama

given ''
printf 'one line\nand another\n' >"$work/text"
accepted bench tokenize --tokenizer "$tokenizers/gpt2" --text text --rounds 1 --json
[[ $(fields lines bytes) == $'2\n21' && $(fields mb_per_s) != null && $(fields load_ms) != null ]] || fail "no speed"
accepted bench tokenize --tokenizer "$tokenizers/gpt2" --text text --rounds 1
says out 'MB/s'
printf 'a\n\xff' >"$work/text"
refused 'text, line 2: byte 1 is not UTF-8' bench tokenize --tokenizer "$tokenizers/gpt2" --text text
refused 'none' bench tokenize --tokenizer "$tokenizers/gpt2" --text none
echo "ids and texts came as they should"
