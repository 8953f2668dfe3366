#!/usr/bin/env bash
# The dependencies: their licences, that none is there in two versions, and that all are from crates.io.
#
# And the vulnerabilities that are known, if a database of them is at hand: one that `cargo deny fetch`
# has put into its usual place, or into another one that ADVISORY_DB names.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if ! command -v cargo-deny >/dev/null; then
    echo "deny: cargo-deny is needed: ci/tools.sh" >&2
    exit 1
fi

cargo deny --locked check --hide-inclusion-graph licenses bans sources

# The one check that CI may go without: it needs the database, which not every machine can fetch.
databases=${ADVISORY_DB:-${CARGO_HOME:-$HOME/.cargo}/advisory-dbs}
if ! compgen -G "$databases/advisory-db-*/crates" >/dev/null; then
    if [[ -n ${ADVISORY_DB:-} ]]; then
        echo "deny: no database in ADVISORY_DB=$ADVISORY_DB" >&2
        exit 1
    fi
    echo "deny: SKIPPED: the known vulnerabilities, as there is no database in $databases" >&2
    exit 0
fi
config=$(mktemp)
trap 'rm -f "$config"' EXIT
sed "s|^\[advisories\]|&\ndb-path = '$databases'|" deny.toml >"$config"
cargo deny --locked --offline --config "$config" check advisories
