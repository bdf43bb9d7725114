#!/usr/bin/env bash
# finetune_test.sh LOWRANK DATA RANDOM_MODEL: train, eval, generate and merge of small models with random weights on
# small files, with the tokenizers in DATA/tokenizers.
set -euo pipefail
unset CDPATH

lowrank=$1 data=$2 random_model=$3
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
work=$root/work
mkdir "$work"
source "$(dirname "$0")/common.sh"
cd "$work"

mkdir gpt2 bert
cp "$data"/tokenizers/gpt2/{vocab.json,merges.txt} gpt2
cp "$data"/tokenizers/bert/vocab.txt bert
cat >gpt2/config.json <<END
{"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "vocab_size": 420, "n_positions": 64,
 "n_embd": 16, "n_layer": 2, "n_head": 2, "eos_token_id": 0}
END
cat >bert/config.json <<END
{"model_type": "bert", "architectures": ["BertModel"], "vocab_size": $(wc -l <bert/vocab.txt),
 "max_position_embeddings": 32, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
 "intermediate_size": 32, "type_vocab_size": 2, "pad_token_id": 0}
END
"$random_model" gpt2
"$random_model" bert

# The label says whether the second text repeats the first: pairs.tsv and dev.tsv have the same labels.
pairs() {
  printf 'sentence1\tsentence2\tgold_label\n'
  for i in $(seq "$1"); do
    printf 'a %s b\ta %s b\tentailment\n' "$i" "$i"
    printf 'a %s b\tc d\tcontradiction\n' "$i"
  done
}
pairs 12 >pairs.tsv
pairs 4 >dev.tsv
for i in $(seq 12); do printf '{"prompt": "say %s:", "completion": " %s and more"}\n' "$i" "$i"; done >lines.jsonl
for i in $(seq 9); do printf 'name : N%s | food : F%s||N%s has F%s . \n' "$i" "$i" "$i" "$i"; done >e2e.txt

# A plan first, and nothing is written.
out=$("$lowrank" train --model bert --data pairs.tsv --format mnli --dry-run)
grep -q 'trains [0-9]* of [0-9]* parameters' <<<"$out"
grep -q 'query,value and a new classifier' <<<"$out"
grep -q 'labels: contradiction, entailment' <<<"$out"
grep -q 'the first: |\[CLS\]|' <<<"$out"
grep -q 'memory [0-9]* MB; .* s a step, measured on one: about ' <<<"$out"

# Trained, scored again, merged, and scored once more: the same numbers.
train=("$lowrank" train --model bert --data pairs.tsv --validation dev.tsv --format mnli --rank 2 --lr 0.01)
out=$("${train[@]}" --epochs 4 --out adapter 2>err)
grep -q 'before: accuracy .* of 8 texts' <<<"$out"
after=$(sed -n 's/^after:  \(accuracy .* %\) of.*/\1/p' <<<"$out")
for file in adapter_config.json adapter_model.safetensors loss.csv; do [[ -s adapter/$file ]]; done
[[ ! -e adapter/training.state ]]
grep -q '"SEQ_CLS"' adapter/adapter_config.json
[[ $(wc -l <adapter/loss.csv) == 13 ]]
scored=$("$lowrank" eval --model bert --adapter adapter --data dev.tsv --format mnli --predictions said.jsonl)
[[ -n $after ]] && grep -qF "$after" <<<"$scored" || { echo "eval says $scored, train $after"; exit 1; }
[[ $(wc -l <said.jsonl) == 8 ]]
"$lowrank" merge --model bert --adapter adapter --out merged >merge.out
merged=$("$lowrank" eval --model merged --data dev.tsv --format mnli)
[[ $(tail -n +3 <<<"$merged") == "$(tail -n +3 <<<"$scored" | head -n -1)" ]] ||
  { echo "merged: $merged, before: $scored"; exit 1; }

# What it learned, read on what it was trained on: of query and value in both layers.
"$lowrank" analyse --model bert --adapter adapter --data pairs.tsv --format mnli --out analysis >analyse.out
[[ $(grep -c 'query\|value' analysis/analyse.csv) -ge 4 ]]
refused 'analyse --model wants --data FILE*' analyse --model bert --adapter adapter
refused '--data has no effect beside --inputs' analyse --model bert --adapter adapter --inputs i --data d --format mnli
refused '--format has no effect without --model' analyse --adapter adapter --format mnli

