#!/usr/bin/env bash
# Fails if a C++ file is not in the project's format; `./dev format` rewrites it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
find server clients tools bench tests \( -name '*.cc' -o -name '*.h' \) -print0 |
  xargs -0 clang-format-14 --dry-run -Werror
