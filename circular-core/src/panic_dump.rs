//! What is done when the program panics: the panic becomes a record, and the ring is written out.
//!
//! Invariants: nothing here waits for a reader, takes the ring's lock for longer than a write does,
//! or panics; the file is whole before anything goes to stderr; the hook that was there before is
//! always called.

use self::desk::{Desk, PATIENCE};
use crate::buffer::Buffer;
use crate::clock::Stamp;
use crate::dump::{self, Dumped, Piece};
use crate::dump_file::{Cause, DumpDir, executable_name};
use crate::no_wait::InSink;
use crate::payload::Slices;
use crate::redact::{Redacted, Redaction};
use crate::shared::Shared;
use crate::sink::Feeder;
use crate::stderr::{self, Stderr};
use crate::{Handle, Level, LogTime, Meta, Notice, Part, Record, thread_buffer};
use std::backtrace::Backtrace;
use std::fmt::Write as _;
use std::io::{self, IoSlice};
use std::ops::Range;
use std::panic::{self, PanicHookInfo};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

/// Two dumps are at least this far apart, unless the process is going to abort.
const INTERVAL: Duration = Duration::from_secs(10);
/// The target of the record that a panic becomes.
const TARGET: &str = "panic";

/// Where a panic's dump goes. Made by [`PanicDump::builder`].
///
/// ```no_run
/// use circular_core::{PanicDump, Ring};
///
/// let ring = Ring::new(10 << 20)?;
/// PanicDump::builder(&ring.handle()).dir("/var/tmp").install();
/// panic!("the last 10 MiB of the log are in /var/tmp now");
/// # #[expect(unreachable_code)]
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # What happens at a panic
///
/// 1. The panic itself (thread, place, message, and a backtrace if `RUST_BACKTRACE` asks) becomes a
///    record of level [`Error`](Level::Error) and target `panic`.
/// 2. What the ring holds is written to a new file in [`dir`](PanicDumpBuilder::dir), which is
///    readable by its owner only, and gets its name, `<program>-<pid>-<UTC time>.log`, when it is
///    whole. The newest 8 of the program stay. It is not synced to the disk: it outlives the process,
///    not the machine.
/// 3. If [`stderr`](PanicDumpBuilder::stderr) asks for it, what the ring holds is written there.
/// 4. One line on stderr tells how much was dumped and where, or why not; if the file could not be
///    made, with the panic's message. Unless the dump has gone there too, it is left out when stderr
///    takes nothing, so that a stuck terminal does not stop the thread here.
/// 5. The hook that was set before is called.
///
/// There is at most one dump in 10 seconds, so that panics in a loop do not fill a disk; the record
/// is made each time. A panic that is going to abort the process (with `panic = "abort"`, in a
/// destructor during unwinding, in a function that must not unwind) is always dumped. A thread that
/// panics during another's dump waits for that, at most 2 seconds. Readers are not waited for.
///
/// With a hook for each of several rings, install those with a directory last: the last one runs first,
/// and a dump to a stuck stderr holds up those behind it.
#[derive(Clone, Copy, Debug)]
pub struct PanicDump;

impl PanicDump {
    /// Asks for a hook that dumps the ring of `handle`.
    pub fn builder(handle: &Handle) -> PanicDumpBuilder {
        PanicDumpBuilder {
            shared: Arc::clone(handle.shared()),
            dir: None,
            stderr: None,
            program: None,
            redaction: Redaction::default(),
        }
    }
}

/// The options of a [`PanicDump`].
#[must_use = "it does nothing until `install` is called"]
pub struct PanicDumpBuilder {
    shared: Arc<Shared>,
    dir: Option<PathBuf>,
    stderr: Option<bool>,
    program: Option<String>,
    redaction: Redaction,
}

