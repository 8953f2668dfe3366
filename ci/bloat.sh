#!/usr/bin/env bash
# What each crate adds to a small program that uses `tracing`: bytes of the stripped program, as `cargo build
# --release` makes it, and crates. The first is that program without circular. Prints a table; not part of `.ci/run`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source ci/progress.sh

here=$PWD
dir=$(mkdir -p "${CARGO_TARGET_DIR:-target}/bloat" && realpath "${CARGO_TARGET_DIR:-target}/bloat")
rm -rf "$dir/programs"
mkdir -p "$dir/programs"

names=()
declare -A says
# program NAME WHAT CRATES... <main.rs: of ours, those; the rest is what the first one has.
program() {
    local name=$1 crate
    says[$name]=$2
    names+=("$name")
    shift 2
    mkdir -p "$dir/programs/$name/src"
    cat >"$dir/programs/$name/src/main.rs"
    {
        printf '[package]\nname = "%s"\nversion = "0.0.0"\nedition = "2024"\n\n[dependencies]\n' "$name"
        printf 'tracing = "0.1"\ntracing-subscriber = "0.3"\n'
        for crate in "$@"; do
            if [[ $crate == log ]]; then echo 'log = "0.4"'; continue; fi
            printf '%s = { path = "%s/%s" }\n' "$crate" "$here" "$crate"
        done
    } >"$dir/programs/$name/Cargo.toml"
}

program fmt 'with `tracing_subscriber::fmt` alone' <<'END'
fn main() {
    tracing_subscriber::fmt().init();
    tracing::info!(answer = 42, "hello");
}
END
program ring 'and `RingLayer` beside it, with a reader that writes a file' circular-core circular-tracing <<'END'
use tracing_subscriber::{filter::LevelFilter, prelude::*};
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let ring = circular_core::Ring::new(10 << 20)?;
    let file = std::fs::File::create("shop.log")?;
    ring.handle().reader().policy(circular_core::Policy::Block).spawn(file)?;
    let record = circular_tracing::RingLayer::new(ring).with_filter(LevelFilter::DEBUG);
    tracing_subscriber::registry().with(tracing_subscriber::fmt::layer()).with(record).init();
    tracing::info!(answer = 42, "hello");
    Ok(())
}
END
program recorder 'with `circular_tracing::recorder` and its dumps in its place' circular-tracing <<'END'
fn main() -> std::io::Result<()> {
    let _recorder = circular_tracing::recorder("shop").dumps(std::env::temp_dir()).dump_on_error().init()?;
    tracing::info!(answer = 42, "hello");
    Ok(())
}
END
program both 'with `recorder` and its dumps beside `fmt`' circular-tracing <<'END'
use tracing_subscriber::prelude::*;
fn main() -> std::io::Result<()> {
    let recorder = circular_tracing::recorder("shop").dumps(std::env::temp_dir()).dump_on_error();
    let (layer, _recorder) = recorder.layer()?;
    tracing_subscriber::registry().with(tracing_subscriber::fmt::layer()).with(layer).init();
    tracing::info!(answer = 42, "hello");
    Ok(())
}
END
program facade 'the same, and `circular-log` for `log`' circular-core circular-tracing circular-log log <<'END'
use tracing_subscriber::prelude::*;
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let ring = circular_core::Ring::new(10 << 20)?;
    circular_log::init(ring)?;
    let recorder = circular_tracing::recorder("shop").dumps(std::env::temp_dir()).dump_on_error();
    let (layer, _recorder) = recorder.layer()?;
    let all = tracing_subscriber::registry().with(tracing_subscriber::fmt::layer()).with(layer);
    tracing::subscriber::set_global_default(all)?;
    tracing::info!(answer = 42, "hello");
    log::info!("hello");
    Ok(())
}
END
program viewed 'the same, and `circular_http::serve`' circular-core circular-tracing circular-log circular-http log <<'END'
use tracing_subscriber::prelude::*;
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let ring = circular_core::Ring::new(10 << 20)?;
    let _server = circular_http::serve(ring.handle(), circular_http::Options::new())?;
    circular_log::init(ring)?;
    let recorder = circular_tracing::recorder("shop").dumps(std::env::temp_dir()).dump_on_error();
    let (layer, _recorder) = recorder.layer()?;
    let all = tracing_subscriber::registry().with(tracing_subscriber::fmt::layer()).with(layer);
    tracing::subscriber::set_global_default(all)?;
    tracing::info!(answer = 42, "hello");
    log::info!("hello");
    Ok(())
}
END
{
    echo '[workspace]'
    echo 'resolver = "3"'
    printf 'members = ['
    printf '"%s", ' "${names[@]}"
    printf ']\n'
    printf '[profile.release]\nstrip = true\n'
} >"$dir/programs/Cargo.toml"
# The versions that everything else here is checked with.
cp Cargo.lock "$dir/programs"

cd "$dir/programs"
progress_begin "${#names[@]}" bloat
table='| program | KB | more | crates | more |
|---|---|---|---|---|'
for name in "${names[@]}"; do
    progress_step "$name"
    # By itself: together, they would share their crates' features.
    CARGO_TARGET_DIR=$dir/build cargo build --quiet --release --package "$name"
    bytes=$(wc -c <"$dir/build/release/$name")
    crates=$(cargo tree --quiet --package "$name" --edges normal --prefix none --format '{p}' | sed 's/ (\*)$//' | sort -u | wc -l)
    # Without the program itself.
    crates=$((crates - 1))
    if [[ $name == fmt ]]; then first_bytes=$bytes first_crates=$crates; fi
    table+=$(printf '\n| %s | %d | %d | %d | %d |' "${says[$name]}" "$((bytes / 1000))" \
        "$(((bytes - first_bytes) / 1000))" "$crates" "$((crates - first_crates))")
done
progress_clear
printf '%s, %s\n\n%s\n' "$(rustc --version)" "$(uname -sm)" "$table"
