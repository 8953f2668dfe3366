//! Who writes: records of all sizes, in bursts, by every call there is, and now and then while the
//! thread panics.
//!
//! Each numbers its records from 0 on, and enters each in the ledger when the ring has taken it.

use crate::panics::expected_panic;
use crate::random::Random;
use crate::round::Round;
use crate::stamp::{LONG, Stamp};
use circular_core::Ring;
use std::io::{self, ErrorKind, IoSlice, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::Duration;

pub(crate) struct Writer {
    round: Arc<Round>,
    ring: Ring,
    id: usize,
    /// Of the record that comes next.
    number: u64,
    text: Vec<u8>,
}

/// Writes until it is told to stop, the ring is closed, or it has had enough.
pub(crate) fn run(round: &Arc<Round>, ring: &Ring, random: &mut Random) {
    let mut writer = Writer::new(Arc::clone(round), ring.clone());
    for _ in 0..random.below(200) {
        for _ in 0..random.below(300) {
            if round.stop.load(Relaxed) || !writer.write(random) {
                return;
            }
        }
        if random.once_in(50) {
            writer.write_while_panicking(random);
        }
        if random.once_in(2) {
            thread::sleep(Duration::from_micros(random.below(4000)));
        }
    }
}

impl Writer {
    pub(crate) fn new(round: Arc<Round>, ring: Ring) -> Self {
        let id = round.ledger.hire();
        Self {
            round,
            ring,
            id,
            number: 0,
            text: Vec::new(),
        }
    }

    /// Writes a record, and tells whether the ring has taken it.
    pub(crate) fn write(&mut self, random: &mut Random) -> bool {
        let length = length(self.ring.capacity(), random);
        let stamp = Stamp::new(self.id as u64, self.number, length);
        stamp.write(&mut self.text);
        self.round.moves.fetch_add(1, Relaxed);
        if let Err(error) = self.hand_over(stamp, random) {
            assert_eq!(error.kind(), ErrorKind::BrokenPipe, "{error}");
            assert!(
                self.round.handle.is_closed(),
                "refused while the ring is open"
            );
            if stamp.length >= LONG {
                self.round.ledger.cut_off();
            }
            return false;
        }
        self.number += 1;
        self.round.ledger.set(self.id, self.number);
        true
    }

    fn hand_over(&mut self, stamp: Stamp, random: &mut Random) -> io::Result<()> {
        let text = &self.text[..];
        if stamp.level().is_some() || !stamp.target().is_empty() {
            return self.ring.record(stamp.meta(), text);
        }
        match random.below(3) {
            0 => self.ring.write_all(text),
            1 => {
                let (first, second) = text.split_at(text.len() / 3);
                let slices = [IoSlice::new(first), IoSlice::new(second)];
                self.ring.write_vectored(&slices).map(|_| ())
            }
            _ => write!(self.ring, "{}", String::from_utf8_lossy(text)),
        }
    }

    fn write_while_panicking(&mut self, random: &mut Random) {
        struct LastWords<'a>(&'a mut Writer, &'a mut Random);
        impl Drop for LastWords<'_> {
            fn drop(&mut self) {
                self.0.write(self.1);
            }
        }
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            let _last_words = LastWords(self, random);
            expected_panic();
        }));
        assert!(panicked.is_err());
    }
}

/// Most are short, some are a good part of the ring, and a few are longer than it.
fn length(capacity: usize, random: &mut Random) -> usize {
    let capacity = capacity as u64;
    let most = match random.below(1000) {
        0..4 => 4 * capacity,
        4..14 => capacity + 64,
        14..50 => capacity / 3,
        50..300 => 1000,
        _ => 150,
    };
    usize::try_from(random.below(most)).unwrap_or(0)
}
