//! A ring that is shown: this program's own, or one in a file, of another program or of one that has ended.
//!
//! Invariant: which of the two it is makes a difference here and nowhere above.

use std::fmt;
use std::io;
use std::task::{Context, Poll};

use circular_core::{
    AsyncFileReader, AsyncReader, Attending, Batch, Cursor, FileReader, FileRecvError, Handle,
    Headers, Missed, Reader, Record, RingFile, RingState, Start, Stats,
};

/// A ring.
#[derive(Clone, Debug)]
pub(crate) enum Log {
    Ours(Handle),
    File(RingFile),
}

impl Log {
    /// The place behind the newest record; that before the first if it cannot be read.
    pub(crate) fn cursor(&self) -> Cursor {
        match self {
            Log::Ours(handle) => handle.cursor(),
            Log::File(file) => file.cursor().unwrap_or_else(|_| beginning(file)),
        }
    }

    /// The place before the oldest record that there is.
    pub(crate) fn oldest(&self) -> Cursor {
        match self {
            Log::Ours(handle) => handle.reader().start(Start::Oldest).open().cursor(),
            Log::File(file) => file.reader().start(Start::Oldest).open().cursor(),
        }
    }

    /// Whether nothing can be read of it, as this process was forked from the one that made it.
    pub(crate) fn is_forked(&self) -> bool {
        matches!(self, Log::Ours(handle) if handle.is_forked())
    }

    /// Whether nothing more will be written, as far as that is known without asking the system.
    pub(crate) fn is_closed(&self) -> bool {
        matches!(self, Log::Ours(handle) if handle.is_closed())
    }

    /// Whether its file was removed, and nobody writes to it any more, as far as that can be known.
    pub(crate) fn is_gone(&self) -> bool {
        let Log::File(file) = self else { return false };
        file.is_removed().unwrap_or(false) && self.has_ended()
    }

    /// Whether nobody writes to it any more, as far as that can be known.
    pub(crate) fn has_ended(&self) -> bool {
        let may_go_on = |state| {
            matches!(
                state,
                RingState::Running | RingState::Detached | RingState::Unknown(_)
            )
        };
        match self {
            Log::Ours(handle) => handle.is_closed(),
            Log::File(file) => file.state().is_ok_and(|state| !may_go_on(state)),
        }
    }

    /// Has the end of the program wait for who looks, where it is this program.
    pub(crate) fn attending(&self) -> Option<Attending> {
        match self {
            Log::Ours(handle) => Some(Attending::at(handle)),
            Log::File(_) => None,
        }
    }

    pub(crate) fn capacity(&self) -> usize {
        match self {
            Log::Ours(handle) => handle.capacity(),
            Log::File(file) => usize::try_from(file.info().capacity).unwrap_or(usize::MAX),
        }
    }

    pub(crate) fn stats(&self) -> io::Result<Stats> {
        match self {
            Log::Ours(handle) => Ok(handle.stats()),
            Log::File(file) => file.stats(),
        }
    }

    /// The id of the process that writes it, or wrote it; `None` if that is this one.
    pub(crate) fn pid(&self) -> Option<u64> {
        match self {
            Log::Ours(_) => None,
            Log::File(file) => {
                let info = file.info();
                Some(info.command_pid.unwrap_or(info.pid))
            }
        }
    }

    /// A reader for a search.
    pub(crate) fn search(&self, start: Start) -> Search {
        match self {
            Log::Ours(handle) => Search::Ours(Box::new(handle.reader().start(start).open())),
            Log::File(file) => Search::File(Box::new(file.reader().start(start).open())),
        }
    }

    /// A reader for a viewer.
    pub(crate) fn follow(&self, start: Start) -> io::Result<Follow> {
        Ok(match self {
            Log::Ours(handle) => Follow::Ours(Box::new(handle.reader().start(start).open_async()?)),
            Log::File(file) => Follow::File {
                reader: Box::new(open_async(file, start)?),
                file: file.clone(),
                has_more: false,
            },
        })
    }

    /// A walk over all that it holds, for counts.
    pub(crate) fn walk(&self) -> Walk {
        match self {
            Log::Ours(handle) => Walk::Ours(Box::new(handle.headers())),
            // Without their text they cannot be had.
            Log::File(file) => Walk::File {
                end: self.cursor().seq(),
                reader: Box::new(file.reader().open()),
                index: 0,
            },
        }
    }
}

fn open_async(file: &RingFile, start: Start) -> io::Result<AsyncFileReader> {
    let reader = file.reader().start(start).open_async();
    reader.map_err(|error| io::Error::new(io::ErrorKind::OutOfMemory, error))
}

/// The place before the first record that a file's ring ever had.
fn beginning(file: &RingFile) -> Cursor {
    let reader = file.reader().start(Start::Newest).open();
    reader.cursor().at(0)
}

/// Reads what is there, and waits for nothing.
pub(crate) enum Search {
    Ours(Box<Reader>),
    File(Box<FileReader>),
}

