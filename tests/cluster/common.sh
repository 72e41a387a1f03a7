# For the tests of tools/cluster: a run in shards, one of them killed midway, is the run of one
# machine. Sourced; needs $work, an empty directory, and $bcsim, the program.
# shellcheck shell=bash disable=SC2154
shards=4
small=(run site_failure --no-twin -n 40
  --set agents.team1.count=15 --set agents.team2.count=15 --set calls.main.rate=0.08/s
  --set run.horizon=90min --set faults.0.at=1h --set run.interval=30min)

fail() {
  echo "$*" >&2
  exit 1
}

# Waits until shard 2 has its first replication, and kills it and its workers.
kill_a_shard() {
  for ((i = 0; i < 600; i++)); do
    if [[ -e $work/out/shards/00001.replication ]]; then
      pkill -KILL -f -- "--shard 2/$shards --out $work/out/shards" ||
        pkill -KILL -f -- "--out $work/out/shards .*--shard 2/$shards" || fail "shard 2 is over"
      return
    fi
    sleep 0.02
  done
  fail "shard 2 has not begun"
}

# All files are those of one machine, but for the host in run.json.
require_same_bytes() {
  "$bcsim" "${small[@]}" -q -o "$work/one" >/dev/null
  sed -i '/"host": {/,/}/d' "$work/one/run.json" "$work/out/results/run.json"
  diff -r "$work/one" "$work/out/results" || fail "the merged results differ"
}
