//! The text of a ring on the heap, written to a file by a handler.
//!
//! Invariant: all that is needed was made beforehand, and what is done is write(2), and a name behind the first line. Each piece of
//! the ring is copied, checked, and then written, as other threads go on writing to it: see [`crate::tape`].
//!
//! It is written before the signal is passed on, as nobody may come back. Where a program has mended a fault once, it is
//! written when it is known that the program dies, or a stack has overflowed: a runtime that has faults all the time would else write its ring
//! for each of them.
//!
//! Only one handler has the file at a time, and only the one that wrote the text takes it back, when its fault was mended; unless
//! another one has found it meanwhile whose program dies, and needs it.
//!
//! | state | what there is | what comes next |
//! |---|---|---|
//! | `NONE` | no text | whoever crashes writes it: `BUSY` |
//! | `BUSY` | a handler has the file | all others wait for it |
//! | `DONE` | a text | its author takes it back: `BUSY`, then `NONE`; or another one dies, or this one: `KEPT` |
//! | `KEPT` | a text that stays, if the program does not go on | |
//!
//! That its author was left by `siglongjmp`, as runtimes for wasm do, nobody tells us. Then another signal comes further up on
//! the stack, or that thread is gone by then; or another thread dies, and there are records that the text has not. The text is
//! written anew, and what there was stays until that is done. When the ring is given up by the same thread, further up on the
//! stack, such a text is removed; so is one of a SIGABRT that was sent by `raise`, and that a handler came back from.

use crate::crash::author::Author;
use crate::crash::system::file;
use crate::crash::system::{self, Scratch, Signal};
use crate::file::crash_text::CrashText;
use crate::format::live;
use crate::tape::Tape;
use crate::tape::position::Position;
use crate::tape::recording::Recording;
use crate::text::fixed_text::FixedText;
use crate::text::signal;
use std::ffi::CString;
use std::fmt::Write as _;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::ptr;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64};
use std::thread;
use std::time::Duration;

/// How long one waits for another's text. A ring of 100 MiB takes a tenth of it.
const PATIENCE: Duration = Duration::from_secs(2);
const NAP: Duration = Duration::from_millis(1);

/// States of a text: see above.
const NONE: u32 = 0;
const BUSY: u32 = 1;
const DONE: u32 = 2;
const KEPT: u32 = 3;

/// The handler that has written a text, and how much of the ring is in there. Stored by who has the file.
#[derive(Debug, Default)]
struct Written {
    thread: AtomicU32,
    frame: AtomicU64,
    is_on_alternate_stack: AtomicBool,
    number: AtomicU64,
    committed: AtomicU64,
}

impl Written {
    fn set(&self, author: Author, committed: u64) {
        self.thread.store(author.thread, Relaxed);
        self.frame.store(author.frame, Relaxed);
        let is_on_alternate_stack = author.is_on_alternate_stack;
        self.is_on_alternate_stack
            .store(is_on_alternate_stack, Relaxed);
        self.number.store(author.number, Relaxed);
        self.committed.store(committed, Relaxed);
    }

    fn is_of(&self, author: Author) -> bool {
        self.number.load(Relaxed) == author.number
    }

    /// Whether that handler runs no more: who asks, which is another one or none, is not within it. Stacks grow down.
    fn is_left(&self, now: Author) -> bool {
        let thread = self.thread.load(Relaxed);
        if thread == now.thread {
            let was_on_alternate_stack = self.is_on_alternate_stack.load(Relaxed);
            now.frame >= self.frame.load(Relaxed)
                || was_on_alternate_stack && !now.is_on_alternate_stack
        } else {
            system::is_thread_gone(thread)
        }
    }
}

/// How often it looks for a record that is there still.
const STARTS: u32 = 16;

/// The name of a thread, or what is left of it.
const NAME_BYTES: usize = 16;

/// A file for the text, and the ring that it is of.
#[derive(Debug)]
pub(crate) struct Text {
    file: File,
    /// Which file that is. Another one may take its place.
    device: u64,
    inode: AtomicU64,
    program: String,
    dir: CString,
    path: CString,
    /// The file, as long as it has no name.
    unnamed: CString,
    tape: AtomicPtr<Tape>,
    state: AtomicU32,
    written: Written,
    /// The file has had a name, and there was no other one for its place.
    is_used: AtomicBool,
    /// The program has mended a fault.
    has_survived: AtomicBool,
}

