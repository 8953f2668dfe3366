use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};

use circular_core::{CommandEnd, Level, RingState};

use crate::recorded::{Dir, fresh, lines, text_of};

#[test]
fn two_streams_are_told_apart_and_pass_through() {
    let dir = Dir::new();
    let output = dir
        .run_line("echo one; echo 'ERROR two' >&2; printf three")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(output.stdout, b"one\nthree");
    assert_eq!(output.stderr, b"ERROR two\n");
    let ring = dir.ring();
    assert_eq!(text_of(&ring, "stdout"), "one\nthree");
    assert_eq!(text_of(&ring, "stderr"), "ERROR two\n");
    let levels: Vec<_> = lines(&ring).into_iter().filter_map(|line| line.1).collect();
    assert_eq!(levels, [Level::Error]);
    let info = ring.info();
    assert_eq!(info.program, "sh");
    assert!(info.command.is_some_and(|path| path.is_absolute()));
    assert_eq!(ring.state().unwrap(), RingState::Closed);
    assert_eq!(
        ring.command_end().unwrap().unwrap().0,
        CommandEnd::Exited(0)
    );
}

#[test]
fn where_both_streams_go_to_one_place_the_order_is_the_commands() {
    let line = "i=0; while test $i -lt 300; do echo out $i; echo err $i >&2; i=$((i+1)); done";
    let in_order: String = (0..300).map(|i| format!("out {i}\nerr {i}\n")).collect();
    // One file, and one pipe.
    let dir = Dir::new();
    let path = dir.0.join("log");
    let log = fs::File::create(&path).unwrap();
    let mut command = dir.run_line(line);
    command.stdout(log.try_clone().unwrap()).stderr(log);
    assert!(command.status().unwrap().success());
    assert!(fs::read_to_string(&path).unwrap() == in_order);
    fs::remove_file(&path).unwrap();
    let ring = dir.ring();
    assert!(text_of(&ring, "stdout") == in_order);
    assert_eq!(text_of(&ring, "stderr"), "");

    let dir = Dir::new();
    let (reader, writer) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).unwrap();
    let mut reader = fs::File::from(reader);
    let mut command = dir.run_line(line);
    command.stdout(writer.try_clone().unwrap()).stderr(writer);
    let mut child = command.spawn().unwrap();
    drop(command);
    let mut out = String::new();
    reader.read_to_string(&mut out).unwrap();
    assert!(child.wait().unwrap().success());
    assert!(out == in_order, "{out}");
    assert!(text_of(&dir.ring(), "stdout") == in_order);

    // What is thrown away has no order, and is told apart.
    let dir = Dir::new();
    let null = || fs::File::options().write(true).open("/dev/null").unwrap();
    let mut command = dir.run_line("echo one; echo two >&2");
    let done = command.stdout(null()).stderr(null()).status();
    assert!(done.unwrap().success());
    let ring = dir.ring();
    assert_eq!(text_of(&ring, "stdout"), "one\n");
    assert_eq!(text_of(&ring, "stderr"), "two\n");
}

