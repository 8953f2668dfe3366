use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use circular_core::Level;
use serde_json::Value;

use crate::program::Program;
use crate::rings::{Rings, write, write_lines, write_shop};

/// What must come, has by then on the slowest of machines.
const PATIENCE: Duration = Duration::from_secs(60);

/// A command that follows, and what it prints, line by line.
struct Following {
    child: Child,
    lines: Receiver<String>,
}

impl Following {
    /// Both streams are one, so that lines come as they were written.
    fn start(rings: &Rings, args: &[&str]) -> Self {
        let looked_with = rings.circular(args);
        let mut command = Command::new("sh");
        command.args(["-c", "exec \"$0\" \"$@\" 2>&1"]);
        command
            .arg(looked_with.get_program())
            .args(looked_with.get_args());
        command.env("TZ", "UTC").stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (send, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in out.lines() {
                let _ = send.send(line.unwrap());
            }
        });
        Self { child, lines }
    }

    #[track_caller]
    fn next(&self) -> String {
        self.lines
            .recv_timeout(PATIENCE)
            .expect("a line should have come")
    }

    fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }
}

#[test]
fn whoever_follows_from_a_cursor_has_all_runs_that_are_held() {
    let rings = Rings::new();
    let file = rings.0.join("cursor").display().to_string();
    let first = rings.ring("shop");
    write(&first, Level::Info, "shop", 0, "a");
    let path = first.handle().path().unwrap().to_path_buf();
    drop(first);
    let ran = rings.run(&["dump", "--cursor-file", &file, "shop"]);
    assert_eq!(ran.out, "a\n");
    for text in ["b", "c"] {
        write(&rings.ring("shop"), Level::Info, "shop", 0, text);
    }
    std::fs::remove_file(path).unwrap();
    let following = Following::start(&rings, &["tail", "-f", "--cursor-file", &file, "shop"]);
    assert!(following.next().contains("is gone already"));
    assert_eq!(following.next(), "b");
    assert!(following.next().starts_with("--- closed, pid "));
    assert!(following.next().starts_with("--- restarted, pid "));
    assert_eq!(following.next(), "c");
    assert!(following.next().starts_with("--- closed, pid "));
    let next = rings.ring("shop");
    write(&next, Level::Info, "shop", 0, "d");
    assert!(following.next().starts_with("--- restarted, pid "));
    assert_eq!(following.next(), "d");
}

#[test]
fn it_never_ends_by_itself_not_even_when_the_time_is_over() {
    let rings = Rings::new();
    let ring = rings.ring("shop");
    write_shop(&ring);
    let mut following = Following::start(&rings, &["tail", "-f", "-U", "2026-11-28 10:00", "shop"]);
    assert_eq!(following.next(), "open");
    // Later than that, so never shown; the next one is told by another who follows.
    let other = Following::start(&rings, &["tail", "--follow", "-n0", "shop"]);
    drop(ring);
    assert!(other.next().contains("closed"));
    assert!(following.next().contains("closed"));
    assert!(following.runs());
}

