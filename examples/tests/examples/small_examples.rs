//! The small examples show what their headers say.

#[cfg(unix)]
use crate::support::kill;
use crate::support::{TempDir, example};
use std::fs;
#[cfg(unix)]
use std::{
    io::{BufRead, BufReader},
    process::{Child, Stdio},
};

#[test]
fn panic_dump_leaves_a_file_with_what_led_to_the_panic() {
    let dir = TempDir::new();
    let output = example("panic_dump")
        .arg(dir.path())
        .output()
        .expect("the program starts");
    assert!(output.status.success(), "{output:?}");

    let dump = dir.file("panic_dump-");
    assert!(
        dump.contains("DEBUG panic_dump: took one item=\"eggs\" left=2"),
        "{dump}"
    );
    assert!(dump.contains("the queue is never empty"), "{dump}");

    let stdout = String::from_utf8_lossy(&output.stdout);
    let told = format!("the dump is {}", dir.path().join("panic_dump-").display());
    assert!(stdout.contains(&told), "{stdout}");
}

#[test]
fn dump_on_error_leaves_files_with_what_led_to_the_errors() {
    let dir = TempDir::new();
    let output = example("dump_on_error")
        .arg(dir.path())
        .output()
        .expect("the program starts");
    assert!(output.status.success(), "{output:?}");

    let console = String::from_utf8_lossy(&output.stderr);
    assert_eq!(console.matches("ERROR").count(), 2, "{console}");
    assert_eq!(console.lines().count(), 2, "{console}");

    // Of one process: the names are in the order of time.
    let mut dumps: Vec<_> = fs::read_dir(dir.path())
        .expect("the directory is there")
        .map(|entry| entry.expect("it can be read").path())
        .collect();
    dumps.sort();
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(stdout.contains(&format!("{} dumps made, 0 failed", dumps.len())));
    let mut text = String::new();
    for dump in &dumps {
        assert!(
            stdout.contains(&format!("a dump is {}", dump.display())),
            "{stdout}"
        );
        text += &fs::read_to_string(dump).expect("it is ours");
    }
    // Nothing is missing, and nothing comes twice.
    let messages: Vec<_> = text
        .lines()
        .filter_map(|line| line.split_once("dump_on_error: "))
        .map(|(_, message)| message)
        .collect();
    let mut expected = vec![String::from("started")];
    for order in 1..=6 {
        expected.push(format!("looking up the address order={order}"));
        expected.push(format!("packed order={order}"));
        if order % 3 == 0 {
            expected.push(format!("no such address order={order}"));
        }
    }
    expected.push(String::from("stopping"));
    // The last dump may have been made before it was said.
    expected.truncate(messages.len().max(expected.len() - 1));
    assert_eq!(messages, expected);
}

#[test]
fn quiet_console_shows_trace_only_when_an_error_comes() {
    let output = example("quiet_console")
        .output()
        .expect("the program starts");
    assert!(output.status.success(), "{output:?}");
    let console = String::from_utf8(output.stderr).expect("log lines are UTF-8");

    // Each of these once, and in this order.
    let mut rest = console.as_str();
    for expected in [
        " INFO quiet_console: delivered order=2\n",
        "--- what led to the next line:\n",
        "TRACE quiet_console: looking up the address order=1\n",
        "DEBUG quiet_console: packed order=3\n",
        "ERROR quiet_console: no such address order=3\n",
        " INFO quiet_console: delivered order=5\n",
        "--- what led to the next line:\n",
        "TRACE quiet_console: looking up the address order=4\n",
        "ERROR quiet_console: no such address order=6\n",
        " INFO quiet_console: stopping\n",
    ] {
        let (_, after) = rest
            .split_once(expected)
            .unwrap_or_else(|| panic!("{expected:?} is not in its place:\n{console}"));
        rest = after;
    }
    assert_eq!(rest, "");
    assert_eq!(console.matches("TRACE").count(), 6, "{console}");
}

/// One that is left behind if the test fails.
#[cfg(unix)]
struct Waiting(Child);

#[cfg(unix)]
impl Drop for Waiting {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(unix)]
#[test]
fn signals_loses_no_line_when_it_is_stopped() {
    for signal in ["INT", "TERM"] {
        let child = example("signals").stderr(Stdio::piped()).spawn();
        let mut child = Waiting(child.expect("the program starts"));
        let mut lines = BufReader::new(child.0.stderr.take().expect("it is piped")).lines();
        let mut line = || lines.next().map(|line| line.expect("it is text"));
        assert!(line().is_some_and(|line| line.contains("press Ctrl-C")));
        kill(signal, child.0.id());
        assert!(line().is_some_and(|line| line.contains("the last line")));
        assert_eq!(line(), None);
        assert_eq!(child.0.wait().expect("it ends").code(), Some(130));
    }
}

#[cfg(unix)]
#[test]
fn dump_on_signal_dumps_when_it_is_asked_to() {
    let dir = TempDir::new();
    let mut child = example("dump_on_signal")
        .arg(dir.path())
        .env_remove("RUST_LOG")
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
    let mut line_with = |text: &str| loop {
        let line = lines.next().expect("it goes on").expect("it is text");
        if line.contains(text) {
            return line;
        }
    };
    line_with("kill -USR1 this");
    kill("USR1", child.id());
    let told = line_with("dumped");
    let dump = dir.file("dump_on_signal-");
    // Which nobody has seen before.
    let said = "DEBUG dump_on_signal: this is where dumps go";
    assert!(dump.contains(said), "{dump}");
    assert!(told.contains(".request.log"), "{told}");
    kill("INT", child.id());
    assert!(child.wait().expect("it ends").success());
}

#[cfg(target_os = "linux")]
#[test]
fn after_a_kill_the_last_line_is_there() {
    let output = example("after_a_kill")
        .output()
        .expect("the program starts");
    assert!(output.status.success(), "{output:?}");
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(
        stdout.starts_with("after_a_kill died without a note"),
        "{stdout}"
    );
    assert!(
        stdout.contains("INFO after_a_kill: selling the last pear customer=7\n"),
        "{stdout}"
    );
}
