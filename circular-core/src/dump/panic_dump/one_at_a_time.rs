//! Where threads that panic at the same time wait for each other.
//!
//! Invariant: one file is made at a time. Who comes meanwhile waits for it, and for a dump to stderr,
//! but not for ever: stderr may be stuck. Nobody sleeps on a lock here, so that a thread in any state,
//! in a signal handler too, gets on.

use crate::dump::file::dir::DumpDir;
use crate::dump::image::RingImage;
use crate::sys::stderr::LINE;
use crate::sys::underway::{LOOK, Patience};
use crate::tape::buffer::Buffer;
use crate::text::fixed_text::FixedText;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard, TryLockError};
use std::thread;
use std::time::Instant;

/// How often to look whether another is through, which takes no time where stderr takes what it has.
const LOOKS: u32 = 100;

/// The line that tells of a dump.
pub(super) type Line = FixedText<LINE>;

pub(super) struct OneAtATime {
    files: Mutex<Files>,
    stderr: Option<Mutex<Buffer>>,
    /// Whether somebody dumps to stderr.
    to_stderr: AtomicBool,
    line: Mutex<Line>,
}

/// What only one dump to a file at a time may use.
pub(super) struct Files {
    /// Where they go and the buffer that they go through, if they are made at all.
    pub(super) dir: Option<(DumpDir, Buffer)>,
    /// What makes images, if there are to be any, or why there will be none.
    pub(super) image: Option<io::Result<RingImage>>,
    /// When the last dump began.
    pub(super) last: Option<Instant>,
}

/// What only one dump to stderr at a time may use.
pub(super) struct ToStderr<'a> {
    pub(super) buffer: MutexGuard<'a, Buffer>,
    busy: &'a AtomicBool,
}

impl Drop for ToStderr<'_> {
    fn drop(&mut self) {
        self.busy.store(false, SeqCst);
    }
}

impl OneAtATime {
    pub(super) fn new(
        dir: Option<(DumpDir, Buffer)>,
        image: Option<io::Result<RingImage>>,
        stderr: Option<Buffer>,
    ) -> Self {
        let files = Files {
            dir,
            image,
            last: None,
        };
        Self {
            files: Mutex::new(files),
            stderr: stderr.map(Mutex::new),
            to_stderr: AtomicBool::new(false),
            line: Mutex::new(Line::new()),
        }
    }

    /// What files need, when nobody dumps any more, or when that takes too long and it is there; nothing
    /// if it is not.
    pub(super) fn files(&self, mut patience: Patience) -> Option<MutexGuard<'_, Files>> {
        loop {
            let is_over = patience.is_over();
            let files = try_lock(&self.files);
            // Who dumps to stderr has said so before it gave the files back.
            if is_over || files.is_some() && !self.to_stderr.load(SeqCst) {
                return files;
            }
            drop(files);
            thread::sleep(LOOK);
        }
    }

    /// What a dump to stderr needs, unless another is stuck there. To be asked for before the files are
    /// given back: who waits for these waits for that, too.
    pub(super) fn stderr(&self) -> Option<ToStderr<'_>> {
        let buffer = try_for_a_while(self.stderr.as_ref()?)?;
        self.to_stderr.store(true, SeqCst);
        Some(ToStderr {
            buffer,
            busy: &self.to_stderr,
        })
    }

    /// An empty line for stderr, unless another is stuck on its way there: then this would be, too.
    pub(super) fn line(&self) -> Option<MutexGuard<'_, Line>> {
        let mut line = try_for_a_while(&self.line);
        if let Some(line) = &mut line {
            line.clear();
        }
        line
    }
}

/// What is held for a moment only, as a rule.
fn try_for_a_while<T>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    (0..LOOKS).find_map(|look| {
        if look > 0 {
            thread::sleep(LOOK);
        }
        try_lock(mutex)
    })
}

/// A panic under it is one that the process does not survive.
fn try_lock<T>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    match mutex.try_lock() {
        Ok(held) => Some(held),
        Err(TryLockError::Poisoned(held)) => Some(held.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}
