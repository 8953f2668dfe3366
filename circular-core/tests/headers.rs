//! The walk over headers: what it tells, and what it does while the ring is written.

use circular_core::{Level, Meta, Missed, Ring};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

#[test]
fn headers_tell_what_records_do_but_for_their_bytes() {
    let ring = Ring::new(1 << 16).unwrap();
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_615_200);
    for (level, target, text) in [
        (Some(Level::Info), "shop", "a"),
        (
            None,
            "",
            "a long text, and a target that begins amid a word",
        ),
        (Some(Level::Error), "shop::db", "b"),
    ] {
        let meta = Meta::new().level(level).target(target).time(time);
        ring.record(meta, text.as_bytes()).unwrap();
    }
    let handle = ring.handle();
    let held = handle.snapshot();
    let mut headers = handle.headers();
    // What comes later is not in it.
    ring.record(Meta::new(), b"later").unwrap();
    let mut cursors = vec![headers.cursor().to_string()];
    for expected in held.records() {
        let record = headers.next_record().unwrap();
        assert_eq!(record.seq(), expected.seq());
        assert_eq!(record.level(), expected.level());
        assert_eq!(record.target(), expected.target());
        assert_eq!(record.time(), expected.time());
        assert_eq!(record.part(), expected.part());
        assert_eq!(record.bytes(), b"");
        cursors.push(headers.cursor().to_string());
    }
    assert!(headers.next_record().is_none() && headers.next_record().is_none());
    assert_eq!(headers.missed(), Missed::default());
    let mut reader = handle.reader().open();
    let batch = reader.recv().unwrap();
    let expected: Vec<String> = (0..4)
        .map(|index| batch.cursor_before(index).to_string())
        .collect();
    assert_eq!(cursors, expected);
}

#[test]
fn an_empty_ring_has_none() {
    let ring = Ring::new(4096).unwrap();
    assert!(ring.handle().headers().next_record().is_none());
}

#[test]
fn what_is_overwritten_meanwhile_is_passed_over_and_told() {
    let ring = Ring::new(1 << 16).unwrap();
    let write = |number: u64| {
        let target = format!("target{number}");
        let meta = Meta::new().level(Level::Info).target(&target);
        ring.record(meta, b"as long as lines are as a rule, or nearly")
            .unwrap();
    };
    (0..500).for_each(write);
    let mut headers = ring.handle().headers();
    assert_eq!(headers.next_record().unwrap().seq(), 0);
    let other = headers.clone();
    // Some of it is overwritten, and then all.
    (500..1000).for_each(write);
    let mut last = 0;
    let mut seen = 1;
    while let Some(record) = headers.next_record() {
        assert!(record.seq() > last && record.seq() < 500);
        assert_eq!(record.target(), format!("target{}", record.seq()));
        last = record.seq();
        seen += 1;
    }
    assert_eq!(last, 499);
    assert_eq!(seen + headers.missed().records, 500);
    (1000..3000).for_each(write);
    let mut headers = other;
    assert!(headers.next_record().is_none());
}

/// Lets the writer end, also when the test fails.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn what_it_tells_is_never_torn() {
    let ring = Ring::new(1 << 14).unwrap();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let handle = ring.handle();
        scope.spawn(|| {
            let mut number = 0_usize;
            while !is_over.load(Ordering::Relaxed) {
                let level = Level::ALL[number % 5];
                let target = "x".repeat(number % 5 + 1);
                let meta = Meta::new().level(level).target(&target);
                ring.record(meta, &[b'-'; 40][..1 + number % 39]).unwrap();
                number += 1;
            }
        });
        let _end = End(&is_over);
        for _ in 0..2000 {
            let mut headers = handle.headers();
            while let Some(record) = headers.next_record() {
                let kind = usize::try_from(record.seq() % 5).unwrap();
                assert_eq!(record.level(), Some(Level::ALL[kind]));
                assert_eq!(record.target().len(), kind + 1);
            }
        }
    });
}
