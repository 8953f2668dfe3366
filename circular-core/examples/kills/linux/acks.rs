//! What a program has acknowledged: each record, after the write of it had returned.
//!
//! Invariant: an acknowledgement is one write of a few bytes to a pipe, which is all or nothing, so what comes through
//! it before the program is killed is what had happened.

use super::assemble::index;
use super::plan::Stamp;
use std::fs::File;
use std::io::{self, Read, Write};

/// Thread, number, and floor.
const BYTES: usize = 24;

/// The records of each thread, by their numbers. Of each its floor: the seq that the ring's next record had before this
/// one was written. Its own is that or a later one.
#[derive(Debug, Default)]
pub(crate) struct Acks {
    pub(crate) floors: [Vec<u64>; 4],
}

impl Acks {
    /// Takes all there are, until the program has ended.
    pub(crate) fn collect(mut pipe: impl Read) -> Result<Self, String> {
        let mut acks = Self::default();
        let mut bytes = [0; BYTES];
        loop {
            match pipe.read_exact(&mut bytes) {
                Ok(()) => acks.take(&bytes)?,
                // Nothing, as a rule: half of one would be the pipe's fault.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(acks),
                Err(error) => return Err(format!("cannot read acknowledgements: {error}")),
            }
        }
    }

    fn take(&mut self, bytes: &[u8; BYTES]) -> Result<(), String> {
        let word = |at: usize| {
            let mut word = [0; 8];
            word.copy_from_slice(&bytes[at..at + 8]);
            u64::from_le_bytes(word)
        };
        let (thread, number, floor) = (word(0), word(8), word(16));
        let floors = self.floors.get_mut(index(Stamp { thread, number }));
        match floors {
            Some(floors) if floors.len() as u64 == number => {
                floors.push(floor);
                Ok(())
            }
            _ => Err(format!(
                "thread {thread} acknowledges {number} at the wrong time"
            )),
        }
    }

    /// How many each thread has acknowledged: these, from 0 on.
    pub(crate) fn numbers(&self) -> [u64; 4] {
        [0, 1, 2, 3].map(|thread: usize| self.floors[thread].len() as u64)
    }

    pub(crate) fn count(&self) -> u64 {
        self.numbers().iter().sum()
    }
}

/// Says that a record is written.
pub(crate) fn acknowledge(mut pipe: &File, stamp: Stamp, floor: u64) -> io::Result<()> {
    let mut bytes = [0; BYTES];
    for (at, word) in [stamp.thread, stamp.number, floor].into_iter().enumerate() {
        bytes[8 * at..8 * (at + 1)].copy_from_slice(&word.to_le_bytes());
    }
    pipe.write_all(&bytes)
}
