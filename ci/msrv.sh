#!/usr/bin/env bash
# The oldest Rust that is promised compiles it. Not part of `.ci/run`, which runs where that Rust cannot
# be had; there, clippy's incompatible_msrv sees std functions that are too new, but not syntax.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
if ! rustup run "$version" cargo --version; then
    echo "msrv: Rust $version is needed: rustup toolchain install $version --profile minimal" >&2
    exit 1
fi
# Not the benchmark, which is not published: one of those that circular is compared with needs a newer one.
# A target directory of its own: the two compilers would throw away each other's work.
CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/msrv" \
    rustup run "$version" cargo check --workspace --exclude circular-bench --all-features
