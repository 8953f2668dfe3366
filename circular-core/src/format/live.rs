//! Where things are in LIVE, the page of a ring's file that changes all the time.
//!
//! Invariant: what writers store for each record (the first line) shares no cache line with anything else.
//!
//! Offsets are bytes from the beginning of the section. Numbers are little-endian, and whole words unless it says
//! otherwise.

use crate::format::bytes::{array, u64_at};

/// End of what is published.
pub(crate) const COMMITTED: usize = 0x00;
/// End of what may have been stored.
pub(crate) const RESERVED: usize = 0x08;
/// The latest time among the records since the last entry of the index began. For the writer alone: no record that is
/// read depends on it.
pub(crate) const LATEST: usize = 0x10;

/// One of [`OPEN`], [`CLOSED`], [`EXITED`].
pub(crate) const STATE: usize = 0x40;
/// When that was stored, in nanoseconds since 1970.
pub(crate) const WHEN: usize = 0x48;

/// The crash note: 0 for none, [`NOTE_BEGUN`] while it is written, else the signal, and its `si_code` 32 bits up.
pub(crate) const NOTE: usize = 0x80;
/// Id of the thread that the signal came to.
pub(crate) const NOTE_THREAD: usize = 0x88;
/// When, in nanoseconds since 1970.
pub(crate) const NOTE_TIME: usize = 0x90;
/// The signal's `si_addr`.
pub(crate) const NOTE_ADDRESS: usize = 0x98;
/// The thread's name, 16 bytes, zero-padded.
pub(crate) const NOTE_NAME: usize = 0xa0;
/// How many signals were survived, as what was there before mended them.
pub(crate) const NOTE_SURVIVED: usize = 0xb0;
/// What [`COMMITTED`] was when the note was written, [`NOTE_IS_EARLIER`], and [`NOTE_IS_FINAL`].
pub(crate) const NOTE_COMMITTED: usize = 0xb8;

/// In that word: there was a record whose time is later than the note's by more than [`SURVIVED_FOR`]. So the times of records
/// say nothing of what came first.
pub(crate) const NOTE_IS_EARLIER: u64 = 1;

/// In that word: nobody can keep the program from dying of it any more.
pub(crate) const NOTE_IS_FINAL: u64 = 2;

/// Nanoseconds. A program that goes on for longer than that has not died of what was noted.
pub(crate) const SURVIVED_FOR: u64 = 10_000_000_000;

/// Eight words, as [`Counters`] has them.
pub(crate) const COUNTERS: usize = 0xc0;

/// Which of them is how often memory was lost.
pub(crate) const LOST_MEMORY: usize = 7;

/// How much of the section has a meaning; the rest is zero.
pub(crate) const BYTES: usize = 0x100;

/// A state: records are written, or somebody was killed while they were.
pub(crate) const OPEN: u64 = 1;
/// A state: the ring was closed.
pub(crate) const CLOSED: u64 = 2;
/// A state: the program came to its end without closing.
pub(crate) const EXITED: u64 = 3;

/// Of a note: it is being written. No crash has this signal, which is a terminal's.
pub(crate) const NOTE_BEGUN: u64 = 1;

/// A `si_code`, Linux's `SI_KERNEL`, with which no address comes.
pub(crate) const NO_ADDRESS: u64 = 0x80;
/// A larger one is negative: somebody has sent the signal.
const MOST_CODE: u64 = i32::MAX as u64;

/// What LIVE said when it was read. Nothing in it is checked, as a writer may have been in the middle of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Live {
    pub(crate) committed: u64,
    pub(crate) reserved: u64,
    pub(crate) latest: u64,
    pub(crate) state: u64,
    pub(crate) when: u64,
    pub(crate) note: Note,
    pub(crate) counters: Counters,
}

/// What a crash has left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Note {
    /// As at [`NOTE`].
    pub(crate) word: u64,
    pub(crate) thread: u64,
    pub(crate) time: u64,
    pub(crate) address: u64,
    pub(crate) name: [u8; 16],
    pub(crate) survived: u64,
    pub(crate) committed: u64,
}