impl Search {
    /// The next records; `None` if there are none now.
    pub(crate) fn next_batch(&mut self) -> Option<Batch<'_>> {
        match self {
            Search::Ours(reader) => reader.try_recv().ok(),
            Search::File(reader) => reader.try_recv().ok(),
        }
    }

    pub(crate) fn cursor(&self) -> Cursor {
        match self {
            Search::Ours(reader) => reader.cursor(),
            Search::File(reader) => reader.cursor(),
        }
    }

    pub(crate) fn missed(&self) -> Missed {
        match self {
            Search::Ours(reader) => reader.missed(),
            Search::File(reader) => reader.missed(),
        }
    }

    pub(crate) fn restarted(&self) -> bool {
        match self {
            Search::Ours(reader) => reader.restarted(),
            Search::File(reader) => reader.restarted(),
        }
    }
}

/// Reads what is there and what comes.
pub(crate) enum Follow {
    Ours(Box<AsyncReader>),
    File {
        reader: Box<AsyncFileReader>,
        file: RingFile,
        /// It found something when it looked last.
        has_more: bool,
    },
}

/// Why there will be no more.
#[derive(Debug)]
pub(crate) enum Over {
    /// Its ring is closed.
    Closed,
    /// What has become of its program, or of its file.
    Ended(String),
}

impl Follow {
    pub(crate) fn poll_recv(&mut self, context: &mut Context<'_>) -> Poll<Result<Batch<'_>, Over>> {
        match self {
            Follow::Ours(reader) => reader
                .poll_recv(context)
                .map(|batch| batch.map_err(|_| Over::Closed)),
            Follow::File {
                reader,
                file,
                has_more,
            } => {
                let polled = reader.poll_recv(context);
                *has_more = matches!(polled, Poll::Ready(Ok(_)));
                polled.map(|batch| batch.map_err(|error| over(file, &error)))
            }
        }
    }

    /// The batch that was received last.
    pub(crate) fn batch(&self) -> Batch<'_> {
        match self {
            Follow::Ours(reader) => reader.batch(),
            Follow::File { reader, .. } => reader.batch(),
        }
    }

    /// Whether there is more to be had at once, as far as that is known. A file is looked at again until nothing is found,
    /// and keeps away by itself then.
    pub(crate) fn has_more(&self) -> bool {
        match self {
            Follow::Ours(reader) => reader.has_more(),
            Follow::File { has_more, .. } => *has_more,
        }
    }

    pub(crate) fn cursor(&self) -> Cursor {
        match self {
            Follow::Ours(reader) => reader.cursor(),
            Follow::File { reader, .. } => reader.cursor(),
        }
    }

    pub(crate) fn missed(&self) -> Missed {
        match self {
            Follow::Ours(reader) => reader.missed(),
            Follow::File { reader, .. } => reader.missed(),
        }
    }

    pub(crate) fn restarted(&self) -> bool {
        match self {
            Follow::Ours(reader) => reader.restarted(),
            Follow::File { reader, .. } => reader.restarted(),
        }
    }
}

/// What has become of a file of which there is no more to read.
fn over(file: &RingFile, error: &FileRecvError) -> Over {
    let unreadable = |error: &dyn fmt::Display| format!("cannot be read any more: {error}");
    let FileRecvError::Ended = error else {
        return Over::Ended(unreadable(error));
    };
    let has_command = file.info().command_pid.is_some();
    Over::Ended(match (file.command_end(), file.state()) {
        (Ok(Some((end, _))), _) => end.to_string(),
        // The command may live on.
        (_, Ok(state @ RingState::Died { .. })) if has_command => {
            format!("its recorder {state}; how the command ended is not known")
        }
        (_, Ok(state)) => state.to_string(),
        (_, Err(error)) => unreadable(&error),
    })
}

/// Goes through what is held, the oldest first.
pub(crate) enum Walk {
    Ours(Box<Headers>),
    File {
        reader: Box<FileReader>,
        index: usize,
        /// The number of the record that was to come next when it began.
        end: u64,
    },
}

impl Walk {
    /// The place behind the record that was the last one.
    pub(crate) fn cursor(&self) -> Cursor {
        match self {
            Walk::Ours(headers) => headers.cursor(),
            Walk::File { reader, index, .. } => reader.batch().cursor_before(*index),
        }
    }

    /// Hands the next record to `look`, which must not look at its text; whether there was one.
    pub(crate) fn next(&mut self, mut look: impl FnMut(&Record<'_>)) -> bool {
        match self {
            Walk::Ours(headers) => match headers.next_record() {
                Some(record) => {
                    look(&record);
                    true
                }
                None => false,
            },
            Walk::File { reader, index, end } => {
                let batch = reader.batch();
                if *index >= batch.len() {
                    *index = 0;
                    if reader.cursor().seq() >= *end || reader.try_recv().is_err() {
                        return false;
                    }
                }
                let batch = reader.batch();
                let Some(record) = batch.records().nth(*index) else {
                    return false;
                };
                *index += 1;
                let is_held = record.seq() < *end;
                if is_held {
                    look(&record);
                }
                is_held
            }
        }
    }
}
