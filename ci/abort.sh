#!/usr/bin/env bash
# With `panic = "abort"` the dump must be whole before the process is gone, and the process must end as it
# would have: by SIGABRT. So must be the file of a reader that the hook was told to wait for. And on Linux a stack overflow leaves
# the text of a ring on the heap, in a build as a user's is: its frames are larger than those of our own tests.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# A program of its own: every dependency is built once more for this, and the examples have ten times as many.
root=$PWD
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
target=$(mkdir -p "${CARGO_TARGET_DIR:-target}/abort" && realpath "${CARGO_TARGET_DIR:-target}/abort")
mkdir "$dir/project"
cp Cargo.lock "$dir/project/"
cat >"$dir/project/Cargo.toml" <<END
[package]
name = "aborting"
edition = "2024"

[[bin]]
name = "panic_dump"
path = "$root/examples/panic_dump.rs"

[[bin]]
name = "aborts"
path = "$root/circular-core/examples/aborts.rs"

[[bin]]
name = "overflows"
path = "overflows.rs"

[dependencies]
circular-core = { path = "$root/circular-core" }
circular-tracing = { path = "$root/circular-tracing" }
tracing = "0.1"
tracing-subscriber = { version = "0.3", default-features = false, features = ["registry", "std"] }

[profile.dev]
panic = "abort"

[workspace]
END
cat >"$dir/project/overflows.rs" <<'END'
use std::io::Write;

fn overflow(depth: u64) -> u64 {
    let frame = std::hint::black_box([depth; 64]);
    if depth == u64::MAX { 0 } else { overflow(depth + 1) + frame[3] }
}

fn main() {
    let ring = circular_core::Ring::builder().capacity(1 << 20).crash_note(true);
    let mut ring = ring.build().expect("a file for the text of a crash");
    for number in 0..30_000 {
        writeln!(ring, "line {number}").expect("the ring is open");
    }
    overflow(0);
}
END
CARGO_TARGET_DIR=$target cargo build --manifest-path "$dir/project/Cargo.toml"

fail() {
    echo "abort: $*" >&2
    exit 1
}

code=0
(
    ulimit -c 0
    "$target/debug/panic_dump" "$dir" 2>"$dir/stderr"
) || code=$?
cat "$dir/stderr"
[[ $code == 134 ]] || fail "exit status $code instead of that of SIGABRT"
dumps=("$dir"/panic_dump-*.log)
[[ ${#dumps[@]} == 1 && -f ${dumps[0]} ]] || fail "not one dump: ${dumps[*]}"
grep -q 'INFO panic_dump: started' "${dumps[0]}" || fail "the dump lacks the first line"
grep -q 'the queue is never empty' "${dumps[0]}" || fail "the dump lacks the panic"
grep -q "^circular: dumped .* to ${dumps[0]}\$" "$dir/stderr" || fail "stderr does not say where the dump is"
echo "ok: a dump with $(grep -c . "${dumps[0]}") lines, then SIGABRT"

# Whether a reader is in time if nobody waits for it is a matter of chance, so a few times.
for _ in {1..10}; do
    code=0
    (
        ulimit -c 0
        RUST_BACKTRACE=0 "$target/debug/aborts" "$dir" 2>"$dir/stderr"
    ) || code=$?
    [[ $code == 134 ]] || fail "exit status $code instead of that of SIGABRT"
    lines=$(grep -c '^line [0-9]*$' "$dir/aborts.log" || true)
    [[ $lines == 1000 ]] || fail "the reader's file has $lines of 1000 lines"
    grep -q '^the last words$' "$dir/aborts.log" || fail "the reader's file lacks the panic"
done
echo "ok: a reader's file with all lines, ten times"

if [[ $(uname) == Linux ]]; then
    mkdir "$dir/crashes"
    code=0
    (
        ulimit -c 0
        CIRCULAR_DIR=$dir/crashes "$target/debug/overflows" 2>"$dir/stderr"
    ) || code=$?
    [[ $code == 134 ]] || fail "exit status $code of a stack overflow instead of that of SIGABRT"
    grep -q 'has overflowed its stack' "$dir/stderr" || fail "a stack overflow is not told on stderr"
    texts=("$dir"/crashes/*.crash.txt)
    [[ ${#texts[@]} == 1 && -f ${texts[0]} ]] || fail "not one text of the crash: ${texts[*]}"
    [[ $(tail -n 1 "${texts[0]}") == "line 29999" ]] || fail "the text of the crash ends with: $(tail -n 1 "${texts[0]}")"
    echo "ok: a stack overflow leaves a text with $(grep -c . "${texts[0]}") lines"
fi
