//! The file of a ring may hold anything, and end anywhere: whoever recovers or follows it stays in its bounds and comes to
//! an end.
//!
//! An input is what becomes of a good file. In half of the cases IDENTITY gets the checksum that it must have, as else
//! hardly a change in it would be looked at. Without damage, everybody gets just what was written.

#![no_main]

use circular_core::fuzzing;
use circular_core::fuzzing::image::{self, Read, RingBytes, Written};
use circular_core::{Cursor, Level, Part, Record, Start, Targets};
use libfuzzer_sys::{arbitrary, fuzz_target};
use std::sync::OnceLock;
use std::time::{Duration, UNIX_EPOCH};

#[derive(arbitrary::Arbitrary, Debug)]
struct Input {
    file: u8,
    patches: Vec<Patch>,
    is_fixed: bool,
    /// Of so many bytes its end is missing.
    cut: Option<u32>,
    is_copy: bool,
    starts: Vec<Begin>,
    filter: Filter,
    /// What takes longer than all else is not done each time: the checksum of META, and going back from the end as far
    /// as a filter makes it.
    slow: u8,
}

/// What can become of a file.
#[derive(arbitrary::Arbitrary, Debug)]
enum Patch {
    Bytes {
        section: Section,
        at: u16,
        bytes: Vec<u8>,
    },
    Bit {
        section: Section,
        at: u16,
        bit: u8,
    },
    Word {
        section: Section,
        word: u16,
        number: Number,
    },
    /// A field of IDENTITY that says where something lies, or how large it is.
    Field {
        which: u8,
        number: Number,
    },
    /// An entry that agrees with itself.
    Entry {
        block: u8,
        position: Number,
        seq: Number,
        bytes: Number,
        nanos: u64,
    },
    /// Well-formed headers, each where the record of the one before ends.
    Records {
        at: u16,
        seq: u16,
        lens: Vec<(u16, u8)>,
    },
}

#[derive(arbitrary::Arbitrary, Clone, Copy, Debug)]
enum Section {
    Identity,
    Live,
    Index,
    Meta,
    Data,
    Reach,
}

#[derive(arbitrary::Arbitrary, Debug)]
enum Number {
    Any(u64),
    Small(u16),
    Pages(u16),
    PowerOfTwo(u8),
    /// So many words from where the writer left off.
    Near(i16),
}

#[derive(arbitrary::Arbitrary, Debug)]
enum Begin {
    Oldest,
    Newest,
    Last(u64),
    Since(u64),
    After { seq: u64, bytes: Option<u64> },
}

#[derive(arbitrary::Arbitrary, Debug)]
enum Filter {
    All,
    Least(u8),
    Targets,
    None,
}

const PAGE: usize = 4096;
const WORD: usize = 8;
const CAPACITIES: [usize; 3] = [PAGE, 2 * PAGE, 3 * PAGE];
/// How many records each file has: none, less than it holds, and several laps.
const COUNTS: [usize; 4] = [0, 20, 150, 400];
const MOST: usize = 300;
const MOST_STARTS: usize = 4;

fuzz_target!(|input: Input| {
    let file = &files()[usize::from(input.file) % files().len()];
    let mut bytes = file.bytes.clone();
    for patch in input.patches.iter().take(MOST) {
        patch.make(&mut bytes, file);
    }
    if input.is_fixed {
        image::fix_checksum(&mut bytes);
    }
    if let Some(cut) = input.cut {
        bytes.truncate(cut as usize % (bytes.len() + 1));
    }
    let is_whole = bytes == file.bytes;
    let len = bytes.len();
    let ring = match RingBytes::open(bytes.into(), input.is_copy) {
        Ok(ring) => ring,
        Err(why) => {
            assert!(!is_whole && !why.is_empty());
            return;
        }
    };
    if input.slow % 16 == 1 {
        ring.describe();
    }
    check_snapshot(&ring, file, is_whole, len);
    for start in input.starts.iter().take(MOST_STARTS) {
        let is_slow = matches!(start, Begin::Last(_)) && input.slow % 16 != 2;
        let filter = if is_slow { &Filter::All } else { &input.filter };
        check_reader(&ring, start.of(), filter, len);
    }
});

