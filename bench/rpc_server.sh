# A dncd with a generated registry, for the scripts that source this:
#   generate; start_with [RPC_KEYS [ARGUMENTS...]]; ... "$DNC_SERVER" "$SERVER_PID" "$SAMPLE" ...; stop_server
# shellcheck shell=bash
BENCH="${DNC_BENCH_DIR:-$PWD/build/bench-rpc}"
NUMBERS="${DNC_BENCH_NUMBERS:-260000000}"
SAMPLE="$BENCH/numbers.csv"  # half of them listed
source bench/server.sh

# Makes the files and a data folder with them loaded, once. Files that are some days old would be
# stale soon.
generate() {
  if [ -f "$SAMPLE" ] && [ -n "$(find "$BENCH/loaded-$NUMBERS" -mtime -2 2>/dev/null)" ]; then return; fi
  rm -rf "$BENCH"
  mkdir -p "$BENCH"
  "$BIN/dncgen" full --out "$BENCH/plain" --numbers "$NUMBERS" --plain \
    --date "$(date -u -d yesterday +%F)" >&2
  start_with '' --load-dir "$BENCH"
  "$BIN/dncctl" load --yes --on-server "$BENCH"/plain/*.txt >&2
  stop_server
  sample 97 "$BENCH"/plain/*.txt >"$SAMPLE"
  touch "$BENCH/loaded-$NUMBERS"
}

# Starts it with these keys of the section `rpc`, as 'threads: 1, spin_microseconds: 0'.
start_with() {  # [RPC_KEYS [ARGUMENTS...]]
  printf '%s\n' "data_dir: $BENCH/data" 'listen: 127.0.0.1:0' 'metrics_listen: ""' \
    "rpc: {${1:-}}" >"$BENCH/dncd.yaml"
  start_server --config "$BENCH/dncd.yaml" "${@:2}"
}

# A key of a tenant, which is made unless it is there from a run before. Of the server at DNC_SERVER.
make_key() {  # TENANT OPTIONS OF dncctl tenants create...
  "$BIN/dncctl" tenants create "$@" --area-codes all >/dev/null 2>&1 || true
  "$BIN/dncctl" keys create "$1" --scope scrub 2>/dev/null | grep -o 'dnck_[0-9a-z_]*' | head -n 1
}
