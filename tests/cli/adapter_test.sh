#!/usr/bin/env bash
# adapter_test.sh LOWRANK JSON_FIELDS: an adapter's way through train, eval, merge and generate on a tiny
# base, what its files are refused for when they are damaged, and that a stop leaves nothing behind.
set -euo pipefail
unset CDPATH

lowrank=$1 json_fields=$2
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
work=$root/work
mkdir "$work"
source "$(dirname "$0")/common.sh"
tiny=(--base-steps 40)

# A dry run says what would be trained and writes nothing.
before=$(listing)
accepted train --task nli --targets q,v --rank 4 "${tiny[@]}" --dry-run
says out 'blocks.0.attn.q *64,64* 4 *alpha/r = 8/4 = 2 *4 (64 + 64) = 512'
says out '4 projections, 2048 trainable parameters'
says out 'learning rate '
accepted train --task nli --targets-regex '.*\.0\.mlp\..*' --rank-pattern down=2 --scaling 'alpha/sqrt(r)' \
  "${tiny[@]}" --dry-run --json
[[ $(fields trainable) == 1920 ]] || fail "up at rank 4 and down at rank 2 have 1920 parameters"
[[ $before == "$(listing)" ]] || fail "a dry run wrote something"

# A full disk is seen before there is a base.
limited() (ulimit -f 8; trap '' XFSZ; refused "$@")
limited 'cannot write a/adapter_model.safetensors: File too large' train --task nli --out a "${tiny[@]}"

# train -> eval -> merge -> eval -> generate: one score.
accepted train --task nli --targets q,v --rank 4 --lr 0.02 --steps 12 --out a "${tiny[@]}" --json
score=$(fields metric value nll)
[[ $score == '"accuracy"'* && $(fields lr_source) == '"given"' ]] || fail "train says $score"
accepted eval --adapter a --json
[[ $(fields metric value nll) == "$score" ]] || fail "eval of the adapter is not train's $score"
accepted eval --task nli "${tiny[@]}" --json
[[ $(fields metric value nll) != "$score" ]] || fail "the adapter changes nothing"
accepted merge --adapter a --out m.safetensors --json
fields absolute_error relative_error projections >/dev/null
accepted eval --checkpoint m.safetensors --json
[[ $(fields value) == "$(sed -n 2p <<<"$score")" ]] || fail "merging changed the score $score"
accepted eval --adapter a --task reorder
says out 'reorder: exact match'
accepted generate --adapter a
[[ $(grep -c -- '<ans> -> .*(expected: ' "$root/out") -eq 3 ]] || fail "generate shows no three prompts"
[[ $(grep -cE -- '-> [^ ]+  \(expected: (yes|maybe|no_)\)$' "$root/out") -eq 3 ]] || fail "an answer of nli is one word"
cp "$root/out" "$root/unmerged"
accepted generate --checkpoint m.safetensors
cmp -s "$root/out" "$root/unmerged" || fail "the merged model says something else"
accepted generate --adapter a --prompt '<premR> all g1 w3 <hyp> some n5 w0 <ans>' --temperature 1 --top-k 5 --json
[[ $(fields generated) == *'"prompt":"<premR> all g1 w3 <hyp> some n5 w0 <ans>"'* ]] || fail "no prompt in the JSON"
cp "$root/out" "$root/sampled"
accepted generate --adapter a --prompt '<premR> all g1 w3 <hyp> some n5 w0 <ans>' --temperature 1 --top-k 5 --seed 1 --json
cmp -s "$root/out" "$root/sampled" || fail "the same seed draws other words"

# What the adapter shows, beside one on permuted labels and one of another seed.
accepted train --task nli --targets q,v --rank 4 --lr 0.02 --steps 12 --labels permuted --out a_permuted "${tiny[@]}"
says out '1000 examples with permuted labels, 12 steps'
accepted train --task nli --targets q,v --rank 2 --lr 0.02 --steps 12 --seed 2 --out a_other "${tiny[@]}"
accepted analyse --adapter a
says out 'There is no --shuffled'
accepted analyse --adapter a --against a_other --shuffled a_permuted --out analysed
says out 'What it shares with a_other'
[[ -s $work/analysed/analyse.md && -s $work/analysed/analyse.csv ]] || fail "analyse wrote no page"
refused 'analyse.md is there already' analyse --adapter a --out analysed
accepted analyse --adapter a --shuffled a_permuted --json
fields analysed shuffled shared_with_shuffled >/dev/null
accepted train --task nli --lr 0.02 --steps 3 --base-seed 3 --out a_base3 "${tiny[@]}"
refused '--against a_base3 is for another base than --adapter a' analyse --adapter a --against a_base3

