#!/usr/bin/env bash
# convert_test.sh LOWRANK JSON_FIELDS ADAPTERS MODELS: adapters between PEFT, loralib and MLX by the program, with those in
# the folder ADAPTERS. MODELS is OFF for a build without them, which says how to get them.
set -euo pipefail
unset CDPATH

lowrank=$1 json_fields=$2 adapters=$3 models=$4
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
work=$root/work
mkdir "$work"
source "$(dirname "$0")/common.sh"

# What is asked for, and what is not.
refused '--from' convert
refused "unknown form 'x'; valid are peft, loralib, mlx" convert --from x --to mlx --in a --out b
refused '--from and --to name the same form' convert --from mlx --to mlx --in a --out b
refused 'convert wants --rank INT' convert --from loralib --to peft --in a --out b
refused 'convert wants --alpha NUMBER' convert --from loralib --to peft --in a --out b --rank 2
refused 'convert wants --layers INT' convert --from peft --to mlx --in a --out b
refused '--rank has no effect without --from loralib' convert --from peft --to loralib --in a --out b --rank 2
refused '--merged has no effect without loralib' convert --from mlx --to peft --in a --out b --merged q
refused '--layers has no effect without --to mlx' convert --from mlx --to peft --in a --out b --layers 2
refused "unknown part 'x'; valid are q, k, v" convert --from loralib --to peft --in a --out b --merged x
if [[ $models == OFF ]]; then
  refused 'built without the adapters of other libraries*libpcre2-dev*LOWRANK_MODELS=ON' \
    convert --from mlx --to peft --in a --out b
  echo "the program says how to get them"
  exit
fi

# There and back: the same bytes.
loralib=(--rank 2 --alpha 3 --merged q,v)
accepted convert --from loralib --to peft --in "$adapters/loralib-gpt2/lora.safetensors" --out p "${loralib[@]}"
says out '4 tensors written to p'
accepted convert --from peft --to loralib --in p --out l.safetensors --merged q,v
says out 'r = 2, alpha = 3'
accepted convert --from peft --to loralib --in p --out l2.safetensors --merged q,v --json
[[ $(fields rank alpha tensors) == $'2\n3.0\n4' ]] || fail "not rank, alpha and tensors: $(fields rank alpha tensors)"
cmp -s "$work/l.safetensors" "$work/l2.safetensors" || fail "two conversions differ"
accepted convert --from loralib --to peft --in l.safetensors --out p2 "${loralib[@]}"
cmp -s "$work/p/adapter_model.safetensors" "$work/p2/adapter_model.safetensors" || fail "loralib changed the tensors"

accepted convert --from mlx --to peft --in "$adapters/mlx-dora-llama" --out m
accepted convert --from peft --to mlx --in m --out m2 --layers 2
accepted convert --from mlx --to peft --in m2 --out m3
cmp -s "$work/m/adapter_model.safetensors" "$work/m3/adapter_model.safetensors" || fail "MLX changed the tensors"

# What is there stays, and what a form cannot hold is named.
refused '--out' convert --from mlx --to peft --in m2 --out m
refused 'DoRA has no form in loralib' convert --from peft --to loralib --in m --out x.safetensors
refused 'is in no layer of LLaMA' convert --from peft --to mlx --in "$adapters/lora-gpt2" --out x --layers 2
refused 'of a merged one the parts must be named' convert --from loralib --to peft \
  --in "$adapters/loralib-gpt2/lora.safetensors" --out x --rank 2 --alpha 3
refused 'there is no adapter_config.json' convert --from peft --to loralib --in "$adapters" --out x.safetensors
printf 'PK\003\004' >"$work/lora.pt"
refused 'is a pickle' convert --from loralib --to peft --in lora.pt --out x --rank 2 --alpha 3
for config in '{"peft_type": "IA3"}' '{"peft_type": "PREFIX_TUNING"}' '{' '[]' '{"peft_type": "LORA", "r": 1e99}'; do
  mkdir -p "$work/h" && printf '%s' "$config" >"$work/h/adapter_config.json"
  refused 'h/adapter_config.json' convert --from peft --to loralib --in h --out x.safetensors
done
printf '{"peft_type": "LORA", "target_modules": ["q"], "rank_pattern": {"(a+)+[bc]|%s": 2}}' "$(printf 'a%.0s' {1..99})" \
  >"$work/h/adapter_config.json"
cp "$adapters/lora-gpt2/adapter_model.safetensors" "$work/h"
refused 'has A*for rank 8' convert --from peft --to loralib --in h --out x.safetensors
head -c 100 "$adapters/lora-gpt2/adapter_model.safetensors" >"$work/h/adapter_model.safetensors"
refused 'h/adapter_model.safetensors' convert --from peft --to loralib --in h --out x.safetensors
echo "adapters go there and back with the same bytes"
