//! The file of a ring with a bit that is another, or cut at any length: whoever reads it comes to an end, nothing panics,
//! and no record is made up.
//!
//! A debug build takes a sample of the flips and lengths; `ci/damage.sh` takes all of them.

use crate::fuzzing::image::{self, RingBytes, Written};
use crate::record::Record;
use crate::record::level::Level;
use crate::record::part::Part;
use crate::ring::policy::Start;
use crate::select::targets::Targets;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

const CAPACITY: usize = 4096;
/// The places of version 1.0, as in `docs/FORMAT.md`.
const IDENTITY: Range<usize> = 0..0x1000;
const LIVE: Range<usize> = 0x1000..0x2000;
const INDEX: Range<usize> = 0x2000..0x4000;
const META: Range<usize> = 0x6000..0x10000;
const DATA: Range<usize> = 0x10000..0x11000;
const REACH: Range<usize> = 0x11000..0x12000;

/// Of so many bits, bytes or lengths one is tried; no power of two, so that all bits of a byte have their turn.
const fn one_in(sample: usize) -> usize {
    if cfg!(debug_assertions) { sample } else { 1 }
}

/// Bytes of a section and their bits.
fn bits(section: Range<usize>, sample: usize) -> impl Iterator<Item = (usize, u32)> {
    let all = section.start * 8..section.end * 8;
    all.step_by(one_in(sample))
        .map(|bit| (bit / 8, u32::try_from(bit % 8).unwrap()))
}

/// How many records are written: enough for three laps.
const RECORDS: usize = 150;

/// Short records, and some that cover several blocks; no byte of a payload is zero, which is what is missing is read as.
fn written() -> Vec<Written> {
    let levels = [None, Some(Level::Info), Some(Level::Error)];
    let mut seed = 3_u64;
    let mut below = move |end: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from((seed >> 33) % end).unwrap()
    };
    let record = |number: usize| {
        let len = 1 + below(if number % 10 == 0 { 400 } else { 80 });
        Written {
            level: levels[number % 3],
            target: "t".repeat(below(20)),
            nanos: 1_000_000 * u64::try_from(number).unwrap(),
            part: match number % 50 {
                7 => Part::First,
                8 | 9 => Part::Middle,
                10 => Part::Last,
                _ => Part::Whole,
            },
            payload: (0..len)
                .map(|_| b'!' + u8::try_from(below(94)).unwrap())
                .collect(),
        }
    };
    (0..RECORDS).map(record).collect()
}

/// Bytes that a record takes, by `docs/FORMAT.md`.
fn size(record: &Written) -> usize {
    16 + (record.payload.len() + record.target.len()).next_multiple_of(8)
}

struct Case {
    written: Vec<Written>,
    image: Vec<u8>,
}

impl Case {
    fn new() -> Self {
        let written = written();
        let image = image::make(CAPACITY, &written).unwrap();
        assert_eq!(image.len(), REACH.end);
        Self { written, image }
    }

    /// The image with one bit flipped.
    fn flipped(&self, byte: usize, bit: u32) -> Arc<[u8]> {
        let mut image = self.image.clone();
        image[byte] ^= 1 << bit;
        image.into()
    }

    fn is_written(&self, seq: u64, record: &Record<'_>) -> bool {
        let written = usize::try_from(seq)
            .ok()
            .and_then(|seq| self.written.get(seq));
        written.is_some_and(|written| {
            record.bytes() == written.payload
                && record.target() == written.target
                && record.level() == written.level
                && record.part() == written.part
                && record.time() == UNIX_EPOCH + Duration::from_nanos(written.nanos)
        })
    }

    /// Which record has that byte of DATA, if any that is still there.
    fn owner(&self, byte: usize) -> Option<u64> {
        let mut owner = None;
        let mut position = 0;
        for (seq, record) in (0..).zip(&self.written) {
            let end = position + size(record);
            // How far behind the record's beginning the byte is, on the way around.
            let behind = (byte + CAPACITY - position % CAPACITY) % CAPACITY;
            if behind < end - position {
                owner = Some(seq);
            }
            position = end;
        }
        owner
    }

