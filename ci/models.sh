#!/usr/bin/env bash
# The models: loom runs the ring's real code through every schedule up to each model's bound of preemptions, or up to
# the one that is given, `ci/models.sh 2`, at which one model does not see all that it must see.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source ci/progress.sh
if (($# > 0)); then export LOOM_MAX_PREEMPTIONS=$1; fi
# A target directory of its own: `--cfg loom` builds everything anew.
export RUSTFLAGS="--cfg loom" CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/loom"
binary=$(cargo test --release -p circular-core --lib --no-run --message-format json-render-diagnostics |
    sed -n 's/.*"executable":"\([^"]*\)".*/\1/p')

# check MODEL: says what was checked, or all there is to say if it failed.
check() {
    local output
    output=$("$binary" --exact "$1" --nocapture 2>&1) || {
        printf '%s\n' "$output"
        return 1
    }
    grep '^checked ' <<<"$output"
}
export -f check
export binary

# Each in a process of its own: in one, they wait for each other's memory most of the time.
models=$("$binary" --list | sed -n 's/^\(.*::loom_.*\): test$/\1/p')
progress_begin "$(wc -l <<<"$models")" models
progress_show "0 of $progress_total" "the longest takes two minutes"
# A line for each that is done; more only where one fails.
xargs -n 1 -P "$(nproc)" bash -c 'check "$1"' check <<<"$models" |
    while IFS= read -r line; do
        progress_clear
        printf '%s\n' "$line"
        if [[ $line == "checked "* ]]; then progress_step "${line#checked }"; fi
    done
progress_clear
echo "$(wc -l <<<"$models") models passed"
