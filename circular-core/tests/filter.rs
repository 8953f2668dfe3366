//! Readers that take some targets and levels, and start with the last of those.

use circular_core::{Level, Meta, Reader, Ring, Start, Targets};

const TARGETS: [&str; 5] = [
    "",
    "shop",
    "shop::db",
    "shopping",
    "hyper::client::pool::with::a::long::path",
];

fn targets(text: &str) -> Targets {
    text.parse().unwrap()
}

/// Writes records of every length, level and target; the text begins with the number.
fn write(ring: &Ring, numbers: std::ops::Range<u64>) {
    for number in numbers {
        let index = usize::try_from(number).unwrap();
        let text = format!("{number} {}\n", "x".repeat(index * 7 % 41));
        ring.record(meta(number), text.as_bytes()).unwrap();
    }
}

fn meta(number: u64) -> Meta<'static> {
    let index = usize::try_from(number).unwrap();
    let meta = Meta::new().target(TARGETS[index / 6 % TARGETS.len()]);
    // Every sixth has no level.
    meta.level(Level::ALL.get(index % 6).copied())
}

/// The seqs of all that it gets now, each with what it should be.
fn rest(reader: &mut Reader) -> Vec<u64> {
    let mut seqs = Vec::new();
    while let Ok(batch) = reader.try_recv() {
        for record in batch.records() {
            let begin = format!("{} ", record.seq());
            assert!(record.bytes().starts_with(begin.as_bytes()));
            seqs.push(record.seq());
        }
    }
    seqs
}

fn wanted(targets: &Targets, numbers: std::ops::Range<u64>) -> Vec<u64> {
    let is_wanted = |number: &u64| {
        let index = usize::try_from(*number).unwrap();
        let target = TARGETS[index / 6 % TARGETS.len()];
        Level::ALL
            .get(index % 6)
            .is_none_or(|&level| targets.enabled(level, target))
    };
    numbers.filter(is_wanted).collect()
}

#[test]
fn a_reader_gets_what_its_targets_want() {
    // So small that records lie at every place of it, and across its end.
    let ring = Ring::new(8192).unwrap();
    for text in [
        "off",
        "info",
        "warn,shop=debug",
        "error,shop::db=trace,hyper=off",
        "shop",
    ] {
        let targets = targets(text);
        let mut reader = ring
            .handle()
            .reader()
            .start(Start::Newest)
            .filter(targets.clone())
            .open();
        for _ in 0..100 {
            let first = ring.handle().stats().written;
            write(&ring, first..first + 50);
            assert_eq!(
                rest(&mut reader),
                wanted(&targets, first..first + 50),
                "{text}"
            );
        }
        assert!(reader.missed().is_empty());
    }
}

#[test]
fn both_a_level_and_targets_must_be_content() {
    let ring = Ring::new(1 << 16).unwrap();
    write(&ring, 0..100);
    let reader = ring.handle().reader().filter(targets("shop=trace"));
    let mut reader = reader.at_least(Level::Warn).open();
    assert_eq!(rest(&mut reader), wanted(&targets("shop=warn"), 0..100));
}

#[test]
fn the_last_are_counted_after_the_filter() {
    for capacity in [1 << 16, 4 << 20] {
        let ring = Ring::new(capacity).unwrap();
        write(&ring, 0..10_000);
        let first = ring.handle().snapshot().records().next().unwrap().seq();
        for text in ["shop::db=error", "warn", "off", "trace"] {
            let targets = targets(text);
            // A record without a level passes each: there are others between.
            let all = wanted(&targets, first..10_000);
            for count in [0, 1, 2, 99, 300, all.len() - 1, all.len(), 100_000] {
                let start = Start::Last(count as u64);
                let mut reader = ring
                    .handle()
                    .reader()
                    .start(start)
                    .filter(targets.clone())
                    .open();
                let last = &all[all.len().saturating_sub(count)..];
                assert_eq!(rest(&mut reader), last, "the last {count} of {text}");
                assert!(reader.missed().is_empty(), "nothing of that is a loss");
            }
        }
    }
}

#[test]
fn the_last_of_a_level_too() {
    let ring = Ring::new(1 << 20).unwrap();
    for number in 0..1000 {
        let level = if number == 3 {
            Level::Error
        } else {
            Level::Info
        };
        ring.record(Meta::new().level(level), b"text\n").unwrap();
    }
    let reader = ring
        .handle()
        .reader()
        .start(Start::Last(1))
        .at_least(Level::Error);
    assert_eq!(
        reader
            .open()
            .recv()
            .unwrap()
            .records()
            .next()
            .unwrap()
            .seq(),
        3
    );
}

/// Writers who never pause overtake the search; it ends, and what it finds is there.
#[test]
fn the_last_are_found_while_others_write() {
    let ring = Ring::new(1 << 16).unwrap();
    write(&ring, 0..5000);
    std::thread::scope(|scope| {
        let (sender, stopped) = std::sync::mpsc::channel::<()>();
        let writer = &ring;
        scope.spawn(move || {
            for first in (5000..).step_by(100) {
                write(writer, first..first + 100);
                if stopped.try_recv() == Err(std::sync::mpsc::TryRecvError::Disconnected) {
                    break;
                }
            }
        });
        for count in 0..200 {
            let targets = targets("shop::db=error");
            let start = Start::Last(count);
            let mut reader = ring.handle().reader().start(start).filter(targets).open();
            let _ = reader.try_recv();
        }
        drop(sender);
    });
}
