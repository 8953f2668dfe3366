#!/usr/bin/env bash
# The programs that tests need, as people have them: those that `circular run` is tried with, less, more, nano, vim, ping, Python; and the
# proxies, curl and Prometheus that stand before `circular-http`. As root on Debian it installs those that are missing; elsewhere
# it says which. Their tests say so when they are skipped for want of one, and fail in CI.
set -euo pipefail

missing=()
# Where Debian has servers, and users do not look.
export PATH=$PATH:/usr/sbin
for pair in less:less more:util-linux nano:nano vim:vim ping:iputils-ping python3:python3 script:bsdutils curl:curl openssl:openssl \
    nginx:nginx haproxy:haproxy caddy:caddy prometheus:prometheus; do
    command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
done
if ((${#missing[@]} == 0)); then exit; fi
if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
    apt-get update -qq
    # Tests start what they need themselves: no service of Debian's is to run.
    if [[ ! -e /usr/sbin/policy-rc.d ]]; then
        printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
        chmod +x /usr/sbin/policy-rc.d
        trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    fi
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
else
    echo "programs: missing, and not installed, as this is not root on Debian: ${missing[*]}" >&2
    exit 1
fi
