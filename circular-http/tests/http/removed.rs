//! Rings in files that are removed while they are shown.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::{Path, PathBuf};

use circular_core::{Meta, Ring, RingFile};
use circular_http::{Sources, serve};

use crate::support::{Tail, curl, options};

/// A directory of this test's own, gone when it is dropped.
struct Dir(PathBuf);

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn those_that_have_ended_are_let_go_of_and_those_that_go_on_are_not() {
    let name = format!("removed-{}", std::process::id());
    let dir = Dir(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name));
    fs::create_dir_all(&dir.0).unwrap();
    let sources = Sources::new();
    let ring = |program: &str| {
        let builder = Ring::builder().capacity(64 << 10).keep(8);
        let ring = builder.mapped_in(&dir.0, program).build().unwrap();
        ring.record(Meta::new(), program.as_bytes()).unwrap();
        sources.add(RingFile::open(ring.handle().path().unwrap()).unwrap());
        ring
    };
    let (ended, going, kept) = (ring("ended"), ring("going"), ring("kept"));
    let server = serve(sources.clone(), options()).unwrap();
    let mut tail = Tail::open(&(server.url() + "?follow"), &[]);
    for expected in ["ended: ended", "going: going", "kept: kept"] {
        assert_eq!(tail.line(), expected);
    }
    for ring in [&ended, &going] {
        fs::remove_file(ring.handle().path().unwrap()).unwrap();
    }
    drop(ended);
    drop(kept);
    sources.forget_removed();
    // What has ended and is still there is shown, and so is what goes on.
    let shown = curl(&(server.url() + "?format=text"), &[]).body;
    assert_eq!(shown, "going: going\nkept: kept\n");
    going.record(Meta::new(), b"more").unwrap();
    let lines: Vec<_> = (0..3).map(|_| tail.line()).collect();
    for expected in [
        "ended: --- closed ---",
        "kept: --- closed ---",
        "going: more",
    ] {
        assert!(lines.iter().any(|line| line == expected), "{lines:?}");
    }
}
