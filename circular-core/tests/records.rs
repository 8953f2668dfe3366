//! What is a record, what is kept with it, what it costs, and how large a ring is.

use circular_core::{BuildError, Handle, Level, Meta, Part, Ring, Start};
use std::fmt;
use std::io::{self, ErrorKind, IoSlice, Write};
use std::panic;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The bytes of each record that the ring holds.
fn records(ring: &Ring) -> Vec<Vec<u8>> {
    let snapshot = ring.handle().snapshot();
    snapshot.records().map(|r| r.bytes().to_vec()).collect()
}

#[test]
fn one_write_is_one_record() {
    let mut ring = Ring::new(4096).unwrap();
    assert_eq!(ring.write(b"one\ntwo\n").unwrap(), 8);
    ring.write_all(b"no line end").unwrap();
    let mut clone = ring.clone();
    clone.write_all(b"\n").unwrap();
    (&ring).write_all(b"shared").unwrap();
    ring.flush().unwrap();
    let expected: [&[u8]; 4] = [b"one\ntwo\n", b"no line end", b"\n", b"shared"];
    assert_eq!(records(&ring), expected);
}

#[test]
fn a_formatted_write_is_one_record() {
    let mut ring = Ring::new(4096).unwrap();
    writeln!(ring, "{} of {:>4}: {:?}", 1, 2, "x").unwrap();
    writeln!(ring, "no arguments").unwrap();
    writeln!(&ring, "{}", 3).unwrap();
    ring.record_fmt(Meta::new(), format_args!("{}-{}", 4, 5))
        .unwrap();
    let expected: [&[u8]; 4] = [b"1 of    2: \"x\"\n", b"no arguments\n", b"3\n", b"4-5"];
    assert_eq!(records(&ring), expected);
}

#[test]
fn what_is_put_into_the_threads_buffer_is_one_record() {
    let ring = Ring::new(4096).unwrap();
    let put = |texts: &[&str]| {
        let filled = ring.record_with(Meta::new(), |text| {
            assert!(text.is_empty());
            texts.iter().for_each(|part| text.push_str(part));
        });
        filled.unwrap();
    };
    put(&["a long one, ", "in parts"]);
    put(&[]);
    put(&["short"]);
    let panicked = panic::catch_unwind(|| {
        ring.record_with(Meta::new(), |text| {
            text.push_str("as far as it came");
            panic::resume_unwind(Box::new(()));
        })
    });
    assert!(panicked.is_err());
    let expected: [&[u8]; 3] = [b"a long one, in parts", b"short", b"as far as it came"];
    assert_eq!(records(&ring), expected);
}

#[test]
fn a_vectored_write_is_one_record() {
    let mut ring = Ring::new(4096).unwrap();
    // No slice ends at a word.
    let slices = [&b"a"[..], b"", b"bcdefghijk", b"lm", b"nopqrstuvwxyz"].map(IoSlice::new);
    assert_eq!(ring.write_vectored(&slices).unwrap(), 26);
    assert_eq!((&ring).write_vectored(&slices[..1]).unwrap(), 1);
    let expected: [&[u8]; 2] = [b"abcdefghijklmnopqrstuvwxyz", b"a"];
    assert_eq!(records(&ring), expected);
}

#[test]
fn an_empty_write_is_no_record() {
    let mut ring = Ring::new(4096).unwrap();
    assert_eq!(ring.write(b"").unwrap(), 0);
    ring.write_all(b"").unwrap();
    let nothing = String::new();
    write!(ring, "").unwrap();
    write!(ring, "{nothing}").unwrap();
    let empty = [IoSlice::new(b""), IoSlice::new(b"")];
    assert_eq!(ring.write_vectored(&[]).unwrap(), 0);
    assert_eq!(ring.write_vectored(&empty).unwrap(), 0);
    let meta = Meta::new().level(Level::Error).target("t");
    ring.record(meta, b"").unwrap();
    ring.record_fmt(meta, format_args!("{nothing}")).unwrap();
    assert!(ring.handle().snapshot().is_empty());
    assert_eq!(ring.handle().stats().written, 0);
}

#[test]
fn after_close_writes_are_refused_and_counted() {
    let mut ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    ring.write_all(b"before").unwrap();
    assert!(!handle.is_closed());
    handle.close();
    handle.close();
    assert!(handle.is_closed());
    let errors = [
        ring.write(b"after").unwrap_err(),
        ring.write_all(b"after").unwrap_err(),
        writeln!(ring, "after {}", 1).unwrap_err(),
        ring.write_vectored(&[IoSlice::new(b"after")]).unwrap_err(),
        ring.record(Meta::new(), b"after").unwrap_err(),
        ring.record(Meta::new(), &[b'a'; 10_000]).unwrap_err(),
        ring.record_fmt(Meta::new(), format_args!("after {}", 2))
            .unwrap_err(),
        ring.record_with(Meta::new(), |text| text.push('a'))
            .unwrap_err(),
    ];
    for error in &errors {
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    }
    assert_eq!(records(&ring), [b"before"]);
    let stats = handle.stats();
    assert_eq!(stats.refused, errors.len() as u64);
    assert_eq!((stats.written, stats.bytes), (1, 6));
}

