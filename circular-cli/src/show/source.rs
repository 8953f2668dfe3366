//! A ring that is shown, and how far it was.

use std::time::{Duration, SystemTime};

use circular_core::{
    Batch, Cursor, FileReader, FileRecvError, Missed, OwnedRecord, Record, RingFile, RingState,
    Start, push_json_for_terminal,
};

use crate::failure::{Failure, typed};
use crate::find::ending;
use crate::find::rings::Found;
use crate::show::choice::Choice;

/// A ring, and a reader of it.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) label: Label,
    pub(crate) file: RingFile,
    pub(crate) reader: FileReader,
    /// What was missed, and is not told yet.
    pub(crate) untold: Missed,
    /// So many of those that are wanted are passed over first.
    pub(crate) skip: u64,
    /// The number of the first record that it was to begin with, if that were still there.
    pub(crate) begin: u64,
}

/// Whose ring a record is from.
#[derive(Clone, Debug)]
pub(crate) struct Label {
    pub(crate) program: String,
    pub(crate) pid: u64,
    /// Its program runs, and may overwrite what is read: so what is missed then is missed by a slow reader.
    pub(crate) is_written: bool,
    /// So many of those that were to be read were overwritten before anybody looked.
    pub(crate) overwritten: u64,
    /// Its place among those that are shown, from 0.
    pub(crate) number: usize,
}

/// A record that waits for its turn, and what was missed before it.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) missed: Missed,
    pub(crate) record: OwnedRecord,
    pub(crate) behind: Cursor,
}

/// What a look at a ring has brought.
#[derive(Debug)]
pub(crate) enum Pulled<'a> {
    Batch(Batch<'a>),
    /// Nothing more so far.
    Nothing,
    /// There will be no more.
    Ended,
}

impl Source {
    /// # Errors
    ///
    /// There is no memory for a reader.
    pub(crate) fn open(ring: &Found, number: usize, start: Start) -> Result<Self, Failure> {
        let reader = reader(&ring.file, start)?;
        let cursor = match start {
            Start::After(cursor) if !reader.restarted() => Some(cursor.seq()),
            _ => None,
        };
        // Whoever begins with what is there misses nothing of before.
        let overwritten = cursor.map_or(0, |begin| {
            let overwritten = ring.file.stats().map_or(0, |stats| stats.overwritten);
            overwritten.saturating_sub(begin)
        });
        Ok(Self {
            label: Label {
                program: ring.info.program.clone(),
                pid: ring.pid(),
                is_written: ring.is_running(),
                overwritten,
                number,
            },
            reader,
            file: ring.file.clone(),
            untold: Missed::default(),
            skip: 0,
            begin: cursor.unwrap_or(0),
        })
    }

    /// Returns the next records, for which it waits as long as that.
    ///
    /// # Errors
    ///
    /// The file cannot be read any more.
    pub(crate) fn pull(&mut self, wait: Duration) -> Result<Pulled<'_>, Failure> {
        match self.reader.recv_timeout(wait) {
            Ok(batch) => Ok(Pulled::Batch(batch)),
            Err(FileRecvError::Empty) => Ok(Pulled::Nothing),
            Err(FileRecvError::Ended) => Ok(Pulled::Ended),
            Err(error) => {
                let path = self.file.path().display();
                Err(Failure::failed(
                    format!("{path}: {error}"),
                    format!("circular check {}", typed(self.file.path())),
                ))
            }
        }
    }

    /// Whether its program runs.
    pub(crate) fn is_running(&self) -> bool {
        matches!(
            self.file.state(),
            Ok(RingState::Running | RingState::Detached)
        )
    }

    /// Whether its program has come to an end, as far as anybody knows: of a copy nobody does.
    pub(crate) fn has_ended(&self) -> bool {
        let may_go_on = |state| {
            matches!(
                state,
                RingState::Running | RingState::Detached | RingState::Copy | RingState::Unknown(_)
            )
        };
        !self.file.state().is_ok_and(may_go_on)
    }

    /// Returns what has become of its program, for people.
    pub(crate) fn ending(&self) -> String {
        let found = Found::of(self.file.clone());
        ending::phrase(&found)
    }

    /// Returns the same as an object.
    pub(crate) fn end(&self) -> String {
        let mut object = br#"{"ended":"#.to_vec();
        push_json_for_terminal(&mut object, self.ending().as_bytes());
        object.push(b'}');
        String::from_utf8_lossy(&object).into_owned()
    }
}

/// Returns a reader that begins there.
///
/// # Errors
///
/// There is no memory for it.
pub(crate) fn reader(file: &RingFile, start: Start) -> Result<FileReader, Failure> {
    let reader = file.reader().start(start).try_open();
    reader
        .map_err(|error| Failure::failed(error.to_string(), "the same again, when there is memory"))
}

/// Returns what of a batch is shown, to be shown later. `missed` is what was missed and is not told yet: the first that is shown
/// tells it, and if there is none, it is still there.
pub(crate) fn keep<'a>(
    batch: &'a Batch<'_>,
    choice: &'a Choice,
    missed: &'a mut Missed,
) -> impl Iterator<Item = Kept> + 'a {
    add(missed, batch.missed());
    let records = batch.records().enumerate();
    let wanted = records.filter(|(_, record): &(usize, Record<'_>)| choice.takes(record));
    wanted.map(move |(index, record)| Kept {
        missed: std::mem::take(missed),
        record: record.to_owned(),
        behind: batch.cursor_before(index + 1),
    })
}

/// Adds up what is missed.
pub(crate) fn add(missed: &mut Missed, more: Missed) {
    missed.records += more.records;
    missed.bytes += more.bytes;
}

/// Returns the last `most` of a batch that are shown, to be shown later; what was missed before is the caller's. From the
/// end, so that no more is copied than is kept.
pub(crate) fn keep_last(batch: &Batch<'_>, choice: &Choice, most: usize) -> Vec<Kept> {
    let records = batch.records().enumerate().rev();
    let wanted = records.filter(|(_, record)| choice.takes(record));
    let kept = wanted.map(|(index, record)| Kept {
        missed: Missed::default(),
        record: record.to_owned(),
        behind: batch.cursor_before(index + 1),
    });
    let mut kept: Vec<_> = kept.take(most).collect();
    kept.reverse();
    kept
}

/// Returns when a record was written.
pub(crate) fn time(kept: &Kept) -> SystemTime {
    kept.record.as_record().time()
}
