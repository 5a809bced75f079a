#!/usr/bin/env bash
# ./dev bench rpc: what a call through gRPC costs beside an echo of the same bytes, on a dncd with a
# generated registry. Prints tables for docs/benchmarks.md.
#   DNC_BENCH_DIR      where to work, 12 GB for the whole registry; build/bench-rpc unless told
#   DNC_BENCH_NUMBERS  260000000 unless told
#   DNC_BENCH_PARTS    round-trips cpu idle, unless told
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source bench/rpc_server.sh

main() {
  local part
  rpc_generate
  for part in ${DNC_BENCH_PARTS:-round-trips cpu idle}; do
    echo
    case "$part" in
      round-trips)
        rpc_start_server
        rpc_bench
        ;;
      cpu)
        # Looking for the next event is no cost of a call.
        rpc_start_server 'rpc: {spin_microseconds: 0}'
        rpc_bench --cpu
        ;;
      idle)
        rpc_start_server
        rpc_bench --idle
        ;;
      *)
        echo "no part $part" >&2
        exit 2
        ;;
    esac
    rpc_stop_server
  done
  echo
  echo "$RPC_NUMBERS numbers, $(date -u +%F), $(nproc) x $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
}

rpc_bench() {
  "$RPC_BIN/measure_rpc" --server "$RPC_ADDRESS" --pid "$RPC_PID" --numbers "$RPC_SAMPLE" "$@"
}

main "$@"
