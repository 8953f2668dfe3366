#!/usr/bin/env bash
# The page in a real browser. Installs what these tests need where it can, as root on Debian and its relatives: the
# packages `chromium`, `chromium-driver`, `firefox-esr` and `npm`; and axe-core from the npm registry, which looks for what keeps
# people out. Elsewhere it says what to install. Then it runs the tests.
#
# They are among the workspace's tests, and any further run of those finds what is installed here:
# `ci/browser.sh install` runs none itself.
# FLOOD_SECONDS=60 for the whole minute of ten thousand records a second; SCREENSHOTS=docs makes the
# pictures that the README shows anew.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# The version is in tests/browser/accessibility.rs as well.
readonly AXE=axe-core-4.14.1
readonly AXE_SHA256=e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745

missing=()
command -v chromium >/dev/null || missing+=(chromium)
command -v chromedriver >/dev/null || missing+=(chromium-driver)
command -v firefox-esr >/dev/null || command -v firefox >/dev/null || missing+=(firefox-esr)
if ((${#missing[@]} > 0)); then
    if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
        apt-get update -qq
        # Ubuntu has it by another name.
        apt-cache show firefox-esr &>/dev/null || missing=("${missing[@]/firefox-esr/firefox}")
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}" >/dev/null
    else
        cat >&2 <<'END'
browser: the programs chromium and chromedriver, in one version, and firefox or firefox-esr are needed, and not all are there.
Install them:
    Debian (or run this as root)   apt-get install chromium chromium-driver firefox-esr npm
    Ubuntu (or run this as root)   apt-get install chromium chromium-driver firefox npm
    Fedora                         dnf install chromium chromedriver firefox npm
    Arch                           pacman -S chromium firefox npm
    Alpine                         apk add chromium chromium-chromedriver firefox-esr npm
    macOS                          brew install --cask chromium chromedriver firefox; brew install node
END
        exit 1
    fi
fi

# Not part of this repository: it is not ours, and nothing but a test needs it.
dir=${CARGO_TARGET_DIR:-target}/tmp
mkdir -p "$dir"
if [[ ! -f $dir/$AXE.min.js ]]; then
    if ! command -v npm >/dev/null && [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq npm >/dev/null
    fi
    if ! command -v npm >/dev/null; then
        echo "browser: npm is needed, to fetch $AXE" >&2
        exit 1
    fi
    fetched=$(mktemp -d)
    trap 'rm -rf "$fetched"' EXIT
    npm pack --silent --pack-destination "$fetched" "${AXE%-*}@${AXE##*-}" >/dev/null
    echo "$AXE_SHA256  $fetched/$AXE.tgz" | sha256sum --check --quiet
    tar -xzf "$fetched/$AXE.tgz" -C "$fetched" package/axe.min.js
    mv "$fetched/package/axe.min.js" "$dir/$AXE.min.js"
fi

chromium --version 2>/dev/null
"$(command -v firefox-esr || command -v firefox)" --version 2>/dev/null
if [[ ${1:-} == install ]]; then exit; fi
cargo test -p circular-http --test browser -- --nocapture
