#!/usr/bin/env bash
# ./dev bench tenants: a platform's tenants at full size. Generates 500 million records of 10,000
# tenants (once), starts with and without the filter's image, asks, writes opt-outs one by one,
# imports, and prints a table for docs/benchmarks.md.
#   DNC_BENCH_DIR      where to work, 30 bytes per record; default build/bench-data
#   DNC_BENCH_RECORDS  default 500000000; if the disk lacks room, it takes fewer and says so
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

BENCH="${DNC_BENCH_DIR:-$PWD/build/bench-data}"
RECORDS="${DNC_BENCH_RECORDS:-500000000}"
TENANTS=10000
source bench/server.sh

start_on() { start_server --data-dir "$1" --listen 127.0.0.1:0 --metrics-listen ""; }  # DATA

generate() {
  mkdir -p "$BENCH"
  local room
  room="$(df --output=avail -B 30 "$BENCH" | tail -n 1)"
  DATA="$BENCH/tenants-$RECORDS"
  [ ! -f "$DATA/whole" ] || return 0
  if [ "$room" -lt "$RECORDS" ]; then
    RECORDS="$((room / 10000000 * 10000000))"
    echo "the disk has room for $RECORDS records only" >&2
    DATA="$BENCH/tenants-$RECORDS"
  fi
  rm -rf "$DATA"
  "$BIN/dncgen" tenants --data-dir "$DATA" --records "$RECORDS" --tenants "$TENANTS"
  touch "$DATA/whole"
}

measure_starts() {
  local start
  rm -f "$DATA/tenants.filter"
  start="$(now)"
  start_on "$DATA"
  row "start without the filter's image: every record read" "$(since "$start") s" "-"
  stop_server
  start="$(now)"
  start_on "$DATA"
  row "start with the image" "$(since "$start") s" "10 s"
  row "resident memory a record then" \
    "$(awk -v n="$RECORDS" '/^VmRSS:/ { printf "%.2f", $2 * 1024 / n }' \
      "/proc/$SERVER_PID/status") bytes" "1.7 bytes"
  stop_server
  row "disk a record" \
    "$(du -sb "$DATA" | awk -v n="$RECORDS" '{ printf "%.1f", $1 / n }') bytes" "-"
}

measure_batches() {
  # Without the image all records are read at the start, and not while we measure.
  rm -f "$DATA/tenants.filter"
  "$BIN/measure_tenants" "$DATA" | tee "$BENCH/batches.txt" >&2
  row "batch of 1,000, tenant records in the store's cache, p50" \
    "$(sed -n "s/.*store's cache *p50 *\([0-9.]*\) µs.*/\1/p" "$BENCH/batches.txt") µs" "100 µs"
  row "the same, tenant records in the page cache or on the disk" \
    "$(sed -n 's/.*on disk *p50 *\([0-9.]*\) µs.*/\1/p' "$BENCH/batches.txt") µs" "-"
}

import_numbers() {  # WHAT NUMBERS WANTED
  { echo number; cat "$2"; } >"$BENCH/numbers.csv"
  local start
  start="$(now)"
  "$BIN/dncctl" import "$BENCH/numbers.csv" >/dev/null
  row "$1" "$(awk -v s="$(since "$start")" 'BEGIN { printf "%.0f", 2000000 / s }') a second" "$3"
}

measure_writes() {
  rm -rf "$BENCH/written"
  start_on "$BENCH/written"
  "$BIN/measure_opt_outs" --writers 64 | tee "$BENCH/opt-outs.txt" >&2
  row "synced single opt-outs, 64 writers" \
    "$(sed -n 's/.* s, \([0-9]*\) a second.*/\1/p' "$BENCH/opt-outs.txt") a second" "20,000"
  seq 5012000000 5013999999 >"$BENCH/ascending.txt"
  import_numbers "import of 2,000,000 lines, ascending" "$BENCH/ascending.txt" "500,000"
  # The order is the same every time.
  shuf --random-source=<(yes) "$BENCH/ascending.txt" | sed 's/^50/51/' >"$BENCH/mixed.txt"
  import_numbers "the same in no order, other numbers" "$BENCH/mixed.txt" "-"
  stop_server
  rm -rf "$BENCH/written" "$BENCH"/{numbers.csv,ascending.txt,mixed.txt}
}

main() {
  generate
  measure_starts
  measure_batches
  measure_writes
  echo
  echo "$RECORDS records of $TENANTS tenants, $(machine)"
  print_rows wanted
}

main "$@"