    /// Checks what is recovered: all of it was written, but for the record that `may_differ`. Tells the seqs.
    fn check(&self, ring: &RingBytes, may_differ: Option<u64>, mask: u64) -> Vec<u64> {
        let snapshot = ring.snapshot().unwrap();
        assert!(snapshot.bytes().len() <= CAPACITY);
        let mut seqs = Vec::new();
        for record in snapshot.records() {
            let seq = record.seq() & mask;
            assert!(
                may_differ == Some(seq) || self.is_written(seq, &record),
                "{record:?} was not written: {}",
                record.text()
            );
            seqs.push(record.seq());
        }
        assert!(seqs.windows(2).all(|two| two[0] < two[1]), "{seqs:?}");
        seqs
    }

    fn check_readers(&self, ring: &RingBytes, may_differ: Option<u64>, mask: u64) {
        let time = UNIX_EPOCH + Duration::from_millis(120);
        let starts = [
            Start::Oldest,
            Start::Last(5),
            Start::Since(time),
            Start::After("0000000000000017.100.1000".parse().unwrap()),
        ];
        for start in starts {
            self.check_reader(ring, start, None, (may_differ, mask));
        }
        let error: Targets = "error,ttt=info".parse().unwrap();
        self.check_reader(ring, Start::Last(5), Some(error), (may_differ, mask));
    }

    fn check_reader(
        &self,
        ring: &RingBytes,
        start: Start,
        targets: Option<Targets>,
        (may_differ, mask): (Option<u64>, u64),
    ) {
        let mut bytes = 0;
        let read = ring.read(start, None, targets, &mut |batch| {
            bytes += batch.bytes().len();
            for record in batch.records() {
                let seq = record.seq() & mask;
                assert!(
                    may_differ == Some(seq) || self.is_written(seq, &record),
                    "{start}: {record:?} was not written"
                );
            }
        });
        assert!(read.is_ok());
        assert!(bytes <= CAPACITY, "{start}: {bytes}");
    }
}

/// Copy or not.
const BOTH: [bool; 2] = [false, true];

#[test]
fn an_image_that_nobody_damaged_has_all_that_is_not_overwritten() {
    let case = Case::new();
    for is_copy in BOTH {
        let ring = RingBytes::open(case.image.clone().into(), is_copy).unwrap();
        let seqs = case.check(&ring, None, u64::MAX);
        case.check_readers(&ring, None, u64::MAX);
        let first = *seqs.first().unwrap();
        assert_eq!(seqs, (first..RECORDS as u64).collect::<Vec<u64>>());
        let from = usize::try_from(first).unwrap();
        let held: usize = case.written[from..].iter().map(size).sum();
        // Two blocks of 32 bytes, and the record that reaches in.
        let lost = 64 + size(&case.written[from - 1]) + if is_copy { 32 } else { 0 };
        assert!(held <= CAPACITY && held + lost > CAPACITY, "{held} bytes");
    }
}

#[test]
fn identity_with_any_bit_flipped_is_refused() {
    let case = Case::new();
    for (byte, bit) in bits(IDENTITY, 7) {
        let error = RingBytes::open(case.flipped(byte, bit), false).unwrap_err();
        assert!(!error.is_empty());
    }
}

/// As if somebody had put it there on purpose.
#[test]
fn identity_with_any_bit_flipped_and_the_right_checksum_comes_to_an_end() {
    let case = Case::new();
    let mut taken = 0;
    // Up to where its table ends; behind that it is zeroes, which nobody reads.
    for (byte, bit) in bits(0..0x2a0, 3) {
        let mut image = case.image.clone();
        image[byte] ^= 1 << bit;
        image::fix_checksum(&mut image);
        let Ok(ring) = RingBytes::open(image.into(), bit % 2 == 0) else {
            continue;
        };
        taken += 1;
        assert!(ring.snapshot().unwrap().bytes().len() as u64 <= ring.capacity());
        let mut count = 0;
        let read = ring.read(Start::Oldest, None, None, &mut |batch| count += batch.len());
        assert!(read.is_ok() && count <= CAPACITY / 24);
        ring.describe();
    }
    assert!(taken > 100, "{taken}");
}

