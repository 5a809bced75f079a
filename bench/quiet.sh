#!/usr/bin/env bash
# ./dev bench quiet: what a tenant far above its quota costs another tenant. The quiet one asks 500
# times a second, at random times, in turns: alone; beside the other; and beside the other's client
# at another server: one that is stopped and takes nothing, and one that refuses as this one does.
# The last two tell what the client programs, and a server beside, cost each other on the same
# cores, apart from what this server lets through. Prints the p99 and the ratios, for floods that
# wait for their answers and such that give up. Uses DNC_BENCH_DIR and DNC_BENCH_NUMBERS as
# bench/rpc.sh does, and
#   DNC_BENCH_ROUNDS    of all of these; default 4, of a minute each
#   DNC_BENCH_NOISE     calls a second of the noisy tenant; default 20000. Its quota is 10 of them
#   DNC_BENCH_DEADLINES of its calls, in microseconds, a flood for each; default 20000000 1000000
#                       1000
#   DNC_BENCH_SECONDS   that the quiet one asks for; default 4. The noisy one asks a second longer
#   DNC_BENCH_NICE      of its client, which takes processor time from the others; default 0
#   DNC_BENCH_SENDER    of dncload: thin (unless told) or grpc
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source bench/rpc_server.sh

SECONDS_QUIET="${DNC_BENCH_SECONDS:-4}"

load() {  # KEY ARGUMENTS...
  DNC_KEY="$1" load_with "$SAMPLE" --sender "${DNC_BENCH_SENDER:-thin}" --batch 100 --warm-up 0.5 \
    --max-in-flight 1000000 "${@:2}"
}

ask_quietly() { load "$QUIET" --rate 500 --channels 1 --seconds "$SECONDS_QUIET"; }

# Asks as the quiet tenant while the noisy client is at the server of this address. That server is
# stopped meanwhile if its process is given. The results go to NAME.json and NAME-noise.json.
beside() {  # NAME DEADLINE ADDRESS KEY [PID]
  local noise
  (
    renice -n "${DNC_BENCH_NICE:-0}" "$BASHPID" >/dev/null
    load "$4" --server "$3" --rate "${DNC_BENCH_NOISE:-20000}" --seconds $((SECONDS_QUIET + 1)) \
      --channels 2 --timeout "$(awk -v d="$2" 'BEGIN { print d / 1e6 }')"
  ) >>"$BENCH/$1-noise.json" &
  noise=$!
  sleep 0.8
  [ -z "${5:-}" ] || kill -STOP "$5"
  sleep 0.2
  ask_quietly >>"$BENCH/$1.json"
  [ -z "${5:-}" ] || kill -CONT "$5"
  wait "$noise"
}

# Starts the other server, without a registry: SINK_PID is its process, SINK its address.
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

main() {
  local noisy noisy_there deadline round deadlines="${DNC_BENCH_DEADLINES:-20000000 1000000 1000}"
  generate
  start_with
  start_sink
  # shellcheck disable=SC2064 # the process of now
  trap "stop_server; kill -9 $SINK_PID 2>/dev/null || true" EXIT
  QUIET="$(make_key quiet)"
  noisy="$(make_key noisy --numbers-per-second 1000)"
  noisy_there="$(DNC_SERVER="$SINK" make_key noisy --numbers-per-second 1000)"
  rm -f "$BENCH"/{alone,stopped,other,beside}*.json
  for round in $(seq "${DNC_BENCH_ROUNDS:-4}"); do
    ask_quietly >>"$BENCH/alone.json"
    for deadline in $deadlines; do
      beside "stopped-$deadline" "$deadline" "$SINK" "$noisy_there" "$SINK_PID"
      beside "other-$deadline" "$deadline" "$SINK" "$noisy_there"
      beside "beside-$deadline" "$deadline" "$DNC_SERVER" "$noisy"
    done
    echo "round $round" >&2
  done
  # shellcheck disable=SC2086 # the deadlines are words
  /usr/bin/python3 - "$BENCH" $deadlines <<'PY'
import json, statistics, sys
def read(name): return [json.loads(line) for line in open(f"{sys.argv[1]}/{name}.json")]
def median(runs, what): return statistics.median(run[what] for run in runs)
def ratio(runs, to): return statistics.median(b["p99"] / a["p99"] for a, b in zip(to, runs))
alone = read("alone")
print("| quiet tenant, 500 calls a second of 100 numbers | answered | p50, µs | p99, µs |\n|---|---|---|---|")
print(f"| alone | {median(alone, 'answered'):.0f} | {median(alone, 'p50'):.0f} | {median(alone, 'p99'):.0f} |")
ratios = []
for deadline in sys.argv[2:]:
    flood = f"the flood gives up after {int(deadline) / 1000:.0f} ms"
    runs = {name: read(f"{name}-{deadline}") for name in ("stopped", "other", "beside")}
    for name, words in (("stopped", "at a stopped server"), ("other", "at another server that refuses it"),
                        ("beside", "at this server")):
        noise = read(f"{name}-{deadline}-noise")
        print(f"| {flood}, {words}: {median(noise, 'offered'):.0f} calls a second, refused "
              f"{median(noise, 'refused'):.0f}, given up {median(noise, 'timed_out'):.0f}, never sent "
              f"{median(noise, 'unsent'):.0f} | {median(runs[name], 'answered'):.0f} | "
              f"{median(runs[name], 'p50'):.0f} | {median(runs[name], 'p99'):.0f} |")
    ratios.append(f"{flood}: p99 to that alone {ratio(runs['beside'], alone):.2f}, beside the client at "
                  f"the stopped server {ratio(runs['beside'], runs['stopped']):.2f}, at the refusing one "
                  f"{ratio(runs['beside'], runs['other']):.2f} (medians of {len(alone)} rounds)")
print()
print("\n".join(ratios))
PY
  echo "sender ${DNC_BENCH_SENDER:-thin}, $NUMBERS numbers, $(machine)"
}

main "$@"