# A validation file may have a form of its own.
for label in entailment contradiction; do printf '{"text_a": "a b", "text_b": "c", "label": "%s"}\n' $label; done >own.jsonl
"$lowrank" train --model bert --data pairs.tsv --format mnli --validation own.jsonl --validation-format jsonl --epochs 1 \
  --out own >own.out 2>err
grep -q '^after:  accuracy .* of 2 texts' own.out

# Interrupted and resumed: the same bytes. There are steps enough that the interrupt finds it at work.
long=("${train[@]}" --epochs 2000)
: >err  # or what an earlier training said would be taken for this one's
(trap - EXIT && exec "${long[@]}" --out cut) >cut.out 2>err &
pid=$!
while ! grep -q 'training on' err && [[ -e /proc/$pid ]]; do sleep 0.05; done
kill -INT $pid
wait $pid && code=0 || code=$?
[[ $code == 130 ]] || { echo "exit code $code after an interrupt"; exit 1; }
grep -q 'stopped after [0-9]* of 6000 steps; the same command goes on' err
[[ -s cut/training.state ]]
refused 'is the state of a training with other settings or data' \
  train --model bert --data pairs.tsv --format mnli --out cut --lr 0.5 --epochs 2000
"${long[@]}" --out cut >cut.out 2>err
"${long[@]}" --out whole >whole.out 2>err
cmp cut/adapter_model.safetensors whole/adapter_model.safetensors
cmp cut/loss.csv whole/loss.csv

# The frozen weights in 16 bits: the new classifier trains in floats, and the same numbers are scored.
out=$("${train[@]}" --epochs 4 --frozen f16 --out halved 2>err)
grep -q 'what is frozen is kept in f16' <<<"$out"
after=$(sed -n 's/^after:  \(accuracy .* nats each\).*/\1/p' <<<"$out")
scored=$("$lowrank" eval --model bert --adapter halved --data dev.tsv --format mnli --frozen f16)
[[ -n $after ]] && grep -qF "$after" <<<"$scored" || { echo "in 16 bits eval says $scored, train $after"; exit 1; }
! cmp -s halved/adapter_model.safetensors adapter/adapter_model.safetensors || { echo "f16 is f32"; exit 1; }
refused '--frozen has no effect with --method full' \
  train --model bert --data pairs.tsv --format mnli --out none --method full --frozen f16

# Of GPT-2's c_attn the adapters of its parts are written as one: one that is too large is said before the work.
refused 'transformer.h.0.attn.c_attn would have the rank 32, above the smaller of 16 and 48' \
  train --model gpt2 --data lines.jsonl --format jsonl --rank 16 --out none

# Table 6 of it: every row with every seed, each scored as train scores it.
sweep=("$lowrank" sweep --model bert --data pairs.tsv --validation dev.tsv --format mnli --lr 0.01
  --over rank=1,2 --over targets=query,query+value)
"${sweep[@]}" --seeds 2 --epochs 4 --out swept >swept.out 2>err
grep -q 'pairs.tsv: accuracy in %' swept.out
[[ $(wc -l <swept/sweep/sweep.csv) == 9 ]]
[[ ! -e swept/sweep/states || -z $(ls swept/sweep/states) ]]
"$lowrank" train --model bert --data pairs.tsv --validation dev.tsv --format mnli --lr 0.01 --rank 2 --epochs 4 \
  --seed 2 --out of-sweep --json >of-sweep.json 2>err
