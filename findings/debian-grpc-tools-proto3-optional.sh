#!/usr/bin/env bash
# Finding: Debian 12's python3-grpc-tools carries a protoc of 2018 and refuses contracts that the
# protoc, the protobuf and the gRPC of the same release read.
#
# Packages:  python3-grpc-tools 1.14.1-6, protobuf-compiler 3.21.12-3, python3-grpcio 1.51.1-3,
#            all of Debian 12.
# Expected:  `python3 -m grpc_tools.protoc` of a release reads what `protoc` of that release reads: a
#            proto3 field with explicit presence (`optional`, stable since protobuf 3.15).
# Observed:  it is libprotoc 3.5.1, compiled in, and says that explicit 'optional' labels are
#            disallowed in proto3. A contract that Python users on Debian 12 should be able to make
#            stubs of with the distribution's own packages has to give presence by a `oneof` of one
#            field instead; on the wire the two are the same.
#
# Output seen:
#   protoc: reads it
#   grpc_tools: refuses it (libprotoc 3.5.1)
#
# Runs without our product; needs apt-get. Fails if the behaviour changes.
set -euo pipefail

dir="$(mktemp -d)"
trap 'rm -rf "$dir"' EXIT
cd "$dir"

apt-get download -q python3-grpc-tools=1.14.1-6 protobuf-compiler >apt.log 2>&1 ||
  { cat apt.log; exit 1; }
for package in ./*.deb; do dpkg-deb -x "$package" root; done
dpkg-query -W protobuf-compiler python3-grpcio >/dev/null 2>&1 ||
  { echo "install protobuf-compiler and python3-grpcio first: their libraries are used"; exit 1; }

cat >presence.proto <<'PROTO'
syntax = "proto3";

package example;

message Policy {
  optional bool counts = 1;
}
PROTO
{
  root/usr/bin/protoc -I . --python_out=. presence.proto && echo "protoc: reads it"
  export PYTHONPATH="$dir/root/usr/lib/python3/dist-packages"
  if /usr/bin/python3 -m grpc_tools.protoc -I . --python_out=. presence.proto 2>error.txt; then
    echo "grpc_tools: reads it"
  elif grep -q "disallowed in the Proto3 syntax" error.txt; then
    echo "grpc_tools: refuses it ($(/usr/bin/python3 -m grpc_tools.protoc --version))"
  else
    cat error.txt
  fi
} | tee seen.txt
diff seen.txt - <<'SEEN'
protoc: reads it
grpc_tools: refuses it (libprotoc 3.5.1)
SEEN
echo "as recorded: python3-grpc-tools 1.14.1-6"
