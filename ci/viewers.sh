#!/usr/bin/env bash
# What a hundred viewers and floods of connections do to a program that logs, with its figures; the
# seconds that each load takes can be given (30). Not part of `.ci/run`: figures say something on a
# machine that does nothing else.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# Ten thousand connections are as many open files.
ulimit -n "$(ulimit -Hn)"
cargo run --release -p circular-http --example viewers -- "${1:-30}"