# Full fine-tuning makes a checkpoint; K of sqlgen is known afterwards.
accepted train --task sqlgen --facts 4 --mode full --lr 0.001 --steps 3 --out f/full.safetensors "${tiny[@]}" --json
score=$(fields facts value nll)
accepted eval --checkpoint f/full.safetensors --json
[[ $(fields facts value nll) == "$score" ]] || fail "eval of the checkpoint is not train's $score"

# The other methods: a folder that eval and generate take as train left it. What they trained in the base's own
# weights becomes a checkpoint; what stands beside these does not.
for method in top-layers bitfit prefix-embedding prefix-layer prompt-encoder adapter-h adapter-l lora+prefix; do
  accepted train --task nli --method $method --lr 0.02 --steps 3 --out $method "${tiny[@]}" --json
  score=$(fields metric value nll)
  [[ $(fields method) == "\"$method\"" && -e $work/$method/method.safetensors ]] || fail "$method wrote no such file"
  accepted eval --adapter $method --json
  [[ $(fields metric value nll) == "$score" ]] || fail "eval of $method is not train's $score"
  accepted generate --adapter $method
  [[ $(grep -c -- '<ans> -> .*(expected: ' "$root/out") -eq 3 ]] || fail "generate shows no three prompts of $method"
  case $method in
    top-layers | bitfit)
      accepted merge --adapter $method --out $method.safetensors
      says out "what $method trained are weights of the base; all are in $method.safetensors"
      accepted eval --checkpoint $method.safetensors --json
      [[ $(fields metric value nll) == "$score" ]] || fail "the checkpoint of $method is another model"
      ;;
    *) refused "$method was trained by $method, which stands beside the weights and cannot be merged" \
      merge --adapter $method --out x.safetensors ;;
  esac
done
refused "it was made for another base: fingerprint" eval --adapter bitfit --checkpoint m.safetensors
refused 'bitfit/method.safetensors is there already' train --task nli --method bitfit --out bitfit "${tiny[@]}"
refused 'bitfit/method.safetensors is there already' train --task nli --out bitfit "${tiny[@]}"
refused 'a/adapter_config.json is there already' train --task nli --method bitfit --out a "${tiny[@]}"
accepted train --task nli --method full --lr 0.001 --steps 3 --out g.safetensors "${tiny[@]}" --json
score=$(fields value nll)
accepted train --task nli --mode full --method full --lr 0.001 --steps 3 --out h.safetensors "${tiny[@]}" --json
[[ $(fields value nll) == "$score" ]] || fail "--mode full is not --method full"

# Blocks, a ratio of rates, another optimizer, and a base of another shape.
accepted train --task nli --blocks 1 --lr-ratio 4 --dry-run "${tiny[@]}"
says out 'blocks.1.attn.v *2 projections, 1024 trainable parameters'
says out 'B learns with 4 times the rate of A'
says out 'recorded for nli lora q,v; searched on all blocks, with one rate for A and B'
[[ $(<"$root/out") != *blocks.0* ]] || fail "--blocks 1 adapts block 0"
accepted train --task nli --optimizer sgd --lr 0.1 --dry-run "${tiny[@]}"
says out 'steps of 32 of SGD with momentum 0.9, learning rate 0.1 (given)'
shape=(--width 32 --depth 3 "${tiny[@]}" --results shaped)
accepted train --task nli "${shape[@]}" --dry-run
says out 'on the base of seed 2 and 40 steps, width 32, depth 3'
says out 'learning rate 0.01 (recorded for nli lora q,v; searched at depth 2; times 64/32 for the width)'
accepted pretrain --steps 40 --width 32 --depth 3 --out shaped
accepted train --task nli --blocks 0,2 --lr-ratio 2 --steps 3 --out s "${shape[@]}" --json
score=$(fields metric value nll)
[[ $(fields blocks lr_ratio optimizer width depth trainable) == $'[0,2]\n2.0\n"adamw"\n32\n3\n1024' ]] ||
  fail "the JSON of train lacks what was given"
accepted eval --adapter s --results shaped --json
[[ $(fields metric value nll) == "$score" ]] || fail "eval of the adapter on another shape is not train's $score"
accepted eval --task nli "${shape[@]}" --json
[[ $(find "$work/shaped/base" -name 'base-*' | wc -l) -eq 1 ]] || fail "train and eval did not find pretrain's base"
refused 'make it with: ./run pretrain --base-seed 2 --steps 40 --width 32 --depth 3 --out elsewhere' eval --adapter s --results elsewhere

# What is there is not replaced.
refused 'a/adapter_model.safetensors is there already' train --task nli --out a "${tiny[@]}"
refused 'm.safetensors is there already' merge --adapter a --out m.safetensors
refused 'f/full.safetensors is there already' train --task nli --mode full --out f/full.safetensors "${tiny[@]}"

