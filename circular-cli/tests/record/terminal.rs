//! On a terminal, which is script(1)'s.

use std::io::{Read, Write};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use circular_core::CommandEnd;

use crate::recorded::{Dir, fresh, is_there, text_of};

/// A line of bash on a terminal of 40 rows and 100 columns. Its keyboard is the child's standard input.
fn on_terminal(line: &str) -> Child {
    let line = format!("stty rows 40 cols 100; exec bash --norc -c '{line}'");
    shell(&line)
}

fn shell(line: &str) -> Child {
    let mut command = fresh("script");
    command.args(["--quiet", "--return", "--command", line, "/dev/null"]);
    command
        .env("SHELL", "/bin/sh")
        .env("TERM", "xterm")
        .env("PS1", "$ ");
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("script, of bsdutils, is needed")
}

/// `circular run` as it is typed.
fn typed(dir: &Dir, command: &str) -> String {
    let binary = env!("CARGO_BIN_EXE_circular");
    format!(
        "{binary} run --size 1MiB -D {} -- {command}",
        dir.0.display()
    )
}

/// What comes up to a text.
#[track_caller]
fn until(child: &mut Child, text: &str) -> String {
    let (out, mut seen) = (child.stdout.as_mut().unwrap(), Vec::new());
    while !seen.ends_with(text.as_bytes()) {
        let mut byte = [0];
        if out.read(&mut byte).unwrap() == 0 {
            panic!("no {text:?} in {:?}", String::from_utf8_lossy(&seen));
        }
        seen.push(byte[0]);
    }
    String::from_utf8_lossy(&seen).into_owned()
}

fn press(child: &mut Child, keys: &str) {
    child
        .stdin
        .as_mut()
        .unwrap()
        .write_all(keys.as_bytes())
        .unwrap();
}

/// All that is left, and the exit status.
fn rest(mut child: Child) -> (String, Option<i32>) {
    let mut out = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut out).unwrap();
    let status = child.wait().unwrap();
    (String::from_utf8_lossy(&out).into_owned(), status.code())
}

#[test]
fn a_terminal_stays_one_with_its_size_on_all_three() {
    let dir = Dir::new();
    let line =
        "sh -c \"for fd in 0 1 2; do test -t \\$fd && echo \\$fd; done; stty size; tty; exit 4\"";
    let (out, status) = rest(on_terminal(&typed(&dir, line)));
    assert!(
        out.starts_with("0\r\n1\r\n2\r\n40 100\r\n/dev/pts/"),
        "{out:?}"
    );
    assert_eq!(status, Some(4));
    let recorded = text_of(&dir.ring(), "stdout");
    assert!(recorded.starts_with("0\n1\n2\n40 100\n"), "{recorded:?}");
}

#[test]
fn a_stream_that_is_a_terminal_stays_one_beside_one_that_is_none() {
    let dir = Dir::new();
    let line =
        "sh -c \"test -t 1; echo \\$?; test -t 2; echo \\$?; stty size <&2; echo end >&2\" | cat";
    let (out, _) = rest(on_terminal(&typed(&dir, line)));
    // One goes by way of cat, and may be later.
    let (printed, errors) = ("1\r\n0\r\n40 100\r\n", "end\r\n");
    assert!(out.contains(errors), "{out:?}");
    assert_eq!(out.replace(errors, ""), printed);
    let (out, _) = rest(on_terminal(&format!(
        "echo x | {}",
        typed(&dir, "sh -c \"test -t 0; echo \\$?; test -t 1; echo \\$?\"")
    )));
    assert_eq!(out, "1\r\n0\r\n");
}

#[test]
fn a_terminal_that_changes_its_size_tells_the_command() {
    let dir = Dir::new();
    let command = "bash -c \"trap \\\"stty size <&1; exit 3\\\" WINCH; echo ready; while :; do sleep 0.1; done\"";
    // Somebody else on this terminal changes it, as a window would.
    let line = format!(
        "{} & read; stty rows 33 cols 77; wait",
        typed(&dir, command)
    );
    let mut child = on_terminal(&line);
    until(&mut child, "ready");
    press(&mut child, "\r");
    until(&mut child, "33 77");
    rest(child);
}

