//! What a user reads: of an error, what to do about it; of a value in `{:?}`, never what was logged.

use circular_core::{
    BuildError, Closed, Cursor, InJson, Level, Meta, PanicDump, Policy, Reader, RecvTimeoutError,
    Redacted, Ring, SinkError, ThrottledFlush, TryRecvError,
};
use std::error::Error;
use std::fmt::Debug;
use std::io::{self, ErrorKind, Write};
use std::time::Duration;

#[test]
fn an_error_says_what_is_wrong_and_what_to_do() {
    let closed = "the ring is closed and read to its end";
    let bad_cursor = "0.1".parse::<Cursor>().unwrap_err();
    let bad_level = "loud".parse::<Level>().unwrap_err();
    let too_large = Ring::new(usize::MAX).unwrap_err();
    let cases: [(&dyn Error, &str); 9] = [
        (&Ring::new(0).unwrap_err(), "pass the size in bytes"),
        (&too_large, &usize::MAX.to_string()),
        (
            &BuildError::OutOfMemory { capacity: 4096 },
            "choose a smaller capacity",
        ),
        (&Closed, closed),
        (&TryRecvError::Closed, closed),
        (&TryRecvError::Empty, "so far"),
        (&RecvTimeoutError::Closed, closed),
        (&RecvTimeoutError::Timeout, "in time"),
        (
            &bad_cursor,
            "pass the text that a reader's cursor was printed as",
        ),
    ];
    for (error, expected) in cases {
        let text = error.to_string();
        assert!(text.contains(expected), "{text}");
        // It may stand behind "cannot start: " and before a full stop.
        assert!(text.starts_with(char::is_lowercase) && !text.ends_with('.'));
        assert!(error.source().is_none());
    }
    for level in Level::ALL {
        let name = level.as_str().to_ascii_lowercase();
        assert!(bad_level.to_string().contains(&name), "{bad_level}");
    }
}

#[test]
fn the_end_of_a_ring_is_an_error_of_every_way_to_receive() {
    fn wait(reader: &mut Reader) -> Result<u64, RecvTimeoutError> {
        Ok(reader.recv()?.missed().records)
    }
    fn look(reader: &mut Reader) -> Result<u64, TryRecvError> {
        Ok(reader.recv()?.missed().records)
    }
    let ring = Ring::new(4096).unwrap();
    let mut reader = ring.handle().reader().open();
    drop(ring);
    assert_eq!(wait(&mut reader), Err(RecvTimeoutError::Closed));
    assert_eq!(look(&mut reader), Err(TryRecvError::Closed));
}

#[test]
fn a_programs_main_may_pass_them_on_as_io_errors() {
    let kind = |error| io::Error::from(error).kind();
    assert_eq!(kind(BuildError::ZeroCapacity), ErrorKind::InvalidInput);
    let capacity = 1;
    assert_eq!(
        kind(BuildError::TooLarge { capacity }),
        ErrorKind::InvalidInput
    );
    assert_eq!(
        kind(BuildError::OutOfMemory { capacity }),
        ErrorKind::OutOfMemory
    );
}

/// As those do it that print an error with all that it came from.
#[test]
fn a_sinks_own_error_is_the_source_of_what_write_to_returns() {
    let mut ring = Ring::new(4096).unwrap();
    ring.write_all(b"too long").unwrap();
    let error = ring.handle().write_to(&mut [0; 3][..]).unwrap_err();
    let sink_error: &SinkError = error.get_ref().unwrap().downcast_ref().unwrap();
    let own: &io::Error = sink_error.source().unwrap().downcast_ref().unwrap();
    assert_eq!(own.kind(), ErrorKind::WriteZero);
}

#[test]
fn debug_tells_figures_and_no_record() {
    const SECRET: &str = "hunter2";
    let mut ring = Ring::new(8192).unwrap();
    let handle = ring.handle();
    let mut reader = handle.reader().open();
    // A batch before, which is longer, is in the buffer still.
    writeln!(ring, "a longer {SECRET}").unwrap();
    reader.recv().unwrap();
    let meta = Meta::new().level(Level::Warn).target("shop::pay");
    ring.record(meta, format!("{SECRET}\n").as_bytes()).unwrap();
    let batch = reader.recv().unwrap();
    let record = batch.records().next().unwrap();
    let shown: [(&dyn Debug, &[&str]); 3] = [
        (
            &batch,
            &["records: 1", "bytes: 8", "missed: Missed { records: 0"],
        ),
        (&batch.records(), &["left: 1"]),
        (
            &record,
            &["seq: 1", "level: WARN", "target: \"shop::pay\"", "len: 8"],
        ),
    ];
    for (value, expected) in shown {
        let text = format!("{value:?}");
        for part in expected {
            assert!(text.contains(part), "{text} has no {part}");
        }
        assert!(
            !text.contains(SECRET) && !text.contains("104, 117"),
            "{text}"
        );
    }
    let dump = PanicDump::builder(&handle).dir("/var/dumps");
    let mut throttled_flush = ThrottledFlush::new(Vec::new(), Duration::from_secs(7));
    throttled_flush.write_all(SECRET.as_bytes()).unwrap();
    let snapshot = handle.snapshot();
    let mut line = format!("{{\"text\":\"{SECRET}");
    let cases: [(&dyn Debug, &str); 10] = [
        (&InJson::new(&mut line), "InJson"),
        (&Redacted::Text(SECRET.into()), "7 bytes"),
        (&ring, "capacity: 8192"),
        (&handle, "capacity: 8192"),
        (
            &handle.reader().policy(Policy::BlockFor(Duration::ZERO)),
            "BlockFor(0ns)",
        ),
        (&reader, "seq: 2"),
        (&handle.reader().open_async().unwrap(), "seq: 0"),
        (&snapshot, "records: 2, bytes: 25"),
        (&dump, "/var/dumps"),
        (&throttled_flush, "delay: 7s"),
    ];
    for (value, expected) in cases {
        let text = format!("{value:?}");
        assert!(text.contains(expected), "{text}");
        assert!(!text.contains(SECRET), "{text}");
        // Nor as numbers.
        assert!(!text.contains("104, 117"), "{text}");
    }
}

#[test]
fn a_snapshot_goes_where_bytes_go() {
    let mut ring = Ring::new(4096).unwrap();
    writeln!(ring, "one").unwrap();
    writeln!(ring, "two").unwrap();
    let mut page = io::Cursor::new(ring.handle().snapshot());
    let mut copy = Vec::new();
    io::copy(&mut page, &mut copy).unwrap();
    assert_eq!(copy, b"one\ntwo\n");
}
