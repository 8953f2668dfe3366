#!/usr/bin/env bash
# A writer of a ring in a file is stopped after each of its instructions, and what a kill would leave there is recovered and
# compared: so many different images as are given (100000 by default; or EVERY_INSTRUCTION_IMAGES). It prints its seed first and its
# figures at the end. With EVERY_INSTRUCTION_SEED it is the same run again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cargo run --release -p circular-core --example every_instruction -- \
    "${1:-${EVERY_INSTRUCTION_IMAGES:-100000}}" ${EVERY_INSTRUCTION_SEED:+"$EVERY_INSTRUCTION_SEED"}
