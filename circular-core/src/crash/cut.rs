//! SIGBUS in a ring's memory: its file was cut, or its disk has no room for a page that is to be written.
//!
//! Invariant: the program goes on, with memory of its own in the place of all of the ring's, and what is put there stays: it is
//! done once, whoever meets the hole. The file then stays as it is, as if the program had been killed, and what is in it belongs
//! together.
//!
//! What the file still has, up to its end, is copied. So that nothing is stored behind the copy's back, the memory is closed
//! off before: who accesses it then has a SIGBUS, too, and waits in its handler. Nothing less than all is replaced: in the page
//! that a cut goes through, the system puts zeroes behind the end again and again; and of a second cut nobody would hear.
//!
//! What that means for records is said in [`crate::tape::lost`]. Where a file is cut amid a page, the rest of that page can
//! still be stored to, and nobody is told until something behind it is met. So what was written there until then does not
//! count either: nothing tells it from what was there before.

use crate::crash::system::Signal;
use crate::crash::system::file;
use crate::crash::watched::{self, Ring};
use crate::format::live;
use crate::format::word::WORD;
use libc::c_int;
use std::sync::atomic::Ordering::Relaxed;

/// `si_code`s: nothing is there, or it cannot be had.
const NO_SUCH_ADDRESS: c_int = 2;
const OBJECT_ERROR: c_int = 3;

/// Puts other memory where that signal came from, if that is a ring's and can be helped. Tells whether the instruction may
/// be met again.
pub(super) fn mend(signal: &Signal) -> bool {
    let is_about_memory =
        signal.number == libc::SIGBUS && [NO_SUCH_ADDRESS, OBJECT_ERROR].contains(&signal.code());
    if !is_about_memory {
        return false;
    }
    let address = signal.address();
    let mended = watched::rings()
        .find(|ring| ring.has(address))
        .map(|ring| replace(&ring));
    mended == Some(true)
}

/// Replaces all of the ring's memory, unless that was done.
fn replace(ring: &Ring) -> bool {
    let entry = ring.entry;
    // No signal comes in here, and nothing of the ring is accessed.
    let _taken = ring.take();
    entry.is_private.load(Relaxed) || {
        let fd = entry.fd.load(Relaxed);
        let len = file::file_len(fd, ring.file_id());
        let is_replaced = ring.replace(len);
        entry.is_private.store(is_replaced, Relaxed);
        if is_replaced {
            tell(ring, fd, len);
        }
        is_replaced
    }
}

/// Says so in the file, unless that ends in front of it: it would become longer.
fn tell(ring: &Ring, fd: c_int, len: Option<usize>) {
    let live_at = ring.entry.live_at.load(Relaxed);
    if len.is_some_and(|len| len >= live_at + live::BYTES) {
        let at = live_at + live::COUNTERS + live::LOST_MEMORY * WORD;
        file::write_word(fd, ring.losses(), at);
    }
}
