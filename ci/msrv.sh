#!/usr/bin/env bash
# The oldest Rust that is promised compiles it without a warning, and all tests pass there. Not part of
# `.ci/run`, which runs where that Rust cannot be had; there, clippy's incompatible_msrv sees std functions
# that are too new, in tests as well, but not syntax, and not how long a temporary lives.
#
# It is rustup's, or whatever MSRV_RUSTC names. (Debian 12 has had 1.85 as `rustc-web`.)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
rustc=${MSRV_RUSTC:-$(rustup which --toolchain "$version" rustc 2>/dev/null || true)}
found=$(${rustc:+"$rustc" --version} 2>/dev/null || true)
if [[ $found != "rustc $version."* ]]; then
    echo "msrv: SKIPPED: Rust $version is needed, found ${found:-none}: rustup toolchain install $version --profile minimal" >&2
    [[ -z ${CI:-} ]]
    exit
fi
echo "$found"
# A target directory of its own: the two compilers would throw away each other's work.
export RUSTC=$rustc RUSTFLAGS="${RUSTFLAGS:-} -D warnings" CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/msrv"
# Not the benchmark, which is not published: one of those that circular is compared with needs a newer one.
# Nor what is in the documentation, which needs a rustdoc of the same version, and is no test of its own.
cargo test --workspace --exclude circular-bench --all-features --lib --bins --tests --examples "$@"
