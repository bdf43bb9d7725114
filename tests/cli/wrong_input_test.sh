#!/usr/bin/env bash
# wrong_input_test.sh LOWRANK JSON_FIELDS: every command answers wrong options and values in one line
# that names the value and what is valid, and writes nothing.
set -euo pipefail
unset CDPATH

lowrank=$1 json_fields=$2
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
work=$root/work
mkdir "$work"
source "$(dirname "$0")/common.sh"
echo 'a file' >"$work/file"
long_name=$(printf 'x%.0s' {1..300})

# The judge can say no: to right input, and to an error that says something else.
for control in 'unknown tasks --tasks nli' 'another tasks --tasks nlx'; do
  if (refused $control) 2>/dev/null; then fail "passed, but should not: $control"; fi
done

# Commands and options.
refused 'a command is wanted; valid are paper, report, table6*pretrain*train, eval, merge, analyse, generate'
refused "unknown command 'tabel6'; valid are paper, report, table6*; did you mean table6?" tabel6
refused "unknown option '--quick' before a command*--help" --quick table6
refused "unknown option '--rnaks'; valid options of table6 are*--ranks*; did you mean --ranks?" table6 --rnaks 1,2
refused "unknown option '--rnak'; valid options of train are*--rank" train --task nli --rnak=3
refused "unknown argument 'nli'; valid options of tasks are --help, --tasks, --facts" tasks nli
refused "unknown argument 'eval'; valid options of tasks" tasks eval
refused "unknown option '-x'; valid options of eval" eval -x
refused '--seeds wants a value' table6 --seeds
refused "--out wants a value, not '--json'" train --task nli --out --json
refused "--seed is given 2 times, with '1' and '2'" train --task nli --seed 1 --seed 2
refused '--tasks has an empty value' tasks --tasks ''
refused "--tasks 'nli\\\\x0areorder'" tasks --tasks $'nli\nreorder'
refused "unknown command 'a\\\\x1b*'" $'a\e[31m'

# paper, report, learning-rates.
refused "unknown preset 'tiny'; valid are smoke, quick, full" paper --preset tiny
refused "unknown task 'nlx'; the tasks are sqlgen, nli and reorder" paper --tasks nlx
refused "--jobs '0': a whole number from 1" paper --jobs 0
refused "unknown option '--seeds'; valid options of paper are*--preset" paper --seeds 3
refused "unknown option '--ranks'; valid options of paper are*--preset" paper --ranks 1
refused "--out 'none' is no folder with results" report --out none
refused "--out 'file' is no folder with results" report --out file
refused "unknown option '--preset'; valid options of report are*--out" report --preset smoke
refused "unknown preset 'quick'; valid are smoke, full" learning-rates --preset quick
refused "unknown option '--seeds'; valid options of learning-rates are*--tasks" learning-rates --seeds 3
refused "--jobs 'two': a whole number from 1" learning-rates --jobs two

# Experiments refuse the options of the others that would say nothing.
for experiment in table1 costs; do
  for option in --tasks --seeds --base-seed --facts --jobs; do
    refused "$option has no effect on $experiment: it measures" "$experiment" "$option" 1
  done
done
refused '--tasks has no effect on transition: it runs on sqlgen' transition --tasks sqlgen
refused "no command 'facts': transition has taken its place" facts --tasks sqlgen
refused "no command 'amplification-scale': step-size has taken its place" amplification-scale
refused "--tasks 'nli,reorder': adam-alpha runs on one task" adam-alpha --tasks nli,reorder
refused '--fresh has no effect on figure2: its runs are those of table15' figure2 --fresh
refused "unknown task 'nlx'" adam-alpha --tasks nlx
refused '--jobs has no effect with --calibrate' known-rank --calibrate 2 --jobs 1
refused '--true-rank has no effect with --spectrum noise' known-rank --spectrum noise --true-rank 2
refused "unknown labels 'hard'; valid are soft, drawn" known-rank --labels hard
refused '--tasks has no effect on planted: its students learn from a teacher' planted --tasks nli
for name in table1 transition; do
  accepted "$name" --help
  [[ $(<"$work/../out") != *--tasks* ]] || fail "$name --help lists --tasks"
