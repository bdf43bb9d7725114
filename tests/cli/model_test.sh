#!/usr/bin/env bash
# model_test.sh LOWRANK JSON_FIELDS DATA MODELS RANDOM_MODEL: the commands that take --model, on the small checkpoints
# in DATA/models. MODELS is OFF for a build without them, which says how to get them.
set -euo pipefail
unset CDPATH

lowrank=$1 json_fields=$2 data=$3 models=$4 random_model=${5-}
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
work=$root/work
mkdir "$work"
source "$(dirname "$0")/common.sh"
gpt2=$data/models/gpt2
inputs=$gpt2/inputs.json

# What is wrong whatever the model.
refused '--task has no effect with --model' trace --model m --task nli
refused '--batch has no effect with --model' trace --model m --batch 2
refused '--inputs has no effect without --model' trace --inputs i
refused 'trace wants --inputs' trace --model m --out o
refused 'trace wants --out' trace --model m --inputs i
refused '--checkpoint has no effect with --model' merge --model m --adapter a --out o --checkpoint c
refused '--facts has no effect with --model' analyse --model m --adapter a --facts 3
refused 'analyse --model wants --data FILE' analyse --model m --adapter a
refused '--task has no effect with --model' generate --model m --task nli
refused '--frozen has no effect without --model' trace --frozen f16
refused "unknown type 'f8'; valid are f32, f16, bf16" trace --model m --frozen f8
for option in '--frozen f16' '--prompt-ids 1' '--stop 1' '--beams 2' '--length-penalty 1' --no-cache; do
  refused "${option% *} has no effect without --model" generate $option
done
refused 'wants one of --prompt TEXT, --prompt-ids LIST and --data FILE' generate --model m
refused 'wants one of --prompt TEXT, --prompt-ids LIST and --data FILE' generate --model m --prompt a --prompt-ids 1
refused "--prompt-ids 'x': ids from 0 on are wanted" generate --model m --prompt-ids 1,x
refused "--prompt-ids '-1': ids from 0 on are wanted" generate --model m --prompt-ids -1
refused "--stop '': ids from 0 on are wanted" generate --model m --prompt-ids 1 --stop 1,,2
refused "--beams '0': a whole number from 1" generate --model m --prompt-ids 1 --beams 0
refused '--temperature has no effect with --beams above 1' generate --model m --prompt-ids 1 --beams 2 --temperature 1
refused '--length-penalty has no effect without --beams above 1' generate --model m --prompt-ids 1 --length-penalty 1
refused "--length-penalty 'nan': a number from -100 to 100" generate --model m --prompt-ids 1 --beams 2 --length-penalty nan
refused 'model wants --model' bench model
if [[ $models == OFF ]]; then
  for line in 'trace --inputs i --out o' 'merge --adapter a --out o' 'generate --prompt-ids 1' \
    'analyse --adapter a --inputs i'; do
    refused 'built without the models of others*libpcre2-dev*LOWRANK_MODELS=ON' $line --model m
  done
  refused 'built without the models of others' bench model --model m
  refused 'built without the models of others' export --out o
  echo "the program says how to get the models of others"
  exit
fi

# Folders that are no model, or not a whole one.
mkdir "$work/empty"
refused 'nowhere: there is no config.json' trace --model nowhere --inputs "$inputs" --out o
refused 'empty: there is no config.json' generate --model empty --prompt-ids 1
copy() { rm -rf "$work/$1" && cp -r "$gpt2" "$work/$1"; }
copy unknown && sed -i 's/"model_type": "gpt2"/"model_type": "rwkv"/' "$work/unknown/config.json"
refused '"model_type" is "rwkv"; those computed here are bert' trace --model unknown --inputs "$inputs" --out o
copy short && truncate -s 3000 "$work/short/model.safetensors"
refused 'short/model.safetensors: ' generate --model short --prompt-ids 1
copy words && sed -i 's/"vocab_size": 23/"vocab_size": 24/' "$work/words/config.json"
refused 'wrong shape: transformer.wte.weight is (23,12) and not (24,12)' generate --model words --prompt-ids 1
copy setting && sed -i 's/"scale_attn_weights": true/"scale_attn_weights": false/' "$work/setting/config.json"
refused '"scale_attn_weights" is false, which is not computed here' bench model --model setting
copy pickle && mv "$work/pickle/model.safetensors" "$work/pickle/pytorch_model.bin"
refused 'is a pickle*to convert it: python3 -c' generate --model pickle --prompt-ids 1