#[test]
fn keys_reach_the_command_and_its_echo_is_its_own() {
    let dir = Dir::new();
    let mut child = on_terminal(&typed(
        &dir,
        "sh -c \"stty -echo; echo ready; read word; echo got \\$word\"",
    ));
    until(&mut child, "ready\r\n");
    press(&mut child, "secret\r");
    let (out, status) = rest(child);
    assert_eq!((&*out, status), ("got secret\r\n", Some(0)));
    let ring = dir.ring();
    assert_eq!(text_of(&ring, "stdout"), "ready\ngot secret\n");
    assert_eq!(text_of(&ring, "stderr"), "");
}

#[test]
fn ctrl_c_interrupts_the_command() {
    let dir = Dir::new();
    let mut child = shell(&format!(
        "exec {}",
        typed(&dir, "sh -c 'echo ready; exec sleep 60'")
    ));
    until(&mut child, "ready\r\n");
    press(&mut child, "\x03");
    assert_eq!(rest(child).1, Some(130));
    assert_eq!(
        dir.ring().command_end().unwrap().unwrap().0,
        CommandEnd::Killed(2)
    );
    // One that handles it goes on.
    let dir = Dir::new();
    let mut child = shell(&format!(
        "exec {}",
        typed(
            &dir,
            "sh -c 'trap \"echo no; exit 3\" INT; echo ready; while :; do sleep 0.1; done'"
        )
    ));
    until(&mut child, "ready\r\n");
    press(&mut child, "\x03");
    let (out, status) = rest(child);
    assert!(out.contains("no\r\n"), "{out:?}");
    assert_eq!(status, Some(3));
}

#[test]
fn ctrl_c_ends_a_script_that_it_is_in() {
    let dir = Dir::new();
    let line = format!(
        "{}; echo goes on",
        typed(&dir, "sh -c \"echo ready; exec sleep 60\"")
    );
    let mut child = on_terminal(&line);
    until(&mut child, "ready\r\n");
    press(&mut child, "\x03");
    let (out, _) = rest(child);
    assert!(!out.contains("goes on"), "{out:?}");
}

#[test]
fn it_is_stopped_and_goes_on_by_the_shells_jobs() {
    let dir = Dir::new();
    let mut child = shell("exec bash --norc --noediting -i");
    until(&mut child, "$ ");
    press(
        &mut child,
        &(typed(&dir, "sh -c 'echo ready; read word; echo got $word'") + "\r"),
    );
    until(&mut child, "ready\r\n");
    press(&mut child, "\x1a");
    until(&mut child, "Stopped");
    until(&mut child, "$ ");
    press(&mut child, "echo the shell is $((6 * 7))\r");
    until(&mut child, "the shell is 42\r\n$ ");
    press(&mut child, "fg\r");
    until(&mut child, "got $word'\r\n");
    press(&mut child, "it\r");
    // What is typed before the command has ended is the command's.
    until(&mut child, "got it");
    until(&mut child, "$ ");
    press(&mut child, "echo status $?\r");
    until(&mut child, "status 0\r\n");
    // In the background, where it may print.
    press(
        &mut child,
        &(typed(&dir, "sh -c 'echo from behind'") + " &\r"),
    );
    until(&mut child, "from behind\r\n");
    press(&mut child, "exit\r");
    rest(child);
}

#[test]
fn the_real_terminal_is_as_it_was_afterwards() {
    let dir = Dir::new();
    let line = format!("stty -g; {}; stty -g", typed(&dir, "stty raw -echo"));
    let (out, _) = rest(on_terminal(&line));
    let settings: Vec<_> = out.lines().collect();
    assert_eq!(settings[0], settings[1], "{out:?}");
}

#[test]
fn a_program_that_takes_the_whole_screen() {
    if !is_there("less") {
        return;
    }
    let dir = Dir::new();
    let file = dir.0.join("text");
    std::fs::write(&file, "first line\n".repeat(200)).unwrap();
    let mut child = on_terminal(&typed(&dir, &format!("less {}", file.display())));
    until(&mut child, "first line");
    press(&mut child, "q");
    assert_eq!(rest(child).1, Some(0));
}

