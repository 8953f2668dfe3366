//! `tracing_appender::non_blocking`: a queue, and a thread that empties it into a sink. That thread is
//! always there, so "no reader" is one that throws everything away, and what gets lost on the way to it is told.

use super::{Bounds, Contender, Opened, Readers, Writer};
use crossbeam_channel::{Receiver, Sender, bounded};
use std::hint::black_box;
use std::io::{self, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};

pub(crate) struct AppenderLossy;
pub(crate) struct AppenderLossless;

pub(crate) struct AppenderWriter {
    appender: NonBlocking,
    /// Hangs up when the last writer is gone.
    _writes: Sender<()>,
}

impl Writer for AppenderWriter {
    #[inline]
    fn write(&mut self, record: &[u8]) {
        self.appender
            .write_all(record)
            .expect("the appender's thread runs");
    }
}

/// Where the appender's thread writes to. It is that thread that reads.
struct Sink {
    received: Arc<AtomicU64>,
    /// Hangs until the other end is gone.
    stuck: Option<Receiver<()>>,
}

impl io::Write for Sink {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if let Some(stuck) = &self.stuck {
            let _ = stuck.recv();
        }
        black_box(line);
        self.received.fetch_add(1, Relaxed);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Contender for AppenderLossy {
    const NAME: &'static str = "appender, lossy";
    const DOES: &'static str = "makes a Vec, and puts it into tracing-appender's queue, or, if that is full, throws it away; its thread reads";
    type Writer = AppenderWriter;

    fn open(bounds: Bounds, writers: usize, readers: Readers) -> Option<Opened<AppenderWriter>> {
        match readers {
            Readers::None | Readers::Stuck | Readers::Skipping(1) => {
                Some(open(bounds, writers, readers, true))
            }
            Readers::Lossless | Readers::Skipping(_) => None,
        }
    }
}

impl Contender for AppenderLossless {
    const NAME: &'static str = "appender, lossless";
    const DOES: &'static str = "makes a Vec, and puts it into tracing-appender's queue, for which it waits if that is full; its thread reads";
    type Writer = AppenderWriter;

    fn open(bounds: Bounds, writers: usize, readers: Readers) -> Option<Opened<AppenderWriter>> {
        match readers {
            Readers::None | Readers::Lossless => Some(open(bounds, writers, readers, false)),
            Readers::Stuck | Readers::Skipping(_) => None,
        }
    }
}

fn open(bounds: Bounds, writers: usize, readers: Readers, lossy: bool) -> Opened<AppenderWriter> {
    let received = Arc::new(AtomicU64::new(0));
    let (unstick, stuck) = bounded(0);
    let sink = Sink {
        received: Arc::clone(&received),
        stuck: (readers == Readers::Stuck).then_some(stuck),
    };
    let (appender, guard) = NonBlockingBuilder::default()
        .buffered_lines_limit(bounds.records())
        .lossy(lossy)
        .finish(sink);
    let (writes, written) = bounded(0);
    let opened = Opened {
        writers: (0..writers)
            .map(|_| AppenderWriter {
                appender: appender.clone(),
                _writes: writes.clone(),
            })
            .collect(),
        readers: Vec::new(),
        keep: Box::new(()),
    };
    if readers == Readers::Stuck {
        // In this order: the guard waits for the thread.
        opened.keep((unstick, guard))
    } else {
        opened.reader(move || until_read(&written, guard, &received))
    }
}

/// Waits for the writers to go, and then for the appender's thread.
fn until_read(written: &Receiver<()>, guard: WorkerGuard, received: &AtomicU64) -> u64 {
    let _hung_up = written.recv();
    drop(guard);
    received.load(Relaxed)
}
