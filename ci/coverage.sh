#!/usr/bin/env bash
# How many lines of each library the tests reach; below FLOOR percent it fails. It lists the lines that
# none reaches; TESTING.md says why for each.
#
# Not counted: tests, examples, and what is compiled for the models or the fuzz targets only. Documentation
# tests are not run: what nothing but an example in the documentation reaches counts as not reached.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source ci/progress.sh

readonly FLOOR=95
readonly LIBRARIES=(circular-cli circular-core circular-http circular-log circular-tracing circular-view)
# Minutes each, when every line is counted, and they reach no line that others do not: they repeat what
# the others do, a million times. ci/test.sh runs them.
readonly SLOW=(
    a_million_rounds_of_one_byte_and_a_flush
    every_lossless_reader_gets_every_record_and_all_get_the_same
    ten_million_records_are_delivered_or_missed
)

if ! command -v cargo-tarpaulin >/dev/null; then
    echo "coverage: cargo-tarpaulin is needed: ci/tools.sh cargo-tarpaulin" >&2
    exit 1
fi

# A target directory of its own: the lines are counted by code that the compiler adds.
dir=${CARGO_TARGET_DIR:-target}/coverage
mkdir -p "$dir"

# What a browser asks for, others ask for as well, and faster.
export CIRCULAR_NO_BROWSER=1

arguments=()
for library in "${LIBRARIES[@]}"; do arguments+=(--packages "$library"); done
skipped=()
for name in "${SLOW[@]}"; do skipped+=(--skip "$name"); done
# Many tests run their own binary again, as a child: its lines count. The compiler's counters, not
# breakpoints, under which those children crash.
run() {
    cargo tarpaulin --engine llvm --follow-exec --locked --all-features "${arguments[@]}" \
        --include-files 'circular-*/src/*' --exclude-files 'circular-*/src/tests/*' 'circular-*/src/fuzzing.rs' \
        --timeout 300 --skip-clean --target-dir "$dir" --out Lcov --output-dir "$dir" \
        -- "${skipped[@]}" >"$dir/log" 2>&1
}
if ! progress_wait coverage 120 run; then
    tail -n 50 "$dir/log" | cut -c 1-500 >&2
    echo "coverage: a test failed; all that was said is in $dir/log" >&2
    exit 1
fi

# SF:<path>, then DA:<line>,<times> for each of its lines.
awk -F '[:,]' -v root="$PWD/" -v libraries="${LIBRARIES[*]}" -v floor="$FLOOR" '
    function end_of_run() {
        if (first) uncovered = uncovered " " (first == last ? first : first "-" last)
        first = 0
    }
    /^SF:/ {
        file = substr($0, 4)
        if (index(file, root) == 1) file = substr(file, length(root) + 1)
        library = file
        sub("/.*", "", library)
        uncovered = ""
    }
    /^DA:/ {
        total[library]++
        if ($3 > 0) {
            covered[library]++
            end_of_run()
        } else {
            if (!first) first = $2
            last = $2
        }
    }
    /^end_of_record/ {
        end_of_run()
        # Other tools keep copies of the sources in target.
        if (uncovered && index(" " libraries " ", " " library " ")) print "not reached: " file ":" uncovered
    }
    END {
        count = split(libraries, names, " ")
        for (i = 1; i <= count; i++) {
            name = names[i]
            percent = total[name] ? 100 * covered[name] / total[name] : 0
            printf "%s: %d of %d lines, %.1f %%\n", name, covered[name], total[name], percent
            if (percent < floor) failed = failed " " name
        }
        if (failed) {
            fflush()
            print "coverage: below " floor " %:" failed > "/dev/stderr"
            exit 1
        }
    }
' "$dir/lcov.info"
