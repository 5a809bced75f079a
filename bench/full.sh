#!/usr/bin/env bash
# ./dev bench full: the whole server with the whole registry. Generates 260 million numbers (once),
# loads them zipped and plain, changes, restarts, asks, and prints a table for docs/benchmarks.md.
#   DNC_BENCH_DIR      where to work, 12 GB; build/bench-data unless told
#   DNC_BENCH_NUMBERS  260000000 unless told
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

BENCH="${DNC_BENCH_DIR:-$PWD/build/bench-data}"
NUMBERS="${DNC_BENCH_NUMBERS:-260000000}"
BIN="$PWD/build/bin"
SERVER_PID=
METRICS_PORT="${DNC_BENCH_METRICS_PORT:-19461}"
ROWS=()

stop_server() {
  [ -n "$SERVER_PID" ] || return 0
  kill "$SERVER_PID" 2>/dev/null || true
  wait "$SERVER_PID" 2>/dev/null || true
  SERVER_PID=
}
trap stop_server EXIT

now() { date +%s.%N; }
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.2f", b - a }'; }
row() { ROWS+=("| $1 | $2 | $3 |"); echo "$1: $2 (at most $3)" >&2; }
memory() { awk -v n="$NUMBERS" '/^'"$1"':/ { printf "%.2f", $2 * 1024 / n }' "/proc/$SERVER_PID/status"; }

start_server() {  # DATA; ends when the server listens
  "$BIN/dncd" --data-dir "$1" --listen 127.0.0.1:0 --metrics-listen "127.0.0.1:$METRICS_PORT" \
    --load-dir "$BENCH" >"$BENCH/dncd.out" 2>"$BENCH/dncd.log" &
  SERVER_PID=$!
  until grep -q ' listening on ' "$BENCH/dncd.out"; do
    kill -0 "$SERVER_PID" || { cat "$BENCH/dncd.log" >&2; exit 1; }
    sleep 0.01
  done
  DNC_SERVER="$(sed -n 's/.* listening on //p' "$BENCH/dncd.out")"
  export DNC_SERVER
}

# Until every area code answers, not only until the port is open.
wait_until_ready() {
  until "$BIN/dncctl" status >/dev/null 2>&1; do sleep 0.02; done
}

generate() {
  # Files that are some days old would be refused or stale soon.
  if [ -n "$(find "$BENCH/generated-$NUMBERS" -mtime -2 2>/dev/null)" ]; then return; fi
  rm -rf "$BENCH"
  mkdir -p "$BENCH"
  local day
  day="$(date -u -d '2 days ago' +%F)"
  "$BIN/dncgen" full --out "$BENCH/zip" --numbers "$NUMBERS" --date "$day"
  "$BIN/dncgen" full --out "$BENCH/plain" --numbers "$NUMBERS" --date "$day" --plain
  "$BIN/dncgen" changes --base "$BENCH/zip" --adds 110000 --deletes 90000 \
    --date "$(date -u -d yesterday +%F)" \
    --out "$BENCH/$(date -u -d yesterday +%Y-%-m-%-d)_changes_bench.txt" >/dev/null
  touch "$BENCH/generated-$NUMBERS"
}

load_time() {  # FILE...
  local start
  start="$(now)"
  "$BIN/dncctl" load --on-server "$@" >"$BENCH/load.txt" 2>&1 || { cat "$BENCH/load.txt" >&2; exit 1; }
  since "$start"
}

# The mean time in the handler of the calls between two readings, in microseconds.
scrub_handler() {  # prints `seconds calls`
  /usr/bin/python3 - "$METRICS_PORT" <<'PY'
import re, sys, urllib.request
text = urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[1]}/metrics").read().decode()
print(*(re.search(r'dnc_handler_seconds_%s\{method="[^"]*Scrub"\} (\S+)' % part, text)[1]
        for part in ("sum", "count")))
PY
}

# One caller after the other; what a server does under a load of its own is `dncload search`'s.
ask() {  # CHANGES ARGUMENTS...
  "$BIN/dncload" run --base "$BENCH/zip" --changes "$1" --closed-loop --brief "${@:2}"
}

handler_microseconds() {  # CHANGES
  local before after
  ask "$1" --warm-up 0 --seconds 0.2 >/dev/null
  before="$(scrub_handler)"
  ask "$1" --warm-up 0 --seconds 5 >/dev/null
  after="$(scrub_handler)"
  awk -v a="$before" -v b="$after" \
    'BEGIN { split(a, x); split(b, y); printf "%.1f", (y[1] - x[1]) / (y[2] - x[2]) * 1e6 }'
}

main() {
  local changes start
  generate
  changes="$(find "$BENCH" -maxdepth 1 -name '*_changes_bench.txt')"
  rm -rf "$BENCH/data" "$BENCH/data-plain"

  start_server "$BENCH/data-plain"
  row "load of the plain files" "$(load_time "$BENCH"/plain/*.txt) s" "10 s"
  stop_server
  rm -rf "$BENCH/data-plain"

  start_server "$BENCH/data"
  row "load of the zipped files" "$(load_time "$BENCH"/zip/*.zip) s" "40 s"
  row "resident memory a number after the load" "$(memory VmRSS) bytes" "1.3 bytes"
  start="$(now)"
  "$BIN/dncctl" load --on-server "$changes" >"$BENCH/load.txt" 2>&1 || { cat "$BENCH/load.txt" >&2; exit 1; }
  row "change list of 200,000 changes visible" "$(since "$start") s" "1 s"
  row "highest memory a number so far" "$(memory VmHWM) bytes" "-"
  stop_server
  row "data on disk a number" "$(du -sb "$BENCH/data" |
    awk -v n="$NUMBERS" '{ printf "%.2f", $1 / n }') bytes" "1.5 bytes"

  start="$(now)"
  start_server "$BENCH/data"
  wait_until_ready
  row "ready after a restart" "$(since "$start") s" "2 s"
  row "resident memory a number after the restart" "$(memory VmRSS) bytes" "1.3 bytes"
  row "data on disk a number after the restart" "$(du -sb "$BENCH/data" |
    awk -v n="$NUMBERS" '{ printf "%.2f", $1 / n }') bytes" "1.5 bytes"

  row "1,000 numbers, half listed, inside the server" "$(handler_microseconds "$changes") µs" "15 µs"

  echo
  echo "$NUMBERS numbers, $(date -u +%F), $(nproc) x $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
  echo
  echo '| | measured | floor |'
  echo '|---|---|---|'
  printf '%s\n' "${ROWS[@]}"
  echo
  local batch
  for batch in 1 100 1000 10000; do ask "$changes" --batch "$batch" --seconds 5; done
  for batch in 1000 10000; do
    ask "$changes" --batch "$batch" --threads 2 --channels 2 --callers 2 --seconds 5
  done
}

main "$@"