#[test]
fn level_target_time_and_seq_are_kept() {
    let ring = Ring::new(1 << 20).unwrap();
    let levels = Level::ALL.into_iter().map(Some).chain([None]);
    let targets = ["", "a", "a::b", "grüße::Ω", &"t".repeat(255)].map(str::to_owned);
    let mut expected = Vec::new();
    for level in levels {
        for target in &targets {
            // To the nanosecond.
            let nanos = 1_700_000_000_123_456_789 + expected.len() as u64;
            let time = UNIX_EPOCH + Duration::from_nanos(nanos);
            let meta = Meta::new().level(level).target(target).time(time);
            let bytes = format!("record {}\n", expected.len());
            ring.record(meta, bytes.as_bytes()).unwrap();
            expected.push((level, target, time, bytes));
        }
    }
    let snapshot = ring.handle().snapshot();
    let mut reader = ring.handle().reader().open();
    let mut received = 0;
    assert_eq!(snapshot.record_count(), expected.len());
    for (seq, record) in (0..).zip(snapshot.records()) {
        let (level, target, time, bytes) = &expected[usize::try_from(seq).unwrap()];
        assert_eq!(record.seq(), seq);
        assert_eq!(record.level(), *level);
        assert_eq!(record.target(), *target);
        assert_eq!(record.time(), *time);
        assert_eq!(record.bytes(), bytes.as_bytes());
        assert_eq!(record.part(), Part::Whole);
    }
    // A reader sees the same.
    while received < expected.len() {
        for record in reader.recv().unwrap() {
            let (level, target, time, bytes) = &expected[received];
            let seen = (record.level(), record.target(), record.time());
            assert_eq!(seen, (*level, target.as_str(), *time));
            assert_eq!(record.bytes(), bytes.as_bytes());
            received += 1;
        }
    }
}

#[test]
fn a_record_without_a_time_has_that_of_its_write() {
    let ring = Ring::new(4096).unwrap();
    // The clock of records steps by a few milliseconds; a second is generous.
    let second = Duration::from_secs(1);
    let before = SystemTime::now() - second;
    ring.record(Meta::new(), b"now").unwrap();
    let after = SystemTime::now() + second;
    let snapshot = ring.handle().snapshot();
    let time = snapshot.records().next().unwrap().time();
    assert!(before <= time && time <= after, "{time:?}");
    assert!(ring.handle().stats().oldest_age.unwrap() < after.duration_since(before).unwrap());
}

#[test]
fn a_long_target_is_cut_at_a_character() {
    let ring = Ring::new(4096).unwrap();
    for (target, bytes) in [("x".repeat(256), b"1"), ("é".repeat(1000), b"2")] {
        ring.record(Meta::new().target(&target), bytes).unwrap();
    }
    let snapshot = ring.handle().snapshot();
    let targets: Vec<_> = snapshot.records().map(|r| r.target().to_owned()).collect();
    assert_eq!(targets, ["x".repeat(255), "é".repeat(127)]);
    assert_eq!(snapshot.bytes(), b"12");
}

#[test]
fn bytes_are_kept_as_they_are_wherever_they_lie() {
    let ring = Ring::new(4096).unwrap();
    let every_byte: Vec<u8> = (0..=255).cycle().take(4080).collect();
    // Lengths that have nothing in common with the capacity, so that records wrap at every word.
    for round in 0..3000 {
        let len = 1 + round * 37 % 300;
        let bytes = &every_byte[round % 256..][..len];
        let target = &"target"[..round % 7];
        ring.record(Meta::new().target(target), bytes).unwrap();
        let snapshot = ring.handle().snapshot();
        let last = snapshot.records().next_back().unwrap();
        assert_eq!((last.bytes(), last.target()), (bytes, target));
    }
    // And the longest that goes through in one piece.
    ring.record(Meta::new(), &every_byte).unwrap();
    let snapshot = ring.handle().snapshot();
    let only: Vec<_> = snapshot.records().map(|r| (r.bytes(), r.part())).collect();
    assert_eq!(only, [(&every_byte[..], Part::Whole)]);
}

#[test]
fn a_record_costs_at_most_24_bytes_beyond_its_own() {
    for len in 1..=200 {
        for target_len in [0, 1, 7, 20] {
            let ring = Ring::new(4096).unwrap();
            let target = "t".repeat(target_len);
            let count = 4096 / (len + target_len + 24);
            for number in 0..count {
                let bytes = vec![u8::try_from(number).unwrap(); len];
                ring.record(Meta::new().target(&target), &bytes).unwrap();
            }
            let all = ring.handle().snapshot().record_count();
            assert_eq!(all, count, "{len} bytes, target of {target_len}");
        }
    }
}

