#!/usr/bin/env bash
# Runs clang-tidy over the sources, with a job per core: tidy.sh [JOBS]. A source that passed is not
# read again until one of its sources, a header or the rules change.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
JOBS="${1:-$(nproc)}"
export STAMPS=build/tidy
mkdir -p "$STAMPS"
cmake --build build --target tidy_own_code -- --quiet
export PLUGIN=build/tests/style/libtidy_own_code.so

# This is newer than any stamp that still counts.
newest_header="$(find server clients tools -name '*.h' -printf '%T@ %p\n' | sort -n | tail -n 1 |
  cut -d' ' -f2-)"

stamp_of() { echo "$STAMPS/${1//\//_}"; }

todo=()
while read -r unit sources; do
  stamp="$(stamp_of "$unit")"
  # shellcheck disable=SC2086 # the sources are words
  if [ -f "$stamp" ] &&
    [ -z "$(find $sources .clang-tidy "$newest_header" -newer "$stamp")" ]; then
    continue
  fi
  todo+=("$unit")
done < <(/usr/bin/python3 tests/style/tidy_units.py)

tidy_one() {  # UNIT STAMP
  local output
  if output="$(clang-tidy-14 --load="$PLUGIN" --checks=dnc-own-code -p "$STAMPS" --quiet \
    --config-file=.clang-tidy --warnings-as-errors='*' "$1" 2>&1)"; then
    touch "$2"
  else
    grep -v 'warnings generated\|Suppressed\|^Use -header-filter' <<<"$output"
    return 1
  fi
}
export -f tidy_one

[ "${#todo[@]}" -gt 0 ] || exit 0
# Checks that our own code is looked at, even where it is included.
mkdir -p "$STAMPS/tools"
echo 'int* bad = 0;' >"$STAMPS/tools/bad.cc"
echo '#include "tools/bad.cc"' >"$STAMPS/unit.cc"
if clang-tidy-14 --load="$PLUGIN" --checks=dnc-own-code --quiet --warnings-as-errors='*' \
  --config-file=.clang-tidy "$STAMPS/unit.cc" -- -I"$STAMPS" >/dev/null 2>&1; then
  echo "tidy: clang-tidy has missed what is bad" >&2
  exit 1
fi
for unit in "${todo[@]}"; do echo "$unit $(stamp_of "$unit")"; done |
  xargs -P "$JOBS" -L 1 bash -c 'tidy_one "$@"' tidy_one
