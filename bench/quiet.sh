#!/usr/bin/env bash
# ./dev bench quiet: what a tenant far above its quota costs another tenant. The quiet one asks 500
# times a second, at random times, in turns: alone; beside the other; and beside the other's client
# with a server of its own that is stopped and takes nothing. The last one tells what the client
# programs cost each other on the same cores apart from what the server lets through. Prints the p99
# and the ratios. Uses DNC_BENCH_DIR and DNC_BENCH_NUMBERS as bench/rpc.sh does, and
#   DNC_BENCH_ROUNDS    of the three; default 8
#   DNC_BENCH_NOISE     calls a second of the noisy tenant; default 20000. Its quota is 10 of them
#   DNC_BENCH_DEADLINE  of its calls, in microseconds; default 1000000
#   DNC_BENCH_SECONDS   that the quiet one asks for; default 4. The noisy one asks a second longer
#   DNC_BENCH_NICE      of its client, which takes processor time from the others; default 0
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source bench/rpc_server.sh

SECONDS_QUIET="${DNC_BENCH_SECONDS:-4}"

load() {  # KEY ARGUMENTS...
  DNC_KEY="$1" load_with "$SAMPLE" --batch 100 --warm-up 0.5 --max-in-flight 1000000 "${@:2}"
}

ask_quietly() { load "$QUIET" --rate 500 --channels 1 --seconds "$SECONDS_QUIET"; }

# Asks as the quiet tenant while the noisy client is at the server of this address. That server is
# stopped meanwhile if its process is given. The results go to NAME.json and noise.json.
beside() {  # NAME ADDRESS KEY [PID]
  local noise
  (
    renice -n "${DNC_BENCH_NICE:-0}" "$BASHPID" >/dev/null
    load "$3" --server "$2" --rate "${DNC_BENCH_NOISE:-20000}" --seconds $((SECONDS_QUIET + 1)) \
      --channels 2 --timeout "$(awk -v d="${DNC_BENCH_DEADLINE:-1000000}" 'BEGIN { print d / 1e6 }')"
  ) >>"$BENCH/$1-noise.json" &
  noise=$!
  sleep 0.8
  [ -z "${4:-}" ] || kill -STOP "$4"
  sleep 0.2
  ask_quietly >>"$BENCH/$1.json"
  [ -z "${4:-}" ] || kill -CONT "$4"
  wait "$noise"
}

# Starts the server that is stopped, without data: SINK_PID is its process, SINK its address.
start_sink() {
  rm -rf "$BENCH/sink"
  : >"$BENCH/sink.out"
  "$BIN/dncd" --data-dir "$BENCH/sink" --listen 127.0.0.1:0 --metrics-listen '' \
    >"$BENCH/sink.out" 2>"$BENCH/sink.log" &
  SINK_PID=$!
  until grep -q ' listening on ' "$BENCH/sink.out"; do
    kill -0 "$SINK_PID" || { cat "$BENCH/sink.log" >&2; exit 1; }
    sleep 0.01
  done
  SINK="$(sed -n 's/.* listening on //p' "$BENCH/sink.out")"
}

make_key() {  # TENANT OPTIONS...
  "$BIN/dncctl" tenants create "$@" --area-codes all >/dev/null 2>&1 || true  # from a run before
  "$BIN/dncctl" keys create "$1" --scope scrub | grep -o 'dnck_[0-9a-z_]*' | head -n 1
}

main() {
  local noisy name round
  generate
  start_with
  start_sink
  # shellcheck disable=SC2064 # the process of now
  trap "stop_server; kill -9 $SINK_PID 2>/dev/null || true" EXIT
  QUIET="$(make_key quiet)"
  noisy="$(make_key noisy --numbers-per-second 1000)"
  for name in alone beside beside-noise apart apart-noise; do : >"$BENCH/$name.json"; done
  for round in $(seq "${DNC_BENCH_ROUNDS:-8}"); do
    ask_quietly >>"$BENCH/alone.json"
    beside beside "$DNC_SERVER" "$noisy"
    beside apart "$SINK" '' "$SINK_PID"
    echo "round $round" >&2
  done
  /usr/bin/python3 - "$BENCH" <<'PY'
import json, statistics, sys
runs = {name: [json.loads(line) for line in open(f"{sys.argv[1]}/{name}.json")]
        for name in ("alone", "beside", "beside-noise", "apart")}
def median(name, what): return statistics.median(run[what] for run in runs[name])
print("| quiet tenant, 500 calls a second of 100 numbers | answered | p50, µs | p99, µs |\n|---|---|---|---|")
for name, words in (("alone", "alone"), ("apart", "beside the noisy client, which is at a stopped server"),
                    ("beside", "beside the noisy tenant")):
    print(f"| {words} | {median(name, 'answered'):.0f} | {median(name, 'p50'):.0f} | {median(name, 'p99'):.0f} |")
noise = {what: median("beside-noise", what) for what in ("offered", "refused", "timed_out", "answered")}
print(f"| the noisy tenant: {noise['offered']:.0f} calls a second, refused {noise['refused']:.0f}, "
      f"given up {noise['timed_out']:.0f} | {noise['answered']:.0f} | | |\n")
for name, words in (("alone", "alone"), ("apart", "beside the client alone")):
    ratios = [b["p99"] / a["p99"] for a, b in zip(runs[name], runs["beside"])]
    print(f"p99 to that {words}, median of {len(ratios)} rounds: {statistics.median(ratios):.2f}")
PY
}

main "$@"
