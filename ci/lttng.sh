#!/usr/bin/env bash
# LTTng-UST, the tracer that has kept its buffers in files for long, beside a ring in a file: what an event costs in both,
# and what both have left after the same kills. It prints two tables: TESTING.md, "LTTng", says how they are made. Less
# than three minutes and a build; nothing fails because of a figure. For Linux with two cores.
#
#     ci/lttng.sh [ROUNDS] [KILLS] [SEED]      25 rounds, 20 kills; it says its seed first
#     ci/lttng.sh install                      what it needs, as root on Debian and its relatives
#
# The session daemon is one of its own, with its files in a directory in memory, and ends with the script. As root that
# would be the system's place, so then all is done as `nobody`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
readonly SOURCES=circular-core/examples/beside_lttng

if [[ ${1:-} == install ]]; then
    if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq lttng-tools liblttng-ust-dev babeltrace2 gcc libc6-dev >/dev/null
        exit
    fi
    echo "lttng: it installs on Debian and its relatives only, as root" >&2
    exit 1
fi

missing=()
for program in lttng lttng-sessiond lttng-crash babeltrace2 cc setpriv; do
    command -v "$program" >/dev/null || missing+=("$program")
done
if command -v cc >/dev/null && ! echo '#include <lttng/tracepoint.h>' | cc -E - >/dev/null 2>&1; then
    missing+=("lttng/tracepoint.h")
fi
[[ -w /dev/shm ]] || missing+=("/dev/shm")
(($(nproc) >= 2)) || missing+=("a second core")
if ((${#missing[@]} > 0)); then
    cat >&2 <<END
lttng: nothing was compared. It needs what is not here: ${missing[*]}. Install LTTng and a C compiler:
    Debian, Ubuntu (or ci/lttng.sh install, as root)   apt-get install lttng-tools liblttng-ust-dev babeltrace2 gcc
    Fedora                                             dnf install lttng-tools lttng-ust-devel babeltrace2 gcc
END
    exit 1
fi

cargo build --release -p circular-core --example beside_lttng
program=${CARGO_TARGET_DIR:-target}/release/examples/beside_lttng

# What the library of LTTng leaves in there for each user; what was there before stays.
waits() { find /dev/shm -maxdepth 1 -name 'lttng-ust-wait-*'; }
before=$(waits)
dir=$(mktemp -d /dev/shm/circular-lttng-XXXXXX)
# What is started here, the last first.
started=()
end() {
    local pid
    for pid in "${started[@]}"; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    rm -rf "$dir"
    comm -13 <(sort <<<"$before") <(waits | sort) | xargs -r rm -f
}
trap end EXIT
trap 'exit 130' INT TERM

cc -O2 -shared -fPIC -I "$SOURCES" -o "$dir/provider.so" "$SOURCES/provider.c" -llttng-ust -ldl
cp "$program" "$dir/"
as=()
if [[ $(id -u) == 0 ]]; then
    as=(setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups)
    chown -R nobody "$dir"
fi
export LTTNG_HOME=$dir
"${as[@]}" lttng-sessiond --no-kernel >"$dir/daemon.log" 2>&1 &
daemon=$!
started=("$daemon")
for ((tries = 0; ; tries++)); do
    if "${as[@]}" lttng --no-sessiond list >/dev/null 2>&1; then break; fi
    if ((tries == 100)) || ! kill -0 "$daemon" 2>/dev/null; then
        echo "lttng: nothing was compared, as LTTng's session daemon does not answer here. It says:" >&2
        cat "$dir/daemon.log" >&2
        exit 1
    fi
    sleep 0.1
done

lttng --version
timeout 175 "${as[@]}" "$dir/beside_lttng" "$dir/provider.so" "$dir" "$@" &
started=("$!" "$daemon")
wait "$!"
