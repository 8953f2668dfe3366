#!/usr/bin/env bash
# How long the ring's lock is held, in CPU time, by the place in the source that took it: a table. Builds
# circular-core as it was last committed, or that of the commit that is named, with an instrumented lock. Not part of
# .ci/run: it is for a quiet machine. The last figures are in TESTING.md.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly COMMIT=${1:-HEAD}
parts=$PWD/ci/lock_hold
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

git archive "$COMMIT" | tar -xf - -C "$dir"
source_of() { (cd "$dir" && find circular-core/src -name "$1"); }
# The lock itself. A commit whose lock is another one needs a patch of its own.
patch=${2:-$parts/instrument.patch}
sed "s|circular-core/src/[a-z/]*sync\.rs|$(source_of sync.rs)|g" "$patch" >"$dir/instrument.patch"
GIT_CEILING_DIRECTORIES=$dir git -C "$dir" apply --whitespace=nowarn instrument.patch
# Whoever asks there for the lock is the place that took it.
sed -i 's/^    pub(crate) fn lock(&self) -> Option</    #[track_caller]\n&/' "$dir/$(source_of shared.rs)"
grep -q track_caller "$dir/$(source_of shared.rs)" || { echo "lock_hold: Shared::lock is not where it was" >&2; exit 1; }
cp "$parts/lock_hold.rs" "$dir/circular-core/src/lock_hold.rs"
printf '\n#[doc(hidden)]\npub mod lock_hold;\n' >>"$dir/circular-core/src/lib.rs"
mkdir -p "$dir/circular-core/examples"
cp "$parts/workload.rs" "$dir/circular-core/examples/lock_hold.rs"
cd "$dir"
cargo run --quiet --release -p circular-core --example lock_hold
