# Starts a dncd for the scripts that source this, and has the clock and the table of their figures:
#   start_server ARGUMENT...; ... "$DNC_SERVER" "$SERVER_PID" ...; stop_server
#   start="$(now)"; ...; row "what" "$(since "$start") s" "10 s"; print_rows floor
# Needs BENCH, the folder in which they work. A script may set before
#   BIN     where the programs are
#   LAUNCH  an array: what starts the server, as `taskset -c 0`
# shellcheck shell=bash
BIN="${BIN:-$PWD/build/bin}"
LAUNCH=("${LAUNCH[@]}")
SERVER_PID=
ROWS=()

stop_server() {
  [ -n "$SERVER_PID" ] || return 0
  kill "$SERVER_PID" 2>/dev/null || true
  wait "$SERVER_PID" 2>/dev/null || true
  SERVER_PID=
}
trap stop_server EXIT

start_server() {  # ARGUMENTS OF DNCD; ends when the server listens
  : >"$BENCH/dncd.out"  # or the line of the server before would pass for that of this one
  "${LAUNCH[@]}" "$BIN/dncd" "$@" >"$BENCH/dncd.out" 2>"$BENCH/dncd.log" &
  SERVER_PID=$!
  until grep -q ' listening on ' "$BENCH/dncd.out"; do
    kill -0 "$SERVER_PID" || { cat "$BENCH/dncd.log" >&2; exit 1; }
    sleep 0.01
  done
  DNC_SERVER="$(sed -n 's/.* listening on //p' "$BENCH/dncd.out")"
  export DNC_SERVER
}

now() { date +%s.%N; }
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.2f", b - a }'; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }

row() {  # WHAT MEASURED WANTED
  ROWS+=("| $1 | $2 | $3 |")
  echo "$1: $2 ($3)" >&2
}

print_rows() {  # HEADING OF THE THIRD COLUMN
  printf '\n| | measured | %s |\n|---|---|---|\n' "$1"
  printf '%s\n' "${ROWS[@]}"
}

# Samples the numbers that dncload asks about, as a CSV in random order: every STRIDE-th listed one,
# and as many others of the same exchanges: sample STRIDE FILE... >numbers.csv
sample() {
  echo number
  awk -v stride="$1" 'BEGIN { srand(11) } NR % stride == 0 {
    print substr($0, 1, 3) substr($0, 5, 7)
    printf "%s%s%04d\n", substr($0, 1, 3), substr($0, 5, 3), int(rand() * 10000)
  }' "${@:2}" | shuf --random-source=<(yes)
}

# Asks about these numbers on a schedule, and prints the figures as a line of JSON:
#   load_with numbers.csv ARGUMENTS OF dncload run...
# Calls that are refused or not answered are figures too, and no failure.
load_with() {
  { "$BIN/dncload" run --numbers "$1" --pool 500000 --json - "${@:2}" || true; } |
    /usr/bin/python3 bench/load_figures.py
}

machine() { echo "$(date -u +%F), $(nproc) x $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"; }

# The processor time that a process has used so far, in ns.
cpu_of() { cat "/proc/$1"/task/*/schedstat | awk '{ s += $1 } END { printf "%.0f", s }'; }  # PID
