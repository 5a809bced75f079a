#!/usr/bin/env bash
# ./dev bench http: the call of the dialers beside gRPC on the same server, and beside a MariaDB that
# holds the same numbers. Prints a table for docs/benchmarks.md. The server has one thread on the
# first core, and the clients run on the others.
#   DNC_BENCH_DIR      where to work; default build/bench-http
#   DNC_BENCH_NUMBERS  in the registry and in the MariaDB; default 5000000
#   DNC_BENCH_SECONDS  of each measurement; default 2
#   DNC_BENCH_ROUNDS   of those of one number; default 7
#   DNC_BENCH_PARTS    default one bulk mariadb
# shellcheck disable=SC2034 # rpc_server.sh reads what is set for it
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
DNC_BENCH_DIR="${DNC_BENCH_DIR:-$PWD/build/bench-http}"
DNC_BENCH_NUMBERS="${DNC_BENCH_NUMBERS:-5000000}"
SECONDS_EACH="${DNC_BENCH_SECONDS:-2}"
ROUNDS="${DNC_BENCH_ROUNDS:-7}"
LAUNCH=(taskset -c 0)
source bench/rpc_server.sh
source bench/h2load.sh

SCRUB=/app/main/rpc/scrub
PLACES=1000  # of the query of MariaDB: what costs it least
MARIADB_PID=
trap 'stop_mariadb; stop_server' EXIT

on_others() { taskset -c "1-$(($(nproc) - 1))" "$@"; }

start_both() {  # KEYS OF THE SECTION http
  start_with 'threads: 1, spin_microseconds: 0' --load-dir "$BENCH" --http-listen 127.0.0.1:0
  until HTTP="$(sed -n 's/.* serving HTTP on //p' "$BENCH/dncd.out")" && [ -n "$HTTP" ]; do
    sleep 0.01
  done
}

# Runs wrk with so many connections, checks that all was answered, and prints the requests a second
# and the server's processor time a request, in ns.
wrk_requests() {  # CONNECTIONS ARGUMENTS...
  local before out count
  before="$(cpu_of "$SERVER_PID")"
  out="$(on_others wrk -t 1 -c "$1" -d "${SECONDS_EACH}s" "${@:2}")"
  if grep -qE 'Non-2xx|Socket errors' <<<"$out"; then echo "$out" >&2; exit 1; fi
  count="$(sed -n 's/^ *\([0-9]*\) requests in .*/\1/p' <<<"$out")"
  awk -v a="$before" -v b="$(cpu_of "$SERVER_PID")" -v n="$count" \
    -v r="$(sed -n 's/^Requests\/sec: *//p' <<<"$out")" 'BEGIN { printf "%s %.0f\n", r, (b - a) / n }'
}

# The same for calls of gRPC by h2load, each connection with one under way.
grpc_calls() {  # CONNECTIONS BODY
  local before out
  before="$(cpu_of "$SERVER_PID")"
  out="$(on_others h2load -D "$SECONDS_EACH" -c "$1" -m 1 -t 1 -d "$2" \
    -H 'content-type: application/grpc' -H 'te: trailers' \
    "http://$DNC_SERVER/dnc.v1.ScrubService/Scrub")"
  awk -v a="$before" -v b="$(cpu_of "$SERVER_PID")" -v n="$(succeeded <<<"$out")" \
    -v r="$(sed -n 's/^finished in .*s, \([0-9.]*\) req\/s.*/\1/p' <<<"$out")" \
    'BEGIN { printf "%s %.0f\n", r, (b - a) / n }'
}

# The 99th percentile, in µs, of h2load's requests at a rate; the first tenth is left out.
p99_at() {  # RATE ARGUMENTS...
  rm -f "$BENCH/h2load.log"
  on_others h2load -D "$SECONDS_EACH" -c 8 -m 1 -t 1 --rps="$(($1 / 8))" \
    --log-file="$BENCH/h2load.log" "${@:2}" >/dev/null
  tail -n "+$(($(wc -l <"$BENCH/h2load.log") / 10))" "$BENCH/h2load.log" | cut -f 3 | sort -n |
    awk '{ a[NR] = $1 } END { print a[int(NR * 0.99)] }'
}

