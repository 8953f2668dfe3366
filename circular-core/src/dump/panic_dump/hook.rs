//! What the hook does. The process may be about to die, and the thread may be in any state.
//!
//! Invariants: nothing here panics, waits for a lock, or waits for a reader, but before an abort, as long as
//! it was asked to; the record, the file, the image and
//! the line on stderr are made without asking for memory, unless something fails, a record is longer
//! than the buffer, or a redaction hook does; the file is whole before the image is begun, and both are over with before
//! anything goes to stderr; the
//! backtrace, which waits for a lock of the standard library's and allocates, comes last; the hook that
//! was there before is always called.

use super::backtrace;
use super::last_flush::LastFlush;
use super::message::{Panic, Pieces, TARGET, line_begin, record};
use super::one_at_a_time::{Files, OneAtATime};
use super::report::{self, ToStderr};
use super::thread_name::{ProcessName, ThreadName};
use crate::dump::file::dir::DumpDir;
use crate::dump::file::{DumpId, OpenDump};
use crate::dump::image::{Facts, RingImage};
use crate::dump::select::DumpSelect;
use crate::dump::write::{self, Dumped, Piece};
use crate::memory::payload::Slices;
use crate::record::level::Level;
use crate::record::meta::Meta;
use crate::ring::shared::Shared;
use crate::ring::write::NoLock;
use crate::sink::feed::SinkWriter;
use crate::sink::notice::Notice;
use crate::sys::no_wait::NoWait;
use crate::sys::stderr::{self, Stderr};
use crate::sys::underway::{self, Patience, Underway};
use crate::sys::{no_wait, thread_buffer};
use crate::tape::buffer::Buffer;
use crate::text::escape::ForTerminal;
use crate::text::fixed_text::FixedText;
use std::fmt::{self, Write as _};
use std::io::{self, IoSlice, Write};
use std::ops::Range;
use std::panic::PanicHookInfo;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant, SystemTime};

/// Two dumps are at least this far apart, unless the process is going to abort.
const INTERVAL: Duration = Duration::from_secs(10);

/// How long the ring's lock is tried for. Nobody holds it as long, but a write that was interrupted by a
/// signal handler which panics now.
const LOCK_PATIENCE: Duration = Duration::from_secs(1);

/// How many hooks were installed.
pub(super) static HOOKS: AtomicUsize = AtomicUsize::new(0);

pub(super) struct Hook {
    pub(super) shared: Arc<Shared>,
    pub(super) to_stderr: bool,
    pub(super) backtrace: bool,
    pub(super) select: DumpSelect,
    pub(super) turn: OneAtATime,
    pub(super) process: ProcessName,
    /// How long a panic that aborts waits for readers, if it does.
    pub(super) flush: Option<Duration>,
}

/// What a panic's dump has left open for the backtrace.
#[derive(Default)]
struct Open {
    file: Option<OpenDump>,
    stderr: bool,
}

/// A dump that is in a file.
struct Made {
    dumped: Dumped,
    /// Why old ones could not be removed.
    prune_error: Option<io::Error>,
    file: Option<OpenDump>,
    /// Whether there is an image beside it, or why not, if there was to be one.
    image: Option<io::Result<()>>,
}