impl Text {
    pub(crate) fn new(prepared: CrashText) -> io::Result<Self> {
        let CrashText {
            file,
            dir,
            path,
            program,
        } = prepared;
        let metadata = file.metadata()?;
        let name = |path: &Path| CString::new(path.as_os_str().as_bytes());
        Ok(Self {
            device: metadata.dev(),
            inode: AtomicU64::new(metadata.ino()),
            dir: name(&dir)?,
            path: name(&path)?,
            unnamed: CString::new(format!("/proc/self/fd/{}", file.as_raw_fd()))?,
            file,
            program,
            tape: AtomicPtr::new(ptr::null_mut()),
            state: AtomicU32::new(NONE),
            written: Written::default(),
            is_used: AtomicBool::new(false),
            has_survived: AtomicBool::new(false),
        })
    }

    /// Says which ring it is of. That stays where it is as long as a handler may know of it.
    pub(super) fn set_tape(&self, tape: &Tape) {
        self.tape.store(ptr::from_ref(tape).cast_mut(), Relaxed);
    }

    pub(super) fn tape(&self) -> *const Tape {
        self.tape.load(Relaxed)
    }

    /// Writes the text, if it is not there yet, and if it is time to. Once this says that the program `dies`, the text stays.
    pub(super) fn write(
        &self,
        tape: &Tape,
        author: Author,
        signal: &Signal,
        is_fault: bool,
        dies: bool,
    ) {
        // Where a stack has overflowed, the standard library's handler ends the program, past us.
        let may_abort = is_fault && signal.is_at_stack_pointer();
        // When this one goes on, the program may end, whether it dies or not: a handler that it is passed on to may set SIG_DFL,
        // and then the next fault of any thread ends it. So all wait for another's text, or for another's to be gone.
        for _ in 0..PATIENCE.as_millis() / NAP.as_millis() {
            let state = self.state.load(Acquire);
            let is_obsolete =
                [DONE, KEPT].contains(&state) && self.is_obsolete(author, tape, dies || may_abort);
            let is_time = dies || may_abort || !self.has_survived.load(Relaxed);
            let is_done = match state {
                NONE if is_time => self.try_write(state, tape, author, signal, is_fault, dies),
                NONE => true,
                _ if is_obsolete && is_time => {
                    self.try_write(state, tape, author, signal, is_fault, dies)
                }
                _ if is_obsolete => {
                    if self.take(state) {
                        self.take_back();
                    }
                    true
                }
                // Else its author has just taken it back.
                DONE => !dies || self.change(DONE, KEPT),
                KEPT => true,
                _ => !is_time,
            };
            if is_done {
                return;
            }
            thread::sleep(NAP);
        }
    }

    /// Whether there is a text of a crash that the program has survived.
    fn is_obsolete(&self, now: Author, tape: &Tape, dies: bool) -> bool {
        if self.written.is_of(now) {
            return false;
        }
        if self.written.is_left(now) {
            self.has_survived.store(true, Relaxed);
            return true;
        }
        let is_others = self.written.thread.load(Relaxed) != now.thread;
        dies && is_others && tape.committed() > self.written.committed.load(Relaxed)
    }

    /// Tells whether there is no more to do.
    fn try_write(
        &self,
        state: u32,
        tape: &Tape,
        author: Author,
        signal: &Signal,
        is_fault: bool,
        dies: bool,
    ) -> bool {
        let Some(mut scratch) = Scratch::take().filter(|_| self.take(state)) else {
            return false;
        };
        let committed = tape.committed();
        let mut write = |fd, is_named_early| {
            write_cause(fd, &self.program, signal, is_fault);
            // At once: another thread may end the program meanwhile, and what is there is better than nothing.
            if is_named_early {
                file::give_name(&self.unnamed, &self.path);
            }
            scratch.on_own_stack(|buffer| {
                let _ = write_records(Out::behind_a_line(fd), tape, buffer);
            });
        };
        let is_written = self.is_open() && {
            if state != NONE || self.is_used.load(Relaxed) {
                self.write_anew(write)
            } else {
                write(self.file.as_raw_fd(), true);
                true
            }
        };
        if is_written {
            self.written.set(author, committed);
        }
        let written = if dies { KEPT } else { DONE };
        self.state
            .store(if is_written { written } else { state }, Release);
        true
    }

    /// Writes to another file, and then has that one in the place of this one, and under its name.
    fn write_anew(&self, write: impl FnOnce(i32, bool)) -> bool {
        let Some(new) = file::open_unnamed(&self.dir) else {
            return false;
        };
        write(new, false);
        let inode = file::replace(new, self.file.as_raw_fd());
        if let Some(inode) = inode {
            self.inode.store(inode, Relaxed);
            self.is_used.store(false, Relaxed);
            file::remove(&self.path);
            file::give_name(&self.unnamed, &self.path);
        }
        inode.is_some()
    }

