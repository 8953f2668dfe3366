#!/usr/bin/env bash
# The models: loom runs the ring's real code through every schedule up to each model's bound.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# A target directory of its own: `--cfg loom` builds everything anew.
RUSTFLAGS="--cfg loom" CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/loom" \
    cargo test --release -p circular-core --lib loom_ -- --nocapture
