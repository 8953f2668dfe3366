//! Runs the writers and readers of a contender that is new: warms it up, waits, and times it.

use crate::contenders::{Opened, Read, Writer};
use std::hint::{self, black_box};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

/// How much is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) len: usize,
    /// Records by all writers together, before it is timed: so many that it has been full.
    pub(crate) warm: u64,
    pub(crate) pause: Duration,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Driven<R> {
    /// From the first writer's first write to the last one's last.
    pub(crate) written: Duration,
    /// The same, up to where the last reader had got everything.
    pub(crate) read: Duration,
    /// Records that were written before it was timed.
    pub(crate) warmed: u64,
    pub(crate) readers: usize,
    /// By all readers together.
    pub(crate) received: u64,
    pub(crate) results: Vec<R>,
}

impl<R> Driven<R> {
    /// The share of all records that did not get to a reader, if so many were timed.
    #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
    pub(crate) fn lost(&self, timed: u64) -> f64 {
        if self.readers == 0 {
            return 0.0;
        }
        let sent = (self.warmed + timed) * self.readers as u64;
        1.0 - self.received as f64 / sent as f64
    }
}

/// A text of ASCII.
pub(crate) fn record(len: usize) -> Vec<u8> {
    (b' '..=b'~').cycle().take(len).collect()
}

/// Lets each writer do `work`, at the same time.
pub(crate) fn drive<W: Writer, R: Send>(
    opened: Opened<W>,
    load: Load,
    work: impl Fn(&mut W, &[u8]) -> R + Sync,
) -> Driven<R> {
    let Opened {
        mut writers,
        readers,
        keep,
    } = opened;
    let bytes = record(load.len);
    let threads = writers.len();
    let warm = load.warm / threads as u64;
    let line_up = AtomicUsize::new(0);
    let one = |mut writer: W| {
        for _ in 0..warm {
            writer.write(black_box(&bytes));
        }
        wait_for_all(&line_up, threads);
        thread::sleep(load.pause);
        wait_for_all(&line_up, 2 * threads);
        let began = Instant::now();
        let result = work(&mut writer, &bytes);
        // The writer goes with the last of it: readers of the last one's end.
        (began, Instant::now(), result)
    };

    thread::scope(|scope| {
        let start = |read: Read| scope.spawn(move || (read(), Instant::now()));
        let readers: Vec<_> = readers.into_iter().map(start).collect();
        let done = if threads == 1 {
            writers.pop().map(one).into_iter().collect::<Vec<_>>()
        } else {
            let one = &one;
            let running: Vec<_> = writers
                .into_iter()
                .map(|writer| scope.spawn(move || one(writer)))
                .collect();
            running
                .into_iter()
                .map(|thread| thread.join().expect("a writer does not panic"))
                .collect()
        };
        let read: Vec<_> = readers
            .into_iter()
            .map(|reader| reader.join().expect("a reader does not panic"))
            .collect();
        drop(keep);

        let began = done.iter().map(|(began, ..)| *began).min();
        let began = began.expect("there is a writer");
        let written = done.iter().map(|(_, ended, _)| *ended).max();
        let written = written.expect("there is a writer");
        let until = read
            .iter()
            .map(|(_, ended)| *ended)
            .fold(written, Instant::max);
        Driven {
            written: written - began,
            read: until - began,
            warmed: warm * threads as u64,
            readers: read.len(),
            received: read.iter().map(|(received, _)| received).sum(),
            results: done.into_iter().map(|(.., result)| result).collect(),
        }
    })
}

/// Returns when `arrived` calls were made. Without sleeping: it takes as long to wake up as some of what is timed.
fn wait_for_all(line_up: &AtomicUsize, arrived: usize) {
    line_up.fetch_add(1, SeqCst);
    let mut turns = 0_u32;
    while line_up.load(SeqCst) < arrived {
        turns += 1;
        if turns % 1000 == 0 {
            // Whoever has not arrived may need the core.
            thread::yield_now();
        }
        hint::spin_loop();
    }
}

/// How many times something is done, so that it takes about as long as it shall.
#[derive(Debug)]
pub(crate) struct Paced {
    target: Duration,
    times: u64,
    is_known: bool,
}

impl Paced {
    pub(crate) fn new(target: Duration) -> Paced {
        Paced {
            target,
            times: 256,
            is_known: false,
        }
    }

    /// Lets `run` do something so many times, at first again and again until it takes long enough; how
    /// many times that was, and what it returned: the time that it took, and what else there is.
    ///
    /// What takes far longer than it shall is done less often the next time: some contenders are slower by a
    /// thousand times when their threads get into each other's way.
    pub(crate) fn run<R>(
        &mut self,
        mut run: impl FnMut(u64) -> (Duration, R),
    ) -> (u64, Duration, R) {
        loop {
            let (took, result) = run(self.times);
            let done = (self.times, took, result);
            let more = self.target.as_secs_f64() / took.as_secs_f64().max(1e-9);
            if self.is_known {
                self.times = times(self.times, more.clamp(0.1, 1.5));
                return done;
            }
            self.is_known = more < 2.0;
            self.times = times(self.times, more.min(16.0));
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "thousands or millions, and need not be exact"
)]
fn times(times: u64, more: f64) -> u64 {
    ((times as f64 * more) as u64).max(64)
}

/// Nanoseconds for each of so many.
#[expect(clippy::cast_precision_loss, reason = "below 2^53")]
pub(crate) fn nanos_each(took: Duration, times: u64) -> f64 {
    took.as_nanos() as f64 / times as f64
}
