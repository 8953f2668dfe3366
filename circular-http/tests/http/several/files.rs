//! Rings in files, alone and beside others.

use std::fs;
use std::path::{Path, PathBuf};

use circular_core::RingFile;

use super::*;

/// A directory of a test's own, gone when it is dropped.
struct Dir(PathBuf);

impl Dir {
    fn new(name: &str) -> Self {
        let name = format!("several-{name}-{}", std::process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn ring(&self, program: &str) -> (Ring, RingFile) {
        let builder = Ring::builder().capacity(1 << 20).keep(8);
        let ring = builder.mapped_in(&self.0, program).build().unwrap();
        let file = RingFile::open(ring.handle().path().unwrap()).unwrap();
        (ring, file)
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_ring_in_a_file_is_shown_as_one_of_our_own_is() {
    let dir = Dir::new("alone");
    let (ring, file) = dir.ring("shop");
    for number in 0..3_000_u32 {
        let text = format!("number {number}");
        ring.record(Meta::new().level(Level::Info), text.as_bytes())
            .unwrap();
    }
    let ours = serve(ring.handle(), options()).unwrap();
    let theirs = serve(file, options()).unwrap();
    for query in [
        "?format=ndjson",
        "?format=ndjson&tail=20",
        "?tail=20&q=99",
        "?re=9%2B8&tail=3&format=ndjson",
        "?limit=10",
        "?limit_bytes=1000",
        "?level=warn",
        "/counts",
    ] {
        let [ours, theirs] = [&ours, &theirs].map(|server| curl(&(server.url() + query), &[]).body);
        assert_eq!(ours, theirs, "{query}");
    }
    let mut tail = Tail::open(&(theirs.url() + "?follow&tail=1&format=ndjson"), &[]);
    let first: Value = serde_json::from_str(&tail.line()).unwrap();
    assert_eq!(string(&first, "text"), "number 2999");
    let id = string(&first, "id");
    let older = curl(&(theirs.url() + &format!("?before={id}&tail=2")), &[]);
    assert_eq!(older.body, "number 2997\nnumber 2998\n");
    ring.record(Meta::new(), b"last words").unwrap();
    assert!(tail.line().contains("last words"));
    drop(ring);
    let (rest, is_whole) = tail.rest();
    assert!(is_whole, "{rest}");
    let lines: Vec<&str> = rest.lines().collect();
    assert!(lines[0].contains("\"ended\":"), "{rest}");
    assert_eq!(lines[1], "{\"closed\":true}");
}

#[test]
fn a_program_that_ends_is_told_and_its_next_run_goes_on_beside_another() {
    let dir = Dir::new("runs");
    let (shop, file) = dir.ring("shop");
    let (db, other) = dir.ring("db");
    let sources = Sources::new();
    sources.add(file);
    sources.add(other);
    let server = serve(sources.clone(), options()).unwrap();
    let mut tail = Tail::open(&(server.url() + "?follow&format=ndjson"), &[]);
    let mut next = move || -> Value { serde_json::from_str(&tail.line()).unwrap() };
    shop.record(Meta::new(), b"one").unwrap();
    assert_eq!(string(&next(), "source"), "shop");
    drop(shop);
    let ended = next();
    assert!(ended["ended"].is_string(), "{ended}");
    assert_eq!(string(&ended, "source"), "shop");
    db.record(Meta::new(), b"two").unwrap();
    assert_eq!(string(&next(), "source"), "db");
    let (shop, file) = dir.ring("shop");
    sources.add(file);
    let started = next();
    assert_eq!(started["started"]["pid"], std::process::id());
    shop.record(Meta::new(), b"three").unwrap();
    let three = next();
    assert_eq!(
        (string(&three, "source"), string(&three, "text")),
        ("shop".into(), "three".into())
    );
}
