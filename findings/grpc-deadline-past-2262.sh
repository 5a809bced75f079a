#!/usr/bin/env bash
# Finding: in gRPC C++ 1.51.1 the longest timeout that a Go client sends makes a deadline in the past.
#
# Packages:  libgrpc++-dev, libgrpc-dev 1.51.1-3 (Debian 12); h2 4.1.0 (PyPI) as the client.
# Expected:  a call whose header says `grpc-timeout: 2562047H` (292 years: Go's longest
#            time.Duration, which `grpcurl -max-time 9000000000` comes near to) has a deadline far in
#            the future, so `ServerContext::deadline() > std::chrono::system_clock::now()`.
# Observed:  the deadline is a time_point of nanoseconds since 1970, which ends in the year 2262.
#            The sum overflows, and the deadline compares as earlier than now. The core's own timer is
#            right: the call is not cancelled. A server that asks `deadline() < now()` before it
#            starts expensive work refuses a caller that has all the time of the world; the raw
#            deadline (`raw_deadline()`) is not affected.
#
# Output seen:
#   3600S      deadline after now: yes
#   2000000H   deadline after now: yes
#   2562047H   deadline after now: no
#
# Runs without our product; needs apt-get, g++ and pip. Fails if the behaviour changes.
set -euo pipefail

dir="$(mktemp -d)"
trap 'rm -rf "$dir"' EXIT
cd "$dir"

version="$(dpkg-query -W -f '${Version}' libgrpc++-dev 2>/dev/null || true)"
if [ -z "$version" ]; then
  sudo=""
  [ "$(id -u)" = 0 ] || sudo=sudo
  $sudo apt-get install -q -y --no-install-recommends libgrpc++-dev libgrpc-dev g++ pkg-config >apt.log
  version="$(dpkg-query -W -f '${Version}' libgrpc++-dev)"
fi
case "$version" in
  1.51.1-3*) ;;
  *) echo "libgrpc++-dev is $version, not 1.51.1-3: look again"; exit 1 ;;
esac
python3 -m venv venv
venv/bin/pip -q install --disable-pip-version-check h2==4.1.0 hpack==4.0.0 hyperframe==6.0.1

cat >server.cc <<'CC'
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdio>

int main() {
  grpc::AsyncGenericService service;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterAsyncGenericService(&service);
  const auto queue = builder.AddCompletionQueue();
  const auto server = builder.BuildAndStart();
  std::printf("%d\n", port);
  std::fflush(stdout);
  void* tag = nullptr;
  bool ok = false;
  for (int call = 0; call < 3; ++call) {
    grpc::GenericServerContext context;
    grpc::GenericServerAsyncReaderWriter stream(&context);
    service.RequestCall(&context, &stream, queue.get(), queue.get(), nullptr);
    queue->Next(&tag, &ok);
    const bool after = context.deadline() > std::chrono::system_clock::now();
    std::printf("deadline after now: %s\n", after ? "yes" : "no");
    std::fflush(stdout);
    stream.Finish(grpc::Status(grpc::StatusCode::NOT_FOUND, ""), nullptr);
    queue->Next(&tag, &ok);
  }
  server->Shutdown(std::chrono::system_clock::now());
  queue->Shutdown();
  while (queue->Next(&tag, &ok)) {
  }
}
CC
# shellcheck disable=SC2046
g++ -std=c++17 server.cc -o server $(pkg-config --cflags --libs grpc++)

cat >client.py <<'PY'
import socket
import subprocess

import h2.connection
import h2.events

server = subprocess.Popen(["./server"], stdout=subprocess.PIPE, text=True)
port = int(server.stdout.readline())
for timeout in ("3600S", "2000000H", "2562047H"):
    link = socket.create_connection(("127.0.0.1", port), timeout=60)
    http = h2.connection.H2Connection()
    http.initiate_connection()
    http.send_headers(1, [(":method", "POST"), (":scheme", "http"), (":path", "/a.B/C"),
                          (":authority", "localhost"), ("content-type", "application/grpc"),
                          ("te", "trailers"), ("grpc-timeout", timeout)])
    http.send_data(1, b"\0\0\0\0\0", end_stream=True)
    link.sendall(http.data_to_send())
    ended = False
    while not ended:
        for event in http.receive_data(link.recv(65536)):
            ended = ended or isinstance(event, (h2.events.StreamEnded, h2.events.StreamReset))
        link.sendall(http.data_to_send())
    print(f"{timeout:10} {server.stdout.readline().strip()}")
server.wait(60)
PY

timeout 120 venv/bin/python client.py | tee seen.txt
diff seen.txt - <<'SEEN'
3600S      deadline after now: yes
2000000H   deadline after now: yes
2562047H   deadline after now: no
SEEN
echo "as recorded: gRPC C++ $version"
