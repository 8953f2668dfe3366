//! What the system does not give: an error that says what to do, and nothing left behind.

use super::TempDir;
use super::child::Child;
use std::io::{self, Write};

/// What a child says that makes a ring after a script, or `None` if the script cannot do its part.
fn says(shell: &str, capacity: usize) -> Option<(String, TempDir)> {
    let dir = TempDir::new();
    let child = Child::try_start(
        "make",
        dir.path(),
        &format!(r#"{shell} && exec "$@""#),
        capacity,
    )?;
    let said = child.said.clone();
    assert!(child.end(), "{said}");
    Some((said, dir))
}

#[track_caller]
fn is_refused(shell: &str, capacity: usize, expected: &[&str]) {
    let (said, dir) = says(shell, capacity).unwrap();
    for expected in expected {
        assert!(said.contains(expected), "{said}");
    }
    assert_eq!(dir.names(), [""; 0]);
}

/// The system would end the process by a signal.
#[test]
fn a_limit_of_a_files_size_is_told() {
    // In blocks of 512 bytes or of 1 KiB.
    let expected = ["FileTooLarge", "ulimit -f", "smaller capacity"];
    is_refused("ulimit -f 64", 1 << 20, &expected);
}

#[test]
fn a_limit_of_the_address_space_is_told() {
    let expected = ["OutOfMemory", "ulimit -v", "smaller capacity"];
    is_refused("ulimit -v 4000000", 8 << 30, &expected);
}

/// Says so.
fn skipped() {
    let text = b"SKIPPED: this user may not mount a file system of its own\n";
    io::stderr().write_all(text).unwrap();
}

/// Runs the rest with a file system of its own on the directory; fails where that is not allowed.
fn mounted(options: &str) -> String {
    format!(
        r#"exec unshare --user --map-root-user --mount sh -c 'mount -t tmpfs -o {options} none "$DIR" && exec "$@"' sh "$@""#
    )
}

/// What is said there, if it is allowed.
fn says_on(options: &str, capacity: usize) -> Option<String> {
    let dir = TempDir::new();
    let child = Child::try_start("make", dir.path(), &mounted(options), capacity)?;
    let said = child.said.clone();
    assert!(child.end(), "{said}");
    Some(said)
}

#[test]
fn a_file_system_that_is_full_is_told_with_its_size() {
    let Some(said) = says_on("size=1m", 2 << 20) else {
        skipped();
        return;
    };
    for expected in [
        "StorageFull",
        "tmpfs of 1 MiB",
        "free",
        "$CIRCULAR_DIR",
        "--shm-size",
    ] {
        assert!(said.contains(expected), "{said}");
    }
    let fits = says_on("size=1m", 64 << 10).unwrap();
    assert!(fits.ends_with(".ring"), "{fits}");
}

#[test]
fn a_file_system_that_may_only_be_read_is_told() {
    let Some(said) = says_on("ro", 64 << 10) else {
        skipped();
        return;
    };
    for expected in ["ReadOnlyFilesystem", "$CIRCULAR_DIR"] {
        assert!(said.contains(expected), "{said}");
    }
}