    /// Takes back what that handler has written: the program goes on.
    pub(super) fn withdraw(&self, author: Author) {
        self.has_survived.store(true, Relaxed);
        if self.state.load(Acquire) == DONE && self.written.is_of(author) && self.take(DONE) {
            self.take_back();
        }
    }

    /// Has another file without a name. Who calls it has the file.
    fn take_back(&self) {
        file::remove(&self.path);
        // One that has had a name and lost it gets none any more.
        self.is_used.store(true, Relaxed);
        if self.is_open() {
            let new = file::open_unnamed(&self.dir);
            let inode = new.and_then(|new| file::replace(new, self.file.as_raw_fd()));
            if let Some(inode) = inode {
                self.inode.store(inode, Relaxed);
                self.is_used.store(false, Relaxed);
            }
        }
        self.state.store(NONE, Release);
    }

    /// Removes the text of a crash that the program has survived: the ring is given up, here, and no handler looks at it. One whose
    /// author may still run stays.
    pub(super) fn give_up(&self, here: Author) {
        let state = self.state.load(Acquire);
        if [DONE, KEPT].contains(&state) && self.written.is_left(here) && self.take(state) {
            file::remove(&self.path);
        }
    }

    /// Has the file to itself, if the text is in that state.
    fn take(&self, from: u32) -> bool {
        self.change(from, BUSY)
    }

    fn change(&self, from: u32, to: u32) -> bool {
        let changed = self.state.compare_exchange(from, to, AcqRel, Relaxed);
        changed.is_ok()
    }

    /// Whether the descriptor is still that file's: somebody may have closed all that he did not know.
    fn is_open(&self) -> bool {
        let id = [self.device, self.inode.load(Relaxed)];
        file::file_len(self.file.as_raw_fd(), id).is_some()
    }
}

/// In which words of a state it is told what happened: see [`RingState`](crate::file::state::RingState).
#[inline(never)]
fn write_cause(fd: i32, program: &str, signal: &Signal, is_fault: bool) {
    let mut line = FixedText::<256>::new();
    let mut name = [0; NAME_BYTES];
    system::thread_name(&mut name);
    let known = signal::name(signal.number);
    // It never fails.
    let _ = match known {
        Some(known) => write!(line, "{program}: died of {known}"),
        None => write!(line, "{program}: died of signal {}", signal.number),
    };
    if is_fault && u64::try_from(signal.code()) != Ok(live::NO_ADDRESS) {
        let _ = write!(line, " at {:#x}", signal.address());
    }
    let _ = write!(line, " in thread {} (", system::thread_id());
    for byte in name.into_iter().take_while(|byte| *byte != 0) {
        let is_shown = byte.is_ascii_graphic() || byte == b' ';
        let _ = line.write_char(if is_shown { byte.into() } else { '?' });
    }
    let _ = line.write_str(")");
    let _ = file::write_all(fd, line.make_line());
}

/// The file, and whether what comes next begins a line of it.
struct Out {
    fd: i32,
    at_line_start: bool,
}

impl Out {
    fn behind_a_line(fd: i32) -> Self {
        Self {
            fd,
            at_line_start: true,
        }
    }

    /// Tells whether that was possible.
    fn write(&mut self, bytes: &[u8]) -> bool {
        if let Some(last) = bytes.last() {
            self.at_line_start = *last == b'\n';
        }
        file::write_all(self.fd, bytes)
    }

    /// Writes a line of its own: what was written last may have ended amid one. It does not matter whether that works.
    fn line(&mut self, mut line: FixedText<64>) {
        let _ = (self.at_line_start || self.write(b"\n")) && self.write(line.make_line());
    }
}

/// What is in the buffer, and where in the ring it comes from.
struct Pending<'a> {
    out: Out,
    tape: &'a Tape,
    buffer: &'a mut [u8],
    filled: usize,
    /// The first record that is in there, or in part.
    first: Position,
}

/// Why a piece was not written.
enum Failed {
    Overtaken,
    /// Nobody takes it.
    Full,
}

impl Pending<'_> {
    /// Writes what is there, if it is whole. The next piece is of `next`.
    fn flush(&mut self, next: Position, committed: u64) -> Result<(), Failed> {
        if self.tape.is_overtaken(self.first.offset, committed) {
            return Err(Failed::Overtaken);
        }
        let written = self.out.write(&self.buffer[..self.filled]);
        self.filled = 0;
        self.first = next;
        if written { Ok(()) } else { Err(Failed::Full) }
    }

    /// Puts the payload of the record at `position` there, of so many bytes.
    fn push(&mut self, position: Position, len: usize, committed: u64) -> Result<(), Failed> {
        let mut at = 0;
        while at < len {
            // All pieces but the last are of whole words.
            let room = (self.buffer.len() - self.filled) / 8 * 8;
            let piece = room.min(len - at);
            if piece == 0 {
                self.flush(position, committed)?;
                continue;
            }
            let place = &mut self.buffer[self.filled..][..piece];
            self.tape.copy_payload(position, at, place);
            self.filled += piece;
            at += piece;
        }
        Ok(())
    }
}

