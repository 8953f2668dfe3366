//! Job control on a terminal: Ctrl-Z, and what a shell does with that.

use std::time::{Duration, Instant};

use circular_core::CommandEnd;

use crate::recorded::Dir;
use crate::script::{pid_namespace, press, rest, shell, shell_in, typed, until};

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

/// As in a container, and where one is entered from outside: whoever started it has no number there, nor has its session.
#[test]
fn where_its_session_is_of_another_pid_namespace_it_runs_as_without() {
    let Some(namespace) = pid_namespace() else {
        return;
    };
    let dir = Dir::new();
    let command = typed(&dir, "sh -c 'echo ready; read word; echo got $word'");
    // The session of the terminal is inside, and that of its parent outside. That is script(1), which as the first process
    // has a status of whatever ended there last.
    let mut around = shell_in(&namespace, &format!("{command}; echo status $?"));
    until(&mut around, "ready\r\n");
    press(&mut around, "\x1ait\r");
    until(&mut around, "got it\r\n");
    until(&mut around, "status 0\r\n");
    rest(around);
    // All are outside but the command; in front of it is nobody, or a process of the same group.
    let with = namespace.join(" ");
    let alone = shell(&format!("exec {with} {command}"));
    let script = dir.0.join("script");
    std::fs::write(&script, format!("{command}\nexit $?\n")).unwrap();
    let behind = shell(&format!("exec {with} sh {}", script.display()));
    for mut child in [alone, behind] {
        until(&mut child, "ready\r\n");
        press(&mut child, "\x1ait\r");
        let (out, status) = rest(child);
        assert!(
            out.contains("got it") && status == Some(0),
            "{status:?}: {out:?}"
        );
    }
}

#[test]
fn a_shell_of_another_pid_namespace_stops_it_and_has_the_keys_meanwhile() {
    let Some(namespace) = pid_namespace() else {
        return;
    };
    let dir = Dir::new();
    let with = namespace.join(" ");
    let command = typed(&dir, "sh -c 'echo ready; read word; echo got $word'");
    let script = dir.0.join("script");
    std::fs::write(&script, format!("{command}\nexit $?\n")).unwrap();
    let mut child = shell("exec bash --norc --noediting -i");
    until(&mut child, "$ ");
    press(&mut child, &format!("{with} sh {}\r", script.display()));
    until(&mut child, "ready\r\n");
    press(&mut child, "\x1a");
    until(&mut child, "Stopped");
    until(&mut child, "$ ");
    press(&mut child, "echo $((6 * 7)) keys\r");
    until(&mut child, "42 keys\r\n$ ");
    // In the background it goes on, and leaves the keys and the terminal alone.
    press(&mut child, "bg\r");
    until(&mut child, "$ ");
    for _ in 0..3 {
        press(&mut child, "sleep 0.1; jobs -s; echo $((6 * 7)) keys\r");
        let seen = until(&mut child, "42 keys\r\n$ ");
        assert!(!seen.contains("Stopped"), "{seen:?}");
    }
    press(&mut child, "fg\r");
    until(&mut child, "\r\n");
    press(&mut child, "it\r");
    until(&mut child, "got it\r\n");
    until(&mut child, "$ ");
    press(&mut child, "echo status $?\r");
    until(&mut child, "status 0\r\n");
    press(&mut child, "exit\r");
    rest(child);
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
