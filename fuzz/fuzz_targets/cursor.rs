//! Any text may be handed in as a cursor, and any cursor to a ring: a reader begins somewhere
//! sensible, and what it gets and what it is told to have missed add up.

#![no_main]

use circular_core::{Cursor, Handle, Missed, Policy, Reader, Ring, Start};
use libfuzzer_sys::{arbitrary, fuzz_target};
use std::io::Write;
use std::mem;

#[derive(arbitrary::Arbitrary, Debug)]
struct Input {
    wanted: Wanted,
    is_lossless: bool,
    /// Lengths of the records, which a ring of one page forgets soon.
    lengths: Vec<u16>,
    /// Those that are written once the reader is there.
    later: Vec<u16>,
}

/// A cursor, more or less.
#[derive(arbitrary::Arbitrary, Debug)]
enum Wanted {
    Text(String),
    Numbers {
        ring: u64,
        seq: u64,
        bytes: Option<u64>,
    },
    /// One of this ring, which may lie.
    Forged {
        seq: u16,
        bytes: Option<u64>,
    },
    /// The one that a reader had before this record came.
    Honest {
        seq: u16,
    },
}

const PAGE: usize = 4096;
/// What fits in a ring of one page: a longer record would go in parts.
const LONGEST: u16 = 4080;
const MOST_RECORDS: usize = 300;

fuzz_target!(|input: Input| {
    let ring = Ring::new(PAGE).expect("one page is not too much");
    let mut written = Written::new(&ring);
    for &length in input.lengths.iter().take(MOST_RECORDS) {
        written.write(length);
    }
    let Some(cursor) = written.cursor(&input.wanted) else {
        return;
    };
    let begin = written.begin_after(cursor);
    let policy = if input.is_lossless {
        Policy::Block
    } else {
        Policy::Skip
    };
    let start = Start::After(cursor.as_text().parse().expect("it is one"));
    let reader = written.handle.reader().policy(policy).start(start).open();
    let mut follower = Follower::new(reader, &written, begin);
    follower.drain(&written);
    for &length in input.later.iter().take(MOST_RECORDS) {
        written.write(length);
        if input.is_lossless {
            // The next write would wait for this thread.
            follower.drain(&written);
        }
    }
    follower.drain(&written);
    follower.check_end(&written, input.is_lossless);
});

/// What a cursor says.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Place {
    ring: u64,
    seq: u64,
    bytes: Option<u64>,
}

impl Place {
    /// Reads what must be a cursor's text, by the description of it.
    fn of(text: &str) -> Option<Self> {
        let fields: Vec<&str> = text.split('.').collect();
        let (ring, seq, bytes) = match fields[..] {
            [ring, seq] => (ring, seq, None),
            [ring, seq, bytes] => (ring, seq, Some(bytes)),
            _ => return None,
        };
        let is_plain = |text: &str, base| text.chars().all(|digit| digit.is_digit(base));
        let is_one = ring.len() == 16
            && is_plain(ring, 16)
            && is_plain(seq, 10)
            && bytes.is_none_or(|bytes| is_plain(bytes, 10));
        is_one.then_some(())?;
        Some(Self {
            ring: u64::from_str_radix(ring, 16).ok()?,
            seq: seq.parse().ok()?,
            bytes: bytes.map(str::parse).transpose().ok()?,
        })
    }

    fn as_text(self) -> String {
        let Self { ring, seq, bytes } = self;
        match bytes {
            Some(bytes) => format!("{ring:016x}.{seq}.{bytes}"),
            None => format!("{ring:016x}.{seq}"),
        }
    }
}

/// A cursor's text and what it means are the same thing.
fn check_text(text: &str) -> Option<Place> {
    let parsed = text.parse::<Cursor>();
    let place = Place::of(text);
    assert_eq!(parsed.is_ok(), place.is_some(), "{text:?}");
    let (cursor, place) = (parsed.ok()?, place?);
    assert_eq!(cursor.to_string(), place.as_text());
    assert_eq!(cursor.to_string().parse(), Ok(cursor));
    Some(place)
}

/// Where a reader is to begin, and what it is to be told.
struct Begin {
    seq: u64,
    missed: Missed,
    is_restarted: bool,
}

/// What was written to a ring, counted beside it.
struct Written<'a> {
    ring: &'a Ring,
    handle: Handle,
    id: u64,
    /// Payload bytes before each record, and before the next.
    before: Vec<u64>,
}

impl<'a> Written<'a> {
    fn new(ring: &'a Ring) -> Self {
        let handle = ring.handle();
        let cursor = handle.reader().open().cursor().to_string();
        let id = Place::of(&cursor).expect("a reader's cursor").ring;
        let before = vec![0];
        Self {
            ring,
            handle,
            id,
            before,
        }
    }

