# A dncd with a generated registry, for the scripts that source this:
#   rpc_generate; rpc_start_server [YAML]; ... "$RPC_ADDRESS" "$RPC_PID" ...; rpc_stop_server
# shellcheck shell=bash
RPC_BENCH="${DNC_BENCH_DIR:-$PWD/build/bench-rpc}"
RPC_NUMBERS="${DNC_BENCH_NUMBERS:-260000000}"
RPC_BIN="$PWD/build/bin"
RPC_PID=
RPC_ADDRESS=
RPC_SAMPLE=  # lines of the files that are loaded

rpc_stop_server() {
  [ -n "$RPC_PID" ] || return 0
  kill "$RPC_PID" 2>/dev/null || true
  wait "$RPC_PID" 2>/dev/null || true
  RPC_PID=
}
trap rpc_stop_server EXIT

# Files and a data folder with them loaded, once. Files that are some days old would be stale soon.
rpc_generate() {
  if [ -z "$(find "$RPC_BENCH/loaded-$RPC_NUMBERS" -mtime -2 2>/dev/null)" ]; then
    rm -rf "$RPC_BENCH"
    mkdir -p "$RPC_BENCH"
    "$RPC_BIN/dncgen" full --out "$RPC_BENCH/plain" --numbers "$RPC_NUMBERS" --plain \
      --date "$(date -u -d yesterday +%F)" >&2
    rpc_start_server "registry: {load_dirs: [\"$RPC_BENCH\"]}"
    "$RPC_BIN/dncctl" --server "$RPC_ADDRESS" load --on-server "$RPC_BENCH"/plain/*.txt >&2
    rpc_stop_server
    awk 'NR % 97 == 0' "$RPC_BENCH"/plain/*.txt >"$RPC_BENCH/sample.txt"
    touch "$RPC_BENCH/loaded-$RPC_NUMBERS"
  fi
  export RPC_SAMPLE="$RPC_BENCH/sample.txt"
}

rpc_start_server() {  # [YAML]; ends when the server listens
  printf '%s\n' "data_dir: $RPC_BENCH/data" 'listen: 127.0.0.1:0' 'metrics_listen: ""' "${1:-}" \
    >"$RPC_BENCH/dncd.yaml"
  "$RPC_BIN/dncd" --config "$RPC_BENCH/dncd.yaml" >"$RPC_BENCH/dncd.out" 2>"$RPC_BENCH/dncd.log" &
  RPC_PID=$!
  until grep -q ' listening on ' "$RPC_BENCH/dncd.out"; do
    kill -0 "$RPC_PID" || { cat "$RPC_BENCH/dncd.log" >&2; exit 1; }
    sleep 0.05
  done
  RPC_ADDRESS="$(sed -n 's/.* listening on //p' "$RPC_BENCH/dncd.out")"
}
