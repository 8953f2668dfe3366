//! Dumps that somebody asks for.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::{env, fs, process};

use circular_core::{DumpTo, Level, Meta, Redacted, Ring, SECRET_KEYS, redact_keys};

const PROGRAM: &str = "prog";

/// A directory of the test's own, which is removed with everything in it.
struct Dumps(PathBuf);

impl Dumps {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Relaxed);
        let name = format!("circular-on-demand-{}-{number}", process::id());
        let dir = env::temp_dir().join(name);
        fs::create_dir(&dir).unwrap();
        Self(dir)
    }
}

impl Drop for Dumps {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_file_has_its_name_and_all_that_the_ring_holds() {
    let mut ring = Ring::new(1 << 20).unwrap();
    for number in 0..1000 {
        writeln!(ring, "line {number}").unwrap();
    }
    let dumps = Dumps::new();
    let report = ring
        .handle()
        .dump_to(&dumps.0)
        .program(PROGRAM)
        .write()
        .unwrap();
    assert_eq!((report.records, report.missed.records), (1000, 0));
    assert!(report.prune_error.is_none());
    let path = report.path.unwrap();
    let name = path.file_name().unwrap().to_str().unwrap();
    assert!(
        name.starts_with(&format!("{PROGRAM}-{}-", std::process::id())),
        "{name}"
    );
    assert!(name.ends_with(".request.log"), "{name}");
    assert_eq!(fs::read(&path).unwrap(), ring.handle().snapshot().bytes());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
    // After close too, as a snapshot.
    ring.handle().close();
    let path = ring
        .handle()
        .dump_to(&dumps.0)
        .program(PROGRAM)
        .write()
        .unwrap()
        .path
        .unwrap();
    assert_eq!(fs::read(&path).unwrap(), ring.handle().snapshot().bytes());
}

#[test]
fn the_newest_eight_stay_and_those_of_other_causes_too() {
    let mut ring = Ring::new(1 << 16).unwrap();
    let dumps = Dumps::new();
    let panics = dumps
        .0
        .join(format!("{PROGRAM}-1-20260101T000000.000000000Z.log"));
    fs::write(&panics, "of a panic").unwrap();
    let mut paths = Vec::new();
    for number in 0..12 {
        writeln!(ring, "line {number}").unwrap();
        paths.extend(
            ring.handle()
                .dump_to(&dumps.0)
                .program(PROGRAM)
                .write()
                .unwrap()
                .path,
        );
    }
    let mut left: Vec<_> = fs::read_dir(&dumps.0)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    left.sort();
    let mut wanted = paths[4..].to_vec();
    wanted.push(panics);
    wanted.sort();
    assert_eq!(left, wanted);
}

#[test]
fn a_sink_gets_what_a_hook_and_a_filter_leave() {
    let ring = Ring::new(1 << 16).unwrap();
    for (level, target, text) in [
        (Level::Info, "shop", "password=hunter2\n"),
        (Level::Debug, "shop", "details\n"),
        (Level::Error, "hyper", "pool\n"),
    ] {
        ring.record(Meta::new().level(level).target(target), text.as_bytes())
            .unwrap();
    }
    let mut text = Vec::new();
    let report = ring
        .handle()
        .dump_to(DumpTo::sink(&mut text))
        .redact(redact_keys(SECRET_KEYS))
        .filter("info,hyper=off".parse().unwrap())
        .write()
        .unwrap();
    assert_eq!(String::from_utf8(text).unwrap(), "password=[redacted]\n");
    assert_eq!((report.records, report.path), (3, None));
}

#[test]
fn what_goes_wrong_is_an_error_that_says_what_to_do() {
    let ring = Ring::new(4096).unwrap();
    ring.record(Meta::new(), b"text\n").unwrap();
    let dumps = Dumps::new();
    let gone = dumps.0.join("gone");
    let error = ring.handle().dump_to(&gone).write().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    assert!(error.to_string().contains("gone"), "{error}");

    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let error = ring
        .handle()
        .dump_to(DumpTo::sink(Full))
        .write()
        .unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    assert_eq!(fs::read_dir(&dumps.0).unwrap().count(), 0);
}

/// A hook may log, to a ring that is full for its lossless reader too, and ask for a flush.
#[test]
fn a_hook_waits_for_nobody() {
    let ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    let _reader = handle.reader().policy(circular_core::Policy::Block).open();
    while ring.handle().stats().written < 40 {
        ring.record(Meta::new(), &[b'x'; 80]).unwrap();
    }
    let inner = ring.clone();
    let mut text = Vec::new();
    handle
        .dump_to(DumpTo::sink(&mut text))
        .redact(move |_| {
            inner.record(Meta::new(), &[b'y'; 80]).unwrap();
            inner.handle().flush();
            Redacted::Keep
        })
        .write()
        .unwrap();
    assert!(!text.is_empty());
}

#[test]
fn a_directory_may_be_said_in_any_way() {
    let ring = Ring::new(4096).unwrap();
    ring.record(Meta::new(), b"password=hunter2\n").unwrap();
    let dumps = Dumps::new();
    let handle = ring.handle();
    let text = dumps.0.to_str().unwrap();
    for to in [
        DumpTo::from(text),
        text.to_owned().into(),
        dumps.0.as_path().into(),
        (&dumps.0).into(),
        dumps.0.clone().into(),
    ] {
        let builder = handle.dump_to(to);
        assert!(format!("{builder:?}").contains(text));
        let path = builder.write().unwrap().path.unwrap();
        assert_eq!(fs::read(path).unwrap(), b"password=hunter2\n");
    }
    let builder = handle.dump_to(DumpTo::sink(io::sink()));
    assert!(format!("{builder:?}").contains("Sink"), "{builder:?}");
}
