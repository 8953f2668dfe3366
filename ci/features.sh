#!/usr/bin/env bash
# Each library compiles by itself without features, and with each of its features alone. In the
# workspace as a whole, one crate's features would hide what another one lacks. What circular-http and
# circular-view can be without is tested without it, and so is the page of `circular`.
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
# Who looks at rings from a shell needs neither a server nor a runtime, and is told how to get one.
needs() {
    cargo tree --package circular-cli --edges normal --prefix none "$@" | sed -nE 's/^(axum|hyper|tokio) .*/\1/p' | sort -u
}
if [[ -n $(needs) ]]; then
    echo "features: circular-cli needs what a server needs: $(needs | paste -sd ' ')" >&2
    exit 1
fi
cargo test --quiet --package circular-cli --test without_serve
# With the page in it it has its server, which shows that this can be seen; and no other.
if [[ $(needs --features serve | paste -sd ' ') != "hyper tokio" ]]; then
    echo "features: circular-cli with its page is to have hyper and tokio: $(needs --features serve | paste -sd ' ')" >&2
    exit 1
fi
