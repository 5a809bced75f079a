#!/usr/bin/env bash
# Installs the client library into an empty prefix and builds the example against it, as a user's
# project would: client_package_test.sh [BUILD_DIR]. Needs dnc_client built.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=$(realpath "${1:-build}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake --install "$build/clients/cpp" --component client --prefix "$work/prefix" >"$work/install.log" ||
  { cat "$work/install.log"; exit 1; }

mkdir "$work/user"
cp clients/cpp/examples/check.cc "$work/user/"
cat >"$work/user/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(user LANGUAGES CXX)
find_package(dnc REQUIRED)
add_executable(check check.cc)
target_link_libraries(check PRIVATE dnc::client)
CMAKE
# The installed copy must not need the project's tree, so nothing of it is on the include path.
cmake -S "$work/user" -B "$work/user/build" -DCMAKE_PREFIX_PATH="$work/prefix" \
  >"$work/configure.log" || { cat "$work/configure.log"; exit 1; }
cmake --build "$work/user/build" >"$work/build.log" || { cat "$work/build.log"; exit 1; }

for proto in scrub_service registry_service verdict error_reason; do
  test -f "$work/prefix/share/dnc/proto/dnc/v1/$proto.proto"
done
if grep -rn "server/" "$work/prefix/include/dnc" --include='*.h' | grep '#include'; then
  echo "an installed header includes one of the server"
  exit 1
fi

# There is no server at that port: every number is do-not-call, and the example says that it failed.
if output=$("$work/user/build/check" 127.0.0.1:1 "(201) 555-0123" 2>"$work/errors.txt"); then
  echo "the example succeeded without a server"
  exit 1
fi
test "$output" = "(201) 555-0123: do not call"
test -s "$work/errors.txt"
echo "ok: installed, found by find_package(dnc), built and run"
