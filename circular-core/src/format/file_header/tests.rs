//! The first page goes both ways, and nothing else is taken for one.

use super::*;
use crate::format::file_header::sections::Section;
use proptest::prelude::*;

/// A ring of 1 MiB in 128 blocks, with a number of its own in each field.
fn identity() -> Identity {
    let layout = Layout::file(1 << 20, 128).unwrap();
    Identity {
        ring: 0x1122_3344_5566_7788,
        before: 2,
        created: 3,
        created_boottime: 4,
        boot_id: *b"0123456789abcdef",
        pid: 5,
        pid_started: 6,
        pid_namespace: FileId {
            device: 7,
            inode: 8,
        },
        file: FileId {
            device: 9,
            inode: 10,
        },
        uid: 11,
        gid: 12,
        page_size: 4096,
        program: String::from("shop"),
        ..Identity::blank(&layout, 0xdead_beef)
    }
}

/// The page with other bytes at an offset, and a checksum that fits.
fn with(at: usize, field: &[u8]) -> [u8; PAGE] {
    let mut page = identity().encode();
    put(&mut page, at, field);
    let checksum = crc32c(&page[..0xffc]);
    put(&mut page, 0xffc, &checksum.to_le_bytes());
    page
}

fn refused(at: usize, field: &[u8]) -> Refused {
    Identity::decode(&with(at, field)).unwrap_err()
}

/// Whether it is refused for what it says of sizes and places.
#[track_caller]
fn contradicts_itself(at: usize, field: &[u8]) {
    let refused = refused(at, field);
    assert!(matches!(refused, Refused::Bounds(_)), "{refused:?}");
}

#[test]
fn what_is_encoded_is_decoded() {
    let identity = identity();
    assert_eq!(Identity::decode(&identity.encode()), Ok(identity.clone()));
    assert_eq!(identity.layout(), Ok(Layout::file(1 << 20, 128).unwrap()));
    let without = Identity {
        lock: LOCK_NONE,
        sections: Sections {
            meta: None,
            meta_checksum: 0,
            ..identity.sections
        },
        ..identity
    };
    assert_eq!(Identity::decode(&without.encode()), Ok(without));
}

/// The offsets as FORMAT.md has them.
#[test]
fn every_field_is_where_it_was_promised() {
    let page = identity().encode();
    assert_eq!(page[..8], [0x89, 0x43, 0x52, 0x49, 0x4e, 0x47, 0x0d, 0x0a]);
    let number = |at: usize, bytes: usize| {
        page[at..at + bytes]
            .iter()
            .rev()
            .fold(0, |number, byte| number << 8 | u64::from(*byte))
    };
    for (at, bytes, expected) in [
        (0x008, 2, 1),
        (0x00a, 2, 0),
        (0x00c, 4, 0x2a0),
        (0x010, 8, 0),
        (0x018, 8, 0),
        (0x020, 8, 0x1122_3344_5566_7788),
        (0x028, 8, 0x11_1000),
        (0x030, 8, 0x10_0000),
        (0x038, 4, 128),
        (0x03c, 4, 64),
        (0x040, 8, 2),
        (0x048, 8, 3),
        (0x050, 8, 4),
        (0x068, 8, 5),
        (0x070, 8, 6),
        (0x078, 8, 7),
        (0x080, 8, 8),
        (0x088, 8, 9),
        (0x090, 8, 10),
        (0x098, 4, 11),
        (0x09c, 4, 12),
        (0x0a0, 4, 1),
        (0x0a4, 4, 4096),
        (0x1fc, 4, 5),
    ] {
        assert_eq!(number(at, bytes), expected, "at {at:#x}");
    }
    assert_eq!(&page[0x058..0x068], b"0123456789abcdef");
    assert_eq!(&page[0x0c0..0x0c6], b"shop\0\0");
    assert!(page[0x100..].starts_with(b"circular-core "));
    let rows: [(u64, u64, u64, u64); 5] = [
        (1, 0x1000, 0x1000, 0),
        (2, 0x2000, 64 * 128, 0),
        (3, 0x6000, 40 << 10, 0xdead_beef),
        (4, 0x1_0000, 1 << 20, 0),
        (5, 0x11_0000, 0x1000, 0),
    ];
    for ((kind, offset, len, arg), at) in rows.into_iter().zip((0x200..).step_by(32)) {
        assert_eq!((number(at, 4), number(at + 4, 4)), (kind, 0));
        let row = (number(at + 8, 8), number(at + 16, 8), number(at + 24, 8));
        assert_eq!(row, (offset, len, arg));
    }
    assert!(page[0x2a0..0xffc].iter().all(|byte| *byte == 0));
}