impl PanicDumpBuilder {
    /// Dumps to a file in this directory. It must exist: a missing one is told on stderr when the
    /// program panics, and nothing else changes.
    pub fn dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.dir = Some(dir.into());
        self
    }

    /// Whether to dump to stderr. Unless said: yes if there is no directory, else no.
    pub fn stderr(mut self, stderr: bool) -> Self {
        self.stderr = Some(stderr);
        self
    }

    /// The program's name in the names of dumps. Unless said, that of the executable. Characters other
    /// than ASCII letters, digits, `.`, `_` and `-` are replaced.
    pub fn program(mut self, program: impl Into<String>) -> Self {
        self.program = Some(program.into());
        self
    }

    /// Hands each record to `hook` before it is dumped, the panic's own included: see [`Redacted`], and
    /// [`redact_keys`](crate::redact_keys), which is one. What the hook that was there before prints of the
    /// panic does not pass it.
    ///
    /// It runs inside the panic hook, so it must not panic: that would abort the process at once, as in any
    /// panic hook. Nor may it wait for a lock that the thread that panics may hold.
    pub fn redact(
        mut self,
        hook: impl Fn(&Record<'_>) -> Redacted + Send + Sync + 'static,
    ) -> Self {
        self.redaction = Redaction::new(hook);
        self
    }

    /// Replaces the panic hook by one that dumps and then calls the one it replaced.
    ///
    /// `RUST_BACKTRACE` is read now. The buffer that dumps go through, 64 KiB, is made now.
    ///
    /// # Panics
    ///
    /// If called by a thread that panics, as [`std::panic::set_hook`] does.
    pub fn install(self) {
        let program = self.program.unwrap_or_else(executable_name);
        let to_stderr = self.stderr.unwrap_or(self.dir.is_none());
        let buffer = self.redaction.buffer(self.shared.tape.capacity());
        let hook = Hook {
            dir: self
                .dir
                .map(|dir| DumpDir::new(dir, &program, Cause::Panic)),
            to_stderr,
            backtrace: std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0"),
            desk: Desk::new(buffer),
            redaction: self.redaction,
            shared: self.shared,
        };
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            hook.run(info);
            previous(info);
        }));
    }
}

impl std::fmt::Debug for PanicDumpBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PanicDumpBuilder")
            .field("dir", &self.dir)
            .field("stderr", &self.stderr)
            .field("program", &self.program)
            .finish_non_exhaustive()
    }
}

struct Hook {
    shared: Arc<Shared>,
    dir: Option<DumpDir>,
    to_stderr: bool,
    backtrace: bool,
    redaction: Redaction,
    desk: Desk,
}

impl Hook {
    fn run(&self, info: &PanicHookInfo<'_>) {
        if self.shared.generation.is_past() {
            // A forked child: what a dump or a backtrace needs may be locked by a thread that is not
            // here.
            self.shared.refuse();
            return;
        }
        // A write of this thread overtakes from here on, whatever made the hook run.
        let _no_wait = InSink::enter();
        let message = message(info);
        thread_buffer::with(|text| {
            let time = SystemTime::now();
            self.describe(text, time, info, message);
            let payload = [IoSlice::new(text.as_bytes())];
            let meta = Meta::new().level(Level::Error).target(TARGET).time(time);
            let before = self.head_seq();
            let recorded = self.shared.write(meta, Slices::new(&payload)).is_ok();
            let text = self.redaction.text(&Record {
                seq: before,
                stamp: Stamp::given(meta.nanos().unwrap_or_default()),
                level: Some(Level::Error),
                part: Part::Whole,
                target: TARGET.as_bytes(),
                bytes: text.as_bytes(),
            });
            let panic = Panic {
                text: &text,
                recorded: recorded.then(|| before..self.head_seq()),
                aborts: is_going_to_abort(message),
            };
            if let Some(report) = self.dump(&panic) {
                stderr::write_line(&format!("circular: {report}"), false);
            }
        });
    }

    /// The seq of the record that is written next.
    fn head_seq(&self) -> u64 {
        self.shared.lock().map_or(0, |state| state.head.spot.seq)
    }

    /// A log line such as the adapters write, and more lines as the panic needs them.
    fn describe(
        &self,
        text: &mut String,
        time: SystemTime,
        info: &PanicHookInfo<'_>,
        message: &str,
    ) {
        let (time, level) = (LogTime::new(time), Level::Error);
        let thread = thread::current();
        let name = thread.name().unwrap_or("<unnamed>");
        // Writing to a string does not fail.
        let _ = write!(text, "{time} {level:>5} {TARGET}: thread '{name}' panicked");
        let _ = match info.location() {
            Some(place) => writeln!(text, " at {place}:\n{message}"),
            None => writeln!(text, ":\n{message}"),
        };
        if self.backtrace {
            let _ = writeln!(text, "stack backtrace:\n{}", Backtrace::force_capture());
        }
    }

