#!/usr/bin/env bash
# The benchmark works: a quick run, whose figures mean nothing. Nothing fails because of a time.
#
# `ci/bench.sh full` is for figures, on a machine that has nothing else to do: the plot goes to docs/bench.svg,
# the tables as markdown and everything as JSON to target/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

out=${CARGO_TARGET_DIR:-target}
mkdir -p "$out"
arguments=(--markdown --json "$out/bench.json")
case ${1:-quick} in
quick) arguments+=(--quick --svg "$out/bench.svg") ;;
full) arguments+=(--svg docs/bench.svg) ;;
*)
    echo "bench: quick or full, not $1" >&2
    exit 2
    ;;
esac
cargo run --release -p circular-bench -- "${arguments[@]}" >"$out/bench.md"
# The last table, and how many of its rows are met.
sed -n '/^### What it must show/,$p' "$out/bench.md"
