//! One at a time makes, names and removes rings in a directory.
//!
//! Invariant: nobody waits for it for ever. Who may read a directory may lock it, and keep it locked: then rings are made
//! all the same, and none is removed.

use crate::file::system;
use std::fs::File;
use std::io::ErrorKind;
use std::thread;
use std::time::{Duration, Instant};

/// It is held for a listing of the directory, or a name: less than a millisecond, as a rule.
const PATIENCE: Duration = Duration::from_secs(1);
const NAP: Duration = Duration::from_millis(2);

/// Held until it is dropped.
#[derive(Debug)]
pub(super) struct DirLock<'a>(&'a File);

impl<'a> DirLock<'a> {
    /// `None` if somebody keeps it, or the file system has no such locks.
    pub(super) fn wait(dir: &'a File) -> Option<Self> {
        let begun = Instant::now();
        loop {
            match system::try_flock(dir) {
                Ok(()) => return Some(Self(dir)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => return None,
            }
            if begun.elapsed() >= PATIENCE {
                return None;
            }
            thread::sleep(NAP);
        }
    }
}

impl Drop for DirLock<'_> {
    fn drop(&mut self) {
        system::unflock(self.0);
    }
}
