#!/usr/bin/env bash
# Writes the contract's descriptors, of which the package makes its messages: make_contract.sh
# [FILE]. Run it after a change of the contract; a style test compares the two.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")"
out="$(realpath "${1:-src/dnc/contract.binpb}")"
cd ../../proto
protoc --include_imports --descriptor_set_out="$out" dnc/v1/error_reason.proto \
  dnc/v1/list_service.proto dnc/v1/registry_service.proto dnc/v1/scrub_service.proto \
  google/rpc/error_details.proto google/rpc/status.proto
