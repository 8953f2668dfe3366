//! Where a reader's batches come from, on a thread or as a task, by every call there is.
//!
//! Whichever call it is, it ends in the same three ways: a batch, nothing yet, or closed.

use crate::block_on::block_on;
use crate::random::Random;
use circular_core::{
    AsyncReader, Batch, Closed, Cursor, Missed, Reader, ReaderBuilder, RecvTimeoutError,
    TryRecvError,
};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Blocking,
    Task,
}

pub(crate) enum Source {
    Blocking(Reader),
    Task(AsyncReader),
}

impl Source {
    pub(crate) fn open(builder: ReaderBuilder, kind: Kind) -> Self {
        match kind {
            Kind::Blocking => Source::Blocking(builder.open()),
            Kind::Task => Source::Task(builder.open_async().expect("a thread for tasks")),
        }
    }

    /// `None` if there was nothing yet.
    pub(crate) fn recv(&mut self, random: &mut Random) -> Result<Option<Batch<'_>>, Closed> {
        match (self, random.below(3)) {
            (Source::Blocking(reader), 0) => reader.recv().map(Some),
            (Source::Blocking(reader), 1) => {
                let timeout = Duration::from_micros(random.below(3000));
                match reader.recv_timeout(timeout) {
                    Ok(batch) => Ok(Some(batch)),
                    Err(RecvTimeoutError::Timeout) => Ok(None),
                    Err(RecvTimeoutError::Closed) => Err(Closed),
                }
            }
            (Source::Blocking(reader), _) => match reader.try_recv() {
                Ok(batch) => Ok(Some(batch)),
                Err(TryRecvError::Empty) => Ok(None),
                Err(TryRecvError::Closed) => Err(Closed),
            },
            // A call that is given up.
            (Source::Task(reader), 0) => {
                match reader.poll_recv(&mut Context::from_waker(Waker::noop())) {
                    Poll::Ready(batch) => batch.map(Some),
                    Poll::Pending => Ok(None),
                }
            }
            (Source::Task(reader), _) => block_on(reader.recv()).map(Some),
        }
    }

    pub(crate) fn cursor(&self) -> Cursor {
        match self {
            Source::Blocking(reader) => reader.cursor(),
            Source::Task(reader) => reader.cursor(),
        }
    }

    pub(crate) fn missed(&self) -> Missed {
        match self {
            Source::Blocking(reader) => reader.missed(),
            Source::Task(reader) => reader.missed(),
        }
    }

    pub(crate) fn restarted(&self) -> bool {
        match self {
            Source::Blocking(reader) => reader.restarted(),
            Source::Task(reader) => reader.restarted(),
        }
    }
}
