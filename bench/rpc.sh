#!/usr/bin/env bash
# ./dev bench rpc: what a call costs beside gRPC's echo of the same bytes, by turns in one run, on a
# dncd with a generated registry. Prints tables for docs/benchmarks.md.
#   DNC_BENCH_DIR      where to work, 12 GB for the whole registry; default build/bench-rpc
#   DNC_BENCH_NUMBERS  default 260000000
#   DNC_BENCH_PARTS    default round-trips cpu thin refusals unix idle; the first four take three
#                      minutes
#   DNC_BENCH_ROUNDS   of each measurement; default 15
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source bench/rpc_server.sh
source bench/h2load.sh

ROUNDS="${DNC_BENCH_ROUNDS:-15}"
ECHO_PID=
# Looking for the next event is no cost of a call.
NO_SPIN='spin_microseconds: 0'

rpc_bench() {
  "$BIN/measure_rpc" --server "$DNC_SERVER" --pid "$SERVER_PID" --numbers "$SAMPLE" \
    --rounds "$ROUNDS" "$@"
}

start_echo() {
  : >"$BENCH/echo.port"
  # It serves until its input ends.
  [ -p "$BENCH/echo.in" ] || mkfifo "$BENCH/echo.in"
  exec 8<>"$BENCH/echo.in"
  "$BIN/measure_rpc" --role echo --spin 0 <&8 >"$BENCH/echo.port" &
  ECHO_PID=$!
  until [ -s "$BENCH/echo.port" ]; do sleep 0.01; done
}

stop_echo() {
  [ -n "$ECHO_PID" ] || return 0
  kill "$ECHO_PID" 2>/dev/null || true
  wait "$ECHO_PID" 2>/dev/null || true
  exec 8>&-
  ECHO_PID=
}
trap 'stop_echo; stop_server' EXIT

# Makes so many calls, eight under way on one connection, and prints the server's processor time a
# call, in ns.
cpu_a_call() {  # ADDRESS PID BODY CALLS [ARGUMENTS OF h2load...]
  local before out
  before="$(cpu_of "$2")"
  out="$(h2load_scrubs "$1" "$3" -n "$4" -c 1 -m 8 -t 1 "${@:5}")"
  echo "$out" >"$BENCH/h2load.txt"
  awk -v a="$before" -v b="$(cpu_of "$2")" -v n="$4" 'BEGIN { printf "%.1f\n", (b - a) / n }'
}

of_server() {  # CODE BODY CALLS [ARGUMENTS...]: cpu_a_call, all of which the server ends so
  local before ended
  before="$(calls_ended "$1")"
  cpu_a_call "$DNC_SERVER" "$SERVER_PID" "$2" "$3" "${@:4}"
  ended=$(($(calls_ended "$1") - before))
  # A quota lets some through each second.
  [ "$ended" -ge $(($3 * 98 / 100)) ] || { echo "of $3 calls $ended ended with $1" >&2; exit 1; }
}

of_echo() {  # BODY CALLS BYTES: cpu_a_call, all of which have an answer of so many bytes
  cpu_a_call "127.0.0.1:$(cat "$BENCH/echo.port")" "$ECHO_PID" "$1" "$2"
  [ "$(data_bytes <"$BENCH/h2load.txt")" = $(($2 * ($3 + 5))) ] || {
    echo "the echo did not answer all calls" >&2
    cat "$BENCH/h2load.txt" >&2
    exit 1
  }
}

# Prints the rows of calls, or of refusals where there is a key whose quota is used up.
by_h2load() {  # CODE [KEY]
  local batch calls bytes round name header=()
  [ -z "${2:-}" ] || header=(-H "authorization: Bearer $2")
  for batch in 1 1000 10000; do
    calls=$((batch == 1 ? 20000 : batch == 1000 ? 5000 : 1000))
    scrub_body "$batch" >"$BENCH/body"
    # The size varies by some bytes with the time of day in it.
    bytes=$(($(h2load_scrubs "$DNC_SERVER" "$BENCH/body" -n 1 -c 1 | data_bytes) - 5))
    echo_body "$BENCH/body" "$bytes" >"$BENCH/echo-body"
    for name in server echo; do : >"$BENCH/$name.ns"; done
    of_server "$1" "$BENCH/body" "$calls" "${header[@]}" >/dev/null  # warms up
    of_echo "$BENCH/echo-body" "$calls" "$bytes" >/dev/null
    for ((round = 0; round < ROUNDS; ++round)); do
      of_server "$1" "$BENCH/body" "$calls" "${header[@]}" >>"$BENCH/server.ns"
      of_echo "$BENCH/echo-body" "$calls" "$bytes" >>"$BENCH/echo.ns"
    done
    /usr/bin/python3 - "$BENCH" "$batch" <<'PY'
import statistics, sys
server, echo = ([float(line) / 1000 for line in open(f"{sys.argv[1]}/{name}.ns")]
                for name in ("server", "echo"))
ratio = statistics.median(s / e for s, e in zip(server, echo))
print(f"| {sys.argv[2]} | {statistics.median(server):.2f} | {statistics.median(echo):.2f} | {ratio:.2f} |")
PY
  done
}

part() {  # NAME
  case "$1" in
    round-trips)
      start_with
      rpc_bench
      ;;
    cpu)
      start_with "$NO_SPIN"
      rpc_bench --cpu
      ;;
    thin | refusals)
      start_with "$NO_SPIN" --metrics-listen "127.0.0.1:$METRICS_PORT"
      start_echo
      if [ "$1" = thin ]; then
        echo 'h2load, which asks the same numbers again and again'
        echo '| numbers | server CPU a call, µs: dncd | echo | ratio |'
        echo '|---|---|---|---|'
        by_h2load OK
      else
        echo 'h2load; the echo has the bytes of the question and of the answer that is refused'
        echo '| numbers | server CPU a refusal, µs: dncd | echo of the call | ratio |'
        echo '|---|---|---|---|'
        by_h2load RESOURCE_EXHAUSTED "$(make_key floods --numbers-per-second 1)"
      fi
      stop_echo
      ;;
    unix)
      echo "dncd on a unix socket, the echo on loopback still"
      start_with '' --listen "unix:$BENCH/dncd.sock"
      rpc_bench
      ;;
    idle)
      start_with
      rpc_bench --idle
      ;;
    *)
      echo "no part $1" >&2
      exit 2
      ;;
  esac
  stop_server
}

main() {
  local name
  generate
  for name in ${DNC_BENCH_PARTS:-round-trips cpu thin refusals unix idle}; do
    echo
    part "$name"
  done
  echo
  echo "$NUMBERS numbers, $(machine)"
}

main "$@"
