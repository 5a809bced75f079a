#!/usr/bin/env bash
# Counts the instructions of the hot paths with callgrind, and compares them with the figures in
# bench/kept_fast.txt: more than 2 % above is a failure. It counts instructions and not time, so
# that noise does not matter. Callgrind knows AVX2 at most. Of the paths from socket to socket it
# counts what the server's loop does, on the loop's own thread, and not their client.
#   bench/kept_fast.sh            compare; exit code 1 if a path costs more
#   bench/kept_fast.sh record     write new figures
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

FIGURES=bench/kept_fast.txt
PROGRAM="${DNC_HOT_PATHS:-build/bin/hot_paths}"
ROOM_PERCENT=2
LOOP='dnc::EventLoop::Run()'
export DNC_CPU_LEVEL=avx2

instructions() {  # PATH ROUNDS
  local only=()
  [[ "$1" != socket_* ]] || only=("--toggle-collect=$LOOP")
  valgrind --tool=callgrind --callgrind-out-file=/dev/null "${only[@]}" "$PROGRAM" "$1" "$2" 2>&1 |
    sed -n 's/.*Collected : \([0-9]*\).*/\1/p'
}

# What a round costs is the difference that more rounds make; the first ones warm up. What comes
# before the rounds varies by some ten thousand instructions between runs, so many more of the small
# rounds are counted.
a_round() {  # PATH
  local fewer more rounds=10
  fewer="$(instructions "$1" 5)"
  more="$(instructions "$1" $((5 + rounds)))"
  if [ -n "$more" ] && [ $((more - fewer)) -lt 10000000 ]; then
    rounds=500
    more="$(instructions "$1" $((5 + rounds)))"
  fi
  [ -n "$fewer" ] && [ -n "$more" ] || { echo "kept_fast: callgrind failed on $1" >&2; exit 2; }
  echo $(((more - fewer) / rounds))
}

main() {
  local path recorded now failed=0 figures=""
  while read -r path recorded; do
    [[ "$path" == '#'* || -z "$path" ]] && continue
    now="$(a_round "$path")"
    figures+="$path $now"$'\n'
    if [ "$now" -gt $((recorded + recorded * ROOM_PERCENT / 100)) ]; then
      echo "FAIL $path: $now instructions, recorded are $recorded"
      failed=1
    else
      echo "ok   $path: $now instructions, recorded are $recorded"
    fi
  done <"$FIGURES"
  if [ "${1:-}" = record ]; then
    { grep '^#' "$FIGURES"; printf '%s' "$figures"; } >"$FIGURES.new"
    mv "$FIGURES.new" "$FIGURES"
    echo "recorded in $FIGURES"
    return 0
  fi
  [ "$failed" = 0 ] || echo "If that must be, ./dev bench record writes the new figures; say why in the commit."
  return "$failed"
}

if ! grep -qw avx2 /proc/cpuinfo && [ "$(uname -m)" = x86_64 ]; then
  echo "kept_fast: the figures are those of a processor with AVX2" >&2
  exit 2
fi
main "$@"