# Inputs and prompts that do not fit.
refused 'cannot read nothing' trace --model "$gpt2" --inputs nothing --out o
echo '{"input_ids": [[1, 23]]}' >"$work/large.json"
refused 'the id 23 at position 1 is not in 0..22' trace --model "$gpt2" --inputs large.json --out o
echo '{"input_ids": [[1,1,1,1,1,1,1,1,1]]}' >"$work/long.json"
refused '1 rows of 9 positions, where the model takes 1 to 8' trace --model "$gpt2" --inputs long.json --out o
refused 'the id 99 at position 0 is not in 0..22' generate --model "$gpt2" --prompt-ids 99
refused "a prompt of 8 tokens leaves no room in the model's 8 positions" generate --model "$gpt2" --prompt-ids 1,1,1,1,1,1,1,1
refused 'this model is a sequence classifier' generate --model "$data/models/bert" --prompt-ids 1
refused '24 beams, where 1 to 23' generate --model "$gpt2" --prompt-ids 1 --beams 24
refused 'the 24 most likely of 23 words' generate --model "$gpt2" --prompt-ids 1 --temperature 1 --top-k 24

# A step, whose numbers other tests compare.
accepted trace --model "$gpt2" --inputs "$inputs" --out step.safetensors
says out '3 rows of 6 positions'
says out 'grad.transformer.wte.weight'
head -c 4000 "$work/step.safetensors" | grep -q '"hidden.0"' || fail "the step has no states"
refused 'step.safetensors is there already' trace --model "$gpt2" --inputs "$inputs" --out step.safetensors

# Continuations: those of transformers, also without a past.
accepted generate --model "$gpt2" --prompt-ids 11,14,19 --max-tokens 3 --stop none
[[ $(<"$root/out") == '11 14 19 -> 19 19 19' ]] || fail "not what transformers says"
for beams in 1 3; do
  for cache in '' --no-cache; do
    accepted generate --model "$gpt2" --prompt-ids 11,14,19 --max-tokens 3 --beams "$beams" --json $cache
    grep -o '"ids":[^]]*' "$root/out" >"$root/with$cache"
  done
  cmp -s "$root/with" "$root/with--no-cache" || fail "a past changes what is said"
done
accepted generate --model "$gpt2" --prompt-ids 1 --temperature 2 --seed 3 --top-k 5