share=$(sed -n 's/.*"after":{"nll":\([0-9.e-]*\).*/\1/p' of-sweep.json)
[[ -n $share ]] && grep -q "query,value.*$share" swept/sweep/sweep.csv || { echo "train says $share, not so the sweep"; exit 1; }
# In three shards, and stopped and gone on with: the same table. --seeds asks for more runs of the same rows.
for shard in 1 2 3; do "${sweep[@]}" --seeds 2 --epochs 4 --out shards --shard $shard/3 >shard.out 2>err; done
"${sweep[@]}" --seeds 2 --epochs 4 --out shards >shards.out 2>err
grep -q '8 cells, 8 of them there already' err
cmp swept.out shards.out
: >err
mkdir cut-sweep
(trap - EXIT && exec "${sweep[@]}" --seeds 2 --epochs 400 --jobs 1 --out cut-sweep) >cut.out 2>err &
pid=$!
while [[ ! -s cut-sweep/sweep/cells.jsonl && -e /proc/$pid ]]; do sleep 0.05; done
kill -INT $pid
wait $pid && code=0 || code=$?
[[ $code == 130 ]] || { echo "exit code $code after an interrupt"; exit 1; }
[[ -n $(ls cut-sweep/sweep/states) ]] || { echo "the cell at work left no state"; exit 1; }
"${sweep[@]}" --seeds 2 --epochs 400 --out cut-sweep >cut.out 2>err
"${sweep[@]}" --seeds 2 --epochs 400 --out uncut >uncut.out 2>err
cmp cut.out uncut.out
"${sweep[@]/rank=1,2/method=lora,full}" --seeds 1 --epochs 1 --name methods --out swept >methods.out 2>err
grep -q 'targets says nothing with --method full' err
[[ $(wc -l <swept/methods/methods.csv) == 4 ]]
! "${sweep[@]}" --seeds 2 --epochs 4 --out swept --frozen bf16 >none.out 2>err || { echo "rows of f32 are taken for bf16"; exit 1; }
grep -q 'settings.frozen  there "f32"  now "bf16"' err
refused "'quary' matches no projection" "${sweep[@]:1:9}" --over rank=1 --over targets=query,quary --out none
refused 'would have the rank 32, above the smaller of 16 and 48' \
  sweep --model gpt2 --data lines.jsonl --format jsonl --validation lines.jsonl --over rank=1,16 --out none
refused '--frozen has no effect with --method full*' "${sweep[@]:1}" --method full --frozen f16 --out none
refused '--over rank has no effect with --method full' "${sweep[@]:1}" --method full --out none
refused "'nope' matches no projection" "${sweep[@]:1:9}" --over rank=1 --over targets=nope --out none
refused '--validation*the file that every row is scored on' sweep --model bert --data pairs.tsv --format mnli --over rank=1
refused '--width has no effect with --model' "${sweep[@]:1}" --width 64 --out none
refused '--search-lr has no effect with --model' "${sweep[@]:1}" --search-lr --out none
refused '--data has no effect without --model' sweep --task nli --data pairs.tsv --over rank=1 --out none
refused 'sweep wants --task*--model' sweep --over rank=1 --out none

# What an adapter says of its labels must be its classifier's.
cp -r adapter of-one-label
sed -i 's/contradiction\\",\\"entailment/contradiction.....entailment/' of-one-label/adapter_model.safetensors
refused '1 labels are named, and its classifier has 2' \
  eval --model bert --adapter of-one-label --data dev.tsv --format mnli

# Everything trained: a whole folder, which is a classifier by its names.
out=$("$lowrank" train --model bert --data pairs.tsv --validation dev.tsv --format mnli --method full --epochs 1 \
  --out full 2>err)
grep -q '"contradiction": 0' full/config.json
[[ -s full/vocab.txt ]]
cp -r full turned  # the labels of a model have an order of their own
sed -i 's/"contradiction": 0/"contradiction": 1/; s/"entailment": 1/"entailment": 0/; s/"0": "contradiction"/"0": "entailment"/; s/"1": "entailment"/"1": "contradiction"/' turned/config.json
"$lowrank" eval --model full --data dev.tsv --format mnli >full.out
"$lowrank" eval --model turned --data dev.tsv --format mnli >turned.out
share_of() { sed -n 's/^accuracy \([0-9.]*\) %.*/\1/p' "$1"; }
[[ $(awk "BEGIN { print $(share_of full.out) + $(share_of turned.out) }") == 100 ]] ||
  { cat full.out turned.out; exit 1; }
head -n 2 dev.tsv >one.tsv
"$lowrank" eval --model full --data one.tsv --format mnli >one.out
refused '--beams has no effect on texts with labels' eval --model full --data dev.tsv --format mnli --beams 5
refused '--length 4000 is above the 32 ids that the model takes' eval --model full --data dev.tsv --format mnli --length 4000
refused '--parts 100 is above the 8 texts of a batch' train --model full --data pairs.tsv --format mnli --parts 100 --out none
"$lowrank" eval --model full --data dev.tsv --format mnli --json >full.json
"$lowrank" train --model full --data pairs.tsv --format mnli --epochs 1 --out on-full >on-full.out 2>err
grep -q 'query,value and the classifier' on-full.out