done
accepted table5 --help
says out --tasks

# table6, tasks, pretrain.
refused "unknown preset 'tiny'; valid are smoke, quick, full" table6 --preset tiny
refused "unknown task 'nlx'; the tasks are sqlgen, nli and reorder" table6 --tasks nlx
refused "unknown target 'z'; valid are q, k, v, o, up, down" table6 --targets q,z
refused "--targets q,q names a projection twice" table6 --targets q,q
refused "--ranks '0': a whole number from 1 to 64" table6 --ranks 1,0
refused "--ranks '-1': a whole number from 1 to 64" table6 --ranks -1
refused "--ranks '3x': a whole number from 1 to 64" table6 --ranks 3x
refused "--ranks '65': a whole number from 1 to 64" table6 --ranks 1,65
refused "--seeds '0': a whole number from 1" table6 --seeds 0
refused "--seeds '1e3': a whole number" table6 --seeds 1e3
refused "--jobs '-2': a whole number from 1" table6 --jobs -2
refused "--base-seed '-1': a whole number from 0" table6 --base-seed -1
refused "--facts '33': a whole number from 2 to 32" table6 --facts 33
refused '--facts has no effect without the task sqlgen' table6 --tasks nli --facts 8
refused "unknown task ''; the tasks are" tasks --tasks nli,
refused "--tasks names 'nli' twice" tasks --tasks nli,nli
refused '--facts has no effect without the task sqlgen' tasks --tasks nli --facts 8
for option in '--splits train' '--seed 1' '--examples 1'; do
  refused "${option% *} has no effect without --export" tasks --tasks nli $option
done
refused "unknown split 'tset'; valid are train, validation, test" tasks --export e --splits train,tset
refused "--splits names 'test' twice" tasks --export e --splits test,test
refused '--seed has no effect on the split test' tasks --export e --splits test --seed 1
refused '--examples has no effect without the split train' tasks --export e --splits test,validation --examples 9
refused "--seed '-1': a whole number from 0" tasks --export e --seed -1
refused "--examples '0': a whole number from 1 to 100000" tasks --export e --examples 0
refused "--facts '1': a whole number from 2 to 32" tasks --export e --facts 1
refused '--facts has no effect without the task sqlgen' tasks --export e --tasks nli --facts 8
refused "cannot write file/nli.train.jsonl*Not a directory" tasks --export file --tasks nli
refused "cannot write /dev/null/e/*Not a directory" tasks --export /dev/null/e
refused "cannot write*File name too long" tasks --export "$long_name"
refused "--steps '0': a whole number from 1" pretrain --steps 0
refused "--width '40': a multiple of 16 is wanted" pretrain --width 40
refused "--width '0': a whole number from 16 to 1024" pretrain --width 0
refused "--depth '0': a whole number from 1 to 32" pretrain --depth 0
refused "--steps '99999999999999999999': a whole number from 1" pretrain --steps 99999999999999999999
refused "cannot*file/base*Not a directory" pretrain --steps 60 --out file
refused "cannot*/dev/null/nowhere*Not a directory" pretrain --steps 60 --out /dev/null/nowhere
refused "cannot*File name too long" pretrain --steps 60 --out "$long_name"

