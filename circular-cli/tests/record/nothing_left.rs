//! What ends with a terminal, a recorder or a shell, and where a signal goes there.

use std::time::{Duration, Instant};

use crate::recorded::Dir;
use crate::script::{press, rest, shell, typed, until};

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
