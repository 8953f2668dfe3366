#!/usr/bin/env bash
# What `circular run` costs a command, beside `| cat`, in one run: how fast a flood goes through, and how much later a line comes. Figures,
# not a test: nothing fails because of a time. TESTING.md has the last ones, and says of what machine. It needs Python 3.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cargo build --quiet --release --package circular-cli
target=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
dir=$(mktemp -d /dev/shm/run-cost.XXXXXX)
trap 'rm -rf "$dir"' EXIT

python3 - "$target/release/circular" "$dir" <<'END'
import os, subprocess, sys, time
circular, dir = sys.argv[1:]
script = f"{dir}/flood.sh"
run = [circular, "run", "-D", dir, "--", "sh", script]

def seconds(command, runs=5):
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        subprocess.run(command, shell=isinstance(command, str), stdout=subprocess.DEVNULL, check=True)
        times.append(time.perf_counter() - began)
    return min(times)

def ratios(rounds=9):
    found = []
    for _ in range(rounds):
        with_cat = seconds(f"sh {script} | cat", 1)
        found.append(with_cat / seconds(run, 1))
        for name in os.listdir(dir):
            if name.endswith(".ring"): os.remove(f"{dir}/{name}")
    return sorted(found)

print("| a flood | `| cat` / `circular run`, median | lowest and highest of nine |\n|---|---|---|")
line = "request 12345 took 17 ms, and found what it was looking for in the shop of pears and apples"
for what, flood in [
    ("1 GB of lines of 92 bytes", f"yes '{line}' | head -c 1000000000"),
    ("1 GB of lines of 2 bytes", "yes | head -c 1000000000"),
    ("1 GiB without a newline", "head -c 1073741824 /dev/zero"),
    ("a million lines that Python prints", f"python3 -c 'for i in range(1000000): print(i, \"{line}\")'"),
]:
    with open(script, "w") as file: file.write(flood + "\n")
    found = ratios()
    print(f"| {what} | {found[len(found) // 2]:.2f} | {found[0]:.2f} to {found[-1]:.2f} |", flush=True)

writer = """
import sys, time
for _ in range(400):
    sys.stdout.write(f"{time.time_ns()}\\n"); sys.stdout.flush(); time.sleep(0.005)
"""
def late(*before):
    child = subprocess.Popen([*before, sys.executable, "-c", writer], stdout=subprocess.PIPE)
    found = sorted((time.time_ns() - int(line)) / 1e6 for line in child.stdout)
    child.wait()
    return found[len(found) // 2], found[len(found) * 99 // 100]
print("\n| a line comes after | median | 99 % |\n|---|---|---|")
for what, before in [("without", []), ("`circular run`", [circular, "run", "-D", dir, "--"])]:
    median, most = late(*before)
    print(f"| {what} | {median:.3f} ms | {most:.3f} ms |")
print("\n| `true` takes |  |\n|---|---|")
for what, command in [("without", ["true"]), ("`circular run`", [circular, "run", "-D", dir, "--", "true"])]:
    print(f"| {what} | {seconds(command, 20) * 1e3:.1f} ms |")
END