    /// Dumps if it is time for a dump, and tells what is still to be said about it.
    fn dump(&self, panic: &Panic<'_>) -> Option<String> {
        let Some(mut dumper) = self.desk.take() else {
            let patience = PATIENCE.as_secs();
            return Some(format!(
                "no dump: another thread's is not done after {patience} s"
            ));
        };
        let since_last = dumper.last.map(|last| last.elapsed());
        if let Some(ago) = since_last.filter(|ago| !panic.aborts && *ago < INTERVAL) {
            self.desk.give_back(dumper, false);
            let (ago, interval) = (ago.as_secs(), INTERVAL.as_secs());
            return Some(format!(
                "no dump: the last one was {ago} s ago, and there is at most one in {interval} s"
            ));
        }
        dumper.last = Some(Instant::now());
        let buffer = &mut dumper.buffer;
        let dir = self.dir.as_ref();
        let to_dir = dir.map(|dir| self.dump_to_dir(dir, buffer, panic));
        // Before anything goes to stderr, which may be stuck: the file of the next must not wait for
        // that for longer than it must.
        self.desk.give_back(dumper, self.to_stderr);
        if !self.to_stderr {
            return report(to_dir, None, panic);
        }
        let dumped = self.dump_to_stderr(panic);
        if let Some(report) = report(to_dir, Some(dumped), panic) {
            // The dump has waited for stderr, and so does this: a pipe whose reader is slower than we
            // are is full just now. And others wait for it, who may end the program then.
            stderr::write_line(&format!("circular: {report}"), true);
        }
        self.desk.end_stderr();
        None
    }

    fn dump_to_dir(
        &self,
        dir: &DumpDir,
        buffer: &mut Buffer,
        panic: &Panic<'_>,
    ) -> io::Result<String> {
        let mut file = dir.create(SystemTime::now())?;
        let dumped = self.write_dump(buffer, panic, &mut file)?;
        let finished = file.finish()?;
        let mut report = describe_dump(dumped);
        let _ = write!(report, " to {}", finished.path.display());
        if let Some(error) = finished.prune_error {
            let _ = write!(report, "; {error}");
        }
        Ok(report)
    }

    fn dump_to_stderr(&self, panic: &Panic<'_>) -> io::Result<Dumped> {
        let mut buffer = self.redaction.buffer(self.shared.tape.capacity());
        self.write_dump(&mut buffer, panic, &mut Stderr)
    }

    /// Everything that the ring holds, a line where something is missing, and the panic at the end.
    fn write_dump(
        &self,
        buffer: &mut Buffer,
        panic: &Panic<'_>,
        out: &mut impl io::Write,
    ) -> io::Result<Dumped> {
        let mut feeder = Feeder::new(out);
        let wanted = panic.recorded.clone().unwrap_or_default();
        let mut out = |piece: Piece<'_>| match piece {
            Piece::Missed(missed) => feeder.notice(Notice::Text, missed),
            Piece::Records(records) => self.redaction.feed(records, &mut feeder),
        };
        let dumped = dump::write(&self.shared.tape, buffer, &wanted, &mut out)?;
        feeder.take(panic.not_in(dumped))?;
        Ok(dumped)
    }
}

/// What one panic is to a dump.
struct Panic<'a> {
    /// What may leave of the record that it became.
    text: &'a [u8],
    /// Among which seqs that is, if the ring took it.
    recorded: Option<Range<u64>>,
    aborts: bool,
}

impl<'a> Panic<'a> {
    /// The text, unless the dump has it for certain.
    fn not_in(&self, dumped: Dumped) -> &'a [u8] {
        if self.recorded.is_some() && !dumped.lacks_wanted {
            b""
        } else {
            self.text
        }
    }
}

/// What to say of a dump: nothing if stderr, where it would be said, has failed.
fn report(
    to_dir: Option<io::Result<String>>,
    to_stderr: Option<io::Result<Dumped>>,
    panic: &Panic<'_>,
) -> Option<String> {
    let to_stderr = to_stderr.map(|dumped| dumped.map(describe_dump));
    match (to_dir, to_stderr) {
        (Some(Ok(file)), Some(Ok(_))) => Some(format!("{file}, and to stderr")),
        (Some(Ok(file)), _) => Some(file),
        (Some(Err(error)), Some(Ok(dumped))) => {
            Some(format!("{dumped} to stderr, but not to a file: {error}"))
        }
        // The panic's text may be nowhere else soon.
        (Some(Err(error)), _) => {
            let text = String::from_utf8_lossy(panic.text);
            Some(format!("no dump: {error}; {}", text.trim_end()))
        }
        (None, Some(Ok(dumped))) => Some(format!("{dumped} to stderr")),
        (None, _) => None,
    }
}

fn describe_dump(dumped: Dumped) -> String {
    let Dumped {
        records,
        bytes,
        missed,
        ..
    } = dumped;
    let mut text = format!("dumped {records} records ({bytes} bytes)");
    if !missed.is_empty() {
        let _ = write!(text, ", {missed} while others wrote,");
    }
    text
}

fn message<'a>(info: &'a PanicHookInfo<'_>) -> &'a str {
    let payload = info.payload();
    if let Some(text) = payload.downcast_ref::<&'static str>() {
        text
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text
    } else {
        "Box<dyn Any>"
    }
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
        || thread_buffer::is_gone()
        || message == "panic in a destructor during cleanup"
        || message == "panic in a function that cannot unwind"
}

mod desk;
