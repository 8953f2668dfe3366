//! Readers that wait as tasks.
//!
//! A task that has had everything leaves its waker with the ring, whose waker thread calls it.
//!
//! Invariant: a waker is left under the same lock under which the task saw that there is nothing
//! more, so no record comes between the two. Wakers are cloned, called and dropped without it.

use crate::error::{Closed, TryRecvError};
use crate::read::core::{Outcome, ReaderCore};
use crate::read::idle::Idle;
use crate::read::waker_thread::WakerThreadUse;
use crate::record::cursor::Cursor;
use crate::record::missed::Missed;
use crate::sink::notice::Notice;
use crate::sys::no_wait;
use crate::tape::batch::Batch;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll, Waker};

/// So many records a task gets before it lets others have their turn, and so many a batch counts for at
/// least: what it takes to get it. It makes 128 batches of one record each.
const TURN: usize = 1024;
const LEAST: usize = 8;

/// A reader for an asynchronous task, of any runtime or none.
///
/// It holds no thread while it waits. [`recv`](Self::recv) is cancel safe: dropping a call, in a `select!` say, loses
/// nothing. For the
/// rest it is as [`Reader`](crate::Reader) is: a batch counts as done when the next is asked for.
///
/// With the feature `futures` it is a `Stream` of the bytes of whole records, with a notice where
/// some were missed, that ends when the ring is closed; `into_records` makes it one of records.
#[must_use = "a reader that is dropped has left"]
pub struct AsyncReader {
    core: ReaderCore,
    #[cfg_attr(
        not(feature = "futures"),
        expect(dead_code, reason = "only byte streams have notices")
    )]
    notice: Notice,
    #[cfg(feature = "futures")]
    line: LineState,
    /// What is left of this task's turn.
    turn: usize,
    /// While the task waits, one that wakes it and is not left with the ring: to be left there at the next poll, and not to
    /// be cloned for it. A task that does not wait must not be kept alive by its own reader.
    waker: Option<Waker>,
    /// Keeps the waker thread running; dropped after `core` has left.
    _waker_thread: WakerThreadUse,
}

/// What a byte stream knows of where it is.
#[cfg(feature = "futures")]
#[derive(Debug)]
struct LineState {
    told_restart: bool,
    at_line_start: bool,
}

impl AsyncReader {
    pub(crate) fn start(core: ReaderCore, notice: Notice) -> io::Result<Self> {
        let in_use = WakerThreadUse::new(core.shared())?;
        Ok(Self {
            core,
            notice,
            #[cfg(feature = "futures")]
            line: LineState {
                told_restart: false,
                at_line_start: true,
            },
            turn: TURN,
            waker: None,
            _waker_thread: in_use,
        })
    }

