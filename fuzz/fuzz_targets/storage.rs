//! A ring's memory may hold anything, as a crashed program's may: whoever walks over it stays in
//! its bounds and comes to an end.
//!
//! An input is what a writer wrote, and what then became of it. Without damage, everybody gets just
//! what was written.

#![no_main]

use circular_core::fuzzing::{self, Fields};
use circular_core::{Cursor, Handle, Level, Meta, Part, Policy, Record, Ring, Snapshot, Start};
use libfuzzer_sys::{arbitrary, fuzz_target};
use std::time::{Duration, UNIX_EPOCH};

#[derive(arbitrary::Arbitrary, Debug)]
struct Input {
    pages: u8,
    written: Vec<Write>,
    damage: Vec<Damage>,
    start: Begin,
    is_lossless: bool,
    at_least: Option<u8>,
}

#[derive(arbitrary::Arbitrary, Debug)]
struct Write {
    len: u16,
    target_len: u8,
    level: u8,
}

/// What can become of a ring's memory.
#[derive(arbitrary::Arbitrary, Debug)]
enum Damage {
    Words {
        at: u16,
        words: Vec<u64>,
    },
    Bit {
        at: u16,
        bit: u8,
    },
    /// Well-formed headers, each where the record of the one before ends.
    Records {
        at: u16,
        seq: u16,
        lens: Vec<(u16, u8)>,
    },
    Entry {
        block: u8,
        offset: Position,
        seq: u64,
        bytes: u64,
        nanos: u64,
    },
    Committed(Position),
    Reserved(Position),
    /// As a rule it is where `committed` is.
    Head(Position),
    /// What lies before the head, in records and in bytes.
    Before {
        seq: u64,
        bytes: u64,
    },
}

/// Anywhere, or near where the writer left off.
#[derive(arbitrary::Arbitrary, Debug)]
enum Position {
    At(u64),
    Near(i16),
}

#[derive(arbitrary::Arbitrary, Debug)]
enum Begin {
    Oldest,
    Newest,
    Last(u64),
    Since(u64),
    After { seq: u64, bytes: u64 },
}

const PAGE: usize = 4096;
const WORD: usize = 8;
/// From here on a ring has more blocks.
const LARGE: usize = 64;
const MOST: usize = 300;

fuzz_target!(|input: Input| {
    let pages = match input.pages {
        255 => LARGE,
        few => 1 + usize::from(few % 3),
    };
    let ring = Ring::new(pages * PAGE).expect("a few pages are not too much");
    for (number, write) in input.written.iter().take(MOST).enumerate() {
        write.run(&ring, number);
    }
    let handle = ring.handle();
    let mut truth = Truth::of(&handle);
    for damage in input.damage.iter().take(MOST) {
        damage.run(&handle, &mut truth);
    }
    truth.set(&handle);

    let image = Image::of(&handle);
    let snapshot = check_snapshot(&handle, &image);
    let dump = check_dump(&handle, &image);
    let read = check_reader(&handle, &image, &input);
    if input.damage.is_empty() {
        check_is_end(&snapshot, &input.written, ring.capacity());
        assert!(snapshot.bytes() == dump, "a dump is what a snapshot is");
        let from_oldest = matches!(input.start, Begin::Oldest);
        let is_all = from_oldest && input.at_least.is_none();
        assert!(!is_all || read == snapshot.bytes());
    }
});

impl Write {
    /// One record, not parts of one.
    fn payload_len(&self, capacity: usize) -> usize {
        1 + usize::from(self.len) % (capacity - 2 * WORD - usize::from(self.target_len))
    }

    fn payload(&self, number: usize, capacity: usize) -> Vec<u8> {
        vec![number.to_le_bytes()[0]; self.payload_len(capacity)]
    }

    fn target(&self) -> String {
        "t".repeat(usize::from(self.target_len))
    }

    fn level(&self) -> Option<Level> {
        Level::ALL.get(usize::from(self.level)).copied()
    }

    fn run(&self, ring: &Ring, number: usize) {
        let target = self.target();
        let meta = Meta::new().target(&target).time(UNIX_EPOCH);
        let meta = meta.level(self.level());
        ring.record(meta, &self.payload(number, ring.capacity()))
            .expect("it is open");
    }
}

/// What the words beside the storage are to say.
struct Truth {
    committed: u64,
    reserved: u64,
    head: Option<u64>,
    /// Records and payload bytes before the head.
    before: (u64, u64),
    /// Where the writer left off.
    honest: u64,
}