#[test]
fn an_editor() {
    if !is_there("nano") {
        return;
    }
    let dir = Dir::new();
    let file = dir.0.join("text");
    let mut child = on_terminal(&typed(
        &dir,
        &format!("nano --ignorercfiles {}", file.display()),
    ));
    until(&mut child, "GNU nano");
    until(&mut child, "Exit");
    press(&mut child, "one pear");
    until(&mut child, "one pear");
    // Write out, with the name that it has, and leave.
    press(&mut child, "\x0f");
    until(&mut child, "File Name to Write");
    press(&mut child, "\r");
    until(&mut child, "Wrote 1 line");
    press(&mut child, "\x18");
    assert_eq!(rest(child).1, Some(0));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "one pear\n");
}

#[test]
fn cargo_has_its_colours_and_its_progress_bar() {
    let dir = Dir::new();
    let package = dir.0.join("tiny");
    std::fs::create_dir_all(package.join("src")).unwrap();
    let manifest =
        "[package]\nname = \"tiny\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n";
    std::fs::write(package.join("Cargo.toml"), manifest).unwrap();
    std::fs::write(package.join("src/lib.rs"), "").unwrap();
    let cargo = format!(
        "env CARGO_TERM_PROGRESS_WHEN=always CARGO_TERM_PROGRESS_WIDTH=60 cargo check --offline --manifest-path {}/Cargo.toml",
        package.display()
    );
    let (out, status) = rest(on_terminal(&typed(&dir, &cargo)));
    assert_eq!(status, Some(0), "{out}");
    assert!(
        out.contains("\x1b[1m\x1b[92m    Finished") || out.contains("\x1b[1m\x1b[32m    Finished"),
        "{out:?}"
    );
    assert!(out.contains("Building") && out.contains('\r'), "{out:?}");
    // Where both are one terminal, there is one stream.
    assert!(text_of(&dir.ring(), "stdout").contains("Finished"));
}

#[test]
fn what_is_left_behind_on_a_terminal_goes_on_as_it_was() {
    let dir = Dir::new();
    let fifo = dir.0.join("fifo");
    let line = format!(
        "sh -c \"mkfifo {0}; (read word <{0}; echo \\$word) & echo now\"",
        fifo.display()
    );
    // The shell behind it keeps the terminal.
    let mut child = on_terminal(&format!("{}; echo and then; cat", typed(&dir, &line)));
    until(&mut child, "now\r\nand then\r\n");
    std::fs::write(&fifo, "late\n").unwrap();
    assert_eq!(until(&mut child, "late\r\n"), "late\r\n");
    press(&mut child, "\x04");
    rest(child);
}

#[test]
fn a_shell_finds_its_terminal() {
    let dir = Dir::new();
    let mut child = shell(&format!(
        "exec {}",
        typed(&dir, "bash --norc --noediting -i")
    ));
    let seen = until(&mut child, "$ ");
    assert!(!seen.contains("no job control"), "{seen:?}");
    press(&mut child, "exit 3\r");
    assert_eq!(rest(child).1, Some(3));
}

#[test]
fn a_job_that_was_in_the_background_has_the_keys_again() {
    let dir = Dir::new();
    let mut child = shell("exec bash --norc --noediting -i");
    until(&mut child, "$ ");
    let command = "sh -c 'echo ready; read word; echo got $word; exit 5'";
    press(&mut child, &(typed(&dir, command) + "\r"));
    until(&mut child, "ready\r\n");
    press(&mut child, "\x1a");
    until(&mut child, "Stopped");
    until(&mut child, "$ ");
    press(&mut child, "bg\r");
    until(&mut child, "$ ");
    press(&mut child, "fg\r");
    until(&mut child, "exit 5'\r\n");
    press(&mut child, "word\r");
    until(&mut child, "got word");
    until(&mut child, "$ ");
    press(&mut child, "echo status $?\r");
    until(&mut child, "status 5\r\n");
    press(&mut child, "exit\r");
    rest(child);
}