impl Drop for Following {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn what_comes_is_shown_at_once_and_filters_hold() {
    let rings = Rings::new();
    let ring = rings.ring("shop");
    write_shop(&ring);
    let following = Following::start(&rings, &["tail", "-f", "-n1", "-l", "warn", "shop"]);
    assert_eq!(following.next(), "cart 7 failed: timeout");
    write(&ring, Level::Info, "shop", 300, "not this");
    write(&ring, Level::Error, "shop", 301, "on fire");
    assert_eq!(following.next(), "on fire");
}

#[test]
fn it_goes_on_with_the_next_run_and_says_how_the_last_one_ended() {
    let rings = Rings::new();
    let first = Program::start(&rings, "shop");
    let mut following = Following::start(&rings, &["tail", "-f", "-n1", "shop"]);
    assert_eq!(following.next(), "read 12 bytes");
    first.kill();
    assert!(following.next().starts_with("--- died without a note"));
    assert!(following.runs(), "the program may be started again");
    let second = Program::start(&rings, "shop");
    assert_eq!(
        following.next(),
        format!("--- restarted, pid {} ---", second.pid())
    );
    assert_eq!(following.next(), "open", "all of it");
    for expected in [
        "pool has 8",
        "pool is empty",
        "cart 7 failed: timeout",
        "read 12 bytes",
    ] {
        assert_eq!(following.next(), expected);
    }
    second.end();
    assert_eq!(following.next(), "closed");
    assert!(following.next().starts_with("--- closed, pid "));
    assert!(following.runs());
}

#[test]
fn a_ring_that_is_dead_is_followed_to_its_next_run() {
    let rings = Rings::new();
    Program::start(&rings, "shop").end();
    let following = Following::start(&rings, &["tail", "-f", "-n1", "shop"]);
    assert_eq!(following.next(), "closed");
    assert!(following.next().starts_with("--- closed, pid "));
    let next = Program::start(&rings, "shop");
    assert_eq!(
        following.next(),
        format!("--- restarted, pid {} ---", next.pid())
    );
}

#[test]
fn as_json_notices_are_objects_among_the_records() {
    let rings = Rings::new();
    let first = Program::start(&rings, "shop");
    let following = Following::start(&rings, &["tail", "-f", "-n1", "-o", "json", "-q", "shop"]);
    let next = || -> Value { serde_json::from_str(&following.next()).unwrap() };
    assert_eq!(next()["text"], "read 12 bytes");
    let pid = first.kill();
    let ended = next();
    assert!(
        ended["ended"].as_str().unwrap().starts_with("died"),
        "{ended}"
    );
    assert_eq!(
        (&ended["program"], &ended["pid"]),
        (&"shop".into(), &pid.into())
    );
    let second = Program::start(&rings, "shop");
    let restarted = next();
    assert_eq!(
        (&restarted["restarted"], &restarted["pid"]),
        (&true.into(), &second.pid().into())
    );
}

#[test]
fn several_programs_and_one_more_of_them() {
    let rings = Rings::new();
    let (shop, cart) = (rings.ring("shop"), rings.ring("cart"));
    write(&shop, Level::Info, "", 1, "one");
    write(&cart, Level::Info, "", 2, "two");
    let following = Following::start(&rings, &["tail", "-f", "shop", "cart"]);
    let pid = std::process::id();
    assert_eq!(following.next(), format!("shop[{pid}] one"));
    assert_eq!(following.next(), format!("cart[{pid}] two"));
    write(&shop, Level::Info, "", 3, "three");
    assert_eq!(following.next(), format!("shop[{pid}] three"));
    // Another process of the same name, while the first one runs.
    let replica = Program::start(&rings, "shop");
    let other = replica.pid();
    assert_eq!(
        following.next(),
        format!("shop[{other}] --- started, pid {other} ---")
    );
    assert_eq!(following.next(), format!("shop[{other}] open"));
}

#[test]
fn a_reader_that_is_too_slow_is_told_what_it_missed() {
    let rings = Rings::new();
    let ring = rings.ring("shop");
    write(&ring, Level::Info, "", 0, "first");
    let mut command = rings.circular(&["tail", "-f", "-o", "json", "-q", "shop"]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    // More than a pipe and the ring hold, while nobody reads. No write waits for it.
    write_lines(&ring, 20_000);
    write(&ring, Level::Info, "", 0, "last");
    let (mut missed, mut shown) = (0, 0);
    loop {
        line.clear();
        out.read_line(&mut line).unwrap();
        let object: Value = serde_json::from_str(&line).unwrap();
        match object["missed"]["records"].as_u64() {
            Some(records) => missed += records,
            None => shown += 1,
        }
        if object["text"] == "last" {
            break;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(missed > 0);
    assert_eq!(missed + shown, 20_001);
}

#[test]
fn it_ends_when_nobody_reads_it_any_more_though_nothing_comes() {
    let rings = Rings::new();
    let ring = rings.ring("shop");
    write_shop(&ring);
    let mut command = rings.circular(&["tail", "-f", "-n1", "shop"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut line).unwrap();
    drop(out);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