# bench.
refused 'a command of bench is wanted; valid are step, gemm, ops, scaling, sweep, roofline' bench
refused "unknown command of bench 'steps'; valid are step, gemm, ops, scaling, sweep, roofline" bench steps
refused "unknown config 'tiny'; valid are toy, small, mid, gpt2" bench step --config tiny
refused "unknown mode 'prefix'; valid are full, lora" bench step --mode prefix
refused '--rank has no effect with --mode full' bench step --mode full --rank 2
refused "--rank '65': a whole number from 1 to 64" bench step --config toy --rank 65
refused "--threads '0': a whole number from 1" bench step --threads 0
refused "--steps '0': a whole number from 1" bench step --steps 0
refused "unknown config 'x'; valid are toy, small, mid, gpt2" bench gemm --config x
refused "unknown option '--mode'; valid options of gemm" bench gemm --mode full
refused "--filter 'convolution' matches no benchmark OP/toy|small/forward|backward; the operations are matmul,*mean_squared_error" bench ops --filter convolution
refused "--filter '(' is no regular expression" bench ops --filter '('
refused "--min-time '0': a positive number" bench ops --min-time 0
refused "unknown option '--config'; valid options of ops" bench ops --config toy
refused "--vary 'V'; valid are all, d, L, T, B, r, matrices" bench scaling --vary d,V
refused "--vary names 'd' twice" bench scaling --vary d,d
refused "--steps '0': a whole number from 1" bench scaling --steps 0
refused "cannot write file/points.csv*Not a directory" bench scaling --csv file/points.csv
refused "--jobs '1': a whole number from 2" bench sweep --jobs 1
refused "--pairs '0': a whole number from 1" bench sweep --pairs 0
refused "unknown task 'nlx'; the tasks are sqlgen, nli and reorder" bench sweep --tasks nlx
refused "--base-steps '0': a whole number from 1" bench sweep --base-steps 0
refused 'roofline wants --out: a folder for roofline.csv' bench roofline
refused "cannot*file/*Not a directory" bench roofline --out file

# train. Nothing here may begin to train: the default base takes minutes.
refused 'train wants --task sqlgen, nli or reorder, or --model DIR' train --out a
refused "unknown task 'nlx'; the tasks are sqlgen, nli and reorder" train --task nlx --out a
refused "train wants --out DIR" train --task nli
refused "train wants --out FILE.safetensors" train --task nli --mode full
refused "unknown mode 'lra'; valid are lora and full" train --task nli --mode lra --out a
refused "unknown target 'z'; valid are q, k, v, o, up, down" train --task nli --targets z --out a
refused "unknown target ''; valid are q" train --task nli --targets q, --out a
refused "'blocks.7.attn.q' matches no projection; there are blocks.0.attn.q" train --task nli --targets blocks.7.attn.q --out a
refused "--targets q,q names a projection twice" train --task nli --targets q,q --out a
refused "'.*nothing' matches no projection; there are blocks.0.attn.q" train --task nli --targets-regex '.*nothing' --out a
refused "'(' is no regular expression" train --task nli --targets-regex '(' --out a
refused '--targets has no effect beside --targets-regex' train --task nli --targets q --targets-regex '.*q' --out a
refused "--rank '0': a whole number from 1 to 64" train --task nli --rank 0 --out a
refused "--rank '-4': a whole number from 1 to 64" train --task nli --rank -4 --out a
refused "--rank 'four': a whole number from 1 to 64" train --task nli --rank four --out a
refused "--rank '65': a whole number from 1 to 64" train --task nli --rank 65 --out a
refused "--rank-pattern v '0': a whole number" train --task nli --rank-pattern v=0 --out a
refused "--rank-pattern 'v': name=value is wanted" train --task nli --rank-pattern v --out a
refused "--rank-pattern names 'v' twice" train --task nli --rank-pattern v=1,v=2 --out a
refused "'k' matches no projection; there are blocks.0.attn.q, blocks.0.attn.v" train --task nli --rank-pattern k=2 --out a
refused "--alpha-pattern v '-1': a positive number" train --task nli --alpha-pattern v=-1 --out a
refused "--alpha '0': a positive number" train --task nli --alpha 0 --out a
refused "--alpha 'inf': a positive number" train --task nli --alpha inf --out a
refused "unknown scaling 'r'; valid are alpha/r and alpha/sqrt(r)" train --task nli --scaling r --out a
refused "unknown initialisation 'zero'; valid are gaussian and kaiming-uniform" train --task nli --init zero --out a
refused "--dropout '1': a number from 0 to below 1" train --task nli --dropout 1 --out a
refused "--dropout 'nan': a number from 0 to below 1" train --task nli --dropout nan --out a
refused "--lr '-0.1': a positive number" train --task nli --lr -0.1 --out a
refused "--lr 'nan': a positive number" train --task nli --lr nan --out a
refused "--steps '0': a whole number from 1" train --task nli --steps 0 --out a
refused "--examples '0': a whole number from 1" train --task nli --examples 0 --out a
refused "--seed '-1': a whole number from 0" train --task nli --seed -1 --out a
refused "--base-steps '0': a whole number from 1" train --task nli --base-steps 0 --out a
refused '--facts has no effect without the task sqlgen' train --task nli --facts 8 --out a
refused "--facts '1': a whole number from 2 to 32" train --task sqlgen --facts 1 --out a
refused "unknown method 'magic'; valid are full, top-layers,*lora+prefix" train --task nli --method magic --out a
refused "--mode full and --method bitfit disagree" train --task nli --mode full --method bitfit --out a
refused '--size has no effect with --method lora' train --task nli --size 3 --out a
refused '--size has no effect with --mode full' train --task nli --mode full --size 3 --out a
refused "--size '3': a whole number from 1 to 2" train --task nli --method top-layers --size 3 --out a
refused "--size '0': a whole number from 1 to 1024" train --task nli --method adapter-h --size 0 --out a
refused "--blocks '2': a whole number from 0 to 1" train --task nli --blocks 0,2 --out a
refused "--blocks '1': a whole number from 0 to 0" train --task nli --depth 1 --blocks 1 --out a
refused '--blocks 1,1 names a block twice' train --task nli --blocks 1,1 --out a
refused '--blocks has no effect beside --targets-regex' train --task nli --blocks 1 --targets-regex '.*q' --out a
refused '--blocks has no effect beside a target that names its block: blocks.0.attn.q' train --task nli --blocks 1 --targets blocks.0.attn.q --out a
refused "--lr-ratio '0': a positive number" train --task nli --lr-ratio 0 --out a
refused "unknown optimizer 'adam'; valid are adamw and sgd" train --task nli --optimizer adam --out a
refused "--optimizer sgd wants --lr: the rates that are recorded are AdamW's" train --task nli --optimizer sgd --out a
refused "--width '63': a multiple of 16 is wanted" train --task nli --width 63 --out a
refused "--rank '33': a whole number from 1 to 32" train --task nli --width 32 --rank 33 --out a
refused "--depth '33': a whole number from 1 to 32" train --task nli --depth 33 --out a
for option in rank blocks lr-ratio; do
  refused "--$option has no effect with --method bitfit" train --task nli --method bitfit --"$option" 1 --out a
