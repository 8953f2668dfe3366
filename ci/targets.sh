#!/usr/bin/env bash
# Every system: the published crates compile without a warning, with all features, by the oldest Rust that is
# promised, for systems that the tests do not run on. And where they cannot work, on wasm32-unknown-unknown, the
# compiler says so in one sentence.
#
# The standard libraries are compiled here, from Debian's package of their source, by Debian's compiler, which is
# unpacked beside the build and not installed. So it needs `apt-get` with the lists of Debian 12 (or of whatever
# has the packages), and nothing from elsewhere. `ci/targets.sh TARGET...` checks only some.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source ci/progress.sh

readonly CRATES=(circular-core circular-tracing circular-log circular-view circular-http)
targets=("$@")
if (($# == 0)); then
    targets=(
        x86_64-pc-windows-msvc
        i686-pc-windows-msvc
        aarch64-apple-darwin
        aarch64-unknown-linux-gnu
        i686-unknown-linux-gnu
        wasm32-unknown-unknown
    )
fi

missing() {
    echo "targets: $*" >&2
    echo "targets: without it nothing is known of Windows, macOS, wasm and 32 bits. It fails in CI, and is SKIPPED elsewhere." >&2
    if [[ -n ${CI:-} ]]; then exit 1; fi
    exit 0
}

version=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
dir=$(mkdir -p "${CARGO_TARGET_DIR:-target}/targets" && realpath "${CARGO_TARGET_DIR:-target}/targets")
root=$dir/root
source=$root/usr/src/rustc-$version.0/library

if [[ ! -f $dir/unpacked ]]; then
    if ! command -v apt-get >/dev/null || ! command -v dpkg >/dev/null; then
        missing "apt-get and dpkg are needed, which unpack a compiler with its source, and this is no Debian"
    fi
    found=$(apt-cache madison rustc-web | awk -v version="$version." 'index($3, version) == 1 { print $3; exit }')
    if [[ -z $found && $(id -u) == 0 ]]; then
        apt-get update -qq || true
        found=$(apt-cache madison rustc-web | awk -v version="$version." 'index($3, version) == 1 { print $3; exit }')
    fi
    if [[ -z $found ]]; then
        missing "no rustc-web of version $version is in apt's lists: as root, apt-get update; Debian 12 has it"
    fi
    # The library that the compiler is linked with, by whatever name this version has for it.
    llvm=$(apt-cache show "rustc-web=$found" "libstd-rust-web-$version=$found" | grep -o 'libllvm[0-9]*' | head -n 1)
    rm -rf "$root" "$dir/packages"
    mkdir -p "$dir/packages"
    # apt gives its rights up to download, to a user who may not write here.
    if ! (cd "$dir/packages" && apt-get download -qq -o APT::Sandbox::User=root "$llvm" "rustc-web=$found" \
        "libstd-rust-web-$version=$found" "libstd-rust-web-dev=$found" "rust-web-src=$found"); then
        missing "apt-get cannot download Rust $found"
    fi
    for package in "$dir"/packages/*.deb; do dpkg -x "$package" "$root"; done
    rm -r "$dir/packages"
    touch "$dir/unpacked"
fi

# The compiler, with its own libraries beside it.
cat >"$dir/rustc" <<END
#!/bin/sh
LD_LIBRARY_PATH="$(echo "$root"/usr/lib/*-linux-gnu | tr ' ' :)" exec "$root/usr/bin/rustc" "\$@"
END
chmod +x "$dir/rustc"
export RUSTC=$dir/rustc CARGO_TARGET_DIR=$dir/build
if ! rustc=$("$RUSTC" --version); then missing "the compiler that was unpacked into $root does not run"; fi
echo "$rustc"

# `-Z build-std` is for nightly compilers, or who says that it is not one; the variable behind it is where cargo looks
# for the source, which is not where rustup would have put it.
export RUSTC_BOOTSTRAP=1 __CARGO_TESTS_ONLY_SRC_ROOT=$source
# Nobody runs what comes of it, so no machine code is made, which takes half the time.
export CARGO_PROFILE_DEV_DEBUG=false CARGO_INCREMENTAL=0
export RUSTFLAGS="${RUSTFLAGS:-} -D warnings -Z no-codegen"

# check TARGET PACKAGES...
check() {
    local target=$1
    shift
    cargo check --quiet --locked -Z build-std=std,panic_unwind --target "$target" --all-features "${@/#/--package=}"
}

progress_begin "${#targets[@]}" targets
for target in "${targets[@]}"; do
    progress_step "$target"
    began=$SECONDS
    if [[ $target == wasm32-unknown-unknown ]]; then
        if said=$(check "$target" circular-core 2>&1); then
            echo "targets: $target: circular-core compiles, where it would panic at the first call" >&2
            exit 1
        fi
        # That, and nothing else.
        if [[ $(grep -c '^error: circular-core needs threads and a clock' <<<"$said") != 1 ||
            $(grep -c '^error' <<<"$said") != 2 ]]; then
            printf '%s\n' "$said" >&2
            echo "targets: $target: that is not the one sentence that says why it cannot work" >&2
            exit 1
        fi
        progress_clear
        echo "$target: circular-core does not compile, and says why, in $((SECONDS - began)) s"
    else
        crates=("${CRATES[@]}")
        # The command is for unix.
        if [[ $target != *windows* ]]; then crates+=(circular-cli); fi
        check "$target" "${crates[@]}"
        progress_clear
        echo "$target: ${crates[*]} compile, without a warning, in $((SECONDS - began)) s"
    fi
done