# Damaged, hostile and foreign files.
edit() { sed "$1" "$2" >"$work/edited" && mv "$work/edited" "$2"; }  # sed -i is not the same everywhere
variant() { rm -rf "$work/b"; cp -r "$work/a" "$work/b"; }
base=$(basename "$work"/results/base/base-*.safetensors)
variant; head -c 200 "$work/a/adapter_model.safetensors" >"$work/b/adapter_model.safetensors"
refused 'b/adapter_model.safetensors' eval --adapter b
variant; head -c $(($(wc -c <"$work/a/adapter_model.safetensors") - 4)) "$work/a/adapter_model.safetensors" >"$work/b/adapter_model.safetensors"
refused 'b/adapter_model.safetensors' merge --adapter b --out n.safetensors
variant; edit 's/"r": 4/"r": 8/' "$work/b/adapter_config.json"
refused 'not of one adapter' eval --adapter b
variant; edit 's/"r": 4/"r": -4/' "$work/b/adapter_config.json"
refused '"r" must be a positive whole number, not -4' eval --adapter b
variant; edit 's/"use_rslora": false/"use_dora": true/' "$work/b/adapter_config.json"
refused 'use_dora' generate --adapter b
variant; echo '{' >"$work/b/adapter_config.json"
refused 'b/adapter_config.json' eval --adapter b
variant; edit 's/"task":"nli"/"task":"xyz"/' "$work/b/adapter_model.safetensors"
refused 'b: its metadata "task" is "xyz"' eval --adapter b
variant; edit 's/\\"steps\\":40/\\"steps\\":-1/' "$work/b/adapter_model.safetensors"
refused 'b: its metadata "base": no configuration of a base: "steps" is -1' eval --adapter b
variant; edit 's/\\"batch\\"/\\"botch\\"/' "$work/b/adapter_model.safetensors"
refused 'b: its metadata "base": no configuration of a base' eval --adapter b
variant; printf '\x00\x00\xc0\x7f' |  # a NaN for the last number of B
  dd of="$work/b/adapter_model.safetensors" bs=1 seek=$(($(wc -c <"$work/b/adapter_model.safetensors") - 4)) conv=notrunc status=none
refused "score: the model's logits are not finite" eval --adapter b
refused "score: the model's logits are not finite" eval --adapter b --json
refused "generate: the model's logits are not finite" generate --adapter b
refused 'it was made for another base: fingerprint' eval --adapter a --checkpoint m.safetensors
refused 'not a checkpoint of this program' eval --checkpoint a/adapter_model.safetensors
refused "$base says no task it was trained on; --task sqlgen, nli or reorder" eval "${tiny[@]}"
refused 'elsewhere/base/base-*make it with: ./run pretrain --base-seed 2 --steps 40 --out elsewhere' eval --adapter a --results elsewhere
head -c 1000 "$work/m.safetensors" >"$work/cut.safetensors"
refused 'cut.safetensors' generate --checkpoint cut.safetensors
refused 'leave no room in a context of 24' generate --adapter a --prompt "$(printf 'c1 %.0s' {1..24})"
mv "$work/results/base/$base" "$work/kept"
head -c 5000 "$work/kept" >"$work/results/base/$base"
refused "results/base/$base" eval --adapter a
refused "results/base/$base" train --task nli --out c "${tiny[@]}"
mv "$work/kept" "$work/results/base/$base"
for steps in 20 1; do  # in one step, which no gradient has seen
  before=$(listing)
  run train --task nli --lr 1e39 --steps $steps --out c "${tiny[@]}"
  [[ $code -eq 2 ]] || fail "exit code $code where training diverged"
  says err "lowrank: training diverged at step * of $steps with learning rate 1e+39*a smaller --lr"
  [[ $before == "$(listing)" ]] || fail "a training that diverged left something"
done

# An interrupt stops the training, and nothing is left of it.
: >"$root/err"  # or what an earlier training said would be taken for this one's
before=$(listing)
(cd "$work" && exec "$lowrank" train --task nli --steps 20000 --out c "${tiny[@]}" >../out 2>../err) &
pid=$!
for ((i = 0; i < 600; ++i)); do
  grep -q 'training lora on nli' "$root/err" && break
  sleep 0.1
done
grep -q 'training lora on nli' "$root/err" || { kill -KILL "$pid"; fail "the training has not begun"; }
kill -INT "$pid"
code=0
wait "$pid" || code=$?
[[ $code -eq 130 ]] || fail "exit code $code after an interrupt"
says err 'lowrank: stopped after * of 20000 steps; nothing was written'
[[ $before == "$(listing)" ]] || fail "an interrupted training left something"
echo "an adapter went all the way"