#[test]
fn a_flip_in_live_or_reach_makes_no_record() {
    let case = Case::new();
    // What is behind these words is not read for records.
    let read = |section: &Range<usize>| section.start..section.start + 16;
    let words = bits(read(&LIVE), 1).chain(bits(read(&REACH), 1));
    for (byte, bit) in words.chain(bits(LIVE, 521)).chain(bits(REACH, 521)) {
        for is_copy in BOTH {
            let ring = RingBytes::open(case.flipped(byte, bit), is_copy).unwrap();
            case.check(&ring, None, u64::MAX);
            if bit == 5 && !is_copy {
                case.check_readers(&ring, None, u64::MAX);
            }
            ring.describe();
        }
    }
}

#[test]
fn a_flip_in_the_index_makes_no_record() {
    let case = Case::new();
    for (byte, bit) in bits(INDEX, 29) {
        let ring = RingBytes::open(case.flipped(byte, bit), byte % 2 == 0).unwrap();
        // Only the low bits of a seq are in the record: it gets another number.
        let is_seq = byte % 64 / 8 == 1;
        let mask = if is_seq { 0xffff } else { u64::MAX };
        case.check(&ring, None, mask);
        if bit == 3 {
            case.check_readers(&ring, None, mask);
        }
    }
}

#[test]
fn a_flip_in_meta_is_told() {
    let case = Case::new();
    let whole = RingBytes::open(case.image.clone().into(), false).unwrap();
    assert!(whole.describe().contains("Some(Origin"));
    for byte in META.step_by(one_in(509)) {
        let ring = RingBytes::open(case.flipped(byte, 3), false).unwrap();
        assert!(!ring.describe().contains("Some(Origin"));
        assert_eq!(
            case.check(&ring, None, u64::MAX),
            case.check(&whole, None, u64::MAX)
        );
    }
}

#[test]
fn a_flip_in_data_changes_no_other_record() {
    let case = Case::new();
    let whole = RingBytes::open(case.image.clone().into(), false).unwrap();
    let all = case.check(&whole, None, u64::MAX);
    for (byte, bit) in bits(DATA, 13) {
        let owner = case.owner(byte - DATA.start);
        let ring = RingBytes::open(case.flipped(byte, bit), false).unwrap();
        let seqs = case.check(&ring, owner, u64::MAX);
        // In front of it there is nothing to stop at.
        let before = |seqs: &[u64]| seqs.iter().filter(|&&seq| Some(seq) < owner).count();
        assert_eq!(before(&seqs), before(&all));
        if bit == 3 {
            case.check_readers(&ring, owner, u64::MAX);
        }
    }
}

#[test]
fn a_file_that_is_cut_anywhere_has_no_record_that_was_not_written() {
    let case = Case::new();
    let step = |section: Range<usize>, sample| section.step_by(one_in(sample));
    let before_data = step(0..INDEX.end, 257).chain(META.step_by(509));
    let lengths = before_data
        .chain(step(DATA, 11))
        .chain(REACH.start..=REACH.start + 8)
        .chain(step(REACH, 257));
    for len in lengths {
        let bytes: Arc<[u8]> = case.image[..len].into();
        let Ok(ring) = RingBytes::open(bytes, len % 2 == 0) else {
            assert!(len < IDENTITY.end);
            continue;
        };
        let seqs = case.check(&ring, None, u64::MAX);
        assert!(len > DATA.start || seqs.is_empty());
        // What is all there is found: at the latest from the next entry on.
        assert!(len < REACH.start || seqs.last() == Some(&(RECORDS as u64 - 1)));
        if len % one_in(64) == 0 && len > META.end {
            case.check_readers(&ring, None, u64::MAX);
        }
    }
}
