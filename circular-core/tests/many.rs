//! As many readers and writers as one is likely to see, on the smallest ring there is.

use circular_core::{Policy, Ring};
use std::io::Write;
use std::thread;

#[path = "common/collected.rs"]
mod collected;
#[path = "common/watchdog.rs"]
mod watchdog;

use collected::Collected;

const READERS: usize = 512;
const WRITERS: usize = 512;
/// By each writer. All of them together are several times what the ring holds.
const RECORDS: usize = 2;

#[test]
fn every_lossless_reader_gets_every_record_and_all_get_the_same() {
    let _watchdog = watchdog::minutes(10);
    for _ in 0..20 {
        round();
    }
}

fn round() {
    let ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    // Half of them with sinks, half of them by hand.
    let sinks: Vec<_> = (0..READERS / 2)
        .map(|_| {
            let sink = Collected::default();
            let reader = handle.reader().policy(Policy::Block);
            (sink.clone(), reader.spawn(sink).unwrap())
        })
        .collect();
    let readers: Vec<_> = (0..READERS / 2)
        .map(|_| {
            let mut reader = handle.reader().policy(Policy::Block).open();
            thread::spawn(move || {
                let (mut text, mut seq) = (String::new(), 0);
                while let Ok(batch) = reader.recv() {
                    assert!(batch.missed().is_empty());
                    for record in batch {
                        assert_eq!(record.seq(), seq);
                        seq += 1;
                        text.push_str(std::str::from_utf8(record.bytes()).unwrap());
                    }
                }
                text
            })
        })
        .collect();
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let mut ring = ring.clone();
            thread::spawn(move || {
                for record in 0..RECORDS {
                    writeln!(ring, "writer {writer} record {record}").unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.join().unwrap();
    }
    // The last one: readers get the rest, and end.
    drop(ring);
    let mut texts = Vec::new();
    for (sink, thread) in sinks {
        let bytes = thread.join().unwrap().unwrap();
        texts.push(sink.text());
        assert_eq!(bytes, texts.last().unwrap().len() as u64);
    }
    texts.extend(readers.into_iter().map(|thread| thread.join().unwrap()));

    let mut next = [0; WRITERS];
    for line in texts[0].lines() {
        let words: Vec<_> = line.split(' ').collect();
        let ["writer", writer, "record", record] = words[..] else {
            panic!("no record was written as {line:?}");
        };
        let next = &mut next[writer.parse::<usize>().unwrap()];
        assert_eq!(record.parse(), Ok(*next), "of writer {writer}");
        *next += 1;
    }
    assert_eq!(next, [RECORDS; WRITERS]);
    assert!(texts.iter().all(|text| *text == texts[0]));
    assert_eq!(handle.stats().written, (WRITERS * RECORDS) as u64);
}
