#!/usr/bin/env bash
# ./dev bench quiet: what a tenant far above its quota costs another. The quiet one asks 500 times a
# second, at random times, alone and beside the other, by turns; prints the p99 and their ratio.
# As bench/rpc.sh: DNC_BENCH_DIR, DNC_BENCH_NUMBERS; and
#   DNC_BENCH_ROUNDS  by turns; 8 unless told
#   DNC_BENCH_NOISE   calls a second of the noisy tenant; 20000 unless told. Its quota is 10 of them
#   DNC_BENCH_DEADLINE  of its calls, in microseconds; 1000000 unless told
#   DNC_BENCH_NICE    of its client, which takes processor time from the others; 0 unless told
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source bench/rpc_server.sh

load() {  # NICE KEY ARGUMENTS...
  nice -n "$1" "$BIN/measure_open_loop" --server "$DNC_SERVER" --numbers "$SAMPLE" --batch 100 \
    --packed --key "${@:2}"
}

make_key() {  # TENANT OPTIONS...
  "$BIN/dncctl" tenants create "$@" --area-codes all >/dev/null 2>&1 || true  # from a run before
  "$BIN/dncctl" keys create "$1" --scope scrub | grep -o 'dnck_[0-9a-z_]*' | head -n 1
}

main() {
  local quiet noisy round noise
  generate
  start_with
  quiet="$(make_key quiet)"
  noisy="$(make_key noisy --numbers-per-second 1000)"
  : >"$BENCH/alone.json"
  : >"$BENCH/beside.json"
  : >"$BENCH/noise.json"
  for round in $(seq "${DNC_BENCH_ROUNDS:-8}"); do
    load 0 "$quiet" --rate 500 --connections 1 --seconds 4 >>"$BENCH/alone.json"
    load "${DNC_BENCH_NICE:-0}" "$noisy" --rate "${DNC_BENCH_NOISE:-20000}" --seconds 5 --connections 2 \
      --deadline "${DNC_BENCH_DEADLINE:-1000000}" >>"$BENCH/noise.json" &
    noise=$!
    sleep 1
    load 0 "$quiet" --rate 500 --connections 1 --seconds 4 >>"$BENCH/beside.json"
    wait "$noise"
    echo "round $round" >&2
  done
  /usr/bin/python3 - "$BENCH" <<'PY'
import json, statistics, sys
alone, beside, noise = ([json.loads(line) for line in open(f"{sys.argv[1]}/{name}.json")]
                 for name in ("alone", "beside", "noise"))
def median(runs, what): return statistics.median(run[what] for run in runs)
print("| quiet tenant, 500 calls a second of 100 numbers | answered | p50, µs | p99, µs |\n|---|---|---|---|")
for name, runs in (("alone", alone), ("beside the noisy one", beside)):
    print(f"| {name} | {median(runs, 'ok'):.0f} | {median(runs, 'p50'):.0f} | {median(runs, 'p99'):.0f} |")
print(f"| the noisy one: {median(noise, 'offered'):.0f} calls a second, refused {median(noise, 'refused'):.0f}, "
      f"given up {median(noise, 'late'):.0f} | {median(noise, 'ok'):.0f} | | |")
ratios = [b["p99"] / a["p99"] for a, b in zip(alone, beside)]
print(f"\nratio of the p99, median of {len(ratios)} rounds: {statistics.median(ratios):.2f}")
PY
}

main "$@"
