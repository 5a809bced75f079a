#!/usr/bin/env bash
# ./dev bench overload: twice to ten times the highest rate, on a dncd with a generated registry.
# The server has one core and the client the other. Prints a table for docs/benchmarks.md. Uses
# DNC_BENCH_DIR and DNC_BENCH_NUMBERS as bench/rpc.sh does, and
#   DNC_BENCH_BATCHES  numbers per call; default 1000 10000
#   DNC_BENCH_SECONDS  of each measurement; default 3
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source bench/rpc_server.sh

load() {  # ARGUMENTS OF dncload run...; on the client's core, as is all that it starts
  (
    taskset -cp 1 "$BASHPID" >/dev/null
    load_with "$SAMPLE" --channels 4 --warm-up 0.5 --seconds "${DNC_BENCH_SECONDS:-3}" "$@"
  )
}

row() {  # BATCH NAME PEAK JSON
  /usr/bin/python3 - "$@" <<'PY'
import json, sys
# A client that is a tenth of a second late has measured itself.
batch, name, peak, got = sys.argv[1], sys.argv[2], float(sys.argv[3]), json.loads(sys.argv[4])
if got["client_late_p99"] > 100_000: name += " (more than the client can send)"
print(f"| {batch} | {name} | {got['offered']:.0f} | {got['answered']:.0f} | "
      f"{got['answered'] / peak:.0%} | {got['refused']:.0f}, {got['unsent']:.0f} | "
      f"{got['p50'] / 1000:.2f}; {got['p99'] / 1000:.2f} | {got['refusal_p99'] / 1000:.2f} | "
      f"{got['client_late_p99'] / 1000:.2f} |")
PY
}

main() {
  local batch peak got factor rate
  generate
  start_with 'rpc: {threads: 1}'
  taskset -acp 0 "$SERVER_PID" >/dev/null
  echo '| numbers a call | offered | calls/s offered | answered | of the peak | refused by the server, by the client | answered p50; p99, ms | refused p99, ms | client late p99, ms |'
  echo '|---|---|---|---|---|---|---|---|---|'
  for batch in ${DNC_BENCH_BATCHES:-1000 10000}; do
    got="$(load --batch "$batch" --closed-loop --callers 8)"
    peak="$(/usr/bin/python3 -c 'import json, sys; print(json.loads(sys.argv[1])["answered"])' "$got")"
    row "$batch" 'highest, 8 under way' "$peak" "$got"
    for factor in 0.8 1.2 2 5 10; do
      rate="$(awk -v p="$peak" -v f="$factor" 'BEGIN { print p * f }')"
      got="$(load --batch "$batch" --rate "$rate" --max-in-flight 1000000)"
      row "$batch" "$factor times" "$peak" "$got"
    done
    for factor in 2 10; do
      rate="$(awk -v p="$peak" -v f="$factor" 'BEGIN { print p * f }')"
      got="$(load --batch "$batch" --rate "$rate" --max-in-flight 8 --drop-excess)"
      row "$batch" "$factor times, 8 under way at most" "$peak" "$got"
    done
  done
}

main "$@"
