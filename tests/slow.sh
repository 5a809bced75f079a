#!/usr/bin/env bash
# Runs a command as on a slow machine: slow.sh N COMMAND... All its processes share one core with N
# - 1 others that only compute. So a process that wants to run gets an Nth of a core, and less if it
# is not the only one. The others end with the command, however that ends.
set -euo pipefail

[ $# -ge 2 ] && [[ "$1" =~ ^[1-9][0-9]?$ ]] || {
  echo "usage: slow.sh N COMMAND...  (N from 1 to 99)" >&2
  exit 2
}
times="$1"
shift
# Takes the last of the cores that we may use.
core="$(taskset -cp $$ | sed 's/.*[ ,-]//')"
taskset -cp "$core" $$ >/dev/null

compute() {
  while kill -0 $$ 2>/dev/null; do
    for ((i = 0; i < 200000; i++)); do :; done
  done
}
others=()
for ((n = 1; n < times; n++)); do
  compute </dev/null >/dev/null 2>&1 &
  others+=($!)
done
end() { [ ${#others[@]} -eq 0 ] || kill "${others[@]}" 2>/dev/null || true; }
trap end EXIT
"$@"
