//! A record of `log`, with its time, from the macro to where its line is kept or discarded.

use super::drive::{Paced, nanos_each};
use super::events::bounds;
use crate::contenders::Bounds;
use crate::effort::Effort;
use crate::rounds::{Case, Group, Sample, Task};
use circular_core::Ring;
use circular_log::RingLogger;
use env_logger::{Logger, Target};
use log::Log;
use std::hint::black_box;
use std::io::{self, Write};
use std::thread;
use std::time::Instant;

pub(crate) const RING: &str = "RingLogger";
pub(crate) const ENV: &str = "env_logger to sink";
const CASE: &str = "record";

#[derive(Clone, Copy)]
pub(crate) struct Way {
    pub(crate) name: &'static str,
    pub(crate) does: &'static str,
    pub(crate) open: fn(Bounds) -> Box<dyn Log>,
}

pub(crate) fn ways() -> [Way; 3] {
    [
        Way {
            name: RING,
            does: "formats the line, with microseconds, and writes it to its ring",
            open: |bounds| Box::new(RingLogger::new(ring(bounds))),
        },
        Way {
            name: ENV,
            does: "formats with env_logger, as it is by default but with microseconds, and throws the line away",
            open: |_| Box::new(env(io::sink())),
        },
        Way {
            name: "env_logger to circular",
            does: "formats with env_logger, and writes the line to a ring",
            open: |bounds| Box::new(env(ring(bounds))),
        },
    ]
}

fn ring(bounds: Bounds) -> Ring {
    Ring::new(bounds.capacity).expect("there is memory for a ring")
}

fn env(target: impl Write + Send + 'static) -> Logger {
    env_logger::Builder::new()
        .filter_level(log::LevelFilter::Trace)
        .format_timestamp_micros()
        .target(Target::Pipe(Box::new(target)))
        .build()
}

/// What is said, with what is said of an event in its fields.
#[inline]
pub(crate) fn say(logger: &dyn Log, number: u64) {
    log::info!(
        logger: logger,
        target: "shop::checkout",
        "order accepted user={} order={number} total={} gift={}",
        "ann",
        black_box(129.95),
        true
    );
}

pub(crate) fn group(effort: &Effort) -> Group {
    let bounds = bounds(effort);
    let pause = effort.pause;
    let tasks = ways().map(|Way { name, does, open }| {
        let mut paced = Paced::new(effort.alone);
        Task {
            contender: name,
            does,
            cases: vec![Case::new(CASE, 1)],
            run: Box::new(move || {
                let (times, took, ()) = paced.run(|times| {
                    let logger = open(bounds);
                    let say = |number| say(&*logger, number);
                    (0..bounds.records() as u64 + 1).for_each(say);
                    thread::sleep(pause);
                    let began = Instant::now();
                    (0..times).for_each(say);
                    (began.elapsed(), ())
                });
                vec![Sample::of(nanos_each(took, times))]
            }),
        }
    });
    Group {
        name: "log record".into(),
        unit: "ns per record",
        ours: RING,
        rounds: effort.rounds,
        tasks: tasks.into(),
    }
}
