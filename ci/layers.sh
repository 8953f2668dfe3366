#!/usr/bin/env bash
# Imports run down. In each library no modules import each other, not even over others, and nothing is imported
# through lib.rs; where there are rooms, one imports only from itself and from those below it. `ci/layers.sh DIR` looks
# at one directory of sources, with the rooms of circular-core.
#
# It reads paths that begin with `crate` or `super`, wherever they stand. What it does not see is a call of a method
# that a file above adds to a type from below, as `sink/failure.rs` does to `Shared`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# From the top down; what each is for stands in ARCHITECTURE.md.
readonly CORE="adapter dump api sink read ring crash tape file memory select format redact record text time sys error"
readonly HTTP="router serve site viewer"
readonly CLI="commands show serve run output args handed find failure"

# imports DIR: a line for each import between two modules of DIR: which file, from where, to where. Tests beside the
# code may import from above; they are the end of a file. So may those below `tests`, and the doors of the fuzz targets.
imports() {
    local dir=$1 files
    files=$(cd "$dir" && find . -name '*.rs' ! -path '*/tests/*' ! -path './fuzzing/*' ! -name tests.rs ! -name lib.rs ! -name main.rs ! -name fuzzing.rs |
        sed 's|^\./||' | LC_ALL=C sort)
    (cd "$dir" && awk -v files="$files" '
        function module(file) {
            sub(/\.rs$/, "", file)
            sub(/\/mod$/, "", file)
            gsub(/\//, "::", file)
            return file
        }
        # The module that defines what the path means: the longest beginning that is a file. What is none is
        # taken from the face of the crate.
        function target(path) {
            gsub(/[ \t]/, "", path)
            sub(/::self$/, "", path)
            while (path != "" && !(path in modules))
                if (!sub(/::[^:]*$/, "", path)) path = ""
            return path
        }
        function tell(path,    to, from) {
            to = target(path)
            # Whatever is defined in no module is in lib.rs, or has a second name there.
            if (to == "") to = "lib.rs"
            from = module(FILENAME)
            if (to != from) print FILENAME, from, to
        }
        function refuse(what) { print FILENAME, module(FILENAME), "?", what }
        # Paths in braces, one by one.
        function expand(prefix, tree,    i, c, depth, part) {
            if (!match(tree, /\{/)) {
                sub(/ as .*/, "", tree)
                tell(prefix tree)
                return
            }
            prefix = prefix substr(tree, 1, RSTART - 1)
            tree = substr(tree, RSTART + 1, length(tree) - RSTART - 1)
            for (i = 1; i <= length(tree); i++) {
                c = substr(tree, i, 1)
                if (c == "{") depth++
                if (c == "}") depth--
                if (c == "," && depth == 0) {
                    if (part != "") expand(prefix, part)
                    part = ""
                } else if (c != " " || part ~ / as$/ || part ~ / as /) part = part c
                else if (part != "") part = part c
            }
            gsub(/^ +| +$/, "", part)
            if (part != "") expand(prefix, part)
        }
        # What `super`, `self` and the name of a detail mean here.
        function absolute(path,    here, first) {
            gsub(/[ \t]+/, " ", path)
            here = module(FILENAME)
            first = path
            sub(/::.*/, "", first)
            if ((here "::" first) in modules) return here "::" path
            sub(/^\$?crate::/, "crate::", path)
            # In a module within the file, that is the file.
            if (within) sub(/^super::/, "self::", path)
            if (path ~ /^crate::/) return substr(path, 8)
            if (path ~ /^self::/) return here "::" substr(path, 7)
            if (path !~ /^super::/) return ""
            while (sub(/^super::/, "", path))
                if (!sub(/::[^:]*$/, "", here)) here = ""
            return (here == "" ? "" : here "::") path
        }
        BEGIN {
            count = split(files, list, "\n")
            for (i = 1; i <= count; i++) modules[module(list[i])] = 1
        }
        FNR == 1 { over = within = is_test = 0; use = "" }
        # Tests, to their end.
        over { if (/^}/) over = 0; next }
        { gsub(/"([^"\\]|\\.)*"/, "\"\""); sub(/\/\/.*/, "") }
        /^#\[cfg\((all\()?test/ { is_test = 1; next }
        is_test && /^(pub(\(crate\))? )?mod / { over = /\{/ && !/}/; is_test = 0; next }
        /^ *mod tests;/ { refuse("`mod tests` is not for tests only") }
        /#\[path/ { refuse("#[path] makes a module of another file") }
        /use (crate|super|self) as / { refuse("a second name for the crate or for a module") }
        { is_test = 0 }
        /^(pub(\([a-z]+\))? )?mod [a-z_0-9]+ \{/ { within = 1 }
        /^}/ { within = 0 }
        use != "" || /^[ \t]*(pub(\([a-z]+\))? )?use [$a-z_]+::/ {
            use = use " " $0
            if (!/;/) next
            sub(/^ *(pub(\([a-z]+\))? )?use /, "", use)
            gsub(/[ \t]+/, " ", use)
            sub(/;.*/, "", use)
            use = absolute(use)
            # Not from other crates.
            if (use != "") expand("", use)
            use = ""
            next
        }
        {
            rest = $0
            while (match(rest, /(^|[^A-Za-z_:])(crate|super)::[A-Za-z_0-9:]+/)) {
                path = substr(rest, RSTART, RLENGTH)
                sub(/^[^a-z]*/, "", path)
                path = absolute(path)
                if (path != "") tell(path)
                rest = substr(rest, RSTART + RLENGTH)
            }
        }
    ' $files)
}

