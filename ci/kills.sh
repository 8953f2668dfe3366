#!/usr/bin/env bash
# What is left of a ring in a file: its program killed so many times (1000 by default) by SIGKILL, and a tenth of that each by
# abort, stack overflow, SIGSEGV, and the system when memory is out; then copies of it under writes, followers, and many
# starts at once, as many as go with that. It prints its seed first; KILLS_SEED gives one. For Linux.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cargo run --release -p circular-core --example kills -- all "${1:-1000}" ${KILLS_SEED:+"$KILLS_SEED"}
