#!/usr/bin/env bash
# Installs the cargo tools that the checks need, in the versions that they were written against. What is
# there in that version is left alone. With names, only those: `ci/tools.sh cargo-deny`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Name, version, further arguments.
readonly TOOLS="
cargo-deny 0.20.2
cargo-fuzz 0.13.2
cargo-hack 0.6.46
"
# Only if they are named: what is not run for every change needs them, ci/coverage.sh and ci/semver.sh.
readonly MORE="
cargo-tarpaulin 0.37.5 --no-default-features
cargo-semver-checks 0.51.0
"

# They run for seconds, so what counts is how long they take to build: what is thorough and slow in their
# release profiles is taken back.
export CARGO_PROFILE_RELEASE_LTO=off
export CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16
export CARGO_PROFILE_RELEASE_OPT_LEVEL=1
export CARGO_PROFILE_RELEASE_DEBUG=false
# What they have in common is built once.
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/tools"

while read -r name version arguments; do
    [[ -n $name ]] || continue
    [[ $# == 0 || " $* " == *" $name "* ]] || continue
    if [[ "$(cargo "${name#cargo-}" --version 2>/dev/null)" == *" $version" ]]; then
        echo "$name $version is there"
        continue
    fi
    echo "$name $version: installing"
    began=$SECONDS
    read -ra more <<<"$arguments"
    # No standard input, which is the table's.
    cargo install --quiet --locked --force "$name@$version" "${more[@]}" </dev/null
    echo "$name $version: installed in $((SECONDS - began)) s"
done <<<"$TOOLS${*:+$MORE}"
# Hundreds of MiB that nobody needs any more.
rm -rf "$CARGO_TARGET_DIR"
