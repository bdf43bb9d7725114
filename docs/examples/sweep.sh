#!/bin/bash
#SBATCH --job-name=table6 --cpus-per-task=1 --mem-per-cpu=500M --time=1:00:00
#SBATCH --requeue --open-mode=append --output=%x-%j.log
# Submitted with --array=1-8 it is one of eight shards, else the whole command. The options of
# lowrank stand here once, so that all of them run the same experiment.
shards=8  # not $SLURM_ARRAY_TASK_COUNT, which is less where some tasks are submitted again
sweep=(build/release/bin/lowrank table6 --preset quick --out results)

part=()
if [[ -n $SLURM_ARRAY_TASK_ID ]]; then part=(--shard "$SLURM_ARRAY_TASK_ID/$shards"); fi
export OMP_NUM_THREADS=$SLURM_CPUS_PER_TASK  # for the base; cells take as many processors
exec "${sweep[@]}" "${part[@]}" "$@"         # exec, so that the signals of Slurm reach it
