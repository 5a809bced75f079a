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

# Whether a part is there, made of the present pins and sources: is_made NAME SOURCE...
is_made() {
  local made="$TOOLS/$1.made"
  shift
  cat "$HERE/pins.txt" "$HERE/install.sh" "$@" | sha256sum >"$TOOLS/wanted"
  cmp -s "$TOOLS/wanted" "$made"
}

keep() {  # NAME
  mv "$TOOLS/wanted" "$TOOLS/$1.made"
}

# The contract, as all clients read it: a set of descriptors.
descriptors() {
  local includes=(-I "$REPO/proto" -I "$REPO/tests/blackbox/protos")
  (cd "$REPO/proto" && protoc "${includes[@]}" --include_imports \
    --descriptor_set_out="$TOOLS/descriptors.pb" dnc/v1/*.proto google/rpc/*.proto \
    grpc/health/v1/health.proto)
}

python_client() {
  is_made python && return
  rm -rf "$TOOLS/python"
  /usr/bin/python3 -m venv "$TOOLS/python"
  mapfile -t packages < <(pins pip)
  "$TOOLS/python/bin/pip" install --quiet --disable-pip-version-check "${packages[@]}"
  keep python
}

node_client() {
  is_made node && return
  rm -rf "$TOOLS/node"
  mkdir -p "$TOOLS/node"
  mapfile -t packages < <(pins npm)
  (cd "$TOOLS/node" && echo '{"private": true}' >package.json &&
    npm install --silent --ignore-scripts --no-audit --no-fund "${packages[@]}")
  keep node
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

java_client() {
  local java="$TOOLS/java"
  is_made java "$HERE/Client.java" && return
  mkdir -p "$java/classes"
  if ! maven_project | cmp -s - "$java/pom.xml" || [ ! -d "$java/jars" ]; then
    rm -rf "$java/jars"
    maven_project >"$java/new.xml"
    mvn --quiet --batch-mode -f "$java/new.xml" "$(pins plugin):copy-dependencies" \
      -DoutputDirectory="$java/jars"
    mv "$java/new.xml" "$java/pom.xml"
  fi
  javac -Werror -Xlint:all,-processing,-path,-classfile -cp "$java/jars/*" -d "$java/classes" \
    "$HERE/Client.java"
  keep java
}

descriptors
python_client
node_client
java_client
