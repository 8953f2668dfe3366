//! A stream of records, and records that are kept.

#![cfg(feature = "futures")]

use std::future::poll_fn;
use std::io::Write;
use std::pin::Pin;
use std::time::Duration;

use circular_core::{Lagged, Level, Meta, OwnedRecord, Part, RecordStream, Ring, Start};
use futures_core::Stream;

#[path = "common/block_on.rs"]
mod block_on;

use block_on::block_on;

fn next(stream: &mut RecordStream) -> Option<Result<OwnedRecord, Lagged>> {
    block_on(poll_fn(|context| Pin::new(&mut *stream).poll_next(context)))
}

#[test]
fn records_come_one_by_one_until_the_ring_is_closed() {
    let mut ring = Ring::new(1 << 16).unwrap();
    writeln!(ring, "before").unwrap();
    let mut reader = ring.handle().reader().open_async().unwrap();
    assert_eq!(block_on(reader.recv()).unwrap().bytes(), b"before\n");
    // What was received before does not come again.
    let mut stream = reader.into_records();
    let meta = Meta::new().level(Level::Warn).target("shop");
    for number in 0..1000 {
        ring.record(meta, format!("{number}\n").as_bytes()).unwrap();
    }
    ring.handle().close();
    for number in 0..1000 {
        let record = next(&mut stream).unwrap().unwrap();
        let record = record.as_record();
        assert_eq!(record.text(), format!("{number}\n"));
        assert_eq!(
            (record.seq(), record.level(), record.target()),
            (number + 1, Some(Level::Warn), "shop")
        );
    }
    assert!(next(&mut stream).is_none());
    assert!(next(&mut stream).is_none());
    assert!(format!("{stream:?}").contains("cursor"), "{stream:?}");
}

#[test]
fn a_loss_stands_in_the_place_of_what_is_lost() {
    let mut ring = Ring::new(8192).unwrap();
    let mut stream = ring
        .handle()
        .reader()
        .start(Start::Newest)
        .open_async()
        .unwrap()
        .into_records();
    for number in 0..2000 {
        writeln!(ring, "line {number}").unwrap();
    }
    ring.handle().close();
    let lagged = next(&mut stream).unwrap().unwrap_err();
    let mut seq = lagged.missed.records;
    assert!(
        seq > 0 && lagged.to_string().starts_with("missed "),
        "{lagged}"
    );
    while let Some(record) = next(&mut stream) {
        assert_eq!(record.unwrap().as_record().text(), format!("line {seq}\n"));
        seq += 1;
    }
    assert_eq!(seq, 2000);
}

#[test]
fn an_owned_record_says_what_the_record_did() {
    let ring = Ring::new(4096).unwrap();
    let meta = Meta::new().level(Level::Info).target("shop");
    ring.record(meta, b"caf\xc3\xa9 \xff password=hunter2\n")
        .unwrap();
    let snapshot = ring.handle().snapshot();
    assert_eq!(snapshot.text(), "caf\u{e9} \u{fffd} password=hunter2\n");
    let kept = {
        let record = snapshot.records().next().unwrap();
        assert_eq!(record.text(), snapshot.text());
        record.to_owned()
    };
    let before = snapshot.records().next().unwrap();
    let after = kept.as_record();
    assert_eq!(
        (after.seq(), after.bytes(), after.time()),
        (0, before.bytes(), before.time())
    );
    assert_eq!(
        (after.target(), after.level(), after.part()),
        ("shop", Some(Level::Info), Part::Whole)
    );
    assert!(after.is_since(before.time() - Duration::from_secs(1)));
    // What it says may be a secret, and so may what a batch says.
    let mut reader = ring.handle().reader().open();
    let batch = reader.recv().unwrap();
    for shown in [format!("{batch:?}"), format!("{:?}", batch.records())] {
        assert!(
            !shown.contains("hunter2") && !shown.contains("104"),
            "{shown}"
        );
    }
    let shown = format!("{kept:?}");
    assert!(
        shown.contains("INFO") && shown.contains("\"shop\""),
        "{shown}"
    );
    assert!(
        !shown.contains("hunter2") && !shown.contains("104"),
        "{shown}"
    );
}
