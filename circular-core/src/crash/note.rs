//! The crash note: what a ring's file says of the signal that its program died of.
//!
//! Invariant: who reads it finds no note, one that is being written, or a whole one. Nothing of LIVE is touched before the
//! system has, which can say that it is not there: the file may have been cut, and a fault within the handler ends the
//! program.
//!
//! A note that the program dies of stays: threads that come later leave it alone, one whose fault was mended, too.
//!
//! The first of several crashes is the cause: the standard library's handler of a stack overflow, say, calls `abort`, which is a
//! SIGABRT within it. So a note stays as long as the handler that wrote it has not returned. That it was left by
//! `siglongjmp`, as runtimes for wasm do, nobody tells us; then another signal comes to another thread, or further up on the stack.

use crate::crash::author::Author;
use crate::crash::system::{self, Live, Signal};
use crate::crash::watched::{self, Entry, Ring};
use crate::format::live;
use crate::format::word::WORD;
use crate::time::clock;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{AcqRel, Relaxed, Release};

impl Author {
    /// Whether this handler runs within the one that has written the note of a ring.
    fn is_within(self, entry: &Entry) -> bool {
        self.is_within_that(
            entry.noted.thread.load(Relaxed),
            entry.noted.frame.load(Relaxed),
        )
    }

    fn has_written(self, entry: &Entry) -> bool {
        entry.noted.thread.load(Relaxed) == self.thread
            && entry.noted.frame.load(Relaxed) == self.frame
    }
}

fn word(live: &Live, offset: usize) -> &AtomicU64 {
    &live[offset / WORD]
}

/// Notes the signal in all rings in files, and writes the text of those on the heap, if it is time to: the program `dies`, or may.
pub(super) fn write(author: Author, signal: &Signal, is_fault: bool, dies: bool) {
    for ring in watched::rings() {
        write_text(&ring, author, signal, is_fault, dies);
        write_unless(Author::is_within, &ring, author, signal, is_fault, dies);
    }
}

/// The same for who has done so, and knows more now. Another thread's note may have come, and gone. It `is_sure` that the program
/// dies, or as good as.
pub(super) fn settle(author: Author, signal: &Signal, is_fault: bool, is_sure: bool) {
    let is_noted =
        |author: Author, entry: &Entry| author.is_within(entry) || author.has_written(entry);
    for ring in watched::rings() {
        write_text(&ring, author, signal, is_fault, true);
        write_unless(is_noted, &ring, author, signal, is_fault, is_sure);
    }
}

fn write_text(ring: &Ring, author: Author, signal: &Signal, is_fault: bool, dies: bool) {
    if let Some((text, tape)) = ring.text() {
        text.write(tape, author, signal, is_fault, dies);
    }
}

fn write_unless(
    is_noted: fn(Author, &Entry) -> bool,
    ring: &Ring,
    author: Author,
    signal: &Signal,
    is_fault: bool,
    is_final: bool,
) {
    let noted = &ring.entry.noted;
    let _taken = ring.take();
    // Of several threads the first.
    if noted.is_final.load(Relaxed) {
        return;
    }
    if !is_noted(author, ring.entry) {
        if let Some(live) = ring.live() {
            if !is_there(live) {
                return;
            }
            write_in(live, author, signal, is_fault);
        }
        noted.frame.store(author.frame, Relaxed);
        noted.thread.store(author.thread, Relaxed);
    }
    noted.is_final.store(is_final, Relaxed);
    if let Some(live) = ring.live().filter(|live| is_final && is_there(live)) {
        // Other threads write until the end, and a handler may have taken its time.
        word(live, live::NOTE_COMMITTED).fetch_or(live::NOTE_IS_FINAL, Release);
    }
}

/// Whether LIVE can be stored to.
fn is_there(live: &Live) -> bool {
    system::is_writable(word(live, live::NOTE))
}

fn write_in(live: &Live, author: Author, signal: &Signal, is_fault: bool) {
    let note = word(live, live::NOTE);
    if note.swap(live::NOTE_BEGUN, AcqRel) != 0 {
        count_survived(live);
    }
    system::write_thread_name(live);
    let address = if is_fault { signal.address() as u64 } else { 0 };
    word(live, live::NOTE_THREAD).store(author.thread.into(), Relaxed);
    let time = clock::exact().since_1970();
    word(live, live::NOTE_TIME).store(time, Relaxed);
    let latest = word(live, live::LATEST).load(Relaxed);
    let is_earlier = latest > time.saturating_add(live::SURVIVED_FOR);
    let so_far = word(live, live::COMMITTED).load(Relaxed);
    let so_far = so_far | if is_earlier { live::NOTE_IS_EARLIER } else { 0 };
    word(live, live::NOTE_COMMITTED).store(so_far, Relaxed);
    word(live, live::NOTE_ADDRESS).store(address, Relaxed);
    let low = bits(signal.number);
    let high = bits(signal.code());
    note.store(u64::from(low) | u64::from(high) << 32, Release);
}

/// Takes back what that handler has noted: the program goes on.
pub(super) fn withdraw(author: Author) {
    for ring in watched::rings() {
        let noted = &ring.entry.noted;
        let _taken = ring.take();
        if noted.is_final.load(Relaxed) {
            continue;
        }
        // It is this one's, though another thread may have noted its own signal since.
        if let Some((text, _)) = ring.text() {
            text.withdraw(author);
        }
        if !author.has_written(ring.entry) {
            continue;
        }
        if let Some(live) = ring.live().filter(|live| is_there(live)) {
            count_survived(live);
            word(live, live::NOTE).store(0, Release);
        }
        noted.thread.store(0, Relaxed);
    }
}

#[expect(clippy::cast_sign_loss, reason = "that is what it is for")]
fn bits(number: i32) -> u32 {
    number as u32
}

fn count_survived(live: &Live) {
    word(live, live::NOTE_SURVIVED).fetch_add(1, Relaxed);
}
