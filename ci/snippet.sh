#!/usr/bin/env bash
# The README's first program, as a newcomer has it: a crate of its own beside a clone, with the dependencies that the
# README gives. It must print, record and dump. `ci/snippet.sh wine` builds it for Windows, and runs it under Wine: that
# takes Debian's packages wine64 and gcc-mingw-w64-x86-64, which are installed as root, and Rust's standard library
# for x86_64-pc-windows-gnu.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() {
    echo "snippet: $*" >&2
    exit 1
}

readonly WINDOWS=x86_64-pc-windows-gnu
root=$PWD
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
ln -s "$root" "$dir/circular"
mkdir -p "$dir/shop/src" "$dir/dumps"
{
    printf '[package]\nname = "shop"\nversion = "0.1.0"\nedition = "2024"\n\n[workspace]\n\n'
    # The first block of TOML.
    sed -n '/^```toml$/,/^```$/{/^```/d;p}' README.md
} >"$dir/shop/Cargo.toml"
# The versions that everything else is tested with.
cp Cargo.lock "$dir/shop/"
# The first program.
awk '/^```rust$/ { inside = 1; next } /^```$/ && inside { exit } inside' README.md >"$dir/shop/src/main.rs"
grep -q 'circular_tracing::recorder("shop")' "$dir/shop/src/main.rs" ||
    fail "the README's first program is not the one with a recorder"

run=()
build=(cargo build --quiet)
program=shop
if [[ ${1:-} == wine ]]; then
    packages=()
    [[ -x /usr/lib/wine/wine64 ]] || packages+=(wine64)
    command -v x86_64-w64-mingw32-gcc >/dev/null || packages+=(gcc-mingw-w64-x86-64)
    if ((${#packages[@]} > 0)); then
        [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null ||
            fail "Debian's packages ${packages[*]} are needed, and are not installed"
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
    fi
    rustup target add "$WINDOWS" >/dev/null 2>&1 ||
        fail "Rust's standard library for $WINDOWS is needed: rustup target add $WINDOWS"
    build+=(--target "$WINDOWS")
    program=$WINDOWS/debug/shop.exe
    export WINEPREFIX=$dir/prefix WINEDEBUG=-all
    run=(/usr/lib/wine/wine64)
    # What Debian's Wine does not have yet, and Rust's standard library takes its random numbers from.
    cat >"$dir/prng.c" <<'END'
#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE bytes, SIZE_T count)
{
    return SystemFunction036(bytes, (ULONG)count);
}
END
else
    program=debug/shop
fi
target=$dir/target
(cd "$dir/shop" && CARGO_TARGET_DIR=$target "${build[@]}")
if [[ ${#run[@]} -gt 0 ]]; then
    x86_64-w64-mingw32-gcc -shared -o "$(dirname "$target/$program")/bcryptprimitives.dll" "$dir/prng.c" -ladvapi32
fi

# shop NAME: runs it, with its dumps in a directory of their own.
shop() {
    (
        cd "$dir"
        unset RUST_LOG SHOP_RECORD RUST_BACKTRACE
        export TMPDIR=$dir/dumps
        if [[ ${#run[@]} -gt 0 ]]; then
            TEMP=$(printf 'Z:%s' "$dir/dumps" | tr / '\\')
            export TMP=$TEMP TEMP
        fi
        "${run[@]}" "$target/$program"
    ) 2>"$dir/$1"
}

shop printed || fail "the README's first program failed: $(cat "$dir/printed")"
grep -q 'INFO shop: hello answer=42' "$dir/printed" || fail "it printed: $(cat "$dir/printed")"
grep -q 'kept, not printed' "$dir/printed" && fail "it printed what is only kept: $(cat "$dir/printed")"
[[ -z $(find "$dir" -name 'shop-*.log') ]] || fail "it dumped, and did not panic"
echo "ok: it prints what it is to print, and nothing else"

sed -i 's/^    Ok(())$/    panic!("as asked")/' "$dir/shop/src/main.rs"
(cd "$dir/shop" && CARGO_TARGET_DIR=$target "${build[@]}")
shop panicked && fail "it did not panic"
dump=$(find "$dir" -name 'shop-*.log')
[[ -n $dump ]] || fail "it panicked, and there is no dump: $(cat "$dir/panicked")"
for line in 'INFO shop: hello answer=42' 'DEBUG shop: kept, not printed' 'as asked'; do
    grep -q "$line" "$dump" || fail "the dump lacks $line: $(cat "$dump")"
done
grep -q 'INFO shop: hello answer=42' "$dir/panicked" || fail "it did not print before it panicked"
echo "ok: a panic leaves a dump with what was kept"