# check DIR [ROOMS]: says which imports of DIR should not be there, and fails if there are any.
check() {
    local dir=$1 rooms=${2:-} found up circles
    found=$(imports "$dir")
    up=$(awk -v rooms="$rooms" '
        function room(module) { sub(/::.*/, "", module); return module }
        BEGIN { count = split(rooms, list, " "); for (i = 1; i <= count; i++) rank[list[i]] = i }
        $3 == "?" { $2 = $3 = ""; print; next }
        $3 == "lib.rs" { print $1 " imports through lib.rs: name the module that defines it"; next }
        count == 0 { next }
        !(room($2) in rank) { print $1 " is in no room that ci/layers.sh knows"; next }
        !(room($3) in rank) { print $1 " imports from " $3 ", which is in no room that ci/layers.sh knows"; next }
        rank[room($3)] < rank[room($2)] { print $1 " imports from " $3 ": " room($3) " is above " room($2) }
    ' <<<"$found" | sort -u)
    # A file and its details, in the folder of the same name, count one by one.
    circles=$(awk '$3 != "lib.rs" && $3 != "?" { print $2, $3 }' <<<"$found" | tsort 2>&1 >/dev/null | sed 's/^tsort: //') || true
    if [[ -n $up$circles ]]; then
        echo "layers: in $dir, imports that do not run down:" >&2
        [[ -z $up ]] || sed 's/^/    /' <<<"$up" >&2
        [[ -z $circles ]] || sed 's/^/    /' <<<"$circles" >&2
        return 1
    fi
    echo "$dir: $(wc -l <<<"$found") imports between modules, none runs up"
}

if [[ $# -gt 0 ]]; then
    check "$1" "$CORE"
    exit
fi
failed=0
check circular-core/src "$CORE" || failed=1
check circular-http/src "$HTTP" || failed=1
check circular-cli/src "$CLI" || failed=1
for library in circular-tracing circular-log circular-view; do
    check "$library/src" || failed=1
done

# The check can fail: imports that run up, a circle, the face of the crate, in each form that they can have.
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# planted FILE LINE: whether the check finds that line in a copy of circular-core.
planted() {
    rm -rf "$dir/src"
    cp -R circular-core/src "$dir/src"
    sed -i "0,/^use /s//$2\nuse /" "$dir/src/$1"
    if check "$dir/src" "$CORE" >/dev/null 2>&1; then
        echo "layers: did not find \`$2\` in $1" >&2
        failed=1
    fi
}
if [[ $failed == 0 ]]; then
    planted memory/storage.rs 'use crate::api::ring::Ring;'
    planted memory/copy.rs 'use crate::memory::{storage::Storage, heap};'
    planted tape/index.rs 'use crate::Level;'
    planted tape/index.rs 'use crate::redact_keys as hide;'
    planted dump/file/names.rs 'use super::super::file::{DumpFile, dir::DumpDir};'
    planted memory/storage.rs 'fn planted(ring: \&super::super::api::ring::Ring) {}'
    planted memory/storage.rs 'fn planted() {\n    use super::super::api::ring::Ring;\n}'
    planted memory/storage.rs '#[cfg(test)]\nmod before {\n}\nuse crate::api::ring::Ring;'
    planted memory/storage.rs 'const URL: \&str = "\/\/"; use crate::api::ring::Ring;'
    planted memory/storage.rs '#[path = "..\/api\/ring.rs"]\nmod planted;'
    planted memory/storage.rs 'use crate as all;'
fi
exit "$failed"