#[test]
fn texts_that_are_too_long_are_cut() {
    let long = Identity {
        program: "ñ".repeat(40),
        writer: "w".repeat(40),
        ..identity()
    };
    let decoded = Identity::decode(&long.encode()).unwrap();
    assert_eq!(decoded.program, "ñ".repeat(32));
    assert_eq!(decoded.writer, "w".repeat(32));
    assert_eq!(decoded.file_len, long.file_len);
}

#[test]
fn every_flipped_bit_is_noticed() {
    let page = identity().encode();
    for bit in 0..PAGE * 8 {
        let mut page = page;
        page[bit / 8] ^= 1 << (bit % 8);
        assert!(Identity::decode(&page).is_err(), "bit {bit}");
    }
}

#[test]
fn what_is_not_known_is_refused_by_name() {
    assert_eq!(refused(0, b"\x89PNG"), Refused::NotARing);
    assert_eq!(Identity::decode(&[0; PAGE]), Err(Refused::NotARing));
    assert_eq!(refused(0x008, &[2, 0]), Refused::Major(2));
    assert_eq!(refused(0x010, &[0, 4]), Refused::Incompatible(0x400));
    // A sixth section, behind the others.
    let row_with = |entry_bytes: u8, kind: u8, flags: u8| {
        let mut page = identity().encode();
        page[0x03c] = entry_bytes;
        page[0x1fc] = 6;
        page[0x2a0] = kind;
        page[0x2a4] = flags;
        put(&mut page, 0x2a8, &0x11_1000_u64.to_le_bytes());
        let checksum = crc32c(&page[..0xffc]);
        put(&mut page, 0xffc, &checksum.to_le_bytes());
        Identity::decode(&page)
    };
    let row = |kind, flags| row_with(64, kind, flags);
    assert_eq!(row(6, 1), Err(Refused::Section(6)));
    assert_eq!(
        row_with(72, 6, 1),
        Err(Refused::Section(6)),
        "before anything that a later format may have changed"
    );
    assert!(row(6, 0).is_ok(), "one that need not be known");
    assert!(row(6, 2).is_ok(), "flags that are not known");
    assert!(matches!(row(4, 0), Err(Refused::Bounds(_))), "twice");
    for refused in [
        Refused::Major(2),
        Refused::Incompatible(1),
        Refused::Section(9),
    ] {
        let told = refused.to_string();
        assert!(told.ends_with("read it with a newer one"), "{told}");
    }
}

#[test]
fn a_newer_minor_and_its_hints_are_read() {
    assert!(Identity::decode(&with(0x00a, &[9, 0])).is_ok());
    assert!(Identity::decode(&with(0x018, &[0xff; 8])).is_ok());
    assert!(Identity::decode(&with(0x0a8, &[0xff; 16])).is_ok());
}

#[test]
fn what_cannot_be_is_refused_whatever_the_checksum_says() {
    let number = |number: u64| number.to_le_bytes();
    for capacity in [0, 4095, 4096 + 8, (1 << 20) + 4096, 1 << 41, u64::MAX] {
        contradicts_itself(0x030, &number(capacity));
    }
    for blocks in [0, 3, 257, u32::MAX] {
        contradicts_itself(0x038, &blocks.to_le_bytes());
    }
    contradicts_itself(0x03c, &[40]);
    for len in [0, 0x11_0fff, u64::MAX] {
        contradicts_itself(0x028, &number(len));
    }
    for count in [0, 4, 33, u32::MAX] {
        contradicts_itself(0x1fc, &count.to_le_bytes());
    }
    for row in (0x200..0x2a0).step_by(32) {
        for offset in [0, 0x1001, 0x11_1000, u64::MAX - 0xfff] {
            contradicts_itself(row + 8, &number(offset));
        }
        contradicts_itself(row + 16, &number(u64::MAX));
        // It is another kind, so that one is missing and another there twice.
        contradicts_itself(row, &[if row == 0x200 { 2 } else { 1 }]);
    }
    // As long as META and what is behind it.
    contradicts_itself(0x248 + 8, &number(0xa001));
    // LIVE, INDEX, DATA and REACH have not what must be in them.
    for (row, len) in [(0, 4095), (1, 64 * 128 - 1), (3, (1 << 20) - 4096), (4, 7)] {
        contradicts_itself(0x210 + 32 * row, &number(len));
    }
}

