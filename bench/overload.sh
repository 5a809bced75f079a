#!/usr/bin/env bash
# ./dev bench overload: twice to ten times the highest rate, on a dncd with a generated registry.
# The server has one core and the client the other. Prints a table for docs/benchmarks.md. Where the
# client can't send a multiple in time, a row follows with nine tenths of what it could send. Uses
# DNC_BENCH_DIR and DNC_BENCH_NUMBERS as bench/rpc.sh does, and
#   DNC_BENCH_BATCHES  numbers per call; default 1000 10000
#   DNC_BENCH_FACTORS  multiples of the highest rate; default 0.8 1.2 1.5 2 5 10
#   DNC_BENCH_BOUNDED  the same with 8 calls under way at most; default 2 10
#   DNC_BENCH_SECONDS  of each measurement; default 3
#   DNC_BENCH_SENDER   of dncload: thin (unless told) or grpc
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source bench/rpc_server.sh

load() {  # ARGUMENTS OF dncload run...; on the client's core, as is all that it starts
  (
    taskset -cp 1 "$BASHPID" >/dev/null
    load_with "$SAMPLE" --sender "${DNC_BENCH_SENDER:-thin}" --channels 4 --warm-up 0.5 \
      --seconds "${DNC_BENCH_SECONDS:-3}" "$@"
  )
}

row() {  # BATCH NAME PEAK JSON; prints the rate that the client could send, if that was less, to fd 3
  /usr/bin/python3 - "$@" <<'PY'
import json, os, sys
# A client that is a tenth of a second late has measured itself.
batch, name, peak, got = sys.argv[1], sys.argv[2], float(sys.argv[3]), json.loads(sys.argv[4])
bounded = "at most" in name  # then the client leaves calls out by itself
if got["client_late_p99"] > 100_000 or (got["unsent"] > 0.01 * got["offered"] and not bounded):
    name += " (more than the client can send)"
    os.write(3, b"%.0f" % (0.9 * (got["offered"] - got["unsent"])))
print(f"| {batch} | {name} | {got['offered']:.0f} | {got['answered'] / peak:.0%} | "
      f"{got['good'] / peak:.0%} | {got['refused']:.0f}, {got['unsent']:.0f} | "
      f"{got['p50'] / 1000:.2f}; {got['p99'] / 1000:.2f} | {got['refusal_p99'] / 1000:.2f} | "
      f"{got['client_late_p99'] / 1000:.2f} |")
PY
}

open_loop() {  # BATCH FACTOR PEAK
  local got rate less="$BENCH/less"
  rate="$(awk -v p="$3" -v f="$2" 'BEGIN { print p * f }')"
  got="$(load --batch "$1" --rate "$rate" --max-in-flight 1000000)"
  row "$1" "$2 times" "$3" "$got" 3>"$less"
  [ -s "$less" ] || return 0
  rate="$(cat "$less")"
  got="$(load --batch "$1" --rate "$rate" --max-in-flight 1000000)"
  row "$1" "$(ratio "$rate" "$3") times, what the client can send" "$3" "$got" 3>/dev/null
}

main() {
  local batch peak got factor rate
  generate
  # shellcheck disable=SC2034 # start_server reads it
  LAUNCH=(taskset -c 0)
  start_with 'threads: 1'
  echo '| numbers a call | offered | calls/s offered | answered, of the highest rate | right within 0.1 s | refused by the server, by the client | answered p50; p99, ms | refused p99, ms | client late p99, ms |'
  echo '|---|---|---|---|---|---|---|---|---|'
  for batch in ${DNC_BENCH_BATCHES:-1000 10000}; do
    got="$(load --batch "$batch" --closed-loop --callers 8)"
    peak="$(/usr/bin/python3 -c 'import json, sys; print(json.loads(sys.argv[1])["answered"])' "$got")"
    row "$batch" 'highest, 8 under way' "$peak" "$got" 3>/dev/null
    for factor in ${DNC_BENCH_FACTORS-0.8 1.2 1.5 2 5 10}; do open_loop "$batch" "$factor" "$peak"; done
    for factor in ${DNC_BENCH_BOUNDED-2 10}; do
      rate="$(awk -v p="$peak" -v f="$factor" 'BEGIN { print p * f }')"
      got="$(load --batch "$batch" --rate "$rate" --max-in-flight 8 --drop-excess)"
      row "$batch" "$factor times, 8 under way at most" "$peak" "$got" 3>/dev/null
    done
  done
  echo
  echo "sender ${DNC_BENCH_SENDER:-thin}, $NUMBERS numbers, $(machine)"
}

main "$@"
