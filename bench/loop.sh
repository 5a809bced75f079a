#!/usr/bin/env bash
# ./dev bench loop: what Asio costs of a call. The same nghttp2 echo of the same bytes (bench/loop_echo.cc)
# runs on one loop of server/wire's, whose sockets are Asio's, and on bare epoll, by turns in one
# run; beside them all of server/wire. Prints processor time and, by callgrind, instructions a call.
#   DNC_BENCH_ROUNDS  of each measurement; default 9, which takes a minute and a half
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
BENCH="$PWD/build/bench-loop"
mkdir -p "$BENCH"
source bench/server.sh
source bench/h2load.sh

ROUNDS="${DNC_BENCH_ROUNDS:-9}"
KINDS=(epoll asio wire)
declare -A PID ADDRESS

stop_all() {
  local kind
  for kind in "${!PID[@]}"; do
    kill "${PID[$kind]}" 2>/dev/null || true
    wait "${PID[$kind]}" 2>/dev/null || true
  done
  PID=()
}
trap stop_all EXIT

start_echo() {  # KIND [WHAT STARTS IT...]
  : >"$BENCH/$1.out"
  "${@:2}" "$BIN/loop_echo" "$1" <&8 >"$BENCH/$1.out" 2>"$BENCH/$1.err" &
  PID[$1]=$!
  until [ -s "$BENCH/$1.out" ]; do
    kill -0 "${PID[$1]}" || { cat "$BENCH/$1.err" >&2; exit 1; }
    sleep 0.02
  done
  ADDRESS[$1]="$(cat "$BENCH/$1.out")"
}

ask() {  # KIND CALLS BYTES ARGUMENTS...: checks that each call has an answer of so many bytes
  local data
  data="$(h2load_scrubs "${ADDRESS[$1]}" "$BENCH/echo-body" -n "$2" -t 1 "${@:4}" | data_bytes)"
  [ "$data" = $(($2 * ($3 + 5))) ] || { echo "$1 did not answer all calls" >&2; exit 1; }
}

cpu_a_call() {  # KIND CALLS BYTES ARGUMENTS...: ns
  local before
  before="$(cpu_of "${PID[$1]}")"
  ask "$@"
  awk -v a="$before" -v b="$(cpu_of "${PID[$1]}")" -v n="$2" 'BEGIN { printf "%.1f\n", (b - a) / n }'
}

# The instructions of one call: what more calls make of a difference.
instructions_a_call() {  # KIND BYTES ARGUMENTS...
  local calls count=()
  for calls in 1000 3000; do
    start_echo "$1" valgrind --tool=callgrind --callgrind-out-file=/dev/null
    ask "$1" "$calls" "$2" "${@:3}"
    stop_all  # callgrind tells all the same
    count+=("$(sed -n 's/.*Collected : \([0-9]*\).*/\1/p' "$BENCH/$1.err")")
  done
  echo $(((count[1] - count[0]) / 2000))
}

compare() {  # NAME NUMBERS BYTES CALLS ARGUMENTS...
  local kind round
  scrub_body "$2" >"$BENCH/body"
  echo_body "$BENCH/body" "$3" >"$BENCH/echo-body"
  for kind in "${KINDS[@]}"; do
    start_echo "$kind"
    cpu_a_call "$kind" "$4" "$3" "${@:5}" >/dev/null  # warms up
    : >"$BENCH/$kind.ns"
  done
  for ((round = 0; round < ROUNDS; ++round)); do
    for kind in "${KINDS[@]}"; do cpu_a_call "$kind" "$4" "$3" "${@:5}" >>"$BENCH/$kind.ns"; done
  done
  stop_all
  for kind in "${KINDS[@]}"; do
    instructions_a_call "$kind" "$3" "${@:5}" >"$BENCH/$kind.instructions"
  done
  /usr/bin/python3 - "$BENCH" "$1" "${KINDS[@]}" <<'PY'
import statistics, sys
folder, name, kinds = sys.argv[1], sys.argv[2], sys.argv[3:]
cpu = {kind: [float(line) / 1000 for line in open(f"{folder}/{kind}.ns")] for kind in kinds}
count = {kind: int(open(f"{folder}/{kind}.instructions").read()) for kind in kinds}
for kind in kinds:
    ratio = statistics.median(own / bare for own, bare in zip(cpu[kind], cpu["epoll"]))
    print(f"| {name} | {kind} | {statistics.median(cpu[kind]):.2f} | {ratio:.2f} | {count[kind]} | "
          f"{count[kind] / count['epoll']:.2f} |")
PY
}

main() {
  [ -p "$BENCH/in" ] || mkfifo "$BENCH/in"
  exec 8<>"$BENCH/in"
  echo '| calls | over | CPU a call, µs | to epoll | instructions a call | to epoll |'
  echo '|---|---|---|---|---|---|'
  compare '1 number, one under way' 1 99 10000 -c 1 -m 1
  compare '1 number, 64 under way on 4 connections' 1 99 40000 -c 4 -m 16
  compare '1,000 numbers, 8 under way' 1000 5095 10000 -c 1 -m 8
  echo
  machine
}

main "$@"
