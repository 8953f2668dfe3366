#!/usr/bin/env bash
# What would be published can be: cargo packs each crate that is not `publish = false`, in the order in which they
# need each other, and compiles it from its package alone. It uploads nothing and needs no account.
#
# Each package has both licences, as they are here, and a README whose links do not lead into this repository; and
# nothing that only tests need.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source ci/progress.sh

fail() {
    echo "publish: $*" >&2
    exit 1
}

crates=$(cargo metadata --format-version 1 --no-deps --locked | python3 -c '
import json, sys
for package in json.load(sys.stdin)["packages"]:
    if package["publish"] != []:
        print(package["name"], package["version"])')

dir=${CARGO_TARGET_DIR:-target}/publish
# A crate that was changed has the version that it had, by which cargo knows what it has compiled.
rm -rf "$dir"
mkdir -p "$dir"
# As it is, changes included: whether the checkout is clean is asked at the release itself. What is left out, cargo
# says in a line for each file.
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# And what it has unpacked, which is in its home: so that is new too. What came from the network is shared.
home=$(realpath "$dir")/home
shared=${CARGO_HOME:-$HOME/.cargo}
mkdir -p "$home/registry" "$shared/registry/index" "$shared/registry/cache"
ln -s "$shared/registry/index" "$shared/registry/cache" "$home/registry/"
for file in config.toml config; do
    if [[ -f $shared/$file ]]; then ln -s "$shared/$file" "$home/"; fi
done
run() {
    CARGO_HOME=$home cargo publish --dry-run --workspace --locked --allow-dirty --target-dir "$dir" >"$log" 2>&1
}
if ! progress_wait publish 100 run; then
    cat "$log" >&2
    fail "cargo would not publish it"
fi
grep -v '^warning: ignoring \|^warning: aborting upload\|^ *\(Compiling\|Downloading\|Downloaded\|Uploading\|Packaging\|Verifying\) ' "$log" || true

while read -r name version; do
    # cargo leaves them where it verified them.
    package=$(find "$dir/package" -name "$name-$version.crate" | head -n 1)
    [[ -n $package ]] || fail "there is no package of $name"
    files=$(tar -tzf "$package")
    for file in LICENSE-MIT LICENSE-APACHE; do
        tar -xzOf "$package" "$name-$version/$file" 2>/dev/null | cmp --quiet - "$file" ||
            fail "$name has no $file, or not the text of the one here: cp $file $name/"
    done
    readme=$(tar -xzOf "$package" "$name-$version/README.md" 2>/dev/null) || fail "$name has no README.md"
    # Elsewhere than in this repository, such a link leads nowhere.
    if grep -n ']([^)]*)' <<<"$readme" | grep -v '](https://'; then fail "$name/README.md: a link that is not whole"; fi
    if grep -E "^$name-$version/(tests|benches|examples)/" <<<"$files"; then
        fail "$name: these are not for its users: see \`include\` in its Cargo.toml"
    fi
    echo "$name $version: $(wc -l <<<"$files") files, $(($(wc -c <"$package") / 1024)) KiB"
done <<<"$crates"
