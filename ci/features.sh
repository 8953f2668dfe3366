#!/usr/bin/env bash
# Each library compiles by itself without features, and with each of its features alone. In the
# workspace as a whole, one crate's features would hide what another one lacks. What circular-http and
# circular-view can be without is tested without it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if ! command -v cargo-hack >/dev/null; then
    echo "features: cargo-hack is needed: ci/tools.sh" >&2
    exit 1
fi
cargo hack clippy --quiet --workspace --exclude examples --exclude circular-bench --each-feature -- -D warnings
for features in "" regex router; do
    cargo clippy --quiet --package circular-http --no-default-features --features "$features" --all-targets -- -D warnings
done
cargo test --quiet --package circular-http --no-default-features --lib --test http
cargo test --quiet --package circular-view --no-default-features
# Who looks at rings from a shell needs neither a server nor a runtime.
if cargo tree --package circular-cli --edges normal --prefix none | grep -E '^(axum|hyper|tokio) '; then
    echo "features: circular-cli needs what a server needs" >&2
    exit 1
fi
