#!/usr/bin/env bash
# tools/cluster/slurm.sh on a Slurm of one node, whose daemons it starts on the loopback device: a
# shard is killed midway, nothing is merged, the same command goes on, and the results are those of
# one machine. Arguments: the source tree, the program. Exit code 77: Slurm is missing.
set -eu
PATH=$PATH:/usr/sbin
[[ -n ${BCSIM_FULL:-} ]] || { echo "80 small runs under Slurm: BCSIM_FULL=1" && exit 77; }
for tool in munged slurmctld slurmd sbatch; do
  command -v "$tool" >/dev/null || { echo "no $tool" && exit 77; }
done
source=$1 bcsim=$2
work=$(mktemp -d)
chmod 755 "$work"
daemons=()
stop() {
  scancel --user="$(id -un)" 2>/dev/null || true
  for ((i = ${#daemons[@]} - 1; i >= 0; i--)); do
    kill "${daemons[i]}" 2>/dev/null && wait "${daemons[i]}" 2>/dev/null
  done
  rm -rf "$work"
}
trap stop EXIT
# shellcheck source=tests/cluster/common.sh
. "$source/tests/cluster/common.sh"

start_slurm() {
  local node port=$((20000 + RANDOM % 20000))
  node=$(hostname -s)
  mkdir "$work/state" "$work/spool"
  head -c 1024 /dev/urandom >"$work/munge.key"
  chmod 400 "$work/munge.key"
  cat >"$work/slurm.conf" <<END
ClusterName=bcsim
SlurmctldHost=$node(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$((port + 1))
AuthType=auth/munge
AuthInfo=socket=$work/munge.socket
CredType=cred/munge
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
ReturnToService=2
NodeName=$node NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES State=UP
END
  export SLURM_CONF=$work/slurm.conf
  munged --foreground --force --key-file="$work/munge.key" --socket="$work/munge.socket" \
    --pid-file="$work/munge.pid" --log-file="$work/munge.log" --seed-file="$work/munge.seed" \
    >"$work/munged.log" 2>&1 &
  daemons+=($!)
  for ((i = 0; i < 100; i++)); do [[ -S $work/munge.socket ]] && break || sleep 0.1; done
  slurmctld -D >"$work/slurmctld.log" 2>&1 &
  daemons+=($!)
  slurmd -D >"$work/slurmd.log" 2>&1 &
  daemons+=($!)
  for ((i = 0; i < 300; i++)); do
    if sinfo --noheader --format=%t 2>/dev/null | grep -q idle; then return; fi
    sleep 0.1
  done
  fail "Slurm does not start: $(tail -n 5 "$work"/slurm*.log)"
}

start_slurm
export BCSIM=$bcsim SBATCH_WAIT=1
slurm() { "$source/tools/cluster/slurm.sh" "$shards" "$work/out" "${small[@]}"; }
slurm >"$work/log" 2>&1 &
kill_a_shard
! wait $! || fail "a shard was killed, and nobody noticed"
[[ ! -e $work/out/results ]] || fail "merged without shard 2"
slurm >"$work/log" 2>&1 || fail "$(cat "$work/log" "$work"/out/*.log)"
require_same_bytes