/// A long record that is not the first of its block is there for as long as it is whole, though the
/// first of its block is gone.
#[test]
fn a_long_record_is_found_when_the_short_one_before_it_is_gone() {
    for capacity in [4096, 64 << 10, 1 << 20] {
        let ring = Ring::new(capacity).unwrap();
        let handle = ring.handle();
        let mut lossless = handle.reader().open();
        ring.record(Meta::new(), b"small").unwrap();
        let long = vec![b'l'; capacity - 16];
        ring.record(Meta::new(), &long).unwrap();
        assert!(handle.snapshot().bytes() == long);
        let stats = handle.stats();
        assert_eq!((stats.written, stats.overwritten), (2, 1));
        let mut last = handle.reader().start(Start::Last(1)).open();
        assert!(last.try_recv().unwrap().bytes() == long);
        let batch = lossless.try_recv().unwrap();
        assert!(batch.bytes() == long);
        assert_eq!(batch.missed().records, 1);
    }
}

#[test]
fn a_capacity_is_rounded_up_to_whole_pages() {
    for (asked, got) in [
        (1, 4096),
        (4095, 4096),
        (4096, 4096),
        (4097, 8192),
        (10_000, 12_288),
        (10 << 20, 10 << 20),
        ((10 << 20) + 1, (10 << 20) + 4096),
    ] {
        let ring = Ring::new(asked).unwrap();
        assert_eq!(ring.capacity(), got);
        assert_eq!(ring.handle().capacity(), got);
        assert_eq!(ring.handle().stats().capacity, got as u64);
    }
    let built = Ring::builder().capacity(5000).build().unwrap();
    assert_eq!(built.capacity(), 8192);
    assert_eq!(Ring::builder().build().unwrap().capacity(), 10 << 20);
    let default = circular_core::RingBuilder::default();
    assert_eq!(default.build().unwrap().capacity(), 10 << 20);
}

#[test]
fn a_capacity_that_cannot_be_is_an_error_that_names_it() {
    let zero = Ring::new(0).unwrap_err();
    assert!(matches!(zero, BuildError::ZeroCapacity), "{zero:?}");
    assert!(Ring::new(0).unwrap_err().to_string().contains(" 0 bytes"));
    let too_large = [
        usize::MAX,
        usize::MAX - 4095,
        usize::MAX - 4096,
        1 << (usize::BITS - 1),
        isize::MAX as usize,
        isize::MAX as usize - 10_000,
    ];
    for capacity in too_large {
        let error = Ring::new(capacity).unwrap_err();
        let told = error.to_string();
        assert!(told.contains(&capacity.to_string()), "{told}");
        let error = Ring::builder().capacity(capacity).build().unwrap_err();
        let error = io::Error::from(error);
        assert!(error.to_string().contains(&capacity.to_string()), "{error}");
    }
}

#[test]
fn a_display_that_fails_is_told_and_what_came_before_is_kept() {
    struct Failing;
    impl fmt::Display for Failing {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("half")?;
            Err(fmt::Error)
        }
    }
    let mut ring = Ring::new(4096).unwrap();
    assert!(writeln!(ring, "one {Failing} two").is_err());
    assert_eq!(records(&ring), [b"one half"]);
}

#[test]
fn rings_and_handles_may_be_shared() {
    fn is_shareable<T: Clone + Send + Sync + 'static>() {}
    is_shareable::<Ring>();
    is_shareable::<Handle>();
    static HANDLE: OnceLock<Handle> = OnceLock::new();
    let mut ring = Ring::new(4096).unwrap();
    ring.write_all(b"seen through a static").unwrap();
    let handle = HANDLE.get_or_init(|| ring.handle());
    assert_eq!(handle.snapshot().bytes(), b"seen through a static");
}

#[test]
fn records_are_gone_through_from_either_end_and_end_once() {
    let ring = Ring::new(1 << 16).unwrap();
    for number in 0..10 {
        writeln!(&ring, "{number}").unwrap();
    }
    let snapshot = ring.handle().snapshot();
    let text = |record: circular_core::Record<'_>| record.text().trim().to_owned();
    let backwards: Vec<_> = snapshot.records().rev().map(text).collect();
    assert_eq!(backwards.concat(), "9876543210");
    let mut records = snapshot.records();
    assert_eq!(records.next().map(text).unwrap(), "0");
    assert_eq!(records.next_back().map(text).unwrap(), "9");
    assert_eq!(records.nth(1).map(text).unwrap(), "2");
    assert_eq!(records.nth_back(2).map(text).unwrap(), "6");
    assert_eq!(records.len(), 3);
    assert_eq!(records.clone().next_back().map(text).unwrap(), "5");
    assert!(records.nth(7).is_none() && records.next_back().is_none());
    assert!(records.next().is_none() && records.len() == 0);
}

/// Of it, too, what one has is one's own: the ring goes on.
#[test]
fn a_snapshot_can_be_copied_and_counts_records() {
    let mut ring = Ring::new(4096).unwrap();
    writeln!(ring, "one").unwrap();
    writeln!(ring, "two").unwrap();
    let snapshot = ring.handle().snapshot();
    let copy = snapshot.clone();
    assert_eq!(snapshot.into_bytes(), b"one\ntwo\n");
    assert_eq!((copy.record_count(), copy.bytes().len()), (2, 8));
    assert_eq!(copy.records().nth(1).unwrap().bytes(), b"two\n");
}