# A text, with a tokenizer: the ids that ./run tokenize gives are the prompt.
mkdir "$work/text"
cp "$data"/tokenizers/gpt2/* "$work/text"
rm -f "$work/text"/golden.jsonl "$work/text/config.json"
cat >"$work/text/config.json" <<'END'
{"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "vocab_size": 1000, "n_positions": 32, "n_embd": 16,
 "n_layer": 1, "n_head": 2}
END
"$random_model" "$work/text"
accepted generate --model text --prompt 'Hello world' --max-tokens 4 --json
ids=$(fields generated | grep -o '"prompt_ids":\[[^]]*' | grep -o '\[.*' | tr -d '[' | tr , ' ')
echo 'Hello world' | "$lowrank" tokenize --tokenizer "$work/text" >"$root/ids"
[[ $ids == "$(<"$root/ids")" ]] || fail "the prompt has the ids $ids"
refused 'is not UTF-8' generate --model text --prompt $'\xff\xfe'
sed -i 's/"vocab_size": 1000/"vocab_size": 20/' "$work/text/config.json"
"$random_model" "$work/text"
refused 'its tokenizer has*ids, and its model 20 words' generate --model text --prompt 'Hello'
refused 'gpt2' generate --model "$gpt2" --prompt 'Hello'  # has no tokenizer

# A base as GPT-2 and an adapter of it, which is then merged, analysed and traced as any other.
accepted pretrain --steps 20 --out results
accepted train --task nli --base-steps 20 --steps 10 --rank 2 --targets q,v,o --out adapter --results results
accepted export --adapter adapter --results results --out exported
says out 'there is no tokenizer'
refused 'exported is there already' export --adapter adapter --results results --out exported
[[ $(ls "$work/exported") == $'adapter\nconfig.json\nmodel.safetensors' ]] || fail "not the files of an export"
accepted generate --adapter adapter --results results --task nli --json
accepted merge --model exported --adapter exported/adapter --out merged --json
[[ $(fields projections) == 4 ]] || fail "not two matrices in each of two blocks"
cmp -s "$work/exported/config.json" "$work/merged/config.json" || fail "the configuration is another one"
refused 'merged is there already' merge --model exported --adapter exported/adapter --out merged
echo '{"input_ids": [[5, 9, 12, 20, 6, 30, 7, 8]], "labels": [[5, 9, 12, 20, 6, 30, 7, 8]]}' >"$work/i.json"
accepted trace --model exported --adapter exported/adapter --inputs i.json --out s.safetensors
says out 'grad.base_model.model.transformer.h.0.attn.c_attn.lora_A.weight'
accepted analyse --model exported --adapter exported/adapter --inputs i.json --out analysis --json
grep -q '"inputs":"i.json"' "$root/out" || fail "not the analysis of these inputs"
refused 'is there already' analyse --model exported --adapter exported/adapter --inputs i.json --out analysis
accepted bench model --model exported --tokens 4 --json
[[ $(fields parameters) -gt 100000 ]] || fail "not the parameters of a base"

# Matrices in 16 bits: half the memory, and other numbers. LoRA's step on q and v of a random model of that form.
accepted bench model --model exported --random --frozen f16 --targets q,v --batch 2 --length 8 --tokens 0 --json
[[ $(fields frozen) == '"f16"' && $(fields trainable) == 2048 ]] || fail "not two matrices of rank 4 in two blocks of width 64"
awk -v now="$(fields weights_mb)" -v float="$(fields float_mb)" 'BEGIN { exit !(now > 0.5 * float && now < 0.55 * float) }' ||
  fail "$(fields weights_mb) of $(fields float_mb) MB are not half"
[[ $(fields step_ms) != 0 ]] || fail "no step"
refused '25 positions, where the model takes 1 to 24' bench model --model exported --length 25
refused "'x' matches no projection" bench model --model exported --targets x
peft=$data/adapters/lora-gpt2
for frozen in f32 f16 bf16; do
  accepted trace --model "$gpt2" --adapter "$peft" --inputs "$inputs" --out "s-$frozen.safetensors" --frozen $frozen
  says out 'grad.base_model.model.transformer.h.0.attn.c_attn.lora_A.weight'
  accepted generate --model "$gpt2" --adapter "$peft" --prompt-ids 5,9 --max-tokens 4 --frozen $frozen --json
done
accepted trace --model "$gpt2" --adapter "$peft" --inputs "$inputs" --out s-default.safetensors
cmp -s "$work/s-default.safetensors" "$work/s-f32.safetensors" || fail "f32 is not the default"
for frozen in f16 bf16; do
  ! cmp -s "$work/s-f32.safetensors" "$work/s-$frozen.safetensors" || fail "weights in $frozen give the same step"
done
# Rounded weights are another base for an adapter that says for which it was made.
refused 'it was made for another base*that of its weights in 16 bits' \
  generate --model exported --adapter exported/adapter --prompt-ids 5 --frozen f16

# Adapters that do not fit.
refused 'is (4,64) and not (4,12)' merge --model "$gpt2" --adapter exported/adapter --out o
refused 'matches no projection' merge --model "$data/models/llama" --adapter exported/adapter --out o
refused 'nowhere: there is no adapter_config.json' merge --model exported --adapter nowhere --out o
cp -r "$work/exported/adapter" "$work/target"
sed -i 's/c_attn/nothing/g' "$work/target/adapter_config.json"
refused 'matches no projection; there are transformer.h.0.attn.c_attn' trace --model exported --adapter target --inputs i.json --out o
accepted train --task nli --base-steps 20 --steps 5 --method bitfit --out bitfit --results results
refused "was trained by bitfit, which is no adapter of LoRA's" export --adapter bitfit --results results --out o
accepted train --task nli --base-steps 20 --steps 5 --rank 32 --targets q,k,v --out large --results results
refused 'would have the rank 96, above 64' export --adapter large --results results --out o
echo "the commands take models of others, and refuse what is none"
