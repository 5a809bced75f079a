#!/usr/bin/env bash
# ./dev bench long: what calls of one number wait for beside long batches on the same loop. Both
# clients' connections belong to the first loop of the server. By turns the server has that loop
# alone, and another one that serves a connection without calls, and may take long batches over.
# Prints p50 and p99 of the small calls and of the batches. The registry has four lists of so many
# numbers each. Uses DNC_BENCH_DIR and DNC_BENCH_NUMBERS as bench/rpc.sh does, and
#   DNC_BENCH_ROUNDS    of all of these; default 5
#   DNC_BENCH_SECONDS   of each; default 4
#   DNC_BENCH_BATCH     numbers of a long batch; default 10000
#   DNC_BENCH_RATES     of batches a second; default 0 300 1000
#   DNC_BENCH_SPIN      rpc.spin_microseconds; default 200
#   DNC_BENCH_BEFORE    another dncd, which gets a row with two loops
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source bench/rpc_server.sh

SECONDS_EACH="${DNC_BENCH_SECONDS:-4}"

load() {
  load_with "$SAMPLE" --sender thin --spin 0 --channels 1 --warm-up 0.5 "$@"
}

# Waits until the server has so many connections. A client connects before its warm-up.
await_connections() {  # COUNT
  local port
  port="$(printf ':%04X' "${DNC_SERVER##*:}")"
  until [ "$(awk -v port="$port\$" '$2 ~ port && $4 == "01"' /proc/net/tcp | wc -l)" -ge "$1" ]; do
    sleep 0.01
  done
}

# Loads three more lists of other numbers.
more_lists() {
  local seed list
  [ ! -f "$BENCH/more-lists" ] || return 0
  start_with '' --load-dir "$BENCH"
  for list in state:TX litigator:one other:two; do
    seed=$((${seed:-1} + 1))
    "$BIN/dncgen" full --out "$BENCH/more" --numbers "$NUMBERS" --plain --seed "$seed" >&2
    "$BIN/dncctl" load --yes --on-server --list "$list" "$BENCH"/more/*.txt >&2
    rm -r "$BENCH/more"
  done
  stop_server
  touch "$BENCH/more-lists"
}

# One run: the small calls' connection comes first and the batches' third, so that of two loops the
# first one, which has the fewest each time, gets both.
measure() {  # NAME LOOPS RATE
  local small
  start_with "threads: $2, spin_microseconds: ${DNC_BENCH_SPIN:-200}"
  load --rate 1000 --batch 1 --seconds "$((SECONDS_EACH + 1))" >>"$BENCH/$1-$3-small.json" &
  small=$!
  await_connections 1
  exec 7<>"/dev/tcp/${DNC_SERVER%:*}/${DNC_SERVER##*:}"
  await_connections 2
  if [ "$3" != 0 ]; then
    load --rate "$3" --batch "${DNC_BENCH_BATCH:-10000}" --seconds "$SECONDS_EACH" \
      >>"$BENCH/$1-$3-long.json"
  fi
  wait "$small"
  exec 7<&-
  stop_server
}

main() {
  local round rate before="${DNC_BENCH_BEFORE:-}" rates="${DNC_BENCH_RATES:-0 300 1000}"
  generate
  more_lists
  rm -f "$BENCH"/{one,two,before}-*.json
  for round in $(seq "${DNC_BENCH_ROUNDS:-5}"); do
    for rate in $rates; do
      measure one 1 "$rate"
      measure two 2 "$rate"
      [ -z "$before" ] || DNCD="$before" measure before 2 "$rate"
    done
    echo "round $round" >&2
  done
  # shellcheck disable=SC2086 # the rates are words
  /usr/bin/python3 - "$BENCH" $rates <<'PY'
import json, os, statistics, sys
def median(name, what):
    path = f"{sys.argv[1]}/{name}.json"
    if not os.path.exists(path): return "–"
    return f"{statistics.median(json.loads(line)[what] for line in open(path)):.0f}"
print("| batches a second | loops | small calls: p50, µs | p99, µs | batches: p50, µs | p99, µs |\n"
      "|---|---|---|---|---|---|")
for rate in sys.argv[2:]:
    for name, loops in (("one", "1"), ("before", "2, of the other dncd"), ("two", "2")):
        if not os.path.exists(f"{sys.argv[1]}/{name}-{rate}-small.json"): continue
        cells = [median(f"{name}-{rate}-{which}", what)
                 for which in ("small", "long") for what in ("p50", "p99")]
        print(f"| {rate} | {loops} | {' | '.join(cells)} |")
PY
  echo "$NUMBERS numbers, batches of ${DNC_BENCH_BATCH:-10000}, $(machine)"
}

main "$@"
