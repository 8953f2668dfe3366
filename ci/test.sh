#!/usr/bin/env bash
# Runs the test command that the README gives, as it stands there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

command=$(sed -n 's/^cargo test.*/&/p' README.md)
if [[ $(grep -c . <<<"$command") != 1 ]]; then
    printf 'README.md must have one line that begins with "cargo test"; it has:\n%s\n' "$command" >&2
    exit 1
fi
echo "$ $command"
read -ra words <<<"$command"
"${words[@]}"
