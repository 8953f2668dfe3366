#!/usr/bin/env bash
# The soak: everything at once, with every record checked, for so many seconds as are given (or SOAK_SECONDS; 60 by default). It prints
# its seed first and its figures at the end.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cargo run --release -p circular-core --example soak -- "${1:-${SOAK_SECONDS:-60}}" ${SOAK_SEED:+"$SOAK_SEED"}
