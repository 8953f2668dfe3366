//! What a program says last is on stderr, however it ends.

use std::{env, io, process::Command, time::Duration};

use crate::support::example;
use circular_core::{Policy, Ring};

/// Set in the child that the test starts from its own program.
const CHILD: &str = "CIRCULAR_TEST_EXIT_CHILD";

fn last_line(command: &mut Command) -> String {
    let output = command.output().expect("the program starts");
    assert!(output.status.success(), "it failed: {}", output.status);
    let stderr = String::from_utf8(output.stderr).expect("log lines are UTF-8");
    stderr.lines().last().expect("stderr has lines").to_owned()
}

#[test]
fn quickstart_returns_from_main() {
    let last = last_line(&mut example("quickstart"));
    assert!(
        last.ends_with("INFO quickstart: this is the last line"),
        "{last}"
    );
}

#[test]
fn log_facade_returns_from_main() {
    let last = last_line(example("log_facade").env_remove("RUST_LOG"));
    assert!(
        last.ends_with("INFO log_facade: this is the last line"),
        "{last}"
    );
}

#[test]
fn key_values_stand_in_the_line() {
    let output = example("log_facade")
        .env("RUST_LOG", "info")
        .output()
        .expect("the program starts");
    let stderr = String::from_utf8(output.stderr).expect("log lines are UTF-8");
    assert!(
        stderr.contains("signed in user=ann attempt=2\n"),
        "{stderr}"
    );
    assert!(!stderr.contains("DEBUG"), "{stderr}");
}

#[test]
fn process_exit_in_the_midst() {
    let this = env::current_exe().expect("a process knows its own path");
    let last = last_line(
        Command::new(this)
            .args([
                "--exact",
                "last_line::exit_child",
                "--nocapture",
                "--test-threads=1",
            ])
            .env(CHILD, "1"),
    );
    assert_eq!(last, "line 9999");
}

/// No test, but the child of the one above.
#[test]
fn exit_child() {
    if env::var_os(CHILD).is_none() {
        return;
    }
    let patience = Duration::from_secs(30);
    let ring = Ring::builder()
        .flush_at_exit(patience)
        .build()
        .expect("a ring of the default size");
    ring.handle()
        .reader()
        .policy(Policy::BlockFor(patience))
        .spawn(io::stderr())
        .expect("a thread can be started");
    for number in 0..10_000 {
        ring.record_fmt(Default::default(), format_args!("line {number}\n"))
            .expect("the ring is open");
    }
    std::process::exit(0);
}
