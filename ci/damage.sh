#!/usr/bin/env bash
# The file of a small ring with each of its bits flipped (of META, one of each byte), and cut to each length (within META,
# some): all that the tests take a sample of in a debug build. Nothing panics, everything comes to an end, and no record is made up.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cargo test --release -p circular-core --lib damaged_file
