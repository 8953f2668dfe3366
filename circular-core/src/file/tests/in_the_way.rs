//! Something has the name already: nothing is overwritten, nothing followed, nothing waited for.

use super::{TempDir, make, wanted};
use crate::file::make::prepare;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, id};

/// Puts something there: a file, a link to one, a link to nowhere, a pipe, a directory.
fn put(what: &str, path: &Path, victim: &Path) {
    match what {
        "file" => fs::write(path, b"mine").unwrap(),
        "link" => symlink(victim, path).unwrap(),
        "dangling" => symlink(victim.with_extension("gone"), path).unwrap(),
        "pipe" => assert!(Command::new("mkfifo").arg(path).status().unwrap().success()),
        _ => fs::create_dir(path).unwrap(),
    }
}

const THINGS: [&str; 5] = ["file", "link", "dangling", "pipe", "directory"];

#[test]
fn the_public_name_is_not_taken_from_anybody() {
    for what in THINGS {
        let (dir, elsewhere) = (TempDir::new(), TempDir::new());
        let victim = elsewhere.path().join("victim");
        fs::write(&victim, b"precious").unwrap();
        let wanted = wanted(dir.path());
        let name = format!("shop.{:016x}.ring", wanted.ring);
        put(what, &dir.path().join(&name), &victim);
        let error = make(&wanted).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{what}");
        let told = error.to_string();
        assert!(told.contains(&name), "{told}");
        assert!(told.contains("move it out of the way"), "{told}");
        // Nor is anything left behind.
        assert_eq!(dir.names(), [name.as_str()], "{what}");
        assert_eq!(fs::read(&victim).unwrap(), b"precious");
        assert_eq!(elsewhere.names(), ["victim"]);
        if what == "file" {
            assert_eq!(fs::read(dir.path().join(name)).unwrap(), b"mine");
        }
    }
}

#[test]
fn the_hidden_name_is_not_taken_from_anybody() {
    for what in THINGS {
        let (dir, elsewhere) = (TempDir::new(), TempDir::new());
        let victim = elsewhere.path().join("victim");
        fs::write(&victim, b"precious").unwrap();
        let wanted = wanted(dir.path());
        let name = format!(".shop.{:016x}.ring.{}.new", wanted.ring, id());
        put(what, &dir.path().join(&name), &victim);
        let made = prepare(&wanted);
        assert_eq!(fs::read(&victim).unwrap(), b"precious");
        assert_eq!(elsewhere.names(), ["victim"]);
        if what == "file" {
            // What a killed maker of that pid has left, as far as anybody can tell.
            assert!(made.is_ok());
            continue;
        }
        assert_eq!(made.unwrap_err().kind(), ErrorKind::AlreadyExists, "{what}");
        assert_eq!(dir.names(), [name], "{what}");
    }
}

#[test]
fn a_file_that_is_taken_away_meanwhile_is_an_error() {
    let dir = TempDir::new();
    let prepared = prepare(&wanted(dir.path())).unwrap();
    fs::remove_file(dir.path().join(&dir.names()[0])).unwrap();
    let error = prepared.publish().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(dir.names(), [""; 0]);
}

#[test]
fn who_keeps_the_directory_locked_stops_no_start() {
    let dir = TempDir::new();
    let handle = File::open(dir.path()).unwrap();
    let keeps = crate::file::dir_lock::DirLock::wait(&handle).unwrap();
    let made = make(&wanted(dir.path())).unwrap();
    assert!(made.path.exists());
    drop(keeps);
}
