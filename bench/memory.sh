#!/usr/bin/env bash
# ./dev bench memory: what huge pages are worth, and whether the indexes get them on a machine whose
# free memory is chopped up. Measures three states one after the other: memory as it is, chopped up
# and left alone, chopped up and gathered as dncd does. Prints a table for docs/benchmarks.md.
# Fills the page cache for some minutes; run it on a machine that does nothing else.
#   DNC_BENCH_REPETITIONS   of each figure, default 3
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

BIN="$PWD/build/bin"
OUT="$PWD/build/bench-memory"
FILTER='BM_Floor/1000$|BM_Engine/1000$|BM_Handler/1000$|BM_HandlerAllLists'

measure() {  # NAME GATHER
  echo "measuring: $1" >&2
  DNC_GATHER="$2" "$BIN/bench_handler" --benchmark_filter="$FILTER" \
    --benchmark_repetitions="${DNC_BENCH_REPETITIONS:-3}" --benchmark_min_time=0.2 \
    --benchmark_out="$OUT/$1.json" --benchmark_out_format=json >/dev/null
}

chopper=
chop() {
  rm -f "$OUT/hold"
  mkfifo "$OUT/hold"
  "$BIN/chop_memory" "$OUT" <"$OUT/hold" >"$OUT/chopped.txt" &
  chopper=$!
  exec 9>"$OUT/hold"
  until grep -q chopped "$OUT/chopped.txt"; do
    kill -0 "$chopper" || exit 1
    sleep 0.1
  done
  cat "$OUT/chopped.txt" >&2
}

mend() {
  [ -n "$chopper" ] || return 0
  exec 9>&-
  wait "$chopper"
  chopper=
}

main() {
  mkdir -p "$OUT"
  trap mend EXIT
  measure fresh 1
  chop
  measure left 0
  mend
  chop
  measure gathered 1
  mend
  /usr/bin/python3 bench/memory_table.py "$OUT"
}

main "$@"
