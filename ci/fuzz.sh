#!/usr/bin/env bash
# The fuzz targets, each for so many seconds as are given (or FUZZ_SECONDS; 30 by default), from the inputs that are kept in fuzz/corpus. What a
# run comes upon goes to a copy, so the checkout stays as it is, but for a finding in fuzz/artifacts.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source ci/progress.sh

readonly SECONDS_EACH=${1:-${FUZZ_SECONDS:-30}}
# No input needs a hundredth of either.
readonly LIMITS=(-timeout=10 -rss_limit_mb=1024)
# What is fuzzed has bounds and overflow checks in it, and no unsafe code to speak of: a sanitizer would
# find nothing more, and take several times as long.
readonly BUILD=(--sanitizer none)

fail() {
    echo "fuzz: $*" >&2
    exit 1
}

rustup run nightly cargo --version >/dev/null 2>&1 ||
    fail "a nightly Rust is needed: rustup toolchain install nightly --profile minimal"
cargo fuzz --version >/dev/null 2>&1 ||
    fail "cargo-fuzz is needed: cargo install --locked cargo-fuzz"

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

cargo +nightly fuzz build "${BUILD[@]}"
total=0
targets=$(cargo +nightly fuzz list)
for target in $targets; do
    cp -R "fuzz/corpus/$target" "$dir/$target"
    log=$dir/$target.log
    # What it says goes to the log; what is shown meanwhile does not.
    run() {
        cargo +nightly fuzz run "${BUILD[@]}" "$target" "$dir/$target" -- \
            -max_total_time="$SECONDS_EACH" "${LIMITS[@]}" -print_final_stats=1 >"$log" 2>&1
    }
    if ! progress_wait "fuzz: $target" "$SECONDS_EACH" run; then
        grep -a -A 4 'panicked at\|^==.*ERROR' "$log" >&2 || true
        sed -n '/^Failing input/,/^Reproduce/p' "$log" >&2
        input=$(sed -n 's/.*Test unit written to //p' "$log")
        fail "$target: a finding. The input is ${input:-not there, see above}; to see it again:
    cargo +nightly fuzz run ${BUILD[*]} $target $input"
    fi
    executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    total=$((total + executions))
    echo "$target: $executions executions in $SECONDS_EACH s, nothing found"
done
echo "in all: $total executions"
