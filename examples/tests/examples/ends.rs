//! Every way in which a program ends, and every place to which its log goes: what was said is there.
//!
//! TESTING.md has the table. The program is `every_end`.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::Stdio,
    thread,
};

use crate::support::{TempDir, example};

const LINES: usize = 2000;

/// Where it went.
#[derive(Debug)]
struct Places {
    /// How the viewer's connection ended.
    viewer_end: std::io::Result<()>,
    console: String,
    file: String,
    skip: String,
    viewer: String,
    dump: Option<String>,
}

/// Runs the program to the end that is asked for.
fn run(end: &str, version: &str) -> Places {
    let dir = TempDir::new();
    let mut child = example("every_end")
        .args([end.as_ref(), dir.path().as_os_str()])
        .env_remove("RUST_LOG")
        .env_remove("EVERY_END_RECORD")
        .env_remove("RUST_BACKTRACE")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdout = BufReader::new(child.stdout.take().expect("it is piped"));
    let mut url = String::new();
    stdout.read_line(&mut url).expect("it says where it is");
    let addr = url.trim().trim_start_matches("http://");
    let (addr, path) = addr.split_once('/').expect("the page has a path");

    let mut viewer = TcpStream::connect(addr).expect("it listens");
    write!(
        viewer,
        "GET /{path}?follow&format=ndjson HTTP/{version}\r\nhost: localhost\r\n\r\n"
    )
    .expect("it reads");
    let mut viewer = BufReader::new(viewer);
    let mut shown = String::new();
    // Its head has come, so it is a viewer.
    while !shown.ends_with("\r\n\r\n") {
        viewer.read_line(&mut shown).expect("it answers");
    }
    let viewer = thread::spawn(move || {
        let mut shown = Vec::new();
        // One that is cut has what came before.
        let end = viewer.read_to_end(&mut shown).map(drop);
        (String::from_utf8_lossy(&shown).into_owned(), end)
    });
    let mut stderr = child.stderr.take().expect("it is piped");
    let console = thread::spawn(move || {
        let mut console = String::new();
        stderr.read_to_string(&mut console).expect("it is text");
        console
    });

    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(b"go\n").expect("it reads");
    #[cfg(unix)]
    if end == "sigterm" {
        stdout
            .read_line(&mut String::new())
            .expect("it has said it");
        crate::support::kill("TERM", child.id());
    }
    child.wait().expect("it ends");

    let (viewer, viewer_end) = viewer.join().expect("it is read");
    let dump = fs::read_dir(dir.path())
        .expect("the directory is there")
        .map(|entry| entry.expect("it can be read").path())
        .find(|path| path.extension().is_some_and(|extension| extension == "log"));
    Places {
        console: console.join().expect("it is read"),
        file: fs::read_to_string(dir.path().join("file")).expect("it is there"),
        skip: fs::read_to_string(dir.path().join("skip")).expect("it is there"),
        viewer,
        viewer_end,
        dump: dump.map(|path| fs::read_to_string(path).expect("it is text")),
    }
}

/// All lines are there, in order, each once.
#[track_caller]
fn assert_all(text: &str, place: &str) {
    let numbers: Vec<usize> = text
        .match_indices("line ")
        .filter_map(|(at, _)| {
            let rest = &text[at + "line ".len()..];
            rest.split_once(" of all")?.0.parse().ok()
        })
        .collect();
    let end = &text[text.len().saturating_sub(300)..];
    assert!(
        numbers.iter().copied().eq(0..LINES),
        "{place}: {} of {LINES} lines, and at the end {end:?}",
        numbers.len()
    );
}

macro_rules! ends {
    ($($(#[$attribute:meta])? $name:ident: $($place:ident)*;)*) => {$(
        $(#[$attribute])?
        #[test]
        fn $name() {
            let places = run(stringify!($name), "1.1");
            $(assert_all(ends!(@$place places), stringify!($place));)*
        }
    )*};
    (@dump $places:ident) => { $places.dump.as_deref().expect("there is a dump") };
    (@$place:ident $places:ident) => { &$places.$place };
}

// One test for each row of the table.
ends! {
    error: console file skip viewer;
    exit: console file skip viewer;
    thread: console file skip viewer;
    panic: console file skip viewer dump;
    abort: console file skip dump;
    #[cfg(unix)] sigterm: console file skip viewer;
    guard: console file skip viewer;
    server: console file skip viewer;
}

/// `return` is a word of Rust.
#[test]
fn returning() {
    let places = run("return", "1.1");
    assert_all(&places.console, "console");
    assert_all(&places.file, "file");
    assert_all(&places.skip, "skip");
    assert_all(&places.viewer, "viewer");
    assert!(places.dump.is_none());
}

/// In older HTTP, a connection that ends in good order is the end of the response: a client would take what it
/// has for all.
#[test]
fn a_viewer_that_is_cut_can_tell() {
    for _ in 0..5 {
        let places = run("die", "1.0");
        let has_all = places.viewer.contains("line 1999 of all");
        assert!(has_all || places.viewer_end.is_err(), "{places:?}");
    }
    let places = run("return", "1.0");
    assert_all(&places.viewer, "viewer");
    assert!(places.viewer_end.is_ok(), "{:?}", places.viewer_end);
}
