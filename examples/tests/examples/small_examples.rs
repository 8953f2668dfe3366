//! The small examples show what their headers say.

use crate::support::{TempDir, example};

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