impl Truth {
    fn of(handle: &Handle) -> Self {
        let (honest, seq, bytes) = fuzzing::head(handle);
        Self {
            committed: honest,
            reserved: honest,
            head: None,
            before: (seq, bytes),
            honest,
        }
    }

    fn position(&self, offset: &Position) -> u64 {
        match *offset {
            Position::At(offset) => offset,
            Position::Near(words) => {
                let bytes = i64::from(words) * WORD as i64;
                self.honest.wrapping_add_signed(bytes)
            }
        }
    }

    fn set(&self, handle: &Handle) {
        fuzzing::set_truth(handle, self.committed, self.reserved);
        fuzzing::set_head(handle, self.head.unwrap_or(self.committed), self.before);
    }
}

impl Damage {
    fn run(&self, handle: &Handle, truth: &mut Truth) {
        let count = handle.capacity() / WORD;
        match self {
            Damage::Words { at, words } => {
                for (at, &word) in (usize::from(*at)..).zip(words) {
                    fuzzing::set_word(handle, at % count, word);
                }
            }
            Damage::Bit { at, bit } => {
                let at = usize::from(*at) % count;
                let word = fuzzing::word(handle, at) ^ 1 << (bit % 64);
                fuzzing::set_word(handle, at, word);
            }
            Damage::Records { at, seq, lens } => {
                let mut at = usize::from(*at);
                for (&(len, target_len), number) in lens.iter().zip(0..) {
                    let check = seq.wrapping_add(number);
                    let fields: Fields = (len.into(), target_len, None, Part::Whole, check, false);
                    fuzzing::set_word(handle, at % count, fuzzing::encode(fields));
                    at += fuzzing::words(usize::from(len) + usize::from(target_len));
                }
            }
            Damage::Entry {
                block,
                offset,
                seq,
                bytes,
                nanos,
            } => {
                let offset = truth.position(offset);
                fuzzing::set_entry(handle, (*block).into(), offset, (*seq, *bytes, *nanos));
            }
            Damage::Committed(offset) => truth.committed = truth.position(offset),
            Damage::Reserved(offset) => truth.reserved = truth.position(offset),
            Damage::Head(offset) => truth.head = Some(truth.position(offset)),
            Damage::Before { seq, bytes } => truth.before = (*seq, *bytes),
        }
    }
}

/// The storage as it is when it is walked over.
struct Image {
    capacity: usize,
    words: Vec<u64>,
    /// The same in bytes, twice: what goes around the end is one run.
    twice: Vec<u8>,
}

impl Image {
    fn of(handle: &Handle) -> Self {
        let words = fuzzing::storage(handle);
        let once: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        Self {
            capacity: handle.capacity(),
            twice: [&once[..], &once].concat(),
            words,
        }
    }

    /// Checks that `records` stand in the storage, one behind the other, and tells how many bytes
    /// they take there.
    fn check<'a>(&self, records: impl Iterator<Item = Record<'a>> + Clone) -> usize {
        let sizes = records.clone().map(|record| size(&record));
        let sum = sizes.sum::<usize>() * WORD;
        assert!(sum <= self.capacity, "{sum} bytes of {}", self.capacity);
        let Some(first) = records.clone().next() else {
            return 0;
        };
        let stand_at = |begin| {
            records.clone().try_fold(begin, |at, record| {
                self.stands_at(at, &record)
                    .then(|| (at + size(&record)) % self.words.len())
            })
        };
        let first = header(&first);
        let begins = (0..self.words.len()).filter(|&at| self.words[at] == first);
        assert!(begins.clone().any(|begin| stand_at(begin).is_some()));
        assert!(
            records
                .clone()
                .zip(records.skip(1))
                .all(|(one, next)| one.seq().wrapping_add(1) == next.seq())
        );
        sum
    }

    fn stands_at(&self, at: usize, record: &Record<'_>) -> bool {
        let time = self.words[(at + 1) % self.words.len()];
        let payload = &self.twice[(at + 2) * WORD..][..record.bytes().len()];
        self.words[at] == header(record)
            && UNIX_EPOCH + Duration::from_nanos(time) == record.time()
            && payload == record.bytes()
    }
}

/// The header that a record must have.
fn header(record: &Record<'_>) -> u64 {
    let len = record.bytes().len();
    let target_len = fuzzing::content(record) - len;
    fuzzing::encode((
        len as u32,
        target_len as u8,
        record.level(),
        record.part(),
        record.seq() as u16,
        fuzzing::is_coarse(record),
    ))
}

