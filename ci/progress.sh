# How far a work of several steps is, for the scripts here: sourced, not run. On a terminal it is a line that is
# rewritten; where stderr is none, nothing is said, so that what a machine keeps has no clutter.
# shellcheck shell=bash

# progress_begin TOTAL WHAT: so many steps are to come. progress_step NAME: one of them begins, and so the one before
# is done. progress_clear: the line goes, before another one that is to stay, and at the end.
progress_begin() {
    progress_total=$1 progress_what=$2 progress_steps=0 progress_began=$SECONDS
}

progress_step() {
    progress_steps=$((progress_steps + 1))
    progress_show "$progress_steps of $progress_total" "$1"
}

# progress_show HOW_FAR NAME
progress_show() {
    [[ -t 2 ]] || return 0
    # No longer than the terminal is wide, or there would be no way back to its begin.
    local width line
    width=$(stty size <&2 2>/dev/null | cut -d ' ' -f 2) || true
    line="$progress_what: $1, $((SECONDS - progress_began)) s: $2"
    printf '\r\033[K%s' "${line:0:$((${width:-80} > 1 ? ${width:-80} - 1 : 79))}" >&2
}

progress_clear() {
    if [[ -t 2 ]]; then printf '\r\033[K' >&2; fi
}

# progress_wait WHAT SECONDS COMMAND...: runs the command, which takes about so many seconds, and shows how many have
# gone; its output must go elsewhere than to the terminal. Tells how it ended.
progress_wait() {
    local what=$1 seconds=$2 status=0 pid ticker=
    shift 2
    progress_what=$what progress_began=$SECONDS
    if [[ -t 2 ]]; then
        pid=$BASHPID
        while kill -0 "$pid" 2>/dev/null; do
            progress_show "of about $seconds s" "…"
            sleep 1
        done &
        ticker=$!
    fi
    "$@" || status=$?
    if [[ -n $ticker ]]; then
        kill "$ticker" 2>/dev/null || true
        wait "$ticker" 2>/dev/null || true
        progress_clear
    fi
    return "$status"
}
