#!/usr/bin/env bash
# e2e_small_gpt2.sh LOWRANK RANDOM_MODEL OUT [smoke]: the paper's recipe on a GPT-2 that is small enough for two cores.
# The restaurants of LOWRANK_DATA/e2e/valid.txt that have no price among their attributes train one from random weights,
# all of it, with GPT-2's own tokenizer (LOWRANK_REFERENCES/tokenizers/gpt2); LoRA then adapts it to those that have one,
# by the recipe. Every tenth meaning of either half is held out. It leaves in OUT the base, the adapters, what they say
# before and after, Table 6 and Figure 3 of it. It takes half an hour; smoke, on a model that learns nothing, seconds.
set -euo pipefail
unset CDPATH

lowrank=$1 random_model=$2 out=$3
smoke=${4:-}
valid=${LOWRANK_DATA:-}/e2e/valid.txt tokenizer=${LOWRANK_REFERENCES:-}/tokenizers/gpt2
if [[ ! -r $valid || ! -r $tokenizer/vocab.json ]]; then
  echo "skipped: LOWRANK_DATA and LOWRANK_REFERENCES do not name the data and the tokenizer"
  exit
fi
[[ ! -e $out ]] || { echo "$out is there already" >&2; exit 2; }
width=128 layers=4 heads=4 every=1 base=(--epochs 4) steps=() ranks=1,4,16 larger=16 search=(--beams 10)
# Its runs are shorter than the recipe's warm-up, so they have a rate and a warm-up of their own.
sweep=(--steps 150 --seeds 2 --lr 2e-3 --warmup 0.1)
if [[ $smoke == smoke ]]; then
  width=16 layers=1 heads=2 every=20
  base=(--steps 3) steps=(--steps 3) ranks=1,2 larger=8 search=(--beams 2 --max-tokens 4)
  sweep=(--steps 2 --seeds 1)
fi
mkdir -p "$out/start"
cp "$tokenizer"/{vocab.json,merges.txt} "$out/start"
cat >"$out/start/config.json" <<END
{"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "vocab_size": 50257, "n_positions": 256,
 "n_embd": $width, "n_layer": $layers, "n_head": $heads, "bos_token_id": 50256, "eos_token_id": 50256}
END
"$random_model" "$out/start"

# The two halves; lines of one meaning follow each other, and stay together.
awk -F '[|][|]' -v out="$out" -v every="$every" 'NR % every == 0 {
  half = $1 ~ /price :/ ? "priced" : "unpriced"
  if ($1 != before[half]) ++meanings[half]
  before[half] = $1
  file = out "/" half (meanings[half] % 10 == 0 ? ".held-out.txt" : ".train.txt")
  print > file
}' "$valid"
wc -l "$out"/*.txt

echo "== A base, of all weights, on restaurants without a price"
"$lowrank" train --model "$out/start" --data "$out/unpriced.train.txt" --validation "$out/unpriced.held-out.txt" \
  --format e2e --method full --lr 1e-3 "${base[@]}" --out "$out/base"

echo "== Restaurants with a price, before"
score=("$lowrank" eval --data "$out/priced.held-out.txt" --format e2e "${search[@]}" --length-penalty 0.8 --no-repeat-ngram 4)
"${score[@]}" --model "$out/base" --predictions "$out/before.jsonl"

echo "== LoRA by the paper's recipe"
adapt=("$lowrank" train --model "$out/base" --data "$out/priced.train.txt" --validation "$out/priced.held-out.txt"
  --format e2e --recipe e2e "${steps[@]}")
"${adapt[@]}" --out "$out/adapter"
"${score[@]}" --model "$out/base" --adapter "$out/adapter" --predictions "$out/after.jsonl"
head -n 3 "$out/after.jsonl"

echo "== Merged: the same scores"
"$lowrank" merge --model "$out/base" --adapter "$out/adapter" --out "$out/merged"
"${score[@]}" --model "$out/merged" --predictions "$out/merged.jsonl"

echo "== Table 6"
"$lowrank" sweep --model "$out/base" --data "$out/priced.train.txt" --validation "$out/priced.held-out.txt" --format e2e \
  --recipe e2e "${sweep[@]}" --over "rank=$ranks" --over targets=c_attn.q,c_attn.q+c_attn.v --out "$out/results"

echo "== Figure 3: two ranks"
"${adapt[@]}" --rank "$larger" --seed 2 --out "$out/larger"
"$lowrank" analyse --model "$out/base" --adapter "$out/adapter" --against "$out/larger" --data "$out/priced.train.txt" \
  --format e2e --out "$out/analysis"
