//! On a terminal.

use circular_core::CommandEnd;

use crate::recorded::{Dir, is_there, text_of};
use crate::script::{on_terminal, press, rest, shell, typed, until};

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