# A language model: prompts, the E2E form with its scores, plain text.
"$lowrank" train --model gpt2 --data lines.jsonl --format jsonl --epochs 2 --parts 4 --out lm >lm.out 2>err
grep -q 'LoRA r = 4, alpha = 8 on c_attn.q,c_attn.v' lm.out
grep -q '  is to go on: |' lm.out
"$lowrank" eval --model gpt2 --adapter lm --data lines.jsonl --format jsonl | grep -q 'perplexity'
"$lowrank" train --model gpt2 --data e2e.txt --format e2e --recipe e2e --epochs 1 --out e2e >e2e.out 2>err
grep -q 'recipe e2e, Hu et al. 2021, Table 11' e2e.out
grep -q 'LoRA r = 4, alpha = 32 on' e2e.out
grep -q 'learning rate 0.0002 after 2 steps.*weight decay 0.01, label smoothing 0.1' e2e.out
"$lowrank" eval --model gpt2 --adapter e2e --data e2e.txt --format e2e --beams 2 --max-tokens 5 >e2e.score 2>err
grep -q 'BLEU 0.*NIST .*ROUGE-L .*CIDEr .* of 9 prompts' e2e.score
[[ $("$lowrank" generate --model gpt2 --adapter e2e --data e2e.txt --format e2e --max-tokens 3 2>err | wc -l) -ge 9 ]]
for seed in 1 2; do
  "$lowrank" generate --model gpt2 --data e2e.txt --format e2e --max-tokens 5 --temperature 1 --seed $seed >drawn$seed 2>err
done
! cmp -s drawn1 drawn2 || { echo "two seeds draw the same"; exit 1; }
refused '--predictions has no effect on plain text' \
  eval --model gpt2 --data "$data/tokenizers/README.md" --format text --predictions said-of-text
refused '--beams has no effect on jsonl without --predictions' eval --model gpt2 --data lines.jsonl --format jsonl --beams 2
"$lowrank" train --model gpt2 --data "$data/tokenizers/README.md" --format text --epochs 1 --out text >text.out 2>err

# What is wrong has one line and writes nothing.
refused '--data has no effect without --model' train --task nli --out o --data d
refused '--validation-format has no effect without --validation' \
  train --model bert --data dev.tsv --format mnli --validation-format jsonl --out o
refused '--task has no effect with --model' train --model bert --task nli --data dev.tsv --format mnli --out o
refused "unknown format 'glue'; valid are" train --model bert --data dev.tsv --format glue --out o
refused 'wants --format' train --model bert --data dev.tsv --out o
refused 'unknown recipe' train --model gpt2 --data e2e.txt --format e2e --recipe glue --out o
refused '--rank has no effect with --method full' \
  train --model bert --data dev.tsv --format mnli --method full --rank 2 --out o
refused 'is for a causal language model, and bert is none' train --model bert --data e2e.txt --format e2e --out o
refused 'has labels, and gpt2 is a causal language model' train --model gpt2 --data dev.tsv --format mnli --out o
: >empty.tsv
refused 'empty.tsv' train --model bert --data empty.tsv --format mnli --out o
sed 's/contradiction/other/' dev.tsv >other.tsv
refused 'other' train --model bert --data pairs.tsv --validation other.tsv --format mnli --out o
refused 'the label "other" is none of the model' eval --model bert --adapter adapter --data other.tsv --format mnli
printf 'sentence1\tsentence2\tgold_label\na\n' >columns.tsv
refused 'columns.tsv, line 2' train --model bert --data columns.tsv --format mnli --out o
refused 'every text is longer than 5 ids' train --model gpt2 --data e2e.txt --format e2e --length 5 --out o
cp bert/config.json bert/saved && sed -i 's/"vocab_size": [0-9]*/"vocab_size": 9/' bert/config.json
refused 'wrong shape' train --model bert --data dev.tsv --format mnli --out o
mv bert/saved bert/config.json
refused "is none of the model's, which are LABEL_0" eval --model "$data/models/bert" --data dev.tsv --format mnli
refused 'adapter_config.json is there already' \
  train --model bert --data pairs.tsv --format mnli --out adapter
cp -r bert other-base  # with one byte of one weight changed
size=$(stat -c %s bert/model.safetensors)
printf '\x3f' | dd of=other-base/model.safetensors bs=1 seek=$((size - 1)) conv=notrunc 2>/dev/null
refused 'it was trained on another model' eval --model other-base --adapter adapter --data dev.tsv --format mnli
[[ ! -e o ]]
echo "models are fine-tuned, scored, merged and resumed; what is wrong is refused"
