//! An event of `tracing`, from the macro to where its line, or its object, is kept or discarded.

mod queue;
mod ring_layer;

pub(crate) use self::ring_layer::{JSON as RING_JSON, TEXT as RING_TEXT};

use self::queue::Queue;
use super::drive::{Paced, nanos_each};
use crate::contenders::{
    Bounds, Broadcast, Contender, Crossbeam, DequeOfBytes, DequeOfStrings, Opened, Readers, Shared,
    Thingbuf,
};
use crate::effort::Effort;
use crate::rounds::{Case, Group, Sample, Task};
use circular_core::Ring;
use circular_tracing::RingWriter;
use std::any::Any;
use std::hint::black_box;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Instant;
use tracing::{Dispatch, dispatcher, info, info_span};
use tracing_appender::non_blocking::NonBlockingBuilder;
use tracing_flight_recorder::{FlightRecorder, FlightRecorderLayer};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::{Layer, Registry, fmt, prelude::*};

pub(crate) const FMT: &str = "fmt to sink";
pub(crate) const FMT_JSON: &str = "fmt JSON to sink";

/// In no span, and in two with fields.
pub(crate) const CASES: [&str; 2] = ["event", "event in 2 spans"];

/// Something that takes events, and what must stay meanwhile.
pub(crate) type Open = (Dispatch, Box<dyn Any>);

#[derive(Clone, Copy)]
pub(crate) struct Way {
    pub(crate) name: &'static str,
    pub(crate) does: &'static str,
    pub(crate) open: fn(Bounds) -> Open,
}

/// A line's length, about: for those that hold so many.
const LEN: usize = 128;

pub(crate) fn bounds(effort: &Effort) -> Bounds {
    Bounds {
        capacity: effort.capacity,
        len: LEN,
    }
}

pub(crate) fn text(effort: &Effort) -> Group {
    group(effort, "event as text", RING_TEXT, &text_ways())
}

pub(crate) fn json(effort: &Effort) -> Group {
    group(effort, "event as JSON", RING_JSON, &json_ways())
}

pub(crate) fn text_ways() -> [Way; 11] {
    let way = |name, does, open| Way { name, does, open };
    [
        way(RING_TEXT, ring_layer::TEXT_DOES, |bounds| {
            with(ring_layer::ring_text_layer(ring(bounds)))
        }),
        way(FMT, "formats with fmt, and throws the line away", |_| {
            to(io::sink)
        }),
        way(
            "fmt to circular",
            "formats with fmt, and writes to a RingWriter",
            |bounds| to(RingWriter::new(ring(bounds))),
        ),
        way(
            "fmt to Mutex<VecDeque<String>>",
            "formats with fmt, and puts the line there",
            to_queue::<DequeOfStrings, _>,
        ),
        way(
            "fmt to Mutex<VecDeque<u8>>",
            "formats with fmt, and puts the line there",
            to_queue::<DequeOfBytes, _>,
        ),
        way(
            "fmt to appender, lossy",
            "formats with fmt, and puts the line there",
            |bounds| to_appender(bounds, true),
        ),
        way(
            "fmt to appender, lossless",
            "formats with fmt, and puts the line there",
            |bounds| to_appender(bounds, false),
        ),
        way(
            "fmt to tokio broadcast",
            "formats with fmt, and puts the line there",
            to_queue::<Broadcast, _>,
        ),
        way(
            "fmt to crossbeam-channel",
            "formats with fmt, and puts the line there",
            to_queue::<Crossbeam, _>,
        ),
        way(
            "fmt to thingbuf",
            "formats with fmt, and puts the line there",
            to_queue::<Thingbuf, _>,
        ),
        way(
            "tracing-flight-recorder",
            "keeps the event's fields as they are, in a queue under a lock: formats only at a dump",
            |bounds| {
                with(FlightRecorderLayer::new(FlightRecorder::new(
                    bounds.records(),
                )))
            },
        ),
    ]
}

pub(crate) fn json_ways() -> [Way; 3] {
    let way = |name, does, open| Way { name, does, open };
    [
        way(RING_JSON, ring_layer::JSON_DOES, |bounds| {
            with(ring_layer::ring_json_layer(ring(bounds)))
        }),
        way(
            FMT_JSON,
            "formats with fmt's JSON, and throws the line away",
            |_| with(fmt::layer().json().with_writer(io::sink)),
        ),
        way(
            "fmt JSON to circular",
            "formats with fmt's JSON, and writes to a RingWriter",
            |bounds| {
                with(
                    fmt::layer()
                        .json()
                        .with_writer(RingWriter::new(ring(bounds))),
                )
            },
        ),
    ]
}

fn ring(bounds: Bounds) -> Ring {
    Ring::new(bounds.capacity).expect("there is memory for a ring")
}

fn with(layer: impl Layer<Registry> + Send + Sync) -> Open {
    let subscriber = tracing_subscriber::registry().with(layer);
    (Dispatch::new(subscriber), Box::new(()))
}

fn to(writer: impl for<'a> MakeWriter<'a> + Send + Sync + 'static) -> Open {
    with(fmt::layer().with_ansi(false).with_writer(writer))
}

fn to_queue<C: Contender<Writer = Arc<T>>, T: Shared>(bounds: Bounds) -> Open {
    let opened = C::open(bounds, 1, Readers::None);
    let Opened { writers, keep, .. } = opened.expect("everybody can do that");
    let (dispatch, _) = to(Queue(Arc::clone(&writers[0])));
    (dispatch, keep)
}

fn to_appender(bounds: Bounds, lossy: bool) -> Open {
    let (appender, guard) = NonBlockingBuilder::default()
        .buffered_lines_limit(bounds.records())
        .lossy(lossy)
        .finish(io::sink());
    let (dispatch, _) = to(appender);
    (dispatch, Box::new(guard))
}

/// What is said: a message, a text, a number, a fraction, and a truth.
#[inline]
pub(crate) fn say(number: u64) {
    info!(
        target: "shop::checkout",
        user = "ann",
        order = number,
        total = black_box(129.95),
        gift = true,
        "order accepted"
    );
}

/// Does `work` in a span in a span.
pub(crate) fn in_spans<R>(work: impl FnOnce() -> R) -> R {
    let outer = info_span!("request", method = "POST", path = "/orders", id = 4711);
    outer.in_scope(|| info_span!("order", items = 3, currency = "EUR").in_scope(work))
}

fn group(effort: &Effort, name: &str, ours: &'static str, ways: &[Way]) -> Group {
    let bounds = bounds(effort);
    let mut tasks = Vec::new();
    for &Way { name, does, open } in ways {
        for case in CASES {
            let mut paced = Paced::new(effort.alone);
            let pause = effort.pause;
            tasks.push(Task {
                contender: name,
                does,
                cases: vec![Case::new(case, 1)],
                run: Box::new(move || {
                    let (times, took, ()) = paced.run(|times| {
                        let (dispatch, keep) = open(bounds);
                        let took = dispatcher::with_default(&dispatch, || {
                            let timed = || {
                                // All places that it has are taken.
                                (0..bounds.records() as u64 + 1).for_each(say);
                                thread::sleep(pause);
                                let began = Instant::now();
                                (0..times).for_each(say);
                                began.elapsed()
                            };
                            if case == CASES[0] {
                                timed()
                            } else {
                                in_spans(timed)
                            }
                        });
                        drop(dispatch);
                        drop(keep);
                        (took, ())
                    });
                    vec![Sample::of(nanos_each(took, times))]
                }),
            });
        }
    }
    Group {
        name: name.into(),
        unit: "ns per event",
        ours,
        rounds: effort.rounds,
        tasks,
    }
}
