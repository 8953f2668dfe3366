#!/usr/bin/env bash
# No warnings, from the compiler or from clippy. They are errors here and not in the sources, so
# that a new compiler breaks nobody's build.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cargo clippy --workspace --all-targets --all-features -- -D warnings
# The fuzz targets are a workspace of their own, and would be found not to compile only after a quarter of an
# hour. They see a module that is there for them alone.
RUSTFLAGS="${RUSTFLAGS:-} --cfg fuzzing" CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/fuzz-clippy" \
    cargo clippy --manifest-path fuzz/Cargo.toml -- -D warnings