#[test]
fn the_status_is_the_commands_or_125_to_127() {
    for (line, expected, end) in [
        ("exit 0", 0, CommandEnd::Exited(0)),
        ("exit 3", 3, CommandEnd::Exited(3)),
        ("exit 255", 255, CommandEnd::Exited(255)),
        ("kill -9 $$", 137, CommandEnd::Killed(9)),
        ("kill -TERM $$", 143, CommandEnd::Killed(15)),
        ("kill -SEGV $$", 139, CommandEnd::Killed(11)),
    ] {
        let dir = Dir::new();
        let output = dir.run_line(line).output().unwrap();
        assert_eq!(output.status.code(), Some(expected), "{line}");
        assert_eq!(dir.ring().command_end().unwrap().unwrap().0, end, "{line}");
    }
    let dir = Dir::new();
    for (words, expected, reason, next) in [
        (
            &["/nowhere/program"][..],
            127,
            "cannot run /nowhere/program: ",
            "Try: command -v /nowhere/program",
        ),
        (
            &["/etc/passwd"],
            126,
            "cannot run /etc/passwd: ",
            "Try: ls -l /etc/passwd",
        ),
        (&["/"], 126, "cannot run /: ", "Try: ls -l /"),
        (&[], 125, "COMMAND", "--help"),
    ] {
        let output = dir.run(words).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(expected), "{words:?}: {err}");
        assert!(
            err.contains(reason) && err.contains(next),
            "{words:?}: {err}"
        );
    }
    for bad in [
        ["--name", "a/b"],
        ["--name", ""],
        ["--name", "-dash"],
        ["--name", "--"],
        ["--name", "."],
        ["--name", ".."],
        ["--name", ".hidden"],
        ["--name", "a\nb"],
        ["--size", "0"],
        ["--size", "1TiB"],
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_circular"));
        let output = command
            .arg("run")
            .args(bad)
            .args(["--", "echo", "it runs"])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(125), "{bad:?} {output:?}");
        assert_eq!(output.stdout, b"", "{bad:?}");
        let err = String::from_utf8(output.stderr).unwrap();
        assert!(err.contains(bad[0]), "{bad:?}: {err}");
        let rule = "begins with no dot and no dash, and has no slash";
        assert!(bad[0] != "--name" || err.contains(rule), "{bad:?}: {err}");
    }
    let bad = Command::new(env!("CARGO_BIN_EXE_circular"))
        .args(["run", "--size", "much", "--", "true"])
        .output();
    assert_eq!(bad.unwrap().status.code(), Some(125));
    assert!(
        dir.rings().is_empty(),
        "nothing ran, so there is nothing of it"
    );
}

#[test]
fn name_and_size_are_as_they_are_asked_for() {
    let dir = Dir::new();
    let mut command = Command::new(env!("CARGO_BIN_EXE_circular"));
    command
        .args(["run", "--name", "shop", "--size", "64KiB", "-D"])
        .arg(&dir.0)
        .args(["--", "echo", "hi"]);
    assert!(command.output().unwrap().status.success());
    let info = dir.ring().info();
    assert_eq!((&*info.program, info.capacity), ("shop", 64 << 10));
}

#[test]
fn a_command_with_a_long_name_has_a_ring_too() {
    let dir = Dir::new();
    let name = "\u{e9}".repeat(50);
    let file = dir.0.join(&name);
    std::os::unix::fs::symlink("/bin/true", &file).unwrap();
    let output = dir.run(&[file.to_str().unwrap()]).output().unwrap();
    assert_eq!(output.stderr, b"");
    assert_eq!(dir.ring().info().program, "\u{e9}".repeat(32));
}

#[test]
fn bytes_come_as_they_are_written_not_by_lines() {
    let dir = Dir::new();
    let mut command = fresh(env!("CARGO_BIN_EXE_circular"));
    command
        // However long it takes here.
        .args(["run", "--size=1MiB", "--unfinished-after=3600000", "-D"])
        .arg(&dir.0)
        .args([
            "--",
            "sh",
            "-c",
            "printf prompt; read line; echo \"got $line\"",
        ]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut prompt = [0; 6];
    // Its line has no end, and waits for an answer.
    let out = child.stdout.as_mut().unwrap();
    out.read_exact(&mut prompt).unwrap();
    assert_eq!(&prompt, b"prompt");
    std::io::Write::write_all(child.stdin.as_mut().unwrap(), b"it\n").unwrap();
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "got it\n");
    assert!(child.wait().unwrap().success());
    let texts: Vec<_> = lines(&dir.ring()).into_iter().map(|line| line.2).collect();
    assert_eq!(texts, ["promptgot it\n"], "a line is whole");
}

#[test]
fn any_bytes_pass_and_are_kept() {
    let dir = Dir::new();
    let file = dir.0.join("bytes");
    let bytes: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    fs::write(&file, &bytes).unwrap();
    let output = dir.run(&["cat", file.to_str().unwrap()]).output().unwrap();
    assert!(output.stdout == bytes);
    fs::remove_file(&file).unwrap();
    assert!(dir.ring().snapshot().unwrap().bytes() == bytes);
}

