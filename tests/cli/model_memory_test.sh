#!/usr/bin/env bash
# model_memory_test.sh LOWRANK RANDOM_MODEL: opening a model of GPT-2's real size takes little more memory than its weights
# in float32, and much less with them in 16 bits. It writes half a gigabyte, in a temporary folder.
set -euo pipefail
lowrank=$1 random_model=$2
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
cat >"$root/config.json" <<'END'
{"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "vocab_size": 50257, "n_positions": 1024, "n_embd": 768,
 "n_layer": 12, "n_head": 12}
END
"$random_model" "$root"
"$lowrank" bench model --model "$root" --tokens 1 --json >"$root/out"
number() { grep -o "\"$1\":[0-9.]*" "$root/out" | cut -d: -f2; }
echo "$(number parameters) parameters, $(number float_mb) MB; at most $(number peak_mb) MB to open them"
[[ $(number parameters) == 124439808 ]] || { echo "not GPT-2's parameters"; exit 1; }
# Less than the weights would be no measurement.
awk -v peak="$(number peak_mb)" -v size="$(number float_mb)" 'BEGIN { exit !(peak >= size && peak <= 1.1 * size + 100) }' ||
  { echo "above 1.1 times the weights and 100 MB"; exit 1; }

# In 16 bits: half, and on the way there the largest tensor in floats, with its bytes.
"$lowrank" bench model --model "$root" --frozen f16 --tokens 0 --json >"$root/out"
echo "in 16 bits $(number weights_mb) MB; at most $(number peak_mb) MB to open them"
awk -v peak="$(number peak_mb)" -v size="$(number weights_mb)" -v float="$(number float_mb)" \
  'BEGIN { exit !(size < 0.51 * float && peak >= size && peak <= 0.75 * float) }' ||
  { echo "not half, or above three quarters of the weights in float32"; exit 1; }
