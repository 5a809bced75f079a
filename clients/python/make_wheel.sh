#!/usr/bin/env bash
# Builds the wheel of the package `dnc` by Debian's own setuptools, without a network: make_wheel.sh
# FOLDER. It prints the wheel's path. The sources are copied first: setuptools writes beside them,
# and what an earlier build left there would get into the wheel.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
mkdir -p "$1"
out="$(realpath "$1")"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

cp -r "$here/pyproject.toml" "$here/README.md" "$here/src" "$here/../../LICENSE" "$work"
find "$work" -name __pycache__ -prune -exec rm -r {} +
cd "$work"
# The time of the last commit stands in the wheel, so that the same sources make the same bytes.
SOURCE_DATE_EPOCH="$(git -C "$here" -c "safe.directory=*" log -1 --format=%ct 2>/dev/null || echo 1767225600)"
export SOURCE_DATE_EPOCH
/usr/bin/python3 -B -c "import sys
from setuptools import build_meta
print(sys.argv[1] + '/' + build_meta.build_wheel(sys.argv[1]))" "$out" 2>build.log >made.txt ||
  { cat build.log made.txt >&2; exit 1; }
tail -n 1 made.txt
