#!/usr/bin/env bash
# ./dev bench idle: what connections cost that say nothing, in plain text and with TLS: the server's
# memory for each, and what they do to the p99 of a caller beside them. Prints rows for
# docs/benchmarks.md.
#   DNC_BENCH_IDLE     connections; default 10000, or as many as the process may have descriptors
#   DNC_BENCH_SECONDS  of each measurement beside them; default 4
#   DNC_BENCH_ROUNDS   of those, by turns; default 3
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
BENCH="$PWD/build/bench-idle"
rm -rf "$BENCH"
mkdir -p "$BENCH"
source bench/server.sh
COUNT="${DNC_BENCH_IDLE:-10000}"
LIMIT="$(ulimit -Hn)"
[ "$COUNT" -lt $((LIMIT - 1000)) ] || COUNT=$((LIMIT - 1000))

ask() {  # prints the p99 of a caller, in microseconds
  load_with "$BENCH/numbers.csv" --rate 500 --batch 100 --channels 1 --warm-up 0.5 \
    --seconds "${DNC_BENCH_SECONDS:-4}" |
    /usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)["p99"])'
}

memory() { awk '/^VmRSS/ { print $2 }' "/proc/$SERVER_PID/status"; }

median() { sort -n | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'; }

measure() {  # NAME OPTIONS OF THE CLIENT...
  local name="$1" before after
  shift
  local alone=() beside=()
  alone+=("$(ask)")
  for ((i = 0; i < ${DNC_BENCH_ROUNDS:-3}; ++i)); do
    alone+=("$(ask)")
    [ "$i" -gt 0 ] || before="$(memory)"
    coproc IDLE { exec /usr/bin/python3 bench/idle.py "$DNC_SERVER" "$COUNT" "$@"; }
    read -r -u "${IDLE[0]}" _
    [ "$i" -gt 0 ] || after="$(memory)"  # afterwards the allocator has it
    beside+=("$(ask)")
    eval "exec ${IDLE[1]}>&-"
    wait "$IDLE_PID"
  done
  row "$name, memory each" "$(awk -v a="$before" -v b="$after" -v n="$COUNT" \
    'BEGIN { printf "%.1f KiB", (b - a) / n }')" "$COUNT connections"
  row "$name, p99 beside them to alone" \
    "$(ratio "$(printf '%s\n' "${beside[@]}" | median)" "$(printf '%s\n' "${alone[@]}" | median)")" \
    "500 calls of 100 numbers a second"
}

for ((i = 0; i < 20000; ++i)); do echo $((2012000000 + i * 397)); done |
  sed '1i number' >"$BENCH/numbers.csv"
start_server --data-dir "$BENCH/plain" --listen 127.0.0.1:0 --metrics-listen ''
measure 'plain text'
stop_server

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
  -keyout "$BENCH/key.pem" -out "$BENCH/cert.pem" -days 2 -subj /CN=localhost \
  -addext subjectAltName=DNS:localhost,IP:127.0.0.1 2>/dev/null
printf 'tls: {certificate: %s, key: %s}\n' "$BENCH/cert.pem" "$BENCH/key.pem" >"$BENCH/dncd.yaml"
start_server --config "$BENCH/dncd.yaml" --data-dir "$BENCH/tls" --listen 127.0.0.1:0 \
  --metrics-listen ''
export DNC_CA_FILE="$BENCH/cert.pem"
measure 'TLS' "$BENCH/cert.pem"
stop_server
machine
print_rows 'with'
