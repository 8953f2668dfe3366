#!/usr/bin/env bash
# The programs that `circular run` is tested with, as people have them: less, nano, ping, Python. As root on Debian it installs
# those that are missing; elsewhere it says which. Their tests say so when they are skipped for want of one, and fail in CI.
set -euo pipefail

missing=()
for pair in less:less nano:nano ping:iputils-ping python3:python3 script:bsdutils; do
    command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
done
if ((${#missing[@]} == 0)); then exit; fi
if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
    apt-get update -qq && apt-get install -y -qq "${missing[@]}" >/dev/null
else
    echo "programs: missing, and not installed, as this is not root on Debian: ${missing[*]}" >&2
    exit 1
fi
