#!/usr/bin/env bash
# ./dev bench full: the whole server with the whole registry. Generates 260 million numbers (once),
# loads them zipped and plain, changes them, restarts, asks, and prints a table for
# docs/benchmarks.md. The times that limit others (counting lines, decompressing, reading) are
# measured beside them.
#   DNC_BENCH_DIR      where to work, 12 GB; default build/bench-data
#   DNC_BENCH_NUMBERS  default 260000000
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

BENCH="${DNC_BENCH_DIR:-$PWD/build/bench-data}"
NUMBERS="${DNC_BENCH_NUMBERS:-260000000}"
METRICS_PORT="${DNC_BENCH_METRICS_PORT:-19461}"
# For the whole registry, 200,000 and a million; a smaller registry would refuse so many deletes.
CHANGES=$((NUMBERS / 1300))
MANY_CHANGES=$((NUMBERS / 260))
source bench/server.sh

memory() { awk -v n="$NUMBERS" '/^'"$1"':/ { printf "%.2f", $2 * 1024 / n }' "/proc/$SERVER_PID/status"; }

start_on() {  # DATA
  start_server --data-dir "$1" --listen 127.0.0.1:0 --metrics-listen "127.0.0.1:$METRICS_PORT" \
    --load-dir "$BENCH"
}

# Waits until every area code answers, not only until the port is open.
wait_until_ready() {
  until "$BIN/dncctl" status >/dev/null 2>&1; do sleep 0.02; done
}

