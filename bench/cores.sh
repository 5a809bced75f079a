#!/usr/bin/env bash
# ./dev bench cores: how the calls a second grow with the cores that the server has, over gRPC's
# transport and over our own (rpc.transport). Prints a table for docs/benchmarks.md.
#   ./dev bench cores             here
#   ./dev bench cores pack FILE   a .tar.xz of the programs with their libraries, for a machine that
#                                 has nothing installed; there: tar xf FILE && dncd-cores/cores.sh
# The server's threads are pinned to the first cores, and h2load's to all others. h2load asks the
# same numbers again and again, and takes any HTTP 200 for an answer: so the server's own count of
# the calls that ended well is compared with it.
#   DNC_BENCH_CORES    of the server: 1 2 4 8, as far as the machine leaves as many to the client
#   DNC_BENCH_SECONDS  of each measurement; 4 unless told
#   DNC_BENCH_NUMBERS  in the registry; 1000000 unless told
set -euo pipefail
HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
SECONDS_EACH="${DNC_BENCH_SECONDS:-4}"
NUMBERS="${DNC_BENCH_NUMBERS:-1000000}"

# Where the programs are: in the packed folder with their libraries, or in the build and the system.
if [ -d "$HERE/lib" ]; then
  WORK="$HERE/work"
  LOADER=("$HERE/lib/ld-linux-x86-64.so.2" --library-path "$HERE/lib")
  BIN="$HERE/bin" H2LOAD="$HERE/bin/h2load"
else
  WORK="$PWD/build/bench-cores"
  LOADER=()
  BIN="$PWD/build/bin" H2LOAD=h2load
fi
program() { "${LOADER[@]}" "$@"; }

pack() {  # FILE
  local folder file
  folder="$(mktemp -d)"
  mkdir -p "$folder/dncd-cores/bin" "$folder/dncd-cores/lib"
  cp "$HERE/cores.sh" "$folder/dncd-cores/"
  cp "$BIN/dncd" "$BIN/dncctl" "$BIN/dncgen" "$(command -v h2load)" "$folder/dncd-cores/bin/"
  for file in "$folder"/dncd-cores/bin/*; do ldd "$file"; done |
    sed -n 's/.*=> \(\/[^ ]*\).*/\1/p; s/^\s*\(\/lib64\/ld-linux[^ ]*\).*/\1/p' | sort -u |
    xargs -I{} cp -L {} "$folder/dncd-cores/lib/"
  tar -C "$folder" -cJf "$1" dncd-cores
  rm -rf "$folder"
  ls -l "$1"
}

varint() {  # NUMBER: its bytes as printf takes them
  local n="$1"
  while [ "$n" -gt 127 ]; do
    printf '\\x%02x' $((n & 127 | 128))
    n=$((n >> 7))
  done
  printf '\\x%02x' "$n"
}

