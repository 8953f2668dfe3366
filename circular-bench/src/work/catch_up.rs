//! A full ring, of the usual size, read from its oldest record to its newest while nobody writes.

use super::USUAL;
use super::drive::record;
use crate::contenders::Bounds;
use crate::effort::Effort;
use crate::rounds::{Case, Group, Sample, Task};
use circular_core::{Handle, Ring};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::hint::black_box;
use std::io::{self, Write};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::TryRecvError;

/// What is compared with the rest: bytes into a sink, as with whoever looks at a log.
pub(crate) const SINK: &str = "circular, sink";
pub(crate) const MEMCPY: &str = "memcpy";

/// Reads everything that is held; tells how many bytes that was.
type CatchUp = Box<dyn FnOnce() -> usize>;
/// Makes something full.
type Fill = fn(Bounds) -> CatchUp;

pub(crate) fn group(effort: &Effort) -> Group {
    let bounds = Bounds {
        capacity: effort.large,
        len: USUAL,
    };
    let pause = effort.pause;
    let ways: [(&str, &str, Fill); 9] = [
        (
            "circular, reader",
            "a reader's try_recv, until it is empty, each record looked at",
            reader,
        ),
        (
            SINK,
            "a reader's write_to, into a sink, of a ring that is closed",
            sink,
        ),
        (
            "circular, snapshot",
            "a snapshot, in memory of its own",
            snapshot,
        ),
        (
            MEMCPY,
            "copies as many bytes, in pieces of 46 KiB, into one buffer",
            memcpy,
        ),
        (
            "memcpy, to new memory",
            "copies as many bytes into new memory",
            clone,
        ),
        (
            "Mutex<VecDeque<u8>>",
            "copies the two halves into new memory, under the lock",
            bytes,
        ),
        (
            "Mutex<VecDeque<String>>",
            "copies each into new memory, under the lock",
            strings,
        ),
        ("tokio broadcast", "try_recv, until it is empty", tokio),
        (
            "crossbeam-channel",
            "try_recv, until it is empty; they are gone then",
            crossbeam,
        ),
    ];
    let tasks = ways.map(|(contender, does, fill)| Task {
        contender,
        does,
        cases: vec![Case::new("full", 1)],
        run: Box::new(move || {
            let catch_up = fill(bounds);
            thread::sleep(pause);
            let began = Instant::now();
            let bytes = catch_up();
            vec![Sample::of(micros_per_mib(began.elapsed(), bytes))]
        }),
    });
    Group {
        name: "catch-up".into(),
        unit: "µs per MiB",
        ours: SINK,
        rounds: effort.rounds,
        tasks: tasks.into(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "below 2^53")]
fn micros_per_mib(took: Duration, bytes: usize) -> f64 {
    assert!(bytes > 0, "there was something to read");
    took.as_secs_f64() * 1e6 * f64::from(1 << 20) / bytes as f64
}

fn full_ring(bounds: Bounds) -> (Ring, Handle) {
    let mut ring = Ring::new(bounds.capacity).expect("there is memory for a ring");
    let text = record(bounds.len);
    // And on into the second round.
    for _ in 0..bounds.records() * 5 / 4 {
        ring.write_all(&text).expect("the ring is open");
    }
    let handle = ring.handle();
    (ring, handle)
}

fn reader(bounds: Bounds) -> CatchUp {
    let (ring, handle) = full_ring(bounds);
    Box::new(move || {
        let mut reader = handle.reader().open();
        let mut bytes = 0;
        while let Ok(batch) = reader.try_recv() {
            for record in batch {
                black_box(record.bytes());
            }
            bytes += batch.bytes().len();
        }
        drop(ring);
        bytes
    })
}

fn sink(bounds: Bounds) -> CatchUp {
    struct Sink(usize);
    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += black_box(bytes).len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let (ring, handle) = full_ring(bounds);
    handle.close();
    Box::new(move || {
        let mut sink = Sink(0);
        let reader = handle.reader();
        reader.write_to(&mut sink).expect("the sink takes all");
        drop(ring);
        sink.0
    })
}

fn snapshot(bounds: Bounds) -> CatchUp {
    let (ring, handle) = full_ring(bounds);
    Box::new(move || {
        let held = black_box(handle.snapshot());
        drop(ring);
        held.bytes().len()
    })
}

/// As many bytes of text as the ring holds.
fn text(bounds: Bounds) -> Vec<u8> {
    record(bounds.records() * bounds.len)
}

fn memcpy(bounds: Bounds) -> CatchUp {
    // What a ring's reader has.
    const PIECE: usize = 46 << 10;
    let text = text(bounds);
    let mut buffer = vec![0; PIECE];
    Box::new(move || {
        for piece in text.chunks(PIECE) {
            buffer[..piece.len()].copy_from_slice(piece);
            black_box(&mut buffer);
        }
        text.len()
    })
}

fn clone(bounds: Bounds) -> CatchUp {
    let text = text(bounds);
    Box::new(move || black_box(text.clone()).len())
}

fn bytes(bounds: Bounds) -> CatchUp {
    let held: Mutex<VecDeque<u8>> = Mutex::new(text(bounds).into());
    held.lock().rotate_left(bounds.capacity / 4);
    Box::new(move || {
        let held = held.lock();
        let (first, second) = held.as_slices();
        black_box([first, second].concat()).len()
    })
}

fn strings(bounds: Bounds) -> CatchUp {
    let text = String::from_utf8(record(bounds.len)).expect("it is text");
    let held: VecDeque<String> = (0..bounds.records()).map(|_| text.clone()).collect();
    let held = Mutex::new(held);
    Box::new(move || {
        let held = held.lock();
        let mut all = Vec::new();
        for text in &*held {
            all.extend_from_slice(text.as_bytes());
        }
        black_box(all).len()
    })
}

fn tokio(bounds: Bounds) -> CatchUp {
    let (sender, mut receiver) = broadcast::channel::<Arc<[u8]>>(bounds.records());
    let text = record(bounds.len);
    for _ in 0..bounds.records() {
        let sent = sender.send(text.as_slice().into());
        sent.expect("there is a receiver");
    }
    Box::new(move || {
        let mut bytes = 0;
        loop {
            match receiver.try_recv() {
                Ok(record) => bytes += black_box(record).len(),
                Err(TryRecvError::Lagged(_)) => {}
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        drop(sender);
        bytes
    })
}

fn crossbeam(bounds: Bounds) -> CatchUp {
    let (sender, receiver) = crossbeam_channel::bounded::<Vec<u8>>(bounds.records());
    let text = record(bounds.len);
    for _ in 0..bounds.records() {
        sender.send(text.clone()).expect("there is room");
    }
    Box::new(move || {
        let mut bytes = 0;
        while let Ok(record) = receiver.try_recv() {
            bytes += black_box(record).len();
        }
        drop(sender);
        bytes
    })
}