generate() {
  # Files that are some days old would be refused, or stale soon.
  if [ -f "$BENCH/numbers.csv" ] && [ -n "$(find "$BENCH/generated-$NUMBERS" -mtime -2 2>/dev/null)" ]; then
    return
  fi
  rm -rf "$BENCH"
  mkdir -p "$BENCH"
  local day
  day="$(date -u -d '2 days ago' +%F)"
  "$BIN/dncgen" full --out "$BENCH/zip" --numbers "$NUMBERS" --date "$day"
  "$BIN/dncgen" full --out "$BENCH/plain" --numbers "$NUMBERS" --date "$day" --plain
  changes_of yesterday "$CHANGES" bench
  changes_of today "$MANY_CHANGES" million
  sample 9973 "$BENCH"/plain/*.txt >"$BENCH/numbers.csv"
  touch "$BENCH/generated-$NUMBERS"
}

changes_of() {  # DAY CHANGES NAME
  local adds=$(($2 * 11 / 20))
  "$BIN/dncgen" changes --base "$BENCH/zip" --adds "$adds" --deletes $(($2 - adds)) \
    --date "$(date -u -d "$1" +%F)" \
    --out "$BENCH/$(date -u -d "$1" +%Y-%-m-%-d)_changes_$3.txt" >/dev/null
}

with_commas() { sed ':a;s/\B[0-9]\{3\}\>/,&/;ta' <<<"$1"; }

changes_named() { find "$BENCH" -maxdepth 1 -name "*_changes_$1.txt"; }

# No load can be faster than this, with the files in the page cache, as they are for it.
count_lines() {
  local start
  wc -l "$BENCH"/plain/*.txt >/dev/null
  start="$(now)"
  wc -l "$BENCH"/plain/*.txt >/dev/null
  since "$start"
}

decompress() {  # on all cores
  /usr/bin/python3 - "$BENCH"/zip/*.zip <<'PY'
import sys, time, zipfile
from concurrent.futures import ProcessPoolExecutor
def read(path):
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            with archive.open(name) as file:
                while file.read(1 << 20):
                    pass
with ProcessPoolExecutor() as pool:
    list(pool.map(read, sys.argv[1:3]))  # the workers are there
    start = time.monotonic()
    list(pool.map(read, sys.argv[1:]))
    print(f"{time.monotonic() - start:.2f}")
PY
}

read_files() {  # FOLDER
  local start
  start="$(now)"
  find "$1" -type f -exec cat {} + >/dev/null
  since "$start"
}

load_time() {  # FILE...
  local start
  start="$(now)"
  "$BIN/dncctl" load --yes --on-server "$@" >"$BENCH/load.txt" 2>&1 || { cat "$BENCH/load.txt" >&2; exit 1; }
  since "$start"
}

huge_share() {  # prints the share of the lists' and the filter's memory in huge pages
  /usr/bin/python3 - "$METRICS_PORT" <<'PY'
import re, sys, urllib.request
text = urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[1]}/metrics").read().decode()
huge, whole = (float(re.search(rf"^dnc_index_{name}_bytes (\S+)", text, re.M)[1])
               for name in ("huge_page", "memory"))
print(f"{huge / whole:.4f}")
PY
}

# Prints the mean time in the handler of the calls between two readings, in microseconds.
scrub_handler() {  # prints `seconds calls`
  /usr/bin/python3 - "$METRICS_PORT" <<'PY'
import re, sys, urllib.request
text = urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[1]}/metrics").read().decode()
print(*(re.search(r'dnc_handler_seconds_%s\{method="[^"]*Scrub"\} (\S+)' % part, text)[1]
        for part in ("sum", "count")))
PY
}

# One caller asks after the other. `dncload search` measures what a server does under load.
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

# Prints the p99 of scrubs, 1,000 a second of 1,000 numbers: alone, and for a second in which a
# million changes come.
million_changes() {
  local alone beside scrubs seconds
  alone="$(p99_of_scrubs)"
  p99_of_scrubs >"$BENCH/beside.txt" &
  scrubs=$!
  sleep 0.3
  seconds="$(load_time "$(changes_named million)")"
  wait "$scrubs"
  beside="$(cat "$BENCH/beside.txt")"
  row "$(with_commas "$MANY_CHANGES") changes, durable and visible" "$seconds s" "0.5 s"
  row "p99 of scrubs in the second of that; before" \
    "$beside; $alone µs: $(ratio "$beside" "$alone") times" "1.5 times"
}

p99_of_scrubs() {
  load_with "$BENCH/numbers.csv" --batch 1000 --channels 4 --rate 1000 --warm-up 0.5 --seconds 1 |
    /usr/bin/python3 -c 'import json, sys; print(round(json.load(sys.stdin)["p99"]))'
}

load_whole() {
  local lines seconds
  start_on "$BENCH/data-plain"
  lines="$(count_lines)"
  seconds="$(load_time "$BENCH"/plain/*.txt)"
  row "load of the plain files" "$seconds s" "10 s"
  row "the same to \`wc -l\` on them" "$(ratio "$seconds" "$lines") times $lines s" "5 times"
  stop_server
  rm -rf "$BENCH/data-plain"

  start_on "$BENCH/data"
  lines="$(decompress)"
  seconds="$(load_time "$BENCH"/zip/*.zip)"
  row "load of the zipped files" "$seconds s" "40 s"
  row "the same to the mere decompression on all cores" "$(ratio "$seconds" "$lines") times $lines s" "1.3 times"
}

restart() {
  local start seconds reading
  stop_server
  row "data on disk a number" "$(du -sb "$BENCH/data" |
    awk -v n="$NUMBERS" '{ printf "%.2f", $1 / n }') bytes" "1.5 bytes"
  reading="$(read_files "$BENCH/data")"
  start="$(now)"
  start_on "$BENCH/data"
  wait_until_ready
  seconds="$(since "$start")"
  row "ready after a restart" "$seconds s" "2 s"
  row "the same to reading the files" "$(ratio "$seconds" "$reading") times $reading s" "2 times"
  row "resident memory a number after the restart" "$(memory VmRSS) bytes" "1.0 bytes"
  row "data on disk a number after the restart" "$(du -sb "$BENCH/data" |
    awk -v n="$NUMBERS" '{ printf "%.2f", $1 / n }') bytes" "1.5 bytes"
}

main() {
  local batch start
  generate
  rm -rf "$BENCH/data" "$BENCH/data-plain"
  load_whole
  sleep 10
  row "share of the indexes' memory in huge pages, 10 s after the load" "$(huge_share)" "0.99"
  row "resident memory a number after the load" "$(memory VmRSS) bytes" "1.0 bytes"
  start="$(now)"
  load_time "$(changes_named bench)" >/dev/null
  row "change list of $(with_commas "$CHANGES") changes visible" "$(since "$start") s" "1 s"
  row "highest memory a number so far" "$(memory VmHWM) bytes" "-"
  restart
  row "1,000 numbers, half listed, inside the server" \
    "$(handler_microseconds "$(changes_named bench)") µs" "15 µs"
  {
    for batch in 1 100 1000 10000; do ask "$(changes_named bench)" --batch "$batch" --seconds 5; done
    for batch in 1000 10000; do
      ask "$(changes_named bench)" --batch "$batch" --threads 2 --channels 2 --callers 2 --seconds 5
    done
  } >"$BENCH/asked.txt"
  million_changes  # the last: the questions know nothing of these

  echo
  echo "$NUMBERS numbers, $(machine)"
  print_rows floor
  echo
  cat "$BENCH/asked.txt"
}

main "$@"