#[test]
fn a_reader_that_goes_away_ends_the_command_as_without() {
    let dir = Dir::new();
    let mut child = dir.run(&["yes"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut some = [0; 100];
    child
        .stdout
        .as_mut()
        .unwrap()
        .read_exact(&mut some)
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(141), "SIGPIPE");
}

#[test]
fn a_full_disk_stops_no_recording() {
    let dir = Dir::new();
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let output = dir
        .run_line("echo one; echo two >&2")
        .stdout(full)
        .output()
        .unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{err}");
    assert!(err.contains("stdout cannot be written"), "{err}");
    assert_eq!(text_of(&dir.ring(), "stdout"), "one\n");
}

#[test]
fn a_disk_that_has_room_again_is_written_to_again() {
    let dir = Dir::new();
    let path = dir.0.join("log");
    let log = fs::File::create(&path).unwrap();
    let line = "trap '' XFSZ; for word in one two three four five; do echo $word; read go; done";
    let mut child = dir
        .run_line(line)
        .stdin(Stdio::piped())
        .stdout(log)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let ring = loop {
        if let Some(ring) = dir.rings().pop() {
            break ring;
        }
        std::thread::yield_now();
    };
    let mut reader = ring.reader().open();
    let pid = rustix::process::Pid::from_child(&child);
    // A file that may not grow is as good as a full disk.
    let may_have = |bytes| {
        let limit = rustix::process::Rlimit {
            current: bytes,
            maximum: None,
        };
        rustix::process::prlimit(Some(pid), rustix::process::Resource::Fsize, limit).unwrap();
    };
    let mut input = child.stdin.take().unwrap();
    for (word, next) in [
        ("one", Some(4)),
        ("two", Some(4)),
        ("three", Some(4)),
        ("four", None),
        ("five", None),
    ] {
        let batch = reader.recv().unwrap();
        assert_eq!(batch.bytes(), format!("{word}\n").as_bytes());
        may_have(next);
        std::io::Write::write_all(&mut input, b"go\n").unwrap();
    }
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        err.matches("cannot be written").count(),
        1,
        "told once: {err}"
    );
    // A word is recorded before it is written, so there may have been room for the fourth already.
    let written = fs::read_to_string(&path).unwrap();
    assert_eq!(written.replace("four\n", ""), "one\nfive\n");
}

#[test]
fn what_there_is_of_a_line_is_recorded_when_it_is_not_finished_for_a_while() {
    let dir = Dir::new();
    let mut command = fresh(env!("CARGO_BIN_EXE_circular"));
    command
        .args(["run", "--size=1MiB", "--unfinished-after=1", "-D"])
        .arg(&dir.0)
        .args(["--", "sh", "-c"])
        .arg("printf prompt; read go; printf ' and rest\nabout to crash'; exec sleep 60");
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let ring = loop {
        if let Some(ring) = dir.rings().pop() {
            break ring;
        }
        std::thread::yield_now();
    };
    let mut reader = ring.reader().open();
    assert_eq!(reader.recv().unwrap().bytes(), b"prompt");
    std::io::Write::write_all(child.stdin.as_mut().unwrap(), b"go\n").unwrap();
    let (mut seen, expected) = (Vec::new(), b" and rest\nabout to crash");
    while seen.len() < expected.len() {
        seen.extend_from_slice(reader.recv().unwrap().bytes());
    }
    assert_eq!(seen, expected);
    child.kill().unwrap();
    child.wait().unwrap();
    let pid = i32::try_from(ring.info().command_pid.unwrap()).unwrap();
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    // Together they are what was printed.
    let held = ring.snapshot().unwrap();
    assert_eq!(held.bytes(), b"prompt and rest\nabout to crash");
    let texts: Vec<_> = lines(&ring).into_iter().map(|line| line.2).collect();
    assert_eq!(texts, ["prompt", " and rest\n", "about to crash"]);
}

#[test]
fn without_a_ring_it_runs_all_the_same() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_circular"));
    command.args(["run", "-D", "/nowhere", "--", "sh", "-c", "echo hi; exit 3"]);
    let output = command.output().unwrap();
    assert_eq!(
        (output.status.code(), &*output.stdout),
        (Some(3), &b"hi\n"[..])
    );
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(
        err.contains("nothing is recorded") && err.contains("/nowhere"),
        "{err}"
    );
}

