#!/usr/bin/env bash
# The versions in Cargo.toml are as low as they say: the libraries compile with the oldest ones that it
# allows of what they depend on themselves, and tests of theirs pass. In a copy, so that Cargo.lock
# stays as it is. Choosing those versions needs a nightly Rust; the rest does not.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if ! cargo +nightly --version >/dev/null 2>&1; then
    echo "minimal: SKIPPED: a nightly Rust is needed: rustup toolchain install nightly --profile minimal" >&2
    [[ -z ${CI:-} ]]
    exit
fi

# A target directory of its own, and one that stays.
target=${CARGO_TARGET_DIR:-target}/minimal
mkdir -p "$target"
target=$(realpath "$target")
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
tar c --exclude target --exclude circular-bench Cargo.toml Cargo.lock circular-* | tar x -C "$copy"
cd "$copy"
# Not the examples and not the benchmark, which are not published: what their dependencies need is nobody's
# minimum. Nor the benches, which need more than what they measure does. And circular-http in a workspace of
# its own, as a user has it: what axum and tokio need is not the minimum of a crate that does without them.
sed -i '/^divan/d' circular-*/Cargo.toml
# For the same reason `circular` is without its page here.
sed -i '/^serve = /d; /^circular-http = /d' circular-cli/Cargo.toml
mkdir http
mv circular-http http
sed 's|path = "circular-[a-z]*", ||; s/^members = .*/members = ["circular-http"]/' Cargo.toml >http/Cargo.toml
{
    echo "[patch.crates-io]"
    for crate in circular-*; do echo "$crate = { path = \"../$crate\" }"; done
} >>http/Cargo.toml
cp Cargo.lock http
sed -i 's/^members = .*/members = ["circular-*"]/' Cargo.toml

export CARGO_TARGET_DIR=$target
check() {
    cargo +nightly update --quiet -Z direct-minimal-versions
    cargo check --workspace --all-features --tests
    cargo test --quiet --all-features "$@"
}
check --package circular-log --package circular-tracing --package circular-view
cd http
check --package circular-http --lib
