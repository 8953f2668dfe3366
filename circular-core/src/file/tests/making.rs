//! What is in a new file, and what a maker leaves that gets no further.

use super::{TempDir, identity, make, rewrite, state, wanted};
use crate::api::ring_file::RingFile;
use crate::file::make::prepare;
use crate::file::names::Name;
use crate::file::state::RingState;
use crate::file::wanted::Wanted;
use crate::format::file_header::{FileId, Identity};
use crate::format::layout::Layout;
use crate::format::origin::Origin;
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::process::id;
use std::time::{SystemTime, UNIX_EPOCH};

#[test]
fn a_new_file_says_what_it_is() {
    let dir = TempDir::new();
    let wanted = wanted(dir.path());
    let before = SystemTime::now();
    let made = make(&wanted).unwrap();
    let name = format!("shop.{:016x}.ring", wanted.ring);
    assert_eq!(dir.names(), [name.as_str()]);
    assert_eq!(made.path, dir.path().join(name));
    assert!(made.lock.is_some());

    let found = identity(&made.path);
    assert_eq!(found, made.identity);
    assert_eq!(found.ring, wanted.ring);
    assert_eq!(found.program, "shop");
    assert_eq!((found.capacity, found.blocks), (64 << 10, 128));
    assert_eq!(found.layout(), Ok(Layout::file(64 << 10, 128).unwrap()));
    assert_eq!(made.layout, found.layout().unwrap());
    assert_eq!(found.before, 0);
    assert_eq!(found.pid, u64::from(id()));
    let metadata = fs::metadata(&made.path).unwrap();
    let file = FileId {
        device: metadata.dev(),
        inode: metadata.ino(),
    };
    assert_eq!(found.file, file);
    assert_eq!((found.uid, found.gid), (metadata.uid(), metadata.gid()));
    assert_eq!(metadata.len(), found.file_len);
    // All of it has its memory, in blocks of 512 bytes.
    assert!(metadata.blocks() * 512 >= metadata.len());
    let since_1970 = |time: SystemTime| time.duration_since(UNIX_EPOCH).unwrap().as_nanos();
    let created = u128::from(found.created);
    assert!((since_1970(before)..=since_1970(SystemTime::now())).contains(&created));
    assert_eq!(state(&made.path), RingState::Running);
}

/// The offsets as FORMAT.md has them.
#[test]
fn a_new_file_has_no_record() {
    let dir = TempDir::new();
    let made = make(&wanted(dir.path())).unwrap();
    let bytes = fs::read(&made.path).unwrap();
    let word = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
    assert_eq!((word(0x1000), word(0x1008)), (0, 0));
    assert_eq!(word(0x1040), 1);
    assert!(word(0x1048) > 0 && word(0x1048) <= made.identity.created);
    assert!(bytes[0x1050..0x2000].iter().all(|byte| *byte == 0));
    for entry in (0x2000..0x2000 + 128 * 64).step_by(64) {
        assert_eq!(word(entry), u64::MAX);
        assert!(bytes[entry + 8..entry + 56].iter().all(|byte| *byte == 0));
        assert_eq!(word(entry + 56), u64::MAX);
    }
    assert!(
        bytes[0x2000 + 128 * 64..0x6000]
            .iter()
            .all(|byte| *byte == 0)
    );
    assert!(bytes[0x1_0000..].iter().all(|byte| *byte == 0));

    let checksum = made.identity.sections.meta_checksum;
    let origin = Origin::decode(&bytes[0x6000..0x1_0000], checksum).unwrap();
    let program = std::env::current_exe().unwrap();
    assert_eq!(origin.program, program.display().to_string());
    assert_eq!(origin.version, env!("CARGO_PKG_VERSION"));
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    assert_eq!(origin.host, host.trim_end());
}

#[test]
fn each_ring_names_the_one_before() {
    let dir = TempDir::new();
    let first = make(&wanted(dir.path())).unwrap();
    let second = make(&wanted(dir.path())).unwrap();
    let other = make(&Wanted {
        program: String::from("till"),
        ..wanted(dir.path())
    });
    assert_eq!(second.identity.before, first.identity.ring);
    assert_eq!(other.unwrap().identity.before, 0);
    let third = make(&wanted(dir.path())).unwrap();
    assert_eq!(third.identity.before, second.identity.ring);
    // A copy is no run of the program.
    let name = Name::new("shop", 7).unwrap();
    fs::copy(&third.path, dir.path().join(name.public())).unwrap();
    let fourth = make(&wanted(dir.path())).unwrap();
    assert_eq!(fourth.identity.before, third.identity.ring);
}

/// It names its predecessor, and when they were made is of no consequence then.
#[test]
fn the_next_run_is_found_though_the_clock_was_set_back() {
    let dir = TempDir::new();
    let first = make(&wanted(dir.path())).unwrap();
    let second = make(&wanted(dir.path())).unwrap();
    let identity = Identity {
        created: first.identity.created - 1,
        ..second.identity
    };
    rewrite(&second.file, &identity);
    let next = RingFile::open(&first.path).unwrap().next_run();
    assert_eq!(next.unwrap().unwrap().path(), second.path);
}

#[test]
fn a_file_has_the_mode_that_was_asked_for_once_it_has_its_name() {
    let dir = TempDir::new();
    let mode = |file: &File| file.metadata().unwrap().mode() & 0o7777;
    for asked in [0o600, 0o640, 0o644, 0o660, 0o444] {
        let wanted = Wanted {
            mode: asked,
            ..wanted(dir.path())
        };
        let prepared = prepare(&wanted).unwrap();
        assert_eq!(mode(prepared.file()), 0o600);
        let made = prepared.publish().unwrap();
        assert_eq!(mode(&made.file), asked);
    }
}

#[test]
fn what_is_not_published_leaves_nothing() {
    let dir = TempDir::new();
    let prepared = prepare(&wanted(dir.path())).unwrap();
    let hidden = dir.names();
    assert_eq!(hidden.len(), 1);
    assert!(hidden[0].starts_with(".shop."), "{hidden:?}");
    assert_eq!(prepared.layout().capacity, 64 << 10);
    drop(prepared);
    assert_eq!(dir.names(), [""; 0]);
}

#[test]
fn nothing_is_made_under_a_bad_name_or_without_end() {
    let dir = TempDir::new();
    let slash = Wanted {
        program: String::from("a/b"),
        ..wanted(dir.path())
    };
    assert!(make(&slash).is_err());
    let endless = Wanted {
        capacity: usize::MAX & !4095,
        ..wanted(dir.path())
    };
    assert!(make(&endless).is_err());
    assert_eq!(dir.names(), [""; 0]);
}
