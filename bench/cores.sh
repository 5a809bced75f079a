#!/usr/bin/env bash
# ./dev bench cores: how the calls a second grow with the cores that the server has. Prints a table
# for docs/benchmarks.md.
#   ./dev bench cores             here
#   ./dev bench cores pack FILE   a .tar.xz of the programs with their libraries, for a machine that
#                                 has nothing installed; there: tar xf FILE && dncd-cores/cores.sh
# The server's threads are pinned to the first cores, and h2load's to all others. That all calls
# ended well is the server's own count (bench/h2load.sh).
#   DNC_BENCH_CORES      of the server: 1 2 4 8, as far as the machine leaves as many to the client
#   DNC_BENCH_SECONDS    of each measurement; 4 unless told
#   DNC_BENCH_NUMBERS    in the registry; 1000000 unless told
# shellcheck disable=SC2034 # server.sh and h2load.sh read what is set for them
set -euo pipefail
HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
SECONDS_EACH="${DNC_BENCH_SECONDS:-4}"
NUMBERS="${DNC_BENCH_NUMBERS:-1000000}"

# Where the programs are: in the packed folder with their libraries, or in the build and the system.
if [ -d "$HERE/lib" ]; then
  BENCH="$HERE/work"
  LOADER=("$HERE/lib/ld-linux-x86-64.so.2" --library-path "$HERE/lib")
  BIN="$HERE/bin" H2LOAD=("${LOADER[@]}" "$HERE/bin/h2load")
else
  BENCH="$PWD/build/bench-cores"
  LOADER=()
  BIN="$PWD/build/bin" H2LOAD=(h2load)
fi
LAUNCH=()
source "$HERE/server.sh"
source "$HERE/h2load.sh"

pack() {  # FILE
  local folder file
  folder="$(mktemp -d)"
  mkdir -p "$folder/dncd-cores/bin" "$folder/dncd-cores/lib"
  cp "$HERE/cores.sh" "$HERE/server.sh" "$HERE/h2load.sh" "$folder/dncd-cores/"
  cp "$BIN/dncd" "$BIN/dncctl" "$BIN/dncgen" "$(command -v h2load)" "$folder/dncd-cores/bin/"
  for file in "$folder"/dncd-cores/bin/*; do ldd "$file"; done |
    sed -n 's/.*=> \(\/[^ ]*\).*/\1/p; s/^\s*\(\/lib64\/ld-linux[^ ]*\).*/\1/p' | sort -u |
    xargs -I{} cp -L {} "$folder/dncd-cores/lib/"
  tar -C "$folder" -cJf "$1" dncd-cores
  rm -rf "$folder"
  ls -l "$1"
}

start_on() {  # CORES
  printf '%s\n' "rpc: {threads: $1}" "registry: {load_dirs: [\"$BENCH\"]}" \
    'guards: {min_first_numbers: 0}' \
    'limits: {numbers_under_way: 100000000, max_wait_microseconds: 60000000}' >"$BENCH/dncd.yaml"
  LAUNCH=(taskset -c "0-$(($1 - 1))" "${LOADER[@]}")
  start_server --config "$BENCH/dncd.yaml" --data-dir "$BENCH/data" --listen 127.0.0.1:0 \
    --metrics-listen "127.0.0.1:$METRICS_PORT"
}

measure() {  # CORES COUNT: calls a second
  local cores="$1" clients=$((ALL - $1)) before ended out wanted
  before="$(calls_ended OK)"
  out="$(
    taskset -cp "$cores-$((ALL - 1))" "$BASHPID" >/dev/null
    h2load_scrubs "$DNC_SERVER" "$BENCH/body$2" -D "$SECONDS_EACH" --warm-up-time 1 \
      -t "$clients" -c $((clients * 4)) -m 16
  )"
  ended=$(($(calls_ended OK) - before))
  wanted="$(succeeded <<<"$out")"
  # What was sent in the warm-up is counted by the server alone.
  [ "$ended" -ge "$wanted" ] || { echo "of $wanted calls only $ended ended well" >&2; exit 1; }
  sed -n 's/^finished in .*s, \([0-9.]*\) req\/s.*/\1/p' <<<"$out"
}

main() {
  if [ "${1:-}" = pack ]; then
    pack "$2"
    return
  fi
  local cores count rate cpu
  ALL="$(nproc)"
  mkdir -p "$BENCH"
  for count in 1 1000; do scrub_body "$count" >"$BENCH/body$count"; done
  rm -rf "$BENCH/data" "$BENCH/plain"
  "${LOADER[@]}" "$BIN/dncgen" full --out "$BENCH/plain" --numbers "$NUMBERS" --plain \
    --date "$(date -u -d yesterday +%F)" >&2
  start_on 1
  "${LOADER[@]}" "$BIN/dncctl" load --yes --on-server "$BENCH"/plain/*.txt >&2
  stop_server
  echo '| cores of the server | calls a second, 1 number | 1,000 numbers | CPU of the server a call, 1; 1,000 numbers, µs |'
  echo '|---|---|---|---|'
  for cores in ${DNC_BENCH_CORES:-1 2 4 8}; do
    [ $((cores * 2)) -le "$ALL" ] || continue
    local rates=() cpus=()
    start_on "$cores"
    for count in 1 1000; do
      rate="$(measure "$cores" "$count")"
      rates+=("$(printf '%.0f' "$rate")")
      cpu="$(awk -v r="$rate" -v c="$cores" 'BEGIN { printf "%.2f", c * 1e6 / r }')"
      cpus+=("$cpu")
    done
    stop_server
    echo "| $cores | ${rates[0]} | ${rates[1]} | at most ${cpus[0]}; ${cpus[1]} |"
  done
  echo
  echo "$NUMBERS numbers in the registry; $(machine)"
}

main "$@"
