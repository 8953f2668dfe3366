#!/usr/bin/env bash
# What changed in the public interface since the newest published version, and whether the version in
# Cargo.toml says so: for releases, and not part of `.ci/run`. Until there is a published version, name a
# git revision to compare with: `ci/semver.sh HEAD~10`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if ! command -v cargo-semver-checks >/dev/null; then
    echo "semver: cargo-semver-checks is needed: ci/tools.sh cargo-semver-checks" >&2
    exit 1
fi
cargo semver-checks --workspace --exclude examples --exclude circular-bench ${1:+--baseline-rev "$1"}