    fn seq(&self) -> u64 {
        self.before.len() as u64 - 1
    }

    fn bytes_before(&self, seq: u64) -> u64 {
        self.before[seq as usize]
    }

    fn write(&mut self, length: u16) {
        let length = 1 + length % LONGEST;
        let payload = vec![fill(self.seq()); usize::from(length)];
        let mut ring = self.ring;
        ring.write_all(&payload).expect("it is open");
        self.before
            .push(self.bytes_before(self.seq()) + u64::from(length));
    }

    /// The cursor that is wanted, if it is one.
    fn cursor(&self, wanted: &Wanted) -> Option<Place> {
        let (ring, seq, bytes) = match *wanted {
            Wanted::Text(ref text) => return check_text(text),
            Wanted::Numbers { ring, seq, bytes } => (ring, seq, bytes),
            Wanted::Forged { seq, bytes } => (self.id, u64::from(seq), bytes),
            Wanted::Honest { seq } => {
                let seq = u64::from(seq) % (self.seq() + 1);
                (self.id, seq, Some(self.bytes_before(seq)))
            }
        };
        let place = Place { ring, seq, bytes };
        assert_eq!(check_text(&place.as_text()), Some(place));
        Some(place)
    }

    /// Where a reader must begin that is to go on after `cursor`.
    fn begin_after(&self, cursor: Place) -> Begin {
        let held = self.handle.snapshot();
        let oldest = held
            .records()
            .next()
            .map_or(self.seq(), |record| record.seq());
        let is_restarted = cursor.ring != self.id || cursor.seq > self.seq();
        if is_restarted || cursor.seq >= oldest {
            return Begin {
                seq: if is_restarted { oldest } else { cursor.seq },
                missed: Missed::default(),
                is_restarted,
            };
        }
        let missed = Missed {
            records: oldest - cursor.seq,
            // A cursor that lies gets a wrong answer, but no nonsense; one that does not know gets none.
            bytes: cursor
                .bytes
                .map_or(0, |bytes| self.bytes_before(oldest).saturating_sub(bytes)),
        };
        Begin {
            seq: oldest,
            missed,
            is_restarted,
        }
    }
}

/// What the payload of a record is filled with.
fn fill(seq: u64) -> u8 {
    seq.to_le_bytes()[0]
}

/// A reader, and what it must have got so far.
struct Follower {
    reader: Reader,
    /// The record that comes next.
    seq: u64,
    delivered: u64,
    /// What it missed before it began, until it is told.
    untold: Missed,
    begin: Begin,
}

impl Follower {
    fn new(reader: Reader, written: &Written<'_>, begin: Begin) -> Self {
        assert_eq!(reader.restarted(), begin.is_restarted);
        assert_eq!(reader.missed(), begin.missed);
        let place = Place {
            ring: written.id,
            seq: begin.seq,
            bytes: Some(written.bytes_before(begin.seq)),
        };
        assert_eq!(reader.cursor().to_string(), place.as_text());
        Self {
            reader,
            seq: begin.seq,
            delivered: 0,
            untold: begin.missed,
            begin,
        }
    }

    /// Takes all there is.
    fn drain(&mut self, written: &Written<'_>) {
        while let Ok(batch) = self.reader.try_recv() {
            let missed = batch.missed();
            assert!(!batch.is_empty() || !missed.is_empty());
            let untold = mem::take(&mut self.untold);
            let next = self.seq + missed.records - untold.records;
            let lost = written.bytes_before(next) - written.bytes_before(self.seq);
            assert_eq!(missed.bytes - untold.bytes, lost);
            self.seq = next;
            for record in batch {
                assert_eq!(record.seq(), self.seq);
                let length = written.bytes_before(self.seq + 1) - written.bytes_before(self.seq);
                assert!(record.bytes() == vec![fill(self.seq); length as usize]);
                self.seq += 1;
                self.delivered += 1;
            }
        }
    }

    /// Delivered and missed together are all that was written.
    fn check_end(&self, written: &Written<'_>, is_lossless: bool) {
        assert_eq!(self.seq, written.seq());
        let missed = self.reader.missed().records - self.begin.missed.records;
        assert_eq!(self.begin.seq + self.delivered + missed, written.seq());
        assert!(!is_lossless || missed == 0);
        let place = Place {
            ring: written.id,
            seq: written.seq(),
            bytes: Some(written.bytes_before(written.seq())),
        };
        assert_eq!(self.reader.cursor().to_string(), place.as_text());
    }
}
