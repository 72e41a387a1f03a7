#!/bin/sh
# A run or sweep as a Slurm job array, one shard a task, and a job that merges when all are done.
#
#   tools/cluster/slurm.sh SHARDS DIR run SCENARIO [OPTION…]
#   tools/cluster/slurm.sh SHARDS DIR sweep SCENARIO [OPTION…]
#
# The tasks write into DIR/shards and their logs beside it, the results are in DIR/results; nodes
# must see DIR and this tree. If a task was killed, nothing is merged: the same command again goes
# on where it was stopped. Options of sbatch go into the environment: SBATCH_PARTITION,
# SBATCH_TIMELIMIT, SBATCH_WAIT=1 to wait for the end.
set -eu
if [ -n "${BCSIM_MERGE:-}" ]; then  # the second job
  exec "$BCSIM" merge "$BCSIM_MERGE/shards" --out "$BCSIM_MERGE/results"
elif [ -n "${SLURM_ARRAY_TASK_ID:-}" ]; then  # a task of the first
  exec "$BCSIM" "$@" --quiet --jobs "${SLURM_CPUS_PER_TASK:-1}" \
    --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT"
elif [ $# -lt 4 ]; then
  sed -n '2,11s/^# \{0,1\}//p' "$0" >&2
  exit 64
fi
BCSIM=${BCSIM:-$(dirname "$(readlink -f "$0")")/../bcsim}
export BCSIM
shards=$1
mkdir -p "$2"
directory=$(readlink -f "$2")
shift 2
array=$(sbatch --parsable --job-name=bcsim --array="1-$shards" \
  --output="$directory/shard-%a.log" "$0" "$@" --out "$directory/shards")
BCSIM_MERGE=$directory sbatch --job-name=bcsim-merge --dependency="afterok:$array" \
  --kill-on-invalid-dep=yes --output="$directory/merge.log" "$0"
echo "the results will be in $directory/results; what was said is in $directory/*.log"