/// The largest that the format allows, and no section where this version puts it.
fn elsewhere() -> Identity {
    let section = |offset, len| Section { offset, len };
    let capacity = 1 << 40;
    Identity {
        capacity,
        blocks: 256,
        file_len: capacity + 0x9000,
        sections: Sections {
            live: section(0x2000, 0x1000),
            index: section(0x3000, 64 * 256),
            data: section(0x7000, capacity),
            reach: section(capacity + 0x7000, 8),
            meta: Some(section(0x1000, 0x1000)),
            meta_checksum: 7,
        },
        ..identity()
    }
}

#[test]
fn sections_may_be_elsewhere() {
    let identity = elsewhere();
    let decoded = Identity::decode(&identity.encode()).unwrap();
    assert_eq!(decoded, identity);
    #[cfg(target_pointer_width = "64")]
    {
        let layout = decoded.layout().unwrap();
        assert_eq!((layout.live, layout.index), (0x2000, 0x3000));
        assert_eq!((layout.blocks, layout.entry_words), (256, 8));
        assert_eq!(layout.data, 0x7000);
        assert_eq!(layout.reach - layout.data, 1 << 40);
        assert_eq!(layout.len - layout.reach, 0x2000);
    }
}

/// In a copy that was read from front to back, REACH must be newer than the data, and LIVE older.
#[test]
fn sections_are_in_order() {
    let swap = |change: fn(&mut Sections)| {
        let mut identity = elsewhere();
        change(&mut identity.sections);
        Identity::decode(&identity.encode())
    };
    for swapped in [
        swap(|sections| (sections.live.offset, sections.index.offset) = (0x6000, 0x2000)),
        swap(|sections| sections.live.offset = sections.reach.offset + 0x1000),
        swap(|sections| {
            sections.meta = None;
            sections.reach.offset = 0x1000;
        }),
    ] {
        let expected = Refused::Bounds("the sections are in another order");
        assert_eq!(swapped, Err(expected));
    }
}

#[test]
fn a_file_that_was_cut_is_told_apart_from_a_bad_one() {
    let identity = identity();
    assert!(identity.is_cut(0x11_0fff));
    assert!(!identity.is_cut(0x11_1000));
    assert!(!identity.is_cut(u64::MAX));
}

/// What a checksum that fits lets through is still checked: whatever is taken is in bounds.
fn is_in_bounds(identity: &Identity) {
    let Sections {
        live,
        index,
        data,
        reach,
        ..
    } = identity.sections;
    for section in [live, index, data, reach] {
        assert!(section.offset >= PAGE as u64);
        assert!(section.offset + section.len <= identity.file_len);
    }
    assert_eq!(data.len % (u64::from(identity.blocks) * 8), 0);
    let _ = identity.layout();
}

proptest! {
    #[test]
    fn any_bytes_are_decoded_or_refused(bytes in proptest::collection::vec(any::<u8>(), PAGE)) {
        let bytes: [u8; PAGE] = bytes.try_into().unwrap();
        prop_assert!(Identity::decode(&bytes).is_err());
    }

    #[test]
    fn what_is_taken_is_in_bounds(
        changes in proptest::collection::vec((0x10..0x2c0_usize, any::<u8>()), 1..4),
        numbers in proptest::collection::vec((2..88_usize, prop_oneof![any::<u64>(), Just(0), Just(u64::MAX), Just(0x1000), Just(1)]), 0..3),
    ) {
        let mut page = identity().encode();
        for (at, byte) in changes {
            page[at] = byte;
        }
        for (word, number) in numbers {
            put(&mut page, word * 8, &number.to_le_bytes());
        }
        let checksum = crc32c(&page[..0xffc]);
        put(&mut page, 0xffc, &checksum.to_le_bytes());
        if let Ok(identity) = Identity::decode(&page) {
            is_in_bounds(&identity);
        }
    }
}
