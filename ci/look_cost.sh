#!/usr/bin/env bash
# How long the command `circular` takes to look at rings, beside grep and journalctl over the same lines, in one run.
# Figures, not a test: nothing fails because of a time. TESTING.md has the last ones, and says of what machine.
#
# It needs Python 3 and 3 GiB in /dev/shm; and for journalctl's part systemd-journal-remote, which makes a journal of
# lines: `ci/look_cost.sh install` brings it on Debian, as root.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [[ ${1:-} == install ]]; then
    apt-get update -qq && apt-get install -y -qq systemd-journal-remote python3
    exit
fi

cargo build --quiet --release --package circular-cli --examples --bins
target=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
dir=$(mktemp -d /dev/shm/look-cost.XXXXXX)
trap 'rm -rf "$dir"' EXIT

cp "$target/release/circular" "$dir/stripped"
strip "$dir/stripped"
python3 - "$target/release" "$dir" <<'END'
import json, os, shutil, subprocess, sys, time
release, dir = sys.argv[1:]
circular, fill = f"{release}/circular", f"{release}/examples/fill"
remote = "/lib/systemd/systemd-journal-remote"
MIB = 1 << 20

def seconds(*command, runs=7, out=f"{dir}/out"):
    """The shortest of some runs, with the output in a file in memory, the median, and how much that was."""
    times = []
    for _ in range(runs):
        with open(out, "wb") as file:
            began = time.perf_counter()
            subprocess.run(command, stdout=file, stderr=subprocess.DEVNULL, check=True)
            times.append(time.perf_counter() - began)
        size = os.path.getsize(out)
    return min(times), sorted(times)[runs // 2], size

def row(what, figure):
    print(f"| {what} | {figure} |")

def first_byte(*command, runs=21):
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert child.stdout.read(1), command
        times.append(time.perf_counter() - began)
        child.kill(); child.communicate()
    return sorted(times)[runs // 2]

print("| what | figure |\n|---|---|")
row("the binary, stripped", f"{os.path.getsize(f'{dir}/stripped') / MIB:.1f} MiB")

# Full: more was written than fits.
subprocess.run([fill, dir, "ten", str(10 * MIB), "80000"], check=True)
subprocess.run([fill, dir, "gig", str(1024 * MIB), "8000000"], check=True)
look = ["-q", "-D", dir]
row("first byte of `tail`, 10 MiB, median", f"{first_byte(circular, 'tail', 'ten', *look) * 1e3:.1f} ms")
row("first byte of `tail`, 1 GiB, median", f"{first_byte(circular, 'tail', 'gig', *look) * 1e3:.1f} ms")
least, median, size = seconds(circular, "dump", "ten", *look)
row("`dump` of 10 MiB to a file", f"{least * 1e3:.0f} ms, median {median * 1e3:.0f} ms, {size / MIB:.1f} MiB of text")
ten = least
least, median, size = seconds(circular, "dump", "gig", *look, runs=3)
row("`dump` of 1 GiB to a file", f"{size / MIB / least:.0f} MiB/s, median {size / MIB / median:.0f} MiB/s")
os.remove(f"{dir}/out")
# The last second of what there is, whenever that was.
stat = json.loads(subprocess.check_output([circular, "stat", "-o", "json", "gig", *look]))
since = "@%.3f" % (time.mktime(time.strptime(stat["newest"][:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone - 1)
least, median, size = seconds(circular, "dump", "gig", "-S", since, "-n", "10", *look)
row("`--since`, the last second of 1 GiB, its last ten lines", f"{least * 1e3:.1f} ms, median {median * 1e3:.1f} ms")
row("first byte of `--since`, the last second of 1 GiB, median", f"{first_byte(circular, 'dump', 'gig', '-S', since, *look) * 1e3:.1f} ms")
for ring in os.listdir(dir):
    if ring.startswith("gig."): os.remove(f"{dir}/{ring}")

# The same lines: as text, and as a journal.
text = f"{dir}/text"
subprocess.run([circular, "dump", "ten", *look], stdout=open(text, "wb"), check=True)
least, _, _ = seconds("cat", text)
row("`cat` of that text / `dump` of 10 MiB", f"{least / ten:.2f}")
rare = "request 7000[0-9] "
grep, _, found = seconds("grep", "-E", rare, text)
ours, _, ours_found = seconds(circular, "dump", "ten", "-g", rare, *look)
assert found == ours_found, (found, ours_found)
row("`grep` / `dump -g`, ten lines of 10 MiB", f"{grep / ours:.2f}")
if os.path.exists(remote):
    export = f"{dir}/export"
    with open(export, "w") as file:
        stamp = int(time.time() * 1e6)
        for number, line in enumerate(open(text)):
            file.write(f"__REALTIME_TIMESTAMP={stamp + 10 * number}\n__MONOTONIC_TIMESTAMP={1 + 10 * number}\n"
                       f"_BOOT_ID=00000000000000000000000000000001\n_MACHINE_ID=00000000000000000000000000000002\n"
                       f"PRIORITY=6\nSYSLOG_IDENTIFIER=shop\nMESSAGE={line.rstrip()}\n\n")
    journal = f"{dir}/shop.journal"
    subprocess.run([remote, "-o", journal, export], check=True, stderr=subprocess.DEVNULL)
    cat = ["journalctl", "--file", journal, "--no-pager", "-q", "-o", "cat"]
    theirs, _, size = seconds(*cat, runs=3)
    row("`journalctl -o cat` / `dump`, 10 MiB", f"{theirs / ten:.0f}")
    if shutil.which("journalctl"):
        tail, _, _ = seconds(*cat, "-n", "10")
        ours, _, _ = seconds(circular, "tail", "ten", *look)
        row("`journalctl -n 10` / `tail`", f"{tail / ours:.1f}")
        theirs, _, _ = seconds(*cat, "-g", rare, runs=3)
        ours, _, _ = seconds(circular, "dump", "ten", "-g", rare, *look)
        row("`journalctl -g` / `dump -g`", f"{theirs / ours:.0f}")
else:
    print("look_cost: SKIPPED: journalctl: ci/look_cost.sh install", file=sys.stderr)

# From the write to whoever reads the command's output, while records come.
for every in (1, 10, 100):
    writer = subprocess.Popen([fill, dir, "live", str(MIB), str(max(3000 // every, 40)), str(every)])
    while not any(name.startswith("live.") for name in os.listdir(dir)): time.sleep(0.001)
    follow = subprocess.Popen([circular, "tail", "-f", "-n", "0", "-o", "json", "live", *look], stdout=subprocess.PIPE)
    late = []
    for line in follow.stdout:
        now = time.time_ns()
        record = json.loads(line)
        if "text" not in record: break
        stamp = record["time"]
        then = time.mktime(time.strptime(stamp[:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone
        late.append((now - int(then) * 10**9 - int(stamp[20:29])) / 1e6)
    follow.kill(); follow.communicate(); writer.wait()
    for ring in os.listdir(dir):
        if ring.startswith("live."): os.remove(f"{dir}/{ring}")
    late.sort()
    row(f"from a write to `tail -f`'s reader, a record each {every} ms", f"median {late[len(late) // 2]:.2f} ms, 99 % {late[len(late) * 99 // 100]:.2f} ms")
END