#[test]
fn the_command_looks_the_same_from_within() {
    let dir = Dir::new();
    // Descriptors, ignored signals, variables, directory.
    let line = "ls /proc/self/fd; grep Sig[IB] /proc/self/status; pwd; env | sort | grep -v '^_='";
    let plain = fresh("sh")
        .args(["-c", line])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let under = dir.run_line(line).output().unwrap();
    let [plain, under] = [plain, under].map(|output| String::from_utf8(output.stdout).unwrap());
    assert_eq!(under, plain);
}

#[test]
fn signals_that_are_ignored_stay_so() {
    let dir = Dir::new();
    let binary = env!("CARGO_BIN_EXE_circular");
    let line = format!(
        "trap '' HUP; exec '{binary}' run -D '{}' -- grep SigIgn /proc/self/status",
        dir.0.display()
    );
    let output = Command::new("sh").args(["-c", &line]).output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    let mask = u64::from_str_radix(out.trim().rsplit('\t').next().unwrap(), 16).unwrap();
    assert_eq!(mask & 1, 1, "{out}");
}

#[test]
fn what_became_of_a_command_is_what_ls_and_dump_say() {
    for (line, in_list, phrase) in [
        ("echo hi; kill -9 $$", "died", "was killed by SIGKILL"),
        ("echo hi; kill -TERM $$", "died", "was killed by SIGTERM"),
        ("echo hi; exit 3", "exited", "exited with status 3"),
    ] {
        let dir = Dir::new();
        dir.run_line(line).output().unwrap();
        let listed = dir.circular(&["ls"]).output().unwrap();
        let listed = String::from_utf8(listed.stdout).unwrap();
        assert!(listed.contains(in_list), "{line}: {listed}");
        let dumped = dir.circular(&["dump", "sh"]).output().unwrap();
        assert_eq!(dumped.stdout, b"hi\n");
        let err = String::from_utf8(dumped.stderr).unwrap();
        assert!(err.contains(phrase), "{line}: {err}");
    }
}

/// What a program says of its end is what somebody looks for.
#[test]
fn last_words_on_standard_error_are_the_last_whatever_came_before_on_standard_output() {
    let is_own = |(target, ..): &(String, Option<Level>, String)| target != "circular";
    for (count, times) in [(2_000_000, 3), (5_000, 10), (20, 10)] {
        for _ in 0..times {
            let dir = Dir::new();
            let line = format!("seq 1 {count}; echo FATAL: it is over >&2; exit 1");
            let mut command = dir.run_line(&line);
            let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
            assert_eq!(status.unwrap().code(), Some(1));
            let lines = lines(&dir.ring());
            let mut own = lines.iter().rev().filter(|line| is_own(line));
            let (target, level, text) = own.next().unwrap();
            assert_eq!(
                (target.as_str(), *level, text.as_str()),
                ("stderr", Some(Level::Error), "FATAL: it is over\n"),
            );
            assert_eq!(own.next().unwrap().2, format!("{count}\n"));
        }
    }
}

#[test]
fn both_streams_have_one_clock() {
    let dir = Dir::new();
    // Each line when the one before has been recorded, as the ring tells.
    let mut command =
        dir.run_line("for i in 1 2 3; do read go; echo out; read go; echo err >&2; done");
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let ring = loop {
        if let Some(ring) = dir.rings().pop() {
            break ring;
        }
        std::thread::yield_now();
    };
    let mut reader = ring.reader().open();
    let mut times = Vec::new();
    for target in ["stdout", "stderr"].into_iter().cycle().take(6) {
        std::io::Write::write_all(child.stdin.as_mut().unwrap(), b"go\n").unwrap();
        let batch = reader.recv().unwrap();
        let record = batch.records().next().unwrap();
        assert_eq!((record.target(), batch.len()), (target, 1));
        times.push(record.time());
    }
    assert!(times.is_sorted(), "{times:?}");
    assert!(child.wait().unwrap().success());
}
