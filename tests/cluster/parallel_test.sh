#!/usr/bin/env bash
# tools/cluster/parallel.sh: a shard is killed midway and goes on; the results are those of one
# machine. Arguments: the source tree, the program. Exit code 77: GNU parallel is missing.
set -eu
[[ -n ${BCSIM_FULL:-} ]] || { echo "80 small runs: BCSIM_FULL=1" && exit 77; }
parallel --version 2>/dev/null | grep -q "GNU parallel" || { echo "no GNU parallel" && exit 77; }
source=$1 bcsim=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck source=tests/cluster/common.sh
. "$source/tests/cluster/common.sh"
export BCSIM=$bcsim HOME=$work

"$source/tools/cluster/parallel.sh" "$shards" "$work/out" "${small[@]}" >"$work/log" 2>&1 &
kill_a_shard
wait $! || fail "$(cat "$work/log")"  # parallel has tried it again
require_same_bytes
"$source/tools/cluster/parallel.sh" "$shards" "$work/out" "${small[@]}" >/dev/null  # nothing to do