/// Writes all records that are there now, the oldest first, and where some were overwritten meanwhile a line that says so.
fn write_records(mut out: Out, tape: &Tape, buffer: &mut [u8]) -> Result<(), ()> {
    let Some((mut position, mut committed)) = find(tape, 0) else {
        if tape.committed() > 0 {
            tell_end_missing(&mut out);
        }
        return Ok(());
    };
    if position.seq > 0 {
        tell_missing(&mut out, position.seq);
    }
    let mut pending = Pending {
        out,
        tape,
        buffer,
        filled: 0,
        first: position,
    };
    let mut starts = STARTS;
    while position.offset < committed {
        let pushed = match tape.step(position, committed) {
            Some((header, _, next)) => {
                let pushed = pending.push(position, header.len as usize, committed);
                pushed.map(|()| next)
            }
            None => Err(Failed::Overtaken),
        };
        match pushed {
            Ok(next) => {
                position = next;
                continue;
            }
            Err(Failed::Full) => return Err(()),
            Err(Failed::Overtaken) => {}
        }
        // What is there of whole ones may be good.
        let _ = pending.flush(position, committed);
        let first = pending.first;
        // With an end, as what is written since comes on top.
        starts -= 1;
        let next = find(tape, position.offset + 1).filter(|_| starts > 0);
        let Some(next) = next else {
            tell_end_missing(&mut pending.out);
            return Ok(());
        };
        (position, committed) = next;
        tell_missing(&mut pending.out, position.seq.saturating_sub(first.seq));
        pending.filled = 0;
        pending.first = position;
    }
    match pending.flush(position, committed) {
        Ok(()) => {}
        Err(Failed::Overtaken) => tell_end_missing(&mut pending.out),
        Err(Failed::Full) => return Err(()),
    }
    Ok(())
}

/// The first record from `offset` on that the index names, and how far there are records. While others overwrite all that
/// there is, it looks again.
#[inline(never)]
fn find(tape: &Tape, offset: u64) -> Option<(Position, u64)> {
    (0..STARTS).find_map(|_| {
        let committed = tape.committed();
        let entry = tape.entry_from(offset, committed)?;
        Some((entry.position, committed))
    })
}

#[inline(never)]
fn tell_end_missing(out: &mut Out) {
    let mut line = FixedText::<64>::new();
    let _ = write!(line, "[what was written last is missing here]");
    out.line(line);
}

#[inline(never)]
fn tell_missing(out: &mut Out, records: u64) {
    let mut line = FixedText::<64>::new();
    let _ = write!(line, "[{records} records are missing here]");
    out.line(line);
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::api::ring::Ring;
    use crate::fuzzing::set_word;
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;

    /// The text of a ring of these records, some of which are damaged by then, by the numbers of their first words.
    fn text(records: &[&str], damaged: &[usize], room: usize) -> String {
        let ring = Ring::new(64 << 10).unwrap();
        for record in records {
            (&ring).write_all(record.as_bytes()).unwrap();
        }
        for word in damaged {
            set_word(&ring.handle(), *word, 0);
        }
        let (from, mut to) = UnixStream::pair().unwrap();
        let out = Out::behind_a_line(from.as_raw_fd());
        let handle = ring.handle();
        let _ = write_records(out, &handle.shared().tape, &mut vec![0; room]);
        drop(from);
        let mut text = String::new();
        to.read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn what_is_missing_is_told_in_a_line_of_its_own() {
        // Two words and the text; each has a block, of 64 words, of its own.
        let begins = |text: &str| format!("{text}{}", "-".repeat(496 - text.len()));
        let (first, second, third) = (begins("first"), begins("second"), begins("third"));
        let records = [&*first, &second, &third];
        assert_eq!(text(&records, &[], 4096), records.concat());
        let missing = "[1 records are missing here]";
        let expected = format!("{first}\n{missing}\n{third}");
        // Also where half of a record has been written by then.
        for room in [4096, 496, 256] {
            assert_eq!(text(&records, &[64], room), expected, "{room}");
        }
        let end = format!("{first}{second}\n[what was written last is missing here]\n");
        assert_eq!(text(&records, &[128], 4096), end);
        // None where a line has just ended.
        let line = format!("{}\n", &first[1..]);
        let expected = format!("{line}{missing}\n{third}");
        assert_eq!(text(&[&line, &second, &third], &[64], 4096), expected);
    }
}
