#!/usr/bin/env bash
# No warnings, from the compiler or from clippy. They are errors here and not in the sources, so
# that a new compiler breaks nobody's build.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cargo clippy --workspace --all-targets --all-features -- -D warnings