done
for option in 'blocks 1' 'lr-ratio 4' 'rank 4' 'alpha 4' 'scaling alpha/r' 'init gaussian' 'dropout 0' 'targets q' \
  'targets-regex q' 'rank-pattern v=4' 'alpha-pattern v=4'; do
  refused "--${option% *} has no effect with --mode full" train --task nli --mode full --$option --out a
done
refused "cannot write file/*Not a directory" train --task nli --out file/adapter
refused "cannot write file/*Not a directory" train --task nli --mode full --out file/model.safetensors
refused "cannot write /dev/null/nowhere*Not a directory" train --task nli --out /dev/null/nowhere
refused "cannot write*File name too long" train --task nli --out "$long_name/adapter"
refused "file is there already" train --task nli --mode full --out file

# eval, merge, generate.
refused "there is no results/base/base-*make it with: ./run pretrain --base-seed 2 --steps 8000 --out results" eval --task nli
refused "there is no here/base/base-*--base-seed 5 --steps 70 --out here" eval --task nli --base-seed 5 --base-steps 70 --results here
refused "unknown task 'nlx'; the tasks are" eval --task nlx
refused '--facts has no effect without the task sqlgen' eval --task nli --facts 8
refused "--facts '99': a whole number from 2 to 32" eval --task sqlgen --facts 99
refused "there is no results/base/base-*--steps 70 --width 32 --depth 3 --out results" eval --task nli --base-steps 70 --width 32 --depth 3
refused '--base-seed has no effect with --adapter' eval --adapter a --base-seed 3
refused '--width has no effect with --adapter' eval --adapter a --width 32
refused '--base-steps has no effect with --checkpoint' generate --checkpoint file --base-steps 3
refused '--results has no effect with --checkpoint' eval --checkpoint file --results here
refused 'nowhere: there is neither method.safetensors nor adapter_config.json' eval --adapter nowhere
refused 'cannot read nowhere: No such file' eval --checkpoint nowhere
refused 'file: ' eval --checkpoint file --task nli
refused 'file: there is neither method.safetensors nor adapter_config.json' eval --adapter file
refused 'file is there already; remove it or choose another --predictions' eval --task nli --predictions file
refused 'cannot write file/p*Not a directory' eval --task nli --predictions file/p
refused "unknown option '--predictions'; valid options of generate" generate --task nli --predictions p
refused 'merge wants --adapter: a folder that train has written' merge --out m
refused 'merge wants --out: the checkpoint to write' merge --adapter a
refused "unknown option '--base-seed'; valid options of merge" merge --adapter a --out m --base-seed 2
refused 'file is there already' merge --adapter a --out file
refused 'cannot write file/m*Not a directory' merge --adapter a --out file/m
refused '--top-k has no effect without a --temperature above 0' generate --task nli --top-k 3
refused '--seed has no effect without a --temperature above 0' generate --task nli --seed 3
refused '--task has no effect with --prompt' generate --task nli --prompt '<prem>'
refused "--temperature '-1': a number from 0 is wanted" generate --task nli --temperature -1
refused '--top-k has no effect without a --temperature above 0' generate --task nli --temperature 0 --top-k 3
refused "--top-k '178': a whole number from 1 to 177" generate --task nli --temperature 1 --top-k 178
refused "--max-tokens '0': a whole number from 1" generate --task nli --max-tokens 0
refused "unknown word 'hello'; the words are" generate --prompt 'hello world'

