//! Descriptors that are kept for a dump: a program that leaks them is one that has none when it panics.
//!
//! One is for the dump, one for the look at which old ones must go, and then for the image beside the dump.

use std::fs::File;
use std::io;

/// What stands in for a descriptor that is needed later.
#[derive(Debug, Default)]
pub(super) struct Reserve([Option<File>; 2]);

impl Reserve {
    /// Takes as many as there should be, if there are any.
    pub(super) fn refill(&mut self) {
        for place in self.0.iter_mut().filter(|place| place.is_none()) {
            *place = placeholder();
        }
    }

    /// Opens a file; with one of these if there is no other descriptor. Between the two a thread that
    /// opens files as fast may take it.
    pub(super) fn open<T>(&mut self, open: impl Fn() -> io::Result<T>) -> io::Result<T> {
        loop {
            match open() {
                Err(error) if is_too_many(&error) && self.release() => {}
                opened => return opened,
            }
        }
    }

    fn release(&mut self) -> bool {
        self.0.iter_mut().any(|place| place.take().is_some())
    }
}

#[cfg(unix)]
fn placeholder() -> Option<File> {
    // Nothing that keeps a file system from being unmounted; in a directory without devices, another of
    // what there is.
    let null = File::open("/dev/null");
    null.or_else(|_| {
        use std::os::fd::AsFd;
        std::io::stderr()
            .as_fd()
            .try_clone_to_owned()
            .map(File::from)
    })
    .ok()
}

#[cfg(unix)]
fn is_too_many(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE))
}

/// Elsewhere there is no such limit that a program meets.
#[cfg(not(unix))]
fn placeholder() -> Option<File> {
    None
}

#[cfg(not(unix))]
fn is_too_many(_: &io::Error) -> bool {
    false
}
