#!/usr/bin/env bash
# What a hundred viewers and floods of connections do to a program that logs, with its figures; the
# seconds that each load takes can be given (30), and the profile to build with (release). The figures say
# something on a machine that does nothing else. `.ci/run` wants only what must be true anyway: that every
# viewer's received and missed records are what was written, that those that never read are dropped and
# counted, and that the log is there, and written, during a flood.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# Ten thousand connections are as many open files.
ulimit -n "$(ulimit -Hn)"
profile=${2:-release}
# As the tests are built, which have it built already.
cargo build --profile "$profile" --workspace --all-features --example viewers
target=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
"$target/${profile/#dev/debug}/examples/viewers" "${1:-30}"