struct File {
    bytes: Vec<u8>,
    capacity: usize,
    written: Vec<Written>,
    /// Where the writer left off.
    end: u64,
}

fn files() -> &'static [File] {
    static FILES: OnceLock<Vec<File>> = OnceLock::new();
    FILES.get_or_init(|| {
        let each = |capacity| COUNTS.map(|count| File::new(capacity, count));
        CAPACITIES.into_iter().flat_map(each).collect()
    })
}

impl File {
    fn new(capacity: usize, count: usize) -> Self {
        let record = |number: usize| {
            let len = 1 + number * 37 % if number.is_multiple_of(10) { 900 } else { 90 };
            Written {
                level: Level::ALL.get(number % 6).copied(),
                target: "shop::db"[..number % 9].to_owned(),
                nanos: 1_000_000 * number as u64,
                part: match number % 50 {
                    7 => Part::First,
                    8 | 9 => Part::Middle,
                    10 => Part::Last,
                    _ => Part::Whole,
                },
                payload: vec![b'a' + number.to_le_bytes()[0] % 26; len],
            }
        };
        let written: Vec<Written> = (0..count).map(record).collect();
        let sizes = written.iter().map(|record| {
            let content = record.payload.len() + record.target.len();
            (fuzzing::words(content) * WORD) as u64
        });
        Self {
            end: sizes.sum(),
            bytes: image::make(capacity, &written).expect("it is small"),
            capacity,
            written,
        }
    }
}

impl Section {
    fn place(self, file: &File) -> (usize, usize) {
        match self {
            Self::Identity => (0, PAGE),
            // What is behind these has no meaning.
            Self::Live => (0x1000, 0x110),
            Self::Index => (0x2000, 0x2000),
            Self::Meta => (0x6000, 0xa000),
            Self::Data => (0x10000, file.capacity),
            Self::Reach => (0x10000 + file.capacity, 16),
        }
    }
}

/// Where the fields of IDENTITY are that say where something lies, or how large it is, and how many bytes they have.
const FIELDS: [(usize, usize); 20] = [
    (0x008, 2),
    (0x010, 8),
    (0x018, 8),
    (0x020, 8),
    (0x028, 8),
    (0x030, 8),
    (0x038, 4),
    (0x0a0, 4),
    (0x1fc, 4),
    (0x208, 8),
    (0x210, 8),
    (0x228, 8),
    (0x230, 8),
    (0x248, 8),
    (0x250, 8),
    (0x258, 8),
    (0x268, 8),
    (0x270, 8),
    (0x288, 8),
    (0x290, 8),
];

impl Patch {
    fn make(&self, image: &mut [u8], file: &File) {
        match self {
            Self::Bytes { section, at, bytes } => {
                let (begin, len) = section.place(file);
                put(image, begin + usize::from(*at) % len, bytes);
            }
            Self::Bit { section, at, bit } => {
                let (begin, len) = section.place(file);
                image[begin + usize::from(*at) % len] ^= 1 << (bit % 8);
            }
            Self::Word {
                section,
                word,
                number,
            } => {
                let (begin, len) = section.place(file);
                let at = begin + usize::from(*word) * WORD % len;
                put(image, at, &number.of(file).to_le_bytes());
            }
            Self::Field { which, number } => {
                let (at, len) = FIELDS[usize::from(*which) % FIELDS.len()];
                put(image, at, &number.of(file).to_le_bytes()[..len]);
            }
            Self::Entry {
                block,
                position,
                seq,
                bytes,
                nanos,
            } => {
                let at = 0x2000 + usize::from(block % 128) * 64;
                let position = position.of(file);
                let words = [position, seq.of(file), bytes.of(file), *nanos];
                for (at, word) in (at..).step_by(WORD).zip(words) {
                    put(image, at, &word.to_le_bytes());
                }
                put(image, at + 56, &position.to_le_bytes());
            }
            Self::Records { at, seq, lens } => {
                let mut word = usize::from(*at);
                for (&(len, target_len), number) in lens.iter().zip(0..) {
                    let check = seq.wrapping_add(number);
                    let fields = (len.into(), target_len, None, Part::Whole, check, false);
                    let at = 0x10000 + word * WORD % file.capacity;
                    put(image, at, &fuzzing::encode(fields).to_le_bytes());
                    word += fuzzing::words(usize::from(len) + usize::from(target_len));
                }
            }
        }
    }
}

