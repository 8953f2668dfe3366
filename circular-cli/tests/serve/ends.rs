//! It goes on until it is told to end, and then those who look are told.

use std::process::{Command, Stdio};

use rustix::process::Signal;

use crate::program::Program;
use crate::rings::{Rings, write_shop};
use crate::served::Served;

#[test]
fn a_signal_ends_it_and_who_follows_gets_a_last_word() {
    for (signal, status) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let rings = Rings::new();
        let ring = rings.ring("shop");
        write_shop(&ring);
        let mut served = Served::start(&rings, &["shop"]);
        let following = served.follow();
        following.until("read 12 bytes");
        served.signal(signal);
        let last = following.until("closed");
        assert_eq!(last.last().unwrap()["stopped"], true, "{last:?}");
        assert_eq!(following.next(), None);
        assert_eq!(served.child.wait().unwrap().code(), Some(status));
    }
}

#[test]
fn that_nobody_reads_the_address_does_not_end_it() {
    let rings = Rings::new();
    let mut reader = Command::new("true").stdin(Stdio::piped()).spawn().unwrap();
    let gone = reader.stdin.take().unwrap();
    reader.wait().unwrap();
    let mut command = rings.circular(&["serve", "--addr=127.0.0.1:0"]);
    let command = command.stdout(gone).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut words = std::io::BufReader::new(child.stderr.take().unwrap());
    let program = Program::start(&rings, "shop");
    let expected = format!("shop, pid {}: running\n", program.pid());
    let mut line = String::new();
    while line != expected {
        line.clear();
        let count = std::io::BufRead::read_line(&mut words, &mut line).unwrap();
        assert_ne!(count, 0, "it has ended");
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn quiet_is_quiet() {
    let rings = Rings::new();
    let ring = rings.ring("shop");
    write_shop(&ring);
    let mut command = rings.circular(&["serve", "-q", "--addr=127.0.0.1:0"]);
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut url = String::new();
    let out = child.stdout.as_mut().unwrap();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut url).unwrap();
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");
    child.kill().unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