    /// Waits for the next batch, and returns it.
    ///
    /// It gives way: after so many records that others beside the task should have their turn, it has the
    /// task woken and waits to be polled again, though there is more.
    ///
    /// # Errors
    ///
    /// [`Closed`] when the ring is closed and everything was received.
    pub async fn recv(&mut self) -> Result<Batch<'_>, Closed> {
        poll_fn(|context| self.poll_next_batch(context)).await?;
        Ok(self.received())
    }

    /// Does what [`recv`](Self::recv) does, for code that polls by itself.
    ///
    /// # Errors
    ///
    /// [`Closed`] when the ring is closed and everything was received.
    pub fn poll_recv(&mut self, context: &mut Context<'_>) -> Poll<Result<Batch<'_>, Closed>> {
        match self.poll_next_batch(context) {
            Poll::Ready(Ok(())) => Poll::Ready(Ok(self.received())),
            Poll::Ready(Err(closed)) => Poll::Ready(Err(closed)),
            Poll::Pending => Poll::Pending,
        }
    }

    /// Returns the next batch, if there is one at once. Nobody is woken when there is one later.
    ///
    /// # Errors
    ///
    /// [`TryRecvError::Empty`] if there is none yet, [`TryRecvError::Closed`] if there will be none.
    pub fn try_recv(&mut self) -> Result<Batch<'_>, TryRecvError> {
        self.waker = None;
        match self.core.recv(Idle::Return) {
            Outcome::Batch => Ok(self.received()),
            Outcome::Drained => Err(TryRecvError::Empty),
            Outcome::Ended => {
                self.core.leave();
                Err(TryRecvError::Closed)
            }
        }
    }

    fn poll_next_batch(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Closed>> {
        if self.turn == 0 {
            // Others may have waited for as long as this task has found something.
            self.turn = TURN;
            self.core.release_all();
            no_wait::wake(context.waker());
            return Poll::Pending;
        }
        let task = context.waker();
        if !self.waker.as_ref().is_some_and(|kept| kept.will_wake(task)) {
            self.waker = Some(task.clone());
        }
        let outcome = self.core.recv(Idle::Wake(&mut self.waker));
        // What came back in exchange is the waker of a task that had this reader before: it is not to be kept alive.
        self.waker.take_if(|kept| !kept.will_wake(task));
        match outcome {
            Outcome::Batch => {
                self.waker = None;
                let count = self.core.buffer().record_count().max(LEAST);
                self.turn = self.turn.saturating_sub(count);
                Poll::Ready(Ok(()))
            }
            Outcome::Drained => {
                self.turn = TURN;
                Poll::Pending
            }
            Outcome::Ended => {
                self.waker = None;
                self.core.leave();
                Poll::Ready(Err(Closed))
            }
        }
    }

    fn received(&mut self) -> Batch<'_> {
        let missed = self.core.take_untold();
        Batch {
            missed,
            ..self.batch()
        }
    }

    /// Returns the batch that was received last once more, for code that goes through it in several steps. It
    /// tells of no loss a second time, and is empty as soon as the next is waited for.
    pub fn batch(&self) -> Batch<'_> {
        Batch {
            buffer: self.core.buffer(),
            missed: Missed::default(),
            end: self.core.cursor(),
        }
    }

    /// Returns whether the last batch was not all that there was to receive when it was. This looks at nothing
    /// that writers use: who is in no hurry, and asks for more only if there was more or after a while,
    /// makes their writes cheaper.
    pub fn has_more(&self) -> bool {
        self.core.has_more()
    }

    /// Returns the place behind the last batch that was received: where [`Start::After`](crate::Start::After) goes on.
    pub fn cursor(&self) -> Cursor {
        self.core.cursor()
    }

    /// Returns what was missed in all.
    pub fn missed(&self) -> Missed {
        self.core.missed()
    }

    /// Returns whether it was to start after a cursor that this ring never had, and so began at the oldest
    /// record.
    pub fn restarted(&self) -> bool {
        self.core.restarted()
    }
}

impl fmt::Debug for AsyncReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncReader")
            .field("cursor", &self.cursor())
            .field("missed", &self.missed())
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "futures")]
impl futures_core::Stream for AsyncReader {
    type Item = Vec<u8>;

    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Vec<u8>>> {
        let this = self.get_mut();
        let mut told = String::new();
        if this.restarted() && !this.line.told_restart {
            told.push_str(this.notice.restarted());
        }
        let Poll::Ready(received) = this.poll_next_batch(context) else {
            if told.is_empty() {
                return Poll::Pending;
            }
            this.line.told_restart = true;
            return Poll::Ready(Some(told.into_bytes()));
        };
        this.line.told_restart = true;
        if received.is_ok() {
            this.notice.tell_missed(this.core.take_loss(), &mut told);
        }
        let bytes = if received.is_ok() {
            this.core.buffer().bytes()
        } else {
            &[]
        };
        let mut item = Vec::with_capacity(1 + told.len() + bytes.len());
        if !told.is_empty() && !this.line.at_line_start {
            item.push(b'\n');
        }
        item.extend_from_slice(told.as_bytes());
        item.extend_from_slice(bytes);
        let Some(&last) = item.last() else {
            // Closed, or only a loss of which nothing is told.
            return match received {
                Ok(()) => {
                    no_wait::wake(context.waker());
                    Poll::Pending
                }
                Err(Closed) => Poll::Ready(None),
            };
        };
        this.line.at_line_start = last == b'\n';
        Poll::Ready(Some(item))
    }
}
