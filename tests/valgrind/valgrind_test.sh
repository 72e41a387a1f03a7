#!/usr/bin/env bash
# Two short runs under valgrind: the engine every way (loop, SimGrid, handlers in actors), and a run
# whose workers, writers and statistics are looked at too. Arguments: the source tree, the program.
# Exit code 77: not asked for, or no valgrind.
set -eu
[[ -n ${BCSIM_FULL:-} ]] || { echo "a minute: BCSIM_FULL=1" && exit 77; }
command -v valgrind >/dev/null || { echo "no valgrind" && exit 77; }
source=$1 bcsim=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export BCSIM_HOME=$source
small=(--set agents.team1.count=20 --set agents.team2.count=20 --set calls.main.rate=0.2/s
  --set run.warm-up=0s --set run.horizon=4min --set run.interval=1min --set faults.0.at=2min)

under_valgrind() {  # words of bcsim…
  local log
  rm -f "$work"/valgrind.*
  valgrind --suppressions="$source/tests/valgrind/padding.supp" --log-file="$work/valgrind.%p" \
    "$bcsim" "$@" >"$work/out" 2>&1 || { cat "$work/out" && exit 1; }
  for log in "$work"/valgrind.*; do
    grep -q 'ERROR SUMMARY: 0 errors' "$log" || { echo "bcsim $*:" && cat "$log" && exit 1; }
  done
}

under_valgrind verify site_failure -q "${small[@]}"
under_valgrind run site_failure -q -n 3 -o "$work/results" "${small[@]}"