body() {  # COUNT: a ScrubRequest of so many numbers with gRPC's prefix
  local i message size
  message="\\x0a$(varint $(($1 * 8)))"
  size=$((${#message} / 4 + $1 * 8))
  printf '\0%b' "$(printf '\\x%02x\\x%02x\\x%02x\\x%02x' 0 $((size >> 16 & 255)) \
    $((size >> 8 & 255)) $((size & 255)))"
  printf '%b' "$message"
  for ((i = 0; i < $1; ++i)); do
    local number=$((2012000000 + i * 7919 % 8000000))
    printf '%b' "$(printf '\\x%02x\\x%02x\\x%02x\\x%02x\\0\\0\\0\\0' $((number & 255)) \
      $((number >> 8 & 255)) $((number >> 16 & 255)) $((number >> 24 & 255)))"
  done
}

start() {  # TRANSPORT CORES
  printf '%s\n' "rpc: {transport: $1, threads: $2}" "registry: {load_dirs: [\"$WORK\"]}" "guards: {min_first_numbers: 0}" \
    "limits: {numbers_under_way: 100000000}" >"$WORK/dncd.yaml"
  : >"$WORK/dncd.out"
  taskset -c "0-$(($2 - 1))" "${LOADER[@]}" "$BIN/dncd" --config "$WORK/dncd.yaml" \
    --data-dir "$WORK/data" --listen 127.0.0.1:0 --metrics-listen 127.0.0.1:9364 \
    >"$WORK/dncd.out" 2>"$WORK/dncd.log" &
  SERVER_PID=$!
  until grep -q ' listening on ' "$WORK/dncd.out"; do
    kill -0 "$SERVER_PID" || { cat "$WORK/dncd.log" >&2; exit 1; }
    sleep 0.05
  done
  ADDRESS="$(sed -n 's/.* listening on //p' "$WORK/dncd.out")"
}
SERVER_PID=
stop() {
  [ -n "$SERVER_PID" ] || return 0
  kill "$SERVER_PID" 2>/dev/null || true
  wait "$SERVER_PID" 2>/dev/null || true
  SERVER_PID=
}
trap stop EXIT

answered() {  # the calls that ended well, by the server's count
  exec 9<>/dev/tcp/127.0.0.1/9364
  printf 'GET /metrics HTTP/1.0\r\nConnection: close\r\n\r\n' >&9
  sed -n 's/^dnc_calls_total{.*code="OK".*method="Scrub".*} //p;
          s/^dnc_calls_total{.*method="Scrub".*code="OK".*} //p' <&9 | tr -d '\r' | head -n 1
  exec 9>&-
}

measure() {  # CORES COUNT: calls a second
  local cores="$1" clients=$((ALL - $1)) before after out rate succeeded
  before="$(answered)"
  out="$(taskset -c "$cores-$((ALL - 1))" "${LOADER[@]}" "$H2LOAD" -D "$SECONDS_EACH" \
    --warm-up-time 1 -t "$clients" -c $((clients * 4)) -m 16 -d "$WORK/body$2" \
    -H 'content-type: application/grpc' -H 'te: trailers' \
    "http://$ADDRESS/dnc.v1.ScrubService/Scrub")"
  after="$(answered)"
  rate="$(sed -n 's/^finished in .*s, \([0-9.]*\) req\/s.*/\1/p' <<<"$out")"
  succeeded="$(sed -n 's/^requests: .* \([0-9]*\) succeeded.*/\1/p' <<<"$out")"
  # What was sent in the warm-up is counted by the server alone.
  awk -v a="${before:-0}" -v b="$after" -v d="$succeeded" 'BEGIN { exit b - a < d }' ||
    { echo "of $succeeded calls only $((after - before)) ended well" >&2; exit 1; }
  echo "$rate"
}

main() {
  if [ "${1:-}" = pack ]; then
    pack "$2"
    return
  fi
  local transport cores count rate cpu
  ALL="$(nproc)"
  mkdir -p "$WORK"
  for count in 1 1000; do body "$count" >"$WORK/body$count"; done
  rm -rf "$WORK/data" "$WORK/plain"
  program "$BIN/dncgen" full --out "$WORK/plain" --numbers "$NUMBERS" --plain \
    --date "$(date -u -d yesterday +%F)" >&2
  start grpc 1
  DNC_SERVER="$ADDRESS" program "$BIN/dncctl" load --yes --on-server "$WORK"/plain/*.txt >&2
  stop
  echo '| transport | cores of the server | calls a second, 1 number | 1,000 numbers | CPU of the server a call, 1; 1,000 numbers, µs |'
  echo '|---|---|---|---|---|'
  for cores in ${DNC_BENCH_CORES:-1 2 4 8}; do
    [ $((cores * 2)) -le "$ALL" ] || continue
    for transport in grpc native; do
      local rates=() cpus=()
      start "$transport" "$cores"
      for count in 1 1000; do
        rate="$(measure "$cores" "$count")"
        rates+=("$(printf '%.0f' "$rate")")
        cpu="$(awk -v r="$rate" -v c="$cores" 'BEGIN { printf "%.2f", c * 1e6 / r }')"
        cpus+=("$cpu")
      done
      stop
      echo "| $transport | $cores | ${rates[0]} | ${rates[1]} | at most ${cpus[0]}; ${cpus[1]} |"
    done
  done
  echo
  echo "$NUMBERS numbers in the registry; $(date -u +%F), $ALL x $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
}

main "$@"
