#!/usr/bin/env bash
# ./dev bench rpc: what a call through gRPC costs beside an echo of the same bytes, on a dncd with a
# generated registry. Prints tables for docs/benchmarks.md.
#   DNC_BENCH_DIR      where to work, 12 GB for the whole registry; default build/bench-rpc
#   DNC_BENCH_NUMBERS  default 260000000
#   DNC_BENCH_PARTS    default round-trips unix cpu idle
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source bench/rpc_server.sh

main() {
  local part
  generate
  for part in ${DNC_BENCH_PARTS:-round-trips unix cpu idle}; do
    echo
    case "$part" in
      round-trips)
        start_with
        rpc_bench
        ;;
      unix)
        echo "dncd on a unix socket, the echo on loopback still"
        start_with '' --listen "unix:$BENCH/dncd.sock"
        rpc_bench
        ;;
      cpu)
        # Looking for the next event is no cost of a call.
        start_with 'rpc: {spin_microseconds: 0}'
        rpc_bench --cpu
        ;;
      idle)
        start_with
        rpc_bench --idle
        ;;
      *)
        echo "no part $part" >&2
        exit 2
        ;;
    esac
    stop_server
  done
  echo
  echo "$NUMBERS numbers, $(machine)"
}

rpc_bench() {
  "$BIN/measure_rpc" --server "$DNC_SERVER" --pid "$SERVER_PID" --numbers "$SAMPLE" "$@"
}

main "$@"
