#!/usr/bin/env bash
# Runs the service as a user does, and takes its stderr away: a pipe that nobody reads. It must go
# on answering, stream to its clients, survive a panic and leave a dump of it, and stop on Ctrl-C.
#
# It waits for things by asking for them until a deadline, and ends only what it started.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# How long stderr stays unread while requests are made.
readonly UNREAD_SECONDS=10
# Whatever should happen, should have by then, on the slowest of machines.
readonly PATIENCE=30

if ! command -v curl >/dev/null; then
    if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
        apt-get update -qq && apt-get install -y -qq curl >/dev/null
    else
        echo "smoke: curl is needed, and is not installed" >&2
        exit 1
    fi
fi

# As the tests are built, which have it built already.
cargo build --workspace --all-features --example service
target=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
service_binary=$target/debug/examples/service

dir=$(mktemp -d)
service=
streams=()

cleanup() {
    local status=$?
    trap - EXIT
    if [[ -n $service ]]; then kill -KILL "$service" 2>/dev/null || true; fi
    for stream in "${streams[@]}"; do kill "$stream" 2>/dev/null || true; done
    wait
    if [[ $status == 0 ]]; then
        rm -rf "$dir"
    else
        echo "smoke: FAILED; what the service left is in $dir" >&2
    fi
    exit "$status"
}
trap cleanup EXIT

fail() {
    echo "smoke: $*" >&2
    exit 1
}

# until_true DESCRIPTION COMMAND...: repeats the command until it succeeds.
until_true() {
    local what=$1 deadline=$((SECONDS + PATIENCE))
    shift
    until "$@" >/dev/null 2>&1; do
        ((SECONDS < deadline)) || fail "not within $PATIENCE s: $what"
        sleep 0.05
    done
    echo "ok: $what"
}

# ask PATH [CURL ARGUMENTS]: one request, which must be answered soon and well.
ask() {
    local path=$1
    shift
    curl --silent --show-error --fail --max-time 5 "$@" "$url$path" || fail "no answer to $path"
}

# How many records the reader that prints to stderr is behind.
stderr_lag() {
    ask '/debug/log/stats?format=prometheus' | sed -n 's/^circular_reader_lag_records{.*block-for-.*} //p'
}

is_stuck() {
    (($(stderr_lag) > 0))
}

has_ended() {
    ! kill -0 "$1"
}

# --- start, with stderr on a pipe that is open at the other end, and never read

mkfifo "$dir/stderr"
exec 3<>"$dir/stderr"
ADDR=127.0.0.1:0 LOG_DIR=$dir/logs DUMP_DIR=$dir/dumps \
    "$service_binary" >"$dir/stdout" 2>&3 3>&- &
service=$!

until_true "the service prints its addresses" grep -q '^http://.*/stats$' "$dir/stdout"
url=$(sed -n '1s|/$||p' "$dir/stdout")
ask / >/dev/null
echo "ok: it answers at $url"

# --- two streams, which must get what happens from now on

for name in one two; do
    curl --silent --no-buffer "$url/debug/log?follow" >"$dir/stream-$name" 3>&- &
    streams+=($!)
done
ask /hello/first-mark >/dev/null
for name in one two; do
    until_true "stream $name gets a request's line" grep -q 'greeting name="first-mark"' "$dir/stream-$name"
done

# --- fill the pipe: more INFO than the 64 KiB that a pipe holds and the 64 KiB of a reader's batch

unread_since=$SECONDS
curl --silent --show-error --fail --max-time "$PATIENCE" "$url/hello/[1-1500]" >/dev/null || fail "no answer"
until_true "stderr is stuck: its reader falls behind" is_stuck

# --- a panic: a dump, a line in the streams, and the service goes on

status=$(curl --silent --output /dev/null --max-time 5 --write-out '%{http_code}' -X POST "$url/panic")
[[ $status == 500 ]] || fail "POST /panic was answered with $status"
until_true "the panic left a dump" compgen -G "$dir/dumps/service-*.log"
dump=$(compgen -G "$dir/dumps/service-*.log")
grep -q 'somebody posted to /panic' "$dump" || fail "the dump lacks the panic's message"
grep -q 'DEBUG.*about to panic, as asked' "$dump" || fail "the dump lacks the DEBUG line before the panic"
grep -q 'DEBUG.*service::job: parcel' "$dump" || fail "the dump lacks what was said through log"
echo "ok: the dump has the panic and the DEBUG lines before it ($(wc -c <"$dump") bytes)"
until_true "the streams get the panic" grep -q 'somebody posted to /panic' "$dir/stream-one"

# --- stderr stays unread, the service goes on

answered=0
while ((SECONDS - unread_since < UNREAD_SECONDS)); do
    ask /work >/dev/null
    ask "/hello/$answered" >/dev/null
    answered=$((answered + 2))
done
is_stuck || fail "stderr was not stuck"
echo "ok: $answered requests answered with stderr unread for $UNREAD_SECONDS s"

ask '/debug/log?tail=5&level=info' >"$dir/tail"
[[ $(grep -c . "$dir/tail") == 5 ]] || fail "/debug/log?tail=5 has other than 5 lines"
grep -q 'DEBUG' "$dir/tail" && fail "/debug/log?level=info has DEBUG lines"
ask /debug/log >"$dir/held"
grep -q 'DEBUG.*tower_http' "$dir/held" || fail "/debug/log lacks DEBUG lines of a dependency"
grep -q 'DEBUG.*ureq' "$dir/held" || fail "/debug/log lacks what a dependency says through log"
echo "ok: /debug/log chooses by number and level, and has what dependencies say"

ask /hello/last-mark >/dev/null
for name in one two; do
    until_true "stream $name is up to date" grep -q 'greeting name="last-mark"' "$dir/stream-$name"
done

# --- Ctrl-C with five streams open

for name in three four five; do
    curl --silent --no-buffer "$url/debug/log?follow" >"$dir/stream-$name" 3>&- &
    streams+=($!)
    # Who is still at what was before gets a bounded time for it, and is then told what is missing.
    until_true "stream $name is up to date" grep -q 'greeting name="last-mark"' "$dir/stream-$name"
done
began=$(date +%s%N)
kill -INT "$service"
until_true "the service ends" has_ended "$service"
took=$((($(date +%s%N) - began) / 1000000))
code=0
wait "$service" || code=$?
service=
[[ $code == 0 ]] || fail "exit status $code after Ctrl-C"
echo "ok: exit status 0, $took ms after Ctrl-C, stderr still unread"

for stream in "${streams[@]}"; do
    until_true "a stream ends" has_ended "$stream"
    # curl tells a response that was cut off from one that came to its end.
    wait "$stream" || fail "a stream was cut off: curl says $?"
done
streams=()
for name in one two three four five; do
    grep -q 'INFO service: stopping' "$dir/stream-$name" || fail "stream $name lacks the last line"
done
echo "ok: five streams got the last line and ended by themselves"