#[test]
fn a_job_that_ends_in_the_background_is_done() {
    let dir = Dir::new();
    let mut child = shell("exec bash --norc --noediting -i");
    until(&mut child, "$ ");
    let command = "sh -c 'echo ready; exec sleep 60'";
    press(&mut child, &(typed(&dir, command) + "\r"));
    until(&mut child, "ready\r\n");
    press(&mut child, "\x1a");
    until(&mut child, "Stopped");
    until(&mut child, "$ ");
    press(&mut child, "kill %1; wait; echo $((6 * 7)) jobs\r");
    until(&mut child, "42 jobs\r\n");
    // A shell does not wait for a job that it takes for stopped still, and for that one it does not exit when it is asked once.
    press(&mut child, "exit\rexit\r");
    rest(child);
    let deadline = Instant::now() + Duration::from_secs(60);
    let end = loop {
        match dir.ring().command_end().unwrap() {
            Some((end, _)) => break end,
            None => assert!(Instant::now() < deadline, "its end is not noted"),
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    assert_eq!(end, CommandEnd::Killed(15));
}

#[test]
fn output_and_errors_are_one_terminal_as_without() {
    let dir = Dir::new();
    let line = "sh -c \"for fd in 0 1 2; do readlink /proc/self/fd/\\$fd; done; \
                i=0; while test \\$i -lt 300; do echo out \\$i; echo err \\$i >&2; i=\\$((i+1)); done\"";
    let in_order: String = (0..300).map(|i| format!("out {i}\nerr {i}\n")).collect();
    // In the foreground, and with the terminal for output alone.
    for (before, names) in [("", 3), ("</dev/null ", 2)] {
        let (out, _) = rest(on_terminal(&format!("{before}{}", typed(&dir, line))));
        let out = out.replace('\r', "");
        let (found, printed) = out.split_at(out.find("out 0\n").unwrap());
        let found: Vec<_> = found.lines().filter(|name| name.contains("pts")).collect();
        assert_eq!(found.len(), names, "{found:?}");
        assert!(found.iter().all(|name| *name == found[0]), "{found:?}");
        assert!(printed == in_order, "{before}: {printed}");
        let recorded = text_of(&dir.rings().pop().unwrap(), "stdout");
        assert!(recorded.ends_with(&in_order), "{before}: {recorded}");
    }
}

#[test]
fn errors_that_go_elsewhere_are_told_apart_on_a_terminal() {
    let dir = Dir::new();
    let command = typed(&dir, "sh -c \"echo one; echo two >&2\"");
    let (out, _) = rest(on_terminal(&format!("{command} 2>/dev/null")));
    assert_eq!(out, "one\r\n");
    let ring = dir.ring();
    assert_eq!(text_of(&ring, "stdout"), "one\n");
    assert_eq!(text_of(&ring, "stderr"), "two\n");
}

#[test]
fn a_script_that_waits_for_it_is_stopped_and_goes_on_as_without() {
    let dir = Dir::new();
    let script = dir.0.join("script");
    let command = typed(&dir, "sh -c 'echo ready; read word; echo got $word'");
    std::fs::write(&script, format!("{command}\necho the script ends\n")).unwrap();
    let mut child = shell("exec bash --norc --noediting -i");
    until(&mut child, "$ ");
    for line in [
        format!("sh {}", script.display()),
        format!("({command}; echo the script ends)"),
    ] {
        press(&mut child, &(line + "\r"));
        until(&mut child, "ready\r\n");
        press(&mut child, "\x1a");
        until(&mut child, "Stopped");
        until(&mut child, "$ ");
        press(&mut child, "fg; echo status $?\r");
        until(&mut child, "\r\n");
        press(&mut child, "it\r");
        until(&mut child, "got it\r\n");
        until(&mut child, "the script ends\r\n");
        until(&mut child, "status 0\r\n");
        until(&mut child, "$ ");
    }
    press(&mut child, "exit\r");
    rest(child);
}

#[test]
fn where_nobody_would_continue_it_the_key_stops_nobody() {
    let dir = Dir::new();
    let mut child = shell(&format!(
        "exec {}",
        typed(&dir, "sh -c 'echo ready; read word; echo got $word'")
    ));
    until(&mut child, "ready\r\n");
    press(&mut child, "\x1ait\r");
    let (out, status) = rest(child);
    assert!(
        out.contains("got it") && status == Some(0),
        "{status:?}: {out:?}"
    );
}

#[test]
fn ctrl_c_ends_a_loop_that_it_is_in_whatever_is_the_terminal() {
    for (before, after) in [("", " >/dev/null"), ("</dev/null ", ""), ("", "")] {
        let dir = Dir::new();
        let command = typed(&dir, "sh -c \"echo ready >&2; exec sleep 60\"");
        let line =
            format!("for i in 1 2 3; do {before}{command}{after}; echo end $i; done; echo goes on");
        let mut child = on_terminal(&line);
        until(&mut child, "ready\r\n");
        press(&mut child, "\x03");
        let (out, status) = rest(child);
        assert!(
            !out.contains("end 1") && !out.contains("goes on"),
            "{out:?}"
        );
        assert_eq!(status, Some(130));
        let end = dir.ring().command_end().unwrap().unwrap().0;
        assert_eq!(end, CommandEnd::Killed(2));
    }
}

#[test]
fn signals_that_the_command_sends_its_parent_end_nothing() {
    let dir = Dir::new();
    let line = "sh -c \"for name in HUP INT QUIT TERM USR1 USR2 ABRT ALRM; do kill -s \\$name \\$PPID; done; \
                sleep 0.2; echo still; exit 3\"";
    let (out, status) = rest(on_terminal(&typed(&dir, line)));
    assert_eq!((&*out, status), ("still\r\n", Some(3)));
}

#[test]
fn one_that_stops_itself_at_once_stays_so() {
    let dir = Dir::new();
    let mut child = shell("exec bash --norc --noediting -i");
    until(&mut child, "$ ");
    for _ in 0..5 {
        let command = typed(&dir, "sh -c 'kill -STOP $$; echo goes on'");
        press(&mut child, &(command + "\r"));
        until(&mut child, "\r\n");
        let seen = until(&mut child, "Stopped");
        assert!(!seen.contains("goes on"), "{seen:?}");
        until(&mut child, "$ ");
        press(&mut child, "fg; echo status $?\r");
        until(&mut child, "status 0\r\n");
        until(&mut child, "$ ");
    }
    press(&mut child, "exit\r");
    rest(child);
}

#[test]
fn a_terminal_that_goes_ends_the_command() {
    let dir = Dir::new();
    let mut child = shell(&format!(
        "exec {}",
        typed(&dir, "sh -c 'echo $$; exec sleep 60'")
    ));
    let pid = until(&mut child, "\r\n").trim().parse().unwrap();
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    // The terminal goes with script, whose it is.
    child.kill().unwrap();
    child.wait().unwrap();
    while rustix::process::test_kill_process(pid).is_ok() {
        std::thread::yield_now();
    }
}

/// A shell with a program, which both run for ever; they have the directory in their command lines, as `circular` and its helpers have it.
/// The program is behind the shell, which a stop between vfork and exec would not stop.
fn for_ever(dir: &Dir) -> String {
    let path = dir.0.join("sleep");
    if !path.exists() {
        std::os::unix::fs::symlink("/bin/sleep", &path).unwrap();
    }
    format!("sh -c '{} 1111 & echo ready; wait; true'", path.display())
}

/// The command lines that have the directory in them.
fn running(dir: &Dir) -> Vec<String> {
    let dir = dir.0.to_str().unwrap();
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap() {
        // One that has ended meanwhile has none.
        let line = std::fs::read(entry.unwrap().path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        if line.contains(dir) {
            found.push(line);
        }
    }
    found
}

#[track_caller]
fn nothing_stays(dir: &Dir) {
    let due = Instant::now() + Duration::from_secs(10);
    loop {
        let left = running(dir);
        if left.is_empty() {
            return;
        }
        assert!(Instant::now() < due, "{left:#?}");
        std::thread::yield_now();
    }
}

#[test]
fn a_job_that_is_ended_by_its_shell_leaves_nothing() {
    let dir = Dir::new();
    let command = typed(&dir, &for_ever(&dir));
    for end in ["kill %1; fg", "kill %1; wait", "kill -HUP %1; wait"] {
        let mut child = shell("exec bash --norc --noediting -i");
        until(&mut child, "$ ");
        press(&mut child, &(command.clone() + "\r"));
        until(&mut child, "ready\r\n");
        press(&mut child, "\x1a");
        until(&mut child, "Stopped");
        until(&mut child, "$ ");
        press(&mut child, &format!("{end}; echo $((6 * 7)) jobs\r"));
        until(&mut child, "42 jobs\r\n");
        nothing_stays(&dir);
        press(&mut child, "exit\r");
        rest(child);
    }
}

#[test]
fn a_terminal_that_goes_leaves_nothing() {
    for is_stopped in [false, true] {
        for inner in ["", "bash --norc --noediting -i"] {
            let dir = Dir::new();
            let line = for_ever(&dir);
            let mut child = shell("exec bash --norc --noediting -i");
            until(&mut child, "$ ");
            // It is a job of the shell that is recorded, or is recorded itself.
            if inner.is_empty() {
                press(&mut child, &(typed(&dir, &line) + "\r"));
            } else {
                press(&mut child, &(typed(&dir, inner) + "\r"));
                until(&mut child, "$ ");
                press(&mut child, &(line + "\r"));
            }
            until(&mut child, "ready\r\n");
            if is_stopped {
                press(&mut child, "\x1a");
                until(&mut child, "Stopped");
                until(&mut child, "$ ");
            }
            // The terminal goes with script, whose it is.
            child.kill().unwrap();
            child.wait().unwrap();
            nothing_stays(&dir);
        }
    }
}

#[test]
fn a_recorder_that_is_killed_leaves_nothing() {
    let dir = Dir::new();
    let mut child = shell(&format!("exec {}", typed(&dir, &for_ever(&dir))));
    until(&mut child, "ready\r\n");
    let recorder = i32::try_from(dir.ring().info().pid).unwrap();
    let recorder = rustix::process::Pid::from_raw(recorder).unwrap();
    rustix::process::kill_process(recorder, rustix::process::Signal::KILL).unwrap();
    rest(child);
    nothing_stays(&dir);
}

#[test]
fn a_signal_goes_to_what_is_in_the_foreground_of_the_commands_terminal() {
    let dir = Dir::new();
    let mut child = shell(&format!(
        "exec {}",
        typed(&dir, "bash --norc --noediting -i")
    ));
    until(&mut child, "$ ");
    press(&mut child, &(for_ever(&dir) + "\r"));
    until(&mut child, "ready\r\n");
    let recorder = i32::try_from(dir.ring().info().pid).unwrap();
    let recorder = rustix::process::Pid::from_raw(recorder).unwrap();
    // The shell ignores it.
    rustix::process::kill_process(recorder, rustix::process::Signal::TERM).unwrap();
    until(&mut child, "$ ");
    press(&mut child, "echo status $?\r");
    until(&mut child, "status 143\r\n");
    press(&mut child, "exit 3\r");
    assert_eq!(rest(child).1, Some(3));
    nothing_stays(&dir);
}

/// It would end those of the command's processes that do not expect it.
#[test]
fn a_signal_that_is_meant_for_one_process_goes_to_one() {
    let dir = Dir::new();
    let waits =
        "trap \"echo heard\" USR1; sleep 0.2 & echo ready; wait $!; wait $!; echo slept $?; exit 3";
    let mut child = shell(&format!(
        "exec {}",
        typed(&dir, &format!("sh -c '{waits}'"))
    ));
    until(&mut child, "ready\r\n");
    let recorder = i32::try_from(dir.ring().info().pid).unwrap();
    let recorder = rustix::process::Pid::from_raw(recorder).unwrap();
    rustix::process::kill_process(recorder, rustix::process::Signal::USR1).unwrap();
    let (text, status) = rest(child);
    assert_eq!(status, Some(3));
    assert!(
        text.contains("heard\r\n") && text.contains("slept 0\r\n"),
        "{text}"
    );
}

#[test]
fn a_program_that_reads_its_keys_where_it_prints_has_them() {
    let dir = Dir::new();
    let file = dir.0.join("text");
    std::fs::write(
        &file,
        (1..=1000)
            .map(|i| format!("line {i}\n"))
            .collect::<String>(),
    )
    .unwrap();
    let file = file.display();
    for (program, before, command, after) in [
        ("less", format!("cat {file} | "), "less", String::new()),
        ("less", String::new(), "less", format!(" <{file}")),
        (
            "less",
            format!("echo {file} | "),
            "xargs less",
            String::new(),
        ),
        ("more", format!("cat {file} | "), "more", String::new()),
    ] {
        if !is_there(program) {
            continue;
        }
        let command = typed(&dir, command);
        let line = format!("stty -g; {before}{command}{after}; echo status $?; stty -g");
        let mut child = on_terminal(&line);
        let mut settings = vec![until(&mut child, "\r\n")];
        until(&mut child, "line 38");
        press(&mut child, " ");
        until(&mut child, "line 70");
        press(&mut child, "q");
        until(&mut child, "status 0\r\n");
        settings.push(rest(child).0);
        assert_eq!(settings[0], settings[1], "{command}");
    }
}

#[test]
fn an_editor_of_what_comes_through_a_pipe() {
    if !is_there("vim") {
        return;
    }
    let dir = Dir::new();
    let file = dir.0.join("text");
    let command = typed(&dir, "vim -u NONE -");
    let mut child = on_terminal(&format!("echo one pear | {command}"));
    until(&mut child, "one pear");
    press(&mut child, "ofrom the keys\x1b");
    until(&mut child, "from the keys");
    press(&mut child, &format!(":w {}\r:q!\r", file.display()));
    assert_eq!(rest(child).1, Some(0));
    assert_eq!(
        std::fs::read_to_string(&file).unwrap(),
        "one pear\nfrom the keys\n"
    );
}

#[test]
fn keys_are_left_to_others_while_the_command_has_set_nothing() {
    let dir = Dir::new();
    let command = typed(&dir, "cat");
    let other = "sh -c \"echo ready >&2; read word </dev/tty; echo got \\$word\"";
    let mut child = on_terminal(&format!("{other} | {command}"));
    until(&mut child, "ready\r\n");
    press(&mut child, "it\r");
    until(&mut child, "got it\r\n");
    assert_eq!(rest(child).1, Some(0));
}

#[test]
fn keys_that_are_signals_reach_the_group_from_the_real_terminal() {
    let dir = Dir::new();
    let command = typed(
        &dir,
        "sh -c \"stty -icanon -echo <&2; echo ready; head -c 1 <&2; echo read; exec sleep 60\"",
    );
    let mut child = on_terminal(&format!("{command} </dev/null; echo goes on"));
    until(&mut child, "ready\r\n");
    press(&mut child, "x");
    until(&mut child, "xread\r\n");
    press(&mut child, "\x03");
    let (out, status) = rest(child);
    assert!(!out.contains("goes on"), "{out:?}");
    assert_eq!(status, Some(130));
}

#[test]
fn one_that_reads_its_keys_where_it_prints_is_stopped_and_goes_on() {
    let dir = Dir::new();
    let script = dir.0.join("script");
    let text = "found=$(stty -g <&2); stty -icanon -echo <&2; echo ready; key=
        while test \"$key\" != q; do key=$(head -c 1 <&2); echo \"key $key.\"; done
        stty $found <&2\n";
    std::fs::write(&script, text).unwrap();
    let mut child = shell("exec bash --norc --noediting -i");
    until(&mut child, "$ ");
    let command = typed(&dir, &format!("sh {}", script.display()));
    press(&mut child, &format!("echo | {command}\r"));
    until(&mut child, "ready\r\n");
    for key in ["a", "b", "c"] {
        press(&mut child, "\x1a");
        until(&mut child, "Stopped");
        until(&mut child, "$ ");
        // Keys are the shell's now, and seen.
        press(&mut child, "echo $((6 * 7)) keys\r");
        until(&mut child, "echo $((6 * 7)) keys\r\n42 keys\r\n$ ");
        press(&mut child, "fg\r");
        until(&mut child, "\r\n");
        press(&mut child, key);
        until(&mut child, &format!("key {key}.\r\n"));
    }
    press(&mut child, "q");
    until(&mut child, "key q.\r\n");
    until(&mut child, "$ ");
    press(&mut child, "echo status $?\r");
    until(&mut child, "echo status $?\r\nstatus 0\r\n");
    press(&mut child, "exit\r");
    rest(child);
}

#[test]
fn the_real_terminal_is_given_back_whatever_the_command_leaves() {
    let dir = Dir::new();
    let command = typed(
        &dir,
        "sh -c \"stty raw -echo <&2; echo ready; kill -9 \\$\\$\"",
    );
    let (out, _) = rest(on_terminal(&format!(
        "stty -g; {command} </dev/null; stty -g"
    )));
    let settings: Vec<_> = out.lines().filter(|line| line.contains(':')).collect();
    assert_eq!(settings.len(), 2, "{out:?}");
    assert_eq!(settings[0], settings[1], "{out:?}");
}