/// Words that a record takes in the storage.
fn size(record: &Record<'_>) -> usize {
    fuzzing::words(fuzzing::content(record))
}

fn check_snapshot(handle: &Handle, image: &Image) -> Snapshot {
    let snapshot = handle.snapshot();
    image.check(snapshot.records());
    let in_one_run: usize = snapshot.records().map(|record| record.bytes().len()).sum();
    assert_eq!(in_one_run, snapshot.bytes().len());
    snapshot
}

fn check_dump(handle: &Handle, image: &Image) -> Vec<u8> {
    let mut out = Vec::new();
    let dumped = fuzzing::dump(handle, &mut |bytes| {
        assert!(!bytes.is_empty());
        out.extend_from_slice(bytes);
        Ok(())
    });
    let (records, bytes, _) = dumped.expect("nothing failed");
    assert_eq!(bytes, out.len() as u64);
    let least = bytes + records * 2 * WORD as u64;
    assert!(least <= image.capacity as u64, "{least} bytes");
    out
}

fn check_reader(handle: &Handle, image: &Image, input: &Input) -> Vec<u8> {
    let policy = if input.is_lossless {
        Policy::Block
    } else {
        Policy::Skip
    };
    let start = input.start.of(handle);
    let mut asked = handle.reader().policy(policy).start(start);
    if let Some(level) = input.at_least {
        asked = asked.at_least(Level::ALL[usize::from(level) % Level::ALL.len()]);
    }
    let mut reader = asked.open();
    let (mut bytes, mut size) = (Vec::new(), 0);
    while let Ok(batch) = reader.try_recv() {
        assert!(!batch.is_empty() || !batch.missed().is_empty());
        if input.at_least.is_none() {
            size += image.check(batch.records());
        }
        bytes.extend_from_slice(batch.bytes());
    }
    assert_eq!(handle.stats().readers.len(), 1);
    let one_end = !input
        .damage
        .iter()
        .any(|damage| matches!(damage, Damage::Head(_)));
    // Where head and `committed` disagree, there is an end, but who knows where.
    assert!(!one_end || size <= image.capacity && bytes.len() <= image.capacity);
    bytes
}

impl Begin {
    fn of(&self, handle: &Handle) -> Start {
        match *self {
            Begin::Oldest => Start::Oldest,
            Begin::Newest => Start::Newest,
            Begin::Last(count) => Start::Last(count),
            Begin::Since(nanos) => Start::Since(UNIX_EPOCH + Duration::from_nanos(nanos)),
            Begin::After { seq, bytes } => Start::After(cursor(handle, seq, bytes)),
        }
    }
}

/// A cursor of this ring.
fn cursor(handle: &Handle, seq: u64, bytes: u64) -> Cursor {
    let own = handle
        .reader()
        .start(Start::Newest)
        .open()
        .cursor()
        .to_string();
    let (ring, _) = own.split_once('.').expect("a cursor begins with its ring");
    format!("{ring}.{seq}.{bytes}").parse().expect("a cursor")
}

/// What a ring that nobody damaged holds is the end of what was written: all of it, or what begins
/// less than a block behind what is overwritten, and one record that reaches in.
fn check_is_end(held: &Snapshot, written: &[Write], capacity: usize) {
    let written = &written[..written.len().min(MOST)];
    let first = written.len() - held.record_count();
    for (record, number) in held.records().zip(first..) {
        let write = &written[number];
        assert_eq!(record.seq(), number as u64);
        assert!(record.bytes() == write.payload(number, capacity));
        assert_eq!(record.target(), write.target());
        assert_eq!(record.level(), write.level());
    }
    let Some(last_passed_over) = first.checked_sub(1) else {
        return;
    };
    let size = |write: &Write| {
        let content = write.payload_len(capacity) + usize::from(write.target_len);
        fuzzing::words(content) * WORD
    };
    let sum = |writes: &[Write]| writes.iter().map(size).sum::<usize>();
    let (begin, head) = (sum(&written[..first]), sum(written));
    assert!(head > capacity, "nothing was overwritten");
    let blocks = if capacity < LARGE * PAGE { 64 } else { 256 };
    let reaches_in = size(&written[last_passed_over]);
    assert!(begin + capacity < head + capacity / blocks + reaches_in);
}
