# Calls of Scrub by h2load, for the scripts that source this after server.sh. h2load asks the same
# again and again, and takes any HTTP 200 for an answer, so what the calls ended with is checked:
# by the server's own count, or by the bytes of the answers.
# A script may set before
#   H2LOAD        the program, and what starts it
#   METRICS_PORT  where the server has its metrics
# shellcheck shell=bash
[ -n "${H2LOAD[*]:-}" ] || H2LOAD=(h2load)
METRICS_PORT="${METRICS_PORT:-${DNC_BENCH_METRICS_PORT:-19461}}"

varint() {  # NUMBER: its bytes as printf takes them
  local n="$1"
  while [ "$n" -gt 127 ]; do
    printf '\\x%02x' $((n & 127 | 128))
    n=$((n >> 7))
  done
  printf '\\x%02x' "$n"
}

# The bytes of a number, the lowest first or the highest, as printf takes them.
little() { printf '\\x%02x\\x%02x\\x%02x\\x%02x' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24 & 255)); }
big() { printf '\\x%02x\\x%02x\\x%02x\\x%02x' $(($1 >> 24 & 255)) $(($1 >> 16 & 255)) $(($1 >> 8 & 255)) $(($1 & 255)); }

# A ScrubRequest of so many numbers, with gRPC's prefix.
scrub_body() {  # COUNT
  local i message
  message="\\x0a$(varint $(($1 * 8)))"
  printf '\0%b' "$(big $((${#message} / 4 + $1 * 8)))"
  printf '%b' "$message"
  for ((i = 0; i < $1; ++i)); do
    printf '%b' "$(little $((2012000000 + i * 7919 % 8000000)))\\0\\0\\0\\0"
  done
}

# What the echo of bench/echo_server.h answers with so many bytes: a body as long as the one in FILE.
echo_body() {  # FILE BYTES
  local size
  size=$(($(stat -c %s "$1") - 5))
  printf '\0%b' "$(big "$size")$(little "$2")"
  head -c $((size - 4)) /dev/zero
}

# Runs h2load against a server, and prints what it says.
h2load_scrubs() {  # ADDRESS BODY ARGUMENTS...
  "${H2LOAD[@]}" -d "$2" -H 'content-type: application/grpc' -H 'te: trailers' "${@:3}" \
    "http://$1/dnc.v1.ScrubService/Scrub"
}

# Of what h2load says: the calls that had an HTTP 200; the bytes of all answers, without headers.
succeeded() { sed -n 's/^requests: .* \([0-9]*\) succeeded.*/\1/p'; }
data_bytes() { sed -n 's/^traffic: .*, [^,]*(\([0-9]*\)) data$/\1/p'; }

# How many calls of Scrub the server has ended with a code, by its own count.
calls_ended() {  # CODE
  exec 9<>"/dev/tcp/127.0.0.1/$METRICS_PORT"
  printf 'GET /metrics HTTP/1.0\r\nConnection: close\r\n\r\n' >&9
  tr -d '\r' <&9 | awk -v code="code=\"$1\"" \
    '/^dnc_calls_total\{/ && /method="Scrub"/ && index($0, code) { print $2; found = 1; exit }
     END { if (!found) print 0 }'
  exec 9>&-
}