/// What a writer counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counters {
    pub(crate) refused: u64,
    pub(crate) waits: u64,
    pub(crate) waited_ns: u64,
    pub(crate) longest_ns: u64,
    pub(crate) overtakes: u64,
    pub(crate) demotions: u64,
    pub(crate) failed_sinks: u64,
    /// How often the file's memory was gone, and the writer went on without.
    pub(crate) lost_memory: u64,
}

impl Live {
    pub(crate) fn decode(bytes: &[u8; BYTES]) -> Self {
        let word = |at| u64_at(bytes, at);
        let counter = |number: usize| word(COUNTERS + 8 * number);
        Self {
            committed: word(COMMITTED),
            reserved: word(RESERVED),
            latest: word(LATEST),
            state: word(STATE),
            when: word(WHEN),
            note: Note {
                word: word(NOTE),
                thread: word(NOTE_THREAD),
                time: word(NOTE_TIME),
                address: word(NOTE_ADDRESS),
                name: array(bytes, NOTE_NAME),
                survived: word(NOTE_SURVIVED),
                committed: word(NOTE_COMMITTED),
            },
            counters: Counters {
                refused: counter(0),
                waits: counter(1),
                waited_ns: counter(2),
                longest_ns: counter(3),
                overtakes: counter(4),
                demotions: counter(5),
                failed_sinks: counter(6),
                lost_memory: counter(LOST_MEMORY),
            },
        }
    }
}

impl Live {
    /// Whether its state is gone. It is never zero in a ring that others find.
    pub(crate) fn is_blank(&self) -> bool {
        self.state == 0
    }
}

impl Note {
    /// The signal that the note tells of, if it is whole.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the low bits are the signal"
    )]
    pub(crate) fn signal(&self) -> Option<i32> {
        let signal = self.word as u32;
        // 64 is the last that Linux has.
        let is_whole = self.word != NOTE_BEGUN && (1..=64).contains(&signal);
        is_whole.then_some(signal as i32)
    }

    /// What the signal was about, if that was noted: not where somebody has sent it, or the processor did not say.
    pub(crate) fn address(&self) -> Option<u64> {
        // The code is a number with a sign.
        let code = self.word >> 32;
        let is_of_a_fault = (1..=MOST_CODE).contains(&code) && code != NO_ADDRESS;
        is_of_a_fault.then_some(self.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The offsets as FORMAT.md has them, from the beginning of the file.
    #[test]
    fn every_word_is_where_it_was_promised() {
        let mut bytes = [0; BYTES];
        for at in (0..BYTES).step_by(8) {
            // What stands at 0x1040 is 0x1040.
            bytes[at..at + 8].copy_from_slice(&(0x1000 + at as u64).to_le_bytes());
        }
        let live = Live::decode(&bytes);
        assert_eq!((live.committed, live.reserved), (0x1000, 0x1008));
        assert_eq!((live.state, live.when), (0x1040, 0x1048));
        let note = live.note;
        assert_eq!((note.word, note.thread), (0x1080, 0x1088));
        assert_eq!((note.time, note.address), (0x1090, 0x1098));
        assert_eq!(&note.name[..8], 0x10a0_u64.to_le_bytes());
        assert_eq!(&note.name[8..], 0x10a8_u64.to_le_bytes());
        assert_eq!((note.survived, note.committed), (0x10b0, 0x10b8));
        let counters = live.counters;
        assert_eq!((counters.refused, counters.waits), (0x10c0, 0x10c8));
        assert_eq!((counters.waited_ns, counters.longest_ns), (0x10d0, 0x10d8));
        assert_eq!((counters.overtakes, counters.demotions), (0x10e0, 0x10e8));
        assert_eq!(
            (counters.failed_sinks, counters.lost_memory),
            (0x10f0, 0x10f8)
        );
        assert_eq!(live.latest, 0x1010);
    }

    #[test]
    fn a_note_that_is_not_whole_tells_no_signal() {
        let signal = |word| {
            let note = Note {
                word,
                ..Note::default()
            };
            note.signal()
        };
        assert_eq!(signal(0), None);
        assert_eq!(signal(1), None);
        assert_eq!(signal(65), None);
        assert_eq!(signal(u64::MAX), None);
        assert_eq!(signal(11), Some(11));
        assert_eq!(signal(7 | 2 << 32), Some(7));
    }
}
