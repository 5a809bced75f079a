#!/usr/bin/env bash
# clang-tidy over the sources, a job a core: tidy.sh [JOBS]. A file that passed is not read again
# until it, a header or the rules change.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
JOBS="${1:-$(nproc)}"
STAMPS=build/tidy
mkdir -p "$STAMPS"
cmake --build build --target tidy_own_code -- --quiet
export PLUGIN=build/tests/style/libtidy_own_code.so

# Newer than any stamp that still counts.
newest_header="$(find server client tools -name '*.h' -printf '%T@ %p\n' | sort -n | tail -n 1 |
  cut -d' ' -f2-)"

todo=()
while read -r file; do
  # Only what the build compiles has a compile command.
  grep -qF "/$file\"" build/compile_commands.json || continue
  stamp="$STAMPS/${file//\//_}"
  if [ -f "$stamp" ] && [ "$stamp" -nt "$file" ] && [ "$stamp" -nt .clang-tidy ] &&
    [ "$stamp" -nt "$newest_header" ]; then
    continue
  fi
  todo+=("$file")
done < <(find server client tools -name '*.cc' ! -name '*_test.cc' | sort)

tidy_one() {
  local output
  if output="$(clang-tidy-14 --load="$PLUGIN" --checks=dnc-own-code -p build --quiet \
    --warnings-as-errors='*' "$1" 2>&1)"; then
    touch "$2/${1//\//_}"
  else
    grep -v 'warnings generated\|Suppressed\|^Use -header-filter' <<<"$output"
    return 1
  fi
}
export -f tidy_one

[ "${#todo[@]}" -gt 0 ] || exit 0
# That the plugin leaves our own code to be looked at.
echo 'int* bad = 0;' >"$STAMPS/bad.cc"
if clang-tidy-14 --load="$PLUGIN" --checks=dnc-own-code --quiet --warnings-as-errors='*' \
  --config-file=.clang-tidy "$STAMPS/bad.cc" -- >/dev/null 2>&1; then
  echo "tidy: clang-tidy has missed what is bad" >&2
  exit 1
fi
printf '%s\n' "${todo[@]}" | xargs -P "$JOBS" -I{} bash -c "tidy_one {} '$STAMPS'"