# compare, on folders of one or two cells.
cell() {
  printf '{"experiment":"a","task":"%s","method":"lora","size":0,"targets":["q"],"rank":%s,"alpha":8.0,' "$1" "$2"
  printf '"scaling":"alpha/r","init":"gaussian","dropout":0.0,"optimizer":"adamw","seed":1,"base_seed":2,'
  printf '"base":"pretrained","width":64,"facts":0,"lr":0.01,"metric":"accuracy","value":0.5,"nll":%s,' "$3"
  printf '"trainable":256,"steps":5,"examples":10,"seconds":1.0,"more":{}}\n'
}
results() {
  mkdir -p "$work/$1"
  printf '{"experiment":"a","configuration":{},"extent":{},"runs":[]}' >"$work/$1/run.json"
  cat >"$work/$1/cells.jsonl"
}
{ cell nli 1 1.5; cell nli 2 1.0; } | results two
cell nli 4 1.0 | results one
cell nli 4 2.0 | results again
cell reorder 4 1.0 | results reorder
results empty </dev/null
mkdir "$work/bare"
accepted compare one again --json
[[ $(fields format same_cells alone_in_a | tr '\n' ' ') == '1 1 0 ' ]] || fail "not what compare --json should say"
accepted compare one again
says out 'Both hold the same 1 cell: 0 with the same value and nll, bit for bit, and 1 with others'
refused 'compare wants A: results folder' compare
refused 'compare wants B: another' compare one
refused "unknown argument 'two'; valid options of compare are --help, --json" compare one again two
refused "unknown option '--jsn'; valid options of compare*; did you mean --json?" compare one again --jsn
refused 'none is no folder' compare one none
refused 'file is no folder' compare file one
refused 'bare has no run.json: the folder of one experiment is wanted, as results/table6' compare one bare
refused 'empty has no finished cells' compare empty one
refused 'one and ./one/ are one folder' compare one ./one/
refused 'no task is both in A and in B' compare one reorder
refused 'A has two cells for one row and repetition where A and B differ in rank: *rank=1 *and *rank=2 ' compare two one

# Results that cannot be printed are not lost in silence.
if [[ -c /dev/full ]]; then
  code=0
  "$lowrank" tasks >/dev/full 2>"$root/err" || code=$?
  : >"$root/out"
  [[ $code -eq 2 ]] || fail "exit code $code on a full standard output"
  says err 'lowrank: cannot write *No space left on device'
fi
echo "every wrong input was refused"
