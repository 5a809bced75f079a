#!/usr/bin/env bash
# Installs the clients of the interoperability tests into build/interop, at the versions of
# pins.txt, and builds ours. What is there already is kept. Python, Node and Java are needed: if
# one of them can't be had, this fails. For each of the others that can't be had, a line
# `NAME: WHY` is printed; all else goes to the standard error output.
set -euo pipefail

HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
REPO="$(cd "$HERE/../.." && pwd)"
TOOLS="$REPO/build/interop"
mkdir -p "$TOOLS"
exec 9>"$TOOLS/lock"  # tests that run side by side install once
flock 9
exec 3>&1 1>&2

pins() {  # KIND
  sed -n "s/^$1 //p" "$HERE/pins.txt"
}

# Makes a part by the function of its name, unless it is there, made of the present pins and
# sources: part NAME SOURCE... A registry that does not answer is asked again. Call it in the
# background and wait for it: where it is a condition itself, `set -e` says nothing.
part() {
  local name="$1" made="$TOOLS/$1.made" wanted attempt
  shift
  wanted="$(cat "$HERE/pins.txt" "$HERE/install.sh" "$@" | sha256sum)"
  if [ -f "$made" ] && [ "$(cat "$made")" = "$wanted" ]; then return; fi
  for attempt in 1 2 3; do
    "make_$name" &
    if wait $!; then
      echo "$wanted" >"$made"
      return
    fi
    sleep $((5 * attempt))
  done
  return 1
}

# The contract, as all clients read it: a set of descriptors.
descriptors() {
  cd "$REPO/proto"
  protoc --include_imports --descriptor_set_out="$TOOLS/descriptors.pb" \
    dnc/v1/*.proto google/rpc/*.proto grpc/health/v1/health.proto
}

# A Python environment of a name with the packages of one kind of pins.
environment() {  # NAME KIND
  rm -rf "${TOOLS:?}/$1"
  /usr/bin/python3 -m venv "$TOOLS/$1"
  mapfile -t packages < <(pins "$2")
  "$TOOLS/$1/bin/pip" install --quiet --disable-pip-version-check "${packages[@]}"
}

# Those that clients/python is also tried with.
make_older_pythons() {
  local kind
  for kind in python-4 python-5 python-6; do environment "$kind" "$kind"; done
}

make_python() { environment python pip; }
make_mcp() { environment mcp mcp; }
make_schemathesis() { environment schemathesis schemathesis; }

make_node() {
  rm -rf "$TOOLS/node"
  mkdir -p "$TOOLS/node"
  mapfile -t packages < <(pins npm)
  cd "$TOOLS/node"
  echo '{"private": true}' >package.json
  npm install --silent --ignore-scripts --no-audit --no-fund "${packages[@]}"
}

maven_project() {
  local group artifact version
  echo '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
  echo '<groupId>dnc</groupId><artifactId>interop</artifactId><version>1</version>'
  echo '<packaging>pom</packaging><dependencies>'
  while IFS=: read -r group artifact version; do
    echo "<dependency><groupId>$group</groupId><artifactId>$artifact</artifactId>"
    echo "<version>$version</version></dependency>"
  done < <(pins maven)
  echo '</dependencies></project>'
}

make_java() {
  local java="$TOOLS/java"
  mkdir -p "$java/classes"
  maven_project >"$java/new.xml"
  if ! cmp -s "$java/new.xml" "$java/pom.xml"; then
    rm -rf "$java/jars"
    mvn --quiet --batch-mode -f "$java/new.xml" "$(pins plugin):copy-dependencies" \
      -DoutputDirectory="$java/jars"
    mv "$java/new.xml" "$java/pom.xml"
  fi
  javac -encoding UTF-8 -Werror -Xlint:deprecation,rawtypes,unchecked -cp "$java/jars/*" \
    -d "$java/classes" "$HERE"/*.java
}

# One module has our client and the tools, so that they share what they are made of.
make_go() {
  local tool
  mkdir -p "$TOOLS/go"
  cd "$TOOLS/go"
  rm -f go.mod go.sum ./*.go
  cp "$HERE"/*.go .
  go mod init interop
  mapfile -t modules < <(pins go; pins tool)
  go get "${modules[@]}"
  go build -o client .
  for tool in $(pins tool); do go build -o . "${tool%@*}"; done
}

# This one is too old for the others' gRPC.
make_ghz() {
  GOBIN="$TOOLS/go" go install "$(pins ghz)"
}

# Makes what is in Go, and says what can't be had.
go_programs() {
  local why=""
  if ! command -v go >/dev/null; then
    why="no Go is installed"
  elif ! printf 'go%s\n%s\n' "$(pins golang)" "$(go env GOVERSION)" | sort -VC; then
    why="$(go env GOVERSION) is older than $(pins golang)"
  fi
  export GOFLAGS=-mod=mod
  if [ -n "$why" ]; then
    printf "%s: $why\n" go grpcurl grpc-health-probe h2spec ghz >&3
    return
  fi
  part go "$HERE"/*.go &
  wait $! || printf "%s: it could not be built\n" go grpcurl grpc-health-probe h2spec >&3
  part ghz &
  wait $! || echo "ghz: it could not be built" >&3
}

(descriptors)
part python &
python=$!
part older_pythons &
older_pythons=$!
part mcp &
mcp=$!
part schemathesis &
schemathesis=$!
part node &
node=$!
part java "$HERE"/*.java &
java=$!
go_programs
wait "$python" && wait "$older_pythons" && wait "$mcp" && wait "$schemathesis" &&
  wait "$node" && wait "$java"