impl Hook {
    pub(super) fn run(&self, info: &PanicHookInfo<'_>, previous: &dyn Fn(&PanicHookInfo<'_>)) {
        let generation = self.shared.generation;
        if generation.is_past() {
            // A forked child: what a dump or a backtrace needs may be locked by a thread that is not
            // here.
            self.shared.refuse();
            return previous(info);
        }
        let underway = Underway::begin(generation);
        let aborts = self.record_and_dump(info);
        // What is a hook of another ring's is under way as well.
        let _underway = (HOOKS.load(Relaxed) > 1).then_some(underway);
        if aborts {
            underway::wait_for_others();
        }
        let _in_previous = backtrace::InPrevious::enter(generation);
        previous(info);
    }

    /// Tells whether the process is going to abort.
    fn record_and_dump(&self, info: &PanicHookInfo<'_>) -> bool {
        let own = no_wait::own_at_end(self.shared.id);
        // A write of this thread overtakes from here on, whatever made the hook run.
        let _no_wait = NoWait::enter();
        let time = SystemTime::now();
        let thread = ThreadName::current(&self.process);
        let pieces = Pieces::new(time, &thread, info);
        let aborts = is_going_to_abort(pieces.message());
        let pieces = pieces.all();
        let recorded = self.record(time, &pieces.map(IoSlice::new));
        let can_lock = recorded.is_ok();
        let recorded = recorded.unwrap_or(None);
        let open = self.dump(&Panic {
            pieces: &pieces,
            time,
            recorded,
            aborts,
            can_lock,
        });
        // Whoever could not have the ring's lock is likely to hold it.
        let patience = self.flush.filter(|_| aborts && can_lock);
        let mut last_flush = own.zip(patience).map(|(own, patience)| LastFlush {
            shared: &self.shared,
            own,
            patience,
        });
        if let Some(flush) = &mut last_flush {
            flush.wait();
        }
        // Whoever could not have that lock may hold whatever else there is.
        // And in a child that a redaction hook has forked, another thread of the parent's may.
        if self.backtrace && can_lock && !self.shared.generation.is_past() {
            self.add_backtrace(&thread, open);
            if let Some(flush) = &mut last_flush {
                flush.wait();
            }
        }
        aborts
    }

    /// Makes it a record, unless the ring is closed or its lock is not to be had; tells which.
    fn record(
        &self,
        time: SystemTime,
        lines: &[IoSlice<'_>],
    ) -> Result<Option<Range<u64>>, NoLock> {
        let meta = Meta::new().level(Level::Error).target(TARGET).time(time);
        let deadline = Instant::now() + LOCK_PATIENCE;
        self.shared.write_by(deadline, meta, Slices::new(lines))
    }

    /// Dumps if it is time for a dump, and says what became of it.
    fn dump(&self, panic: &Panic<'_>) -> Open {
        // Who ends the process waits for another's dump as long as that gets on. If this panic does not
        // end it, the exit does so, where it can.
        let patience = if panic.aborts || cfg!(not(unix)) {
            Patience::while_it_gets_on()
        } else {
            Patience::in_all()
        };
        let Some(mut files) = self.turn.files(patience) else {
            say(format_args!("no dump: another thread's is not done"));
            return Open::default();
        };
        let since_last = files.last.map(|last| last.elapsed());
        if let Some(ago) = since_last.filter(|ago| !panic.aborts && *ago < INTERVAL) {
            drop(files);
            let (ago, interval) = (ago.as_secs(), INTERVAL.as_secs());
            say(format_args!(
                "no dump: the last one was {ago} s ago, and there is at most one in {interval} s"
            ));
            return Open::default();
        }
        files.last = Some(Instant::now());
        let Files { dir, image, .. } = &mut *files;
        let image_needs_a_dir = dir.is_none() && image.is_some();
        let made = dir
            .as_mut()
            .map(|(dir, buffer)| self.dump_to_dir(dir, buffer, image, panic));
        if self.shared.generation.is_past() {
            // The redaction hook has forked, and this is the child.
            return Open::default();
        }
        let mut line = self.turn.line();
        if let (Some(line), Some(Ok(made)), Some((dir, _))) = (&mut line, &made, &files.dir) {
            let line = &mut ForTerminal(&mut **line);
            let _ = report::begin_with_file(line, made.dumped, dir.last());
            if let Some(image) = &made.image {
                let image = image.as_ref().map(|()| dir.last_image());
                let _ = report::tell_image(line, image);
            }
        }
        // Whoever waits for the files waits for what goes to stderr, too. But that may be stuck, and then
        // the file of the next must not wait for it.
        let turn = self.to_stderr.then(|| self.turn.stderr());
        drop(files);
        let (to_stderr, _turn) = match turn {
            None => (ToStderr::Unwanted, None),
            Some(None) => (ToStderr::Stuck, None),
            Some(Some(mut turn)) => {
                let dumped = self.write_dump(&mut turn.buffer, panic, &mut Stderr);
                (ToStderr::Dumped(dumped), Some(turn))
            }
        };
        if self.shared.generation.is_past() {
            return Open::default();
        }
        // The dump has waited for stderr, and so does the line then: a pipe whose reader is slower than we
        // are is full just now. And others wait for it, who may end the program then.
        let may_wait = matches!(to_stderr, ToStderr::Dumped(_));
        if let Some(mut line) = line {
            let in_file = made.as_ref().map(|made| match made {
                Ok(made) => Ok(made.prune_error.as_ref()),
                Err(error) => Err(error),
            });
            let text = || panic.text(&self.select);
            let line_for_terminal = &mut ForTerminal(&mut *line);
            let has_line = report::end(line_for_terminal, in_file, &to_stderr, text);
            if image_needs_a_dir {
                let _ = line_for_terminal.write_str(report::IMAGE_NEEDS_A_DIR);
            }
            // Its text has been through the redaction hook, which may have forked.
            if self.shared.generation.is_past() {
                return Open::default();
            }
            if has_line {
                stderr::write_line(line.make_line(), may_wait);
            }
        }
        Open {
            file: made.and_then(Result::ok).and_then(|made| made.file),
            stderr: matches!(to_stderr, ToStderr::Dumped(Ok(_))),
        }
    }

    fn dump_to_dir(
        &self,
        dir: &mut DumpDir,
        buffer: &mut Buffer,
        image: &mut Option<io::Result<RingImage>>,
        panic: &Panic<'_>,
    ) -> io::Result<Made> {
        let mut file = dir.create(SystemTime::now())?;
        let dumped = self.write_dump(buffer, panic, &mut file)?;
        let prune_error = file.finish()?;
        let (id, open) = (file.id(), file.take_file());
        drop(file);
        let image = image.as_mut().map(|image| match image {
            Ok(image) => self.write_image(dir, id, buffer, image, panic),
            // What it says is what matters, and it stays for the next.
            Err(error) => Err(io::Error::new(error.kind(), error.to_string())),
        });
        Ok(Made {
            dumped,
            prune_error,
            file: open,
            image,
        })
    }

    /// What the ring holds, and the panic at the end, beside the text `id`.
    fn write_image(
        &self,
        dir: &mut DumpDir,
        id: DumpId,
        buffer: &mut Buffer,
        image: &mut RingImage,
        panic: &Panic<'_>,
    ) -> io::Result<()> {
        let (shared, select) = (&self.shared, &self.select);
        let wanted = panic.recorded.clone().unwrap_or_default();
        let taken = image.take(shared, select, buffer, &wanted)?;
        if panic.recorded.is_none() || taken.lacks_wanted {
            panic.add_to(select, image);
        }
        if shared.generation.is_past() {
            // The hook has forked. The file is the parent's to make.
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        // The lock is not tried for in vain a second time.
        let deadline = Instant::now() + LOCK_PATIENCE;
        let state = if panic.can_lock && !shared.generation.is_past() {
            shared.state.lock_by(deadline)
        } else {
            None
        };
        let facts = state.map(|state| Facts::of(&state)).unwrap_or_default();
        let mut file = dir.create_image_beside(id)?;
        image.write(shared, facts, &mut |chunk| file.write_chunk(chunk))?;
        file.finish_beside()
    }

    /// Everything that the ring holds, a line where something is missing, and the panic at the end.
    fn write_dump(
        &self,
        buffer: &mut Buffer,
        panic: &Panic<'_>,
        out: &mut impl Write,
    ) -> io::Result<Dumped> {
        let mut writer = SinkWriter::new(out);
        let wanted = panic.recorded.clone().unwrap_or_default();
        let mut out = |piece: Piece<'_>| match piece {
            Piece::Missed(missed) => writer.notice(Notice::Text, missed),
            Piece::Records(records, _) => self.select.feed(records, &mut writer),
        };
        let dumped = write::write(&self.shared.tape, buffer, &wanted, &mut out)?;
        if panic.recorded.is_none() || dumped.lacks_wanted {
            panic.feed(&self.select, &mut writer)?;
        }
        Ok(dumped)
    }

    /// Makes it a record, which goes behind the dump too.
    fn add_backtrace(&self, thread: &ThreadName, open: Open) {
        let time = SystemTime::now();
        let mut text = String::new();
        line_begin(&mut text, time);
        text.push_str(thread.as_str());
        // Writing to a string does not fail.
        let _ = backtrace::with(self.shared.generation, |backtrace| match backtrace {
            Some(backtrace) => writeln!(text, "' stack backtrace:\n{backtrace}"),
            None => writeln!(
                text,
                "' stack backtrace: none, as another thread's panic hook has not come back"
            ),
        });
        let recorded = self.record(time, &[IoSlice::new(text.as_bytes())]);
        let seq = recorded.unwrap_or(None).map_or(0, |seqs| seqs.start);
        let text = self.select.text(&record(seq, time, text.as_bytes()));
        // The redaction hook may have forked: the file and stderr are the parent's.
        if self.shared.generation.is_past() {
            return;
        }
        // The dump is whole without it, and there is nowhere else to tell.
        if let Some(mut file) = open.file {
            let _ = file.write_all(&text);
        }
        if open.stderr {
            let _ = Stderr.write_all(&text);
        }
    }
}

/// Says something on stderr, if that takes it at once.
fn say(what: fmt::Arguments<'_>) {
    /// More than any of them has.
    const BYTES: usize = 128;
    let mut line = FixedText::<BYTES>::new();
    // It does not fail.
    let _ = write!(line, "{}{what}", report::PREFIX);
    stderr::write_line(line.make_line(), false);
}

/// Whether the process ends when the hook returns.
///
/// The standard library knows, but tells only on nightly; what it tells everybody is the message
/// that the core library panics with when unwinding is not allowed any further.
///
/// A panic in a thread-local's destructor aborts too. It is known by this crate's own thread-local, if
/// that was used after the other one, and so is gone already.
fn is_going_to_abort(message: &str) -> bool {
    cfg!(panic = "abort")
        || thread_buffer::has_thread_variables() == Some(false)
        || message == "panic in a destructor during cleanup"
        || message == "panic in a function that cannot unwind"
}
