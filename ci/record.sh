#!/usr/bin/env bash
# Records the README's picture of the command: a real terminal, tmux's, in which commands like those of the README are typed; what is on its screen
# then is written as docs/from-a-shell.svg. It needs tmux and Python 3, and `circular`, which it builds.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cargo build --quiet --release --package circular-cli
target=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
dir=$(mktemp -d)
socket=$dir/tmux
trap 'tmux -S "$socket" kill-server 2>/dev/null || true; rm -rf "$dir"' EXIT
mkdir "$dir/rings"

tm() { tmux -S "$socket" "$@"; }
# until_shown TEXT: waits for it on the screen, ten seconds at most.
until_shown() {
    for ((i = 0; i < 100; i++)); do
        if grep -qF -- "$1" <(tm capture-pane -p -t record); then return; fi
        sleep 0.1
    done
    tm capture-pane -p -t record >&2
    echo "record: no \"$1\" on the screen" >&2
    exit 1
}
typed() { tm send-keys -t record -l "$1" && tm send-keys -t record Enter; }

env -u PAGER PATH="$target/release:$PATH" CIRCULAR_DIR="$dir/rings" PS1='$ ' TERM=xterm-256color \
    tmux -S "$socket" -f /dev/null new-session -d -s record -x 140 -y 30 'bash --norc'
tm set-option -g status off
typed "PS1='$ '"
typed 'clear'
typed "circular run --name shop -- sh -c 'echo INFO open; while sleep 0.1; do i=\$((i+1)); echo \"INFO sale \$i\"; done' >/dev/null &"
until_shown '[1]'
sleep 1.5
typed 'circular tail -n 3 shop'
until_shown 'sale'
sleep 0.3
pid=$(CIRCULAR_DIR=$dir/rings "$target/release/circular" ls -q -o json -D "$dir/rings" | sed 's/.*"pid":\([0-9]*\).*/\1/')
typed "kill -9 $pid"
typed ''
typed 'circular ls -q'
until_shown 'SIGKILL'
sleep 0.3
typed 'circular dump -n 3 --no-pager shop'
until_shown 'complete since'
sleep 0.3

tm capture-pane -p -e -t record >"$dir/screen"
# The directory is one of a moment; the picture has the one that readers will have.
sed -i "s|$dir/rings|/dev/shm/circular-1000|g" "$dir/screen"
python3 - "$dir/screen" docs/from-a-shell.svg <<'END'
import html, re, sys
source, target = sys.argv[1:]
COLORS = {30: "#555", 31: "#f2777a", 32: "#99cc99", 33: "#ffcc66", 34: "#6699cc", 35: "#cc99cc", 36: "#66cccc", 37: "#ddd", 39: None}
WIDTH, HEIGHT, CELL = 8.4, 18, 14
lines = open(source, encoding="utf-8").read().rstrip("\n").split("\n")
while lines and not lines[-1].strip(): lines.pop()
out, columns = [], 0
for row, line in enumerate(lines):
    column, style = 0, {}
    for piece in re.split(r"(\x1b\[[0-9;]*m)", line):
        found = re.fullmatch(r"\x1b\[([0-9;]*)m", piece)
        if found:
            for code in [int(code or 0) for code in found[1].split(";")]:
                if code == 0: style = {}
                elif code == 1: style["font-weight"] = "bold"
                elif code == 2: style["opacity"] = "0.6"
                elif code in COLORS: style["fill"] = COLORS[code]
                elif code - 60 in COLORS: style["fill"] = COLORS[code - 60]
        elif piece:
            attributes = "".join(f' {key}="{value}"' for key, value in style.items() if value)
            if piece.strip():
                out.append(f'<text x="{10 + column * WIDTH:.1f}" y="{24 + row * HEIGHT}"{attributes} textLength="{len(piece) * WIDTH:.1f}">{html.escape(piece).replace(" ", chr(160))}</text>')
            column += len(piece)
    columns = max(columns, column)
width, height = 20 + columns * WIDTH, 20 + len(lines) * HEIGHT
with open(target, "w", encoding="utf-8") as file:
    file.write(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" width="{width:.0f}" height="{height}" role="img">\n'
               f'<title>A terminal: a program is run with a ring around it, killed, listed and read</title>\n'
               f'<rect width="100%" height="100%" rx="6" fill="#1d1f21"/>\n'
               f'<g font-family="ui-monospace, Menlo, Consolas, monospace" font-size="{CELL}" fill="#ddd">\n'
               + "\n".join(out) + "\n</g>\n</svg>\n")
END
echo "docs/from-a-shell.svg"
