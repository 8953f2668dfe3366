//! SIGBUS in a ring's memory: its file was cut, or its disk has no room for a page that is to be written.
//!
//! Invariant: the program goes on, with memory of its own in the place of what is gone, and what was put there stays: two
//! threads that meet the same hole do not take away what one has written meanwhile. What is left of the file is still the
//! ring's up to there, and belongs together for who reads it.
//!
//! * Behind the end of the file, all up to the end of the mapping is replaced.
//! * Within it (a full btrfs, a broken disk), all of the mapping from LIVE on is: were it one page, others would find new
//!   words in the file beside old ones. The file then stays as it is, as if the program had been killed.
//!
//! What that means for records is said in [`crate::tape::lost`]. Where a file is cut amid a page, the rest of that page can
//! still be stored to, and nobody is told until something behind it is met. So what was written there until then does not
//! count either: nothing tells it from what was there before.

use crate::crash::system::Signal;
use crate::crash::system::file;
use crate::crash::watched::{Inside, Ring};
use crate::format::live;
use crate::format::word::WORD;
use libc::c_int;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use std::thread;

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
    let inside = Inside::enter();
    let address = signal.address();
    let mended = inside
        .rings()
        .find_map(|ring| Some(replace(&ring, ring.offset_of(address)?)));
    mended == Some(true)
}

/// Replaces what is gone with the page that has this offset.
fn replace(ring: &Ring<'_>, offset: usize) -> bool {
    let entry = ring.entry;
    // Nothing in here can fault, and no signal comes.
    while entry.is_replacing.swap(true, Acquire) {
        thread::yield_now();
    }
    let private = entry.private_from.load(Relaxed);
    // Another thread may have done it.
    let is_there = offset >= private || replace_up_to(ring, offset, private);
    entry.is_replacing.store(false, Release);
    is_there
}

fn replace_up_to(ring: &Ring<'_>, offset: usize, private: usize) -> bool {
    let entry = ring.entry;
    let (live_at, data_at) = (entry.live_at.load(Relaxed), entry.data_at.load(Relaxed));
    let page = file::page_size();
    let len = file::file_len(entry.fd.load(Relaxed), ring.file_id());
    let end = len.and_then(|len| len.checked_next_multiple_of(page));
    let (from, lost) = match (len, end) {
        (Some(len), Some(end)) if end <= offset => (end, len),
        _ => {
            let whole = offset.min(live_at);
            (whole - whole % page, 0)
        }
    };
    if !ring.replace(lost.saturating_sub(data_at), from, private) {
        return false;
    }
    entry.private_from.store(from, SeqCst);
    // For those who look at the file. By a call, as a store may be the next one that cannot be had; and not behind the end,
    // where it would make the file longer.
    if len.is_some_and(|len| len >= live_at + live::BYTES) {
        let at = live_at + live::COUNTERS + live::LOST_MEMORY * WORD;
        file::write_word(entry.fd.load(Relaxed), ring.losses(), at);
    }
    true
}
