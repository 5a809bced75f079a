#!/usr/bin/env bash
# Finding: gRPC's C core 1.51 resets streams that it has not opened, and a server on nghttp2 ends
# the whole connection for it, as RFC 9113 says.
#
# Packages:  grpcio 1.51.1 (PyPI; Debian 12 has the same), grpcio 1.76.0 beside it; nghttp2-server
#            1.52.0 (Debian 12), whose nghttpd is the server.
# Expected:  a call whose deadline passes before its headers have been sent leaves no trace on the
#            connection, and other calls on it go on: each has a stream of its own.
# Observed:  grpcio 1.51.1 sends RST_STREAM for the stream that it would have opened. For a server
#            that is an idle stream, and RST_STREAM on one is an error of the connection (RFC 9113,
#            5.1 and 6.4): nghttpd answers GOAWAY, PROTOCOL_ERROR, "RST_STREAM: stream in idle", and
#            all other calls on the connection fail with UNAVAILABLE. grpcio 1.76.0 does not send it.
#            gRPC's own servers take it without a word. So a server on nghttp2 should take such
#            resets out before nghttp2 sees them.
#
# Output seen:
#   grpcio 1.51.1: connections ended for a stream in idle: some
#   grpcio 1.76.0: connections ended for a stream in idle: none
#
# Runs without our product; needs python3.11 with venv, PyPI and apt-get. Fails if that changes.
set -euo pipefail

dir="$(mktemp -d)"
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"

apt-get download -q nghttp2-server libnghttp2-14 libev4 libc-ares2 libjemalloc2 >apt.log 2>&1 ||
  { cat apt.log; exit 1; }
for package in ./*.deb; do dpkg-deb -x "$package" root; done
dpkg-deb -f nghttp2-server_*.deb Version | grep -q '^1\.52\.0' ||
  { echo "nghttp2-server is another version now: look again" >&2; exit 1; }

# Calls with deadlines of 0 to 500 microseconds, of four threads on one connection.
cat >calls.py <<'PY'
import sys
import threading
import time

import grpc

channel = grpc.insecure_channel(sys.argv[1])
call = channel.unary_unary("/a/b")
end = time.monotonic() + 5


def spin():
    i = 0
    while time.monotonic() < end:
        i += 1
        try:
            call(b"", timeout=i % 500 / 1e6)
        except grpc.RpcError:
            pass


threads = [threading.Thread(target=spin) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
PY

mkdir documents
port=50917
result=0
for version in 1.51.1 1.76.0; do
  python3 -m venv "v$version"
  "v$version/bin/pip" -q install "grpcio==$version" 2>pip.log || { cat pip.log; exit 1; }
  LD_LIBRARY_PATH="$(find root -type d -name 'x86_64-linux-gnu' | paste -sd:)" \
    root/usr/sbin/nghttpd -v --no-tls -d documents "$port" >"nghttpd-$version.log" 2>&1 &
  server=$!
  sleep 1
  "v$version/bin/python" calls.py "127.0.0.1:$port" 2>/dev/null
  kill "$server"
  wait "$server" 2>/dev/null || true
  server=
  ended="$(grep -c 'RST_STREAM: stream in idle' "nghttpd-$version.log" || true)"
  seen=none
  [ "$ended" -eq 0 ] || seen=some
  echo "grpcio $version: connections ended for a stream in idle: $seen"
  [ "$version" != 1.51.1 ] || [ "$seen" = some ] || result=1
  [ "$version" != 1.76.0 ] || [ "$seen" = none ] || result=1
  port=$((port + 1))
done
exit "$result"
