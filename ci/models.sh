#!/usr/bin/env bash
# The models: loom runs the ring's real code through every schedule up to each model's bound of preemptions. With
# `quick` the three that take longest stop at 2. Any other bound can be given for all of them, `ci/models.sh 2`, at which
# one model does not see all that it must see.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source ci/progress.sh

# More than half of the time of all; there are 56.
readonly LONGEST=(
    loom_a_reader_that_resumes_is_told_what_is_gone
    loom_no_record_stands_between_two_parts
    loom_two_lossless_readers_both_get_every_record
)

long_bound=
case ${1:-} in
'') ;;
quick) long_bound=2 ;;
*) export LOOM_MAX_PREEMPTIONS=$1 ;;
esac

# A target directory of its own: `--cfg loom` builds everything anew.
export RUSTFLAGS="--cfg loom" CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/loom"
binary=$(cargo test --release -p circular-core --lib --no-run --message-format json-render-diagnostics |
    sed -n 's/.*"executable":"\([^"]*\)".*/\1/p')

# check MODEL: says what was checked, or all there is to say if it failed.
check() {
    local output
    if [[ -n $long_bound && " $longest " == *" ${1##*::} "* ]]; then export LOOM_MAX_PREEMPTIONS=$long_bound; fi
    output=$("$binary" --exact "$1" --nocapture 2>&1) || {
        printf '%s\n' "$output"
        return 1
    }
    grep '^checked ' <<<"$output"
}
export -f check
export binary long_bound longest="${LONGEST[*]}"

# Each in a process of its own: in one, they wait for each other's memory most of the time.
models=$("$binary" --list | sed -n 's/^\(.*::loom_.*\): test$/\1/p')
for name in "${LONGEST[@]}"; do
    if [[ "$models " != *"::$name"[[:space:]]* ]]; then
        echo "models: there is no model $name any more: see LONGEST in ci/models.sh" >&2
        exit 1
    fi
done
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
