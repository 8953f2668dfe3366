//! What is said when a dump cannot be made.

#[cfg(unix)]
use super::set_mode;
use super::{NOON, TempDir, noon, partial_name};
use crate::dump::file::advice::advice;
use crate::dump::file::dir::DumpDir;
use crate::dump::file::names::Cause;
use std::fs;
use std::io::{ErrorKind, Write};

#[test]
fn names_that_are_all_taken_end_in_an_error() {
    let temp = TempDir::new();
    let mut dumps = temp.dumps("svc");
    for nanos in 123_456_789..123_456_789 + 1000 {
        let time = format!("20240229T123456.{nanos:09}Z");
        // Directories, which no dump is, so they are not cleared away.
        fs::create_dir(temp.0.join(partial_name("svc", &time))).unwrap();
    }
    let error = dumps.create(noon()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert!(error.to_string().contains("are taken"), "{error}");
}

#[test]
fn a_missing_directory_is_named_with_what_to_do() {
    let temp = TempDir::new();
    let missing = temp.0.join("missing");
    let error = DumpDir::new(missing.clone(), "svc", Cause::Panic)
        .create(noon())
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let text = error.to_string();
    let start = format!("cannot create a dump in {}: ", missing.display());
    assert!(text.starts_with(&start), "{text}");
    assert!(
        text.ends_with("; create the directory or choose another"),
        "{text}"
    );
    assert!(!missing.exists());
}

#[cfg(unix)]
#[test]
fn a_file_in_place_of_the_directory_is_named_with_what_to_do() {
    let temp = TempDir::new();
    temp.plant("file");
    let path = temp.0.join("file");
    let error = DumpDir::new(path.clone(), "svc", Cause::Panic)
        .create(noon())
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotADirectory);
    let text = error.to_string();
    assert!(text.contains(&path.display().to_string()), "{text}");
    assert!(text.contains("choose a directory"), "{text}");
    assert_eq!(fs::read_to_string(path).unwrap(), "planted");
}

/// The superuser may write anywhere, so it is first seen whether this user may.
#[cfg(unix)]
#[test]
fn a_directory_that_is_not_writable_is_named_with_what_to_do() {
    let temp = TempDir::new();
    set_mode(&temp.0, 0o500);
    let allowed = fs::write(temp.0.join("probe"), "").is_ok();
    let mut dumps = temp.dumps("svc");
    match dumps.create(noon()) {
        Ok(_) => assert!(allowed),
        Err(error) => {
            assert!(!allowed, "{error}");
            assert_eq!(error.kind(), ErrorKind::PermissionDenied);
            let text = error.to_string();
            assert!(text.contains(&temp.0.display().to_string()), "{text}");
            assert!(text.contains("make the directory writable"), "{text}");
        }
    }
}

/// `/dev/full` takes no byte, like a disk without room.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_and_the_partial_removed() {
    let temp = TempDir::new();
    let mut dumps = temp.dumps("svc");
    let mut file = dumps.create(noon()).unwrap();
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let path = temp.0.join(partial_name("svc", NOON));
    file.file = Some(full);
    assert!(path.exists());
    let error = file.write_all(b"record").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StorageFull);
    let text = error.to_string();
    assert!(text.contains(&path.display().to_string()), "{text}");
    assert!(text.contains("make room"), "{text}");
    drop(file);
    assert!(temp.names().is_empty());
}

#[test]
fn a_directory_that_went_away_before_the_end_is_told() {
    let temp = TempDir::new();
    let inner = temp.0.join("inner");
    fs::create_dir(&inner).unwrap();
    let mut dumps = DumpDir::new(inner.clone(), "svc", Cause::Panic);
    let mut file = dumps.create(noon()).unwrap();
    fs::remove_file(inner.join(partial_name("svc", NOON))).unwrap();
    let error = file.finish().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(
        error.to_string().contains(&inner.display().to_string()),
        "{error}"
    );
    assert!(fs::read_dir(inner).unwrap().next().is_none());
}

/// What the advice says can be done about it.
#[cfg(unix)]
#[test]
fn the_advice_fits_the_error() {
    let cases = [
        (libc::EMFILE, "ulimit -n"),
        (libc::ENFILE, "the system's limit of open files"),
        (libc::ENOSPC, "make room"),
        (libc::EDQUOT, "make room"),
        (libc::EROFS, "that can be written to"),
        (libc::EFBIG, "ulimit -f"),
        (libc::ENAMETOOLONG, "shorter"),
        (libc::ELOOP, "leads back"),
        (libc::EACCES, "writable for this user"),
        (libc::ENOENT, "create the directory"),
        (libc::ENOTDIR, "it is a file"),
        (libc::EIO, "the disk"),
        (libc::ENOMEM, "memory"),
    ];
    for (number, expected) in cases {
        let error = std::io::Error::from_raw_os_error(number);
        let advice = advice(&error);
        assert!(advice.contains(expected), "{error}: {advice}");
        // Another directory is no remedy for what is none of the directory's doing.
        let elsewhere = [libc::EMFILE, libc::ENFILE, libc::EFBIG, libc::ENOMEM];
        if elsewhere.contains(&number) {
            assert!(!advice.contains("directory"), "{error}: {advice}");
        }
    }
}
