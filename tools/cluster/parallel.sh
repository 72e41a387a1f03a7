#!/bin/sh
# A run or sweep in shards under GNU parallel, then merged.
#
#   tools/cluster/parallel.sh SHARDS DIR run SCENARIO [OPTION…]
#   tools/cluster/parallel.sh SHARDS DIR sweep SCENARIO [OPTION…]
#
# The shards write into DIR/shards, the results are in DIR/results. The same command again goes on
# where it was stopped. Options of parallel go into the environment's PARALLEL, such as
# PARALLEL="--sshloginfile hosts" for other machines, which must see DIR and this tree.
set -eu
if [ $# -lt 4 ]; then
  sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
  exit 64
fi
bcsim=${BCSIM:-$(dirname "$(readlink -f "$0")")/../bcsim}
shards=$1
mkdir -p "$2"
directory=$(readlink -f "$2")
shift 2
seq "$shards" | parallel --quote --retries 2 \
  "$bcsim" "$@" --quiet --jobs 1 --shard "{}/$shards" --out "$directory/shards"
exec "$bcsim" merge "$directory/shards" --out "$directory/results"