median() { sort -n | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'; }

# Medians of some rounds, in which both are asked by turns: others may use the machine, too.
measure_one() {
  local clear listed url round half grpc_p99 http_p99
  local rates="$BENCH/rates" p99s="$BENCH/p99s"
  # One number of each kind, as the server tells.
  curl -sS -F "phoneList=<$BENCH/numbers.list" "http://$HTTP$SCRUB" >"$BENCH/told.csv"
  clear="$(awk -F, '$2 == "C" { print $1; exit }' "$BENCH/told.csv")"
  listed="$(awk -F, '$2 == "D" { print $1; exit }' "$BENCH/told.csv")"
  url="http://$HTTP$SCRUB?version=2&phoneList="
  : >"$rates"
  for ((round = 0; round < ROUNDS; ++round)); do
    echo "$(grpc_calls 16 "$BENCH/grpc-one") $(wrk_requests 16 "$url$clear")" \
      "$(wrk_requests 16 "$url$listed")" >>"$rates"
  done
  column() { cut -d ' ' -f "$1" "$rates" | median; }
  told() { printf '%.0f a second; %.1f µs' "$(column "$1")" "$(ratio "$(column "$2")" 1000)"; }
  row 'gRPC, one number: calls; server CPU a call' "$(told 1 2)" -
  row 'GET of one number that is clear' "$(told 3 4)" -
  row 'its rate, of that of gRPC' \
    "$(awk '{ printf "%.2f\n", $3 / $1 }' "$rates" | median)" '0.8'
  row 'GET of one number that is listed, whose date is read from the disk' "$(told 5 6)" -
  half="$(awk -v a="$(column 1)" -v b="$(column 3)" 'BEGIN { printf "%d", (a < b ? a : b) / 2 }')"
  : >"$p99s"
  for ((round = 0; round < ROUNDS; ++round)); do
    grpc_p99="$(p99_at "$half" -d "$BENCH/grpc-one" -H 'content-type: application/grpc' \
      -H 'te: trailers' "http://$DNC_SERVER/dnc.v1.ScrubService/Scrub")"
    http_p99="$(p99_at "$half" --h1 "$url$clear")"
    echo "$grpc_p99 $http_p99" >>"$p99s"
  done
  row "p99 of both at half of the lower rate ($half a second): gRPC; GET" \
    "$(cut -d ' ' -f 1 "$p99s" | median); $(cut -d ' ' -f 2 "$p99s" | median) µs" 'twice'
}

measure_bulk() {
  local batch five=0 grpc http
  for batch in 0 1 2 3 4; do
    read -r -a grpc < <(grpc_calls 1 "$BENCH/grpc-$batch")
    five="$((five + grpc[1]))"
  done
  read -r -a http < <(DNC_BENCH_BODY="$BENCH/multipart" wrk_requests 1 -s "$BENCH/post.lua" \
    "http://$HTTP$SCRUB")
  BULK_NS="${http[1]}"
  row 'five calls of gRPC of 10,000 numbers: server CPU' "$(ratio "$five" 1000000) ms" -
  row 'a multipart of the same 50,000, CSV without dates' \
    "$(ratio "$BULK_NS" 1000000) ms; $(awk -v r="${http[0]}" 'BEGIN { printf "%.1f", 1000 / r }') ms to the answer" -
  row 'server CPU, of that of gRPC' "$(ratio "$BULK_NS" "$five")" '3'
  read -r -a http < <(DNC_BENCH_BODY="$BENCH/multipart-1000" wrk_requests 1 -s "$BENCH/post.lua" \
    "http://$HTTP$SCRUB")
  row 'a multipart of 1,000, half of them listed, with dates' "$(ratio "${http[1]}" 1000) µs" -
}

stop_mariadb() {
  [ -n "$MARIADB_PID" ] || return 0
  kill "$MARIADB_PID" 2>/dev/null || true
  wait "$MARIADB_PID" 2>/dev/null || true
  MARIADB_PID=
}

# A MariaDB of its own that holds the listed numbers by a primary key, all of them in memory.
start_mariadb() {
  local data="$BENCH/mariadb" user
  user="$(id -un)"
  rm -rf "$data"
  mariadb-install-db --no-defaults --datadir="$data" --user="$user" \
    --auth-root-authentication-method=normal >"$BENCH/mariadb.log" 2>&1
  taskset -c 0 mariadbd --no-defaults --datadir="$data" --user="$user" --skip-networking \
    --socket="$BENCH/mariadb.sock" --pid-file="$BENCH/mariadb.pid" --innodb-buffer-pool-size=2G \
    --innodb-log-file-size=512M --innodb-flush-log-at-trx-commit=0 >>"$BENCH/mariadb.log" 2>&1 &
  MARIADB_PID=$!
  until mariadb-admin --no-defaults -uroot --socket="$BENCH/mariadb.sock" ping >/dev/null 2>&1; do
    kill -0 "$MARIADB_PID" || { tail "$BENCH/mariadb.log" >&2; exit 1; }
    sleep 0.1
  done
  sed 's/,//' "$BENCH"/plain/*.txt | sort -n >"$BENCH/listed.txt"
  mariadb --no-defaults -uroot --socket="$BENCH/mariadb.sock" --local-infile=1 >/dev/null <<SQL
CREATE DATABASE dnc;
CREATE TABLE dnc.listed (number BIGINT UNSIGNED NOT NULL PRIMARY KEY) ENGINE=InnoDB;
LOAD DATA LOCAL INFILE '$BENCH/listed.txt' INTO TABLE dnc.listed;
ANALYZE TABLE dnc.listed;
SQL
}

measure_mariadb() {
  local rounds=5 before cpu out
  start_mariadb
  on_others bench/ask_mariadb.pl "$BENCH/mariadb.sock" "$BENCH/numbers" "$PLACES" 2 >/dev/null
  before="$(cpu_of "$MARIADB_PID")"
  out="$(on_others bench/ask_mariadb.pl "$BENCH/mariadb.sock" "$BENCH/numbers" "$PLACES" "$rounds")"
  cpu="$(awk -v a="$before" -v b="$(cpu_of "$MARIADB_PID")" -v n="$rounds" \
    'BEGIN { printf "%.0f", (b - a) / n }')"
  row "the same 50,000 asked of MariaDB, $PLACES a query: its CPU" \
    "$(ratio "$cpu" 1000000) ms; $(awk '{ s += $1 } END { printf "%.0f", 1000 * s / NR }' <<<"$out") ms to the answer" -
  [ -z "${BULK_NS:-}" ] ||
    row 'MariaDB, in times of the multipart: CPU' "$(ratio "$cpu" "$BULK_NS")" 'at least 20'
}

main() {
  local part missing=() command
  for command in wrk h2load mariadbd mariadb-install-db curl; do
    command -v "$command" >/dev/null || missing+=("$command")
  done
  perl -MDBD::mysql -e 1 2>/dev/null || missing+=(libdbd-mysql-perl)
  if [ "${#missing[@]}" -gt 0 ]; then
    echo "missing: ${missing[*]}; install deploy/bench-packages.txt" >&2
    exit 1
  fi
  generate
  bench/http_bodies.py "$SAMPLE" "$BENCH"
  head -n 1000 "$BENCH/numbers" | paste -sd , >"$BENCH/numbers.list"
  start_both
  for part in ${DNC_BENCH_PARTS:-one bulk mariadb}; do "measure_$part"; done
  echo
  echo "$DNC_BENCH_NUMBERS numbers in the registry; $(machine)"
  print_rows wanted
}

main "$@"