/// As much as there is room for.
fn put(image: &mut [u8], at: usize, value: &[u8]) {
    for (byte, value) in image[at..].iter_mut().zip(value) {
        *byte = *value;
    }
}

impl Number {
    fn of(&self, file: &File) -> u64 {
        match *self {
            Self::Any(number) => number,
            Self::Small(number) => number.into(),
            Self::Pages(pages) => u64::from(pages) * PAGE as u64,
            Self::PowerOfTwo(power) => 1 << (power % 64),
            Self::Near(words) => file.end.wrapping_add_signed(i64::from(words) * WORD as i64),
        }
    }
}

impl Begin {
    fn of(&self) -> Start {
        match *self {
            Self::Oldest => Start::Oldest,
            Self::Newest => Start::Newest,
            Self::Last(count) => Start::Last(count),
            Self::Since(nanos) => Start::Since(UNIX_EPOCH + Duration::from_nanos(nanos)),
            Self::After { seq, bytes } => Start::After(cursor(seq, bytes)),
        }
    }
}

/// A cursor of the ring.
fn cursor(seq: u64, bytes: Option<u64>) -> Cursor {
    let ring = image::RING;
    let text = match bytes {
        Some(bytes) => format!("{ring:016x}.{seq}.{bytes}"),
        None => format!("{ring:016x}.{seq}"),
    };
    text.parse().expect("a cursor")
}

/// Bytes of DATA that the records take, each of which must have found room in the file.
fn size<'a>(records: impl Iterator<Item = Record<'a>>, len: usize) -> u64 {
    let size = |record: Record<'_>| {
        assert!(!record.bytes().is_empty() && record.bytes().len() < len);
        (fuzzing::words(fuzzing::content(&record)) * WORD) as u64
    };
    records.map(size).sum()
}

fn check_snapshot(ring: &RingBytes, file: &File, is_whole: bool, len: usize) {
    let snapshot = match ring.snapshot() {
        Ok(snapshot) => snapshot,
        // It may say that it is a terabyte.
        Err(_) => return assert!(!is_whole),
    };
    let taken = size(snapshot.records(), len);
    assert!(taken <= ring.capacity() && taken <= len as u64);
    if !is_whole {
        return;
    }
    let first = file.written.len() - snapshot.record_count();
    for (record, number) in snapshot.records().zip(first..) {
        let written = &file.written[number];
        assert_eq!(record.seq(), number as u64);
        assert!(record.bytes() == written.payload && record.target() == written.target);
        assert!(record.level() == written.level && record.part() == written.part);
    }
    assert_eq!(first > 0, file.end > file.capacity as u64);
}

fn check_reader(ring: &RingBytes, start: Start, filter: &Filter, len: usize) {
    let (mut taken, mut batches) = (0, 0);
    let (least, targets) = filter.of();
    let read = ring.read(start, least, targets, &mut |batch| {
        taken += size(batch.records(), len);
        batches += 1;
    });
    let Read { damaged, .. } = read.expect("there is memory for a reader");
    assert!(taken <= ring.capacity() && taken <= len as u64);
    // One for each record, and one for each entry that it goes on at.
    assert!(batches <= len / 24 + 256 && damaged <= 257);
}

impl Filter {
    fn of(&self) -> (Option<Level>, Option<Targets>) {
        let targets: Targets = "warn,shop=debug,shop::db=off".parse().expect("directives");
        match *self {
            Self::All => (None, None),
            Self::Least(level) => (Level::ALL.get(usize::from(level)).copied(), None),
            Self::Targets => (None, Some(targets)),
            Self::None => (Some(Level::Error), Some(Targets::default())),
        }
    }
}
