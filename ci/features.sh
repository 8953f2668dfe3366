#!/usr/bin/env bash
# Each crate compiles by itself without features, and with each of its features alone. In the
# workspace as a whole, one crate's features would hide what another one lacks.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# The names in the [features] section of a manifest.
features_of() {
    sed -n '/^\[features\]/,/^\[/ s/^\([A-Za-z0-9_-]*\) *=.*/\1/p' "$1"
}

for manifest in circular-*/Cargo.toml; do
    crate=$(dirname "$manifest")
    echo "$crate, no features"
    cargo clippy --quiet -p "$crate" --no-default-features -- -D warnings
    for feature in $(features_of "$manifest"); do
        echo "$crate, $feature"
        cargo clippy --quiet -p "$crate" --no-default-features --features "$feature" -- -D warnings
    done
done
