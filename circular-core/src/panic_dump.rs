//! What is done when the program panics: the panic becomes a record, and the ring is written out.
//!
//! Invariants: nothing here waits for a reader, takes the ring's lock for longer than a write does,
//! or panics; the file is whole before anything goes to stderr; the hook that was there before is
//! always called.

use crate::buffer::Buffer;
use crate::dump::{self, Dumped};
use crate::dump_file::DumpDir;
use crate::no_wait::InSink;
use crate::payload::Payload;
use crate::shared::Shared;
use crate::sync::{Condvar, Mutex};
use crate::utc::LogTime;
use crate::{Handle, Level, Meta, stderr, thread_buffer};
use std::backtrace::Backtrace;
use std::fmt::Write as _;
use std::io::{self, IoSlice, Write as _};
use std::panic::{self, PanicHookInfo};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

/// Two dumps are at least this far apart, unless the process is going to abort.
const INTERVAL: Duration = Duration::from_secs(10);
/// How long a thread that panics during another's dump waits for it.
const PATIENCE: Duration = Duration::from_secs(2);
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
///    made, with the panic's message. It is left out when stderr takes nothing, so that a stuck
///    terminal does not stop the thread here.
/// 5. The hook that was set before is called.
///
/// There is at most one dump in 10 seconds, so that panics in a loop do not fill a disk; the record
/// is made each time. A panic that is going to abort the process (with `panic = "abort"`, in a
/// destructor during unwinding, in a function that must not unwind) is always dumped. A thread that
/// panics during another's dump waits for that, at most 2 seconds. Readers are not waited for.
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
        let capacity = self.shared.tape.capacity();
        let hook = Hook {
            dir: self.dir.map(|dir| DumpDir::new(dir, &program)),
            to_stderr,
            backtrace: std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0"),
            dumper: Mutex::new(Some(Dumper {
                buffer: Buffer::for_dump(capacity),
                last: None,
            })),
            given_back: Condvar::new(),
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
    /// `None` while a dump is made.
    dumper: Mutex<Option<Dumper>>,
    given_back: Condvar,
}

/// What only one dump at a time may use.
struct Dumper {
    buffer: Buffer,
    /// When the last dump began.
    last: Option<Instant>,
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
            let recorded = self.shared.write(meta, Payload::new(&payload)).is_ok();
            // What the ring did not take any more goes behind what it has.
            let unrecorded = if recorded { "" } else { text.as_str() };
            if let Some(report) = self.dump(is_going_to_abort(message), unrecorded, text) {
                stderr::write_line(&report);
            }
        });
    }

    /// A log line such as the adapters write, and more lines as the panic needs them.
    fn describe(
        &self,
        text: &mut String,
        time: SystemTime,
        info: &PanicHookInfo<'_>,
        message: &str,
    ) {
        let (time, level) = (LogTime(time), Level::Error);
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

    /// Dumps if it is time for a dump, and tells what to say about it: if it fails, the panic's own
    /// text too, which may then be nowhere else.
    fn dump(&self, aborts: bool, unrecorded: &str, text: &str) -> Option<String> {
        let Some(mut dumper) = self.take_dumper() else {
            let patience = PATIENCE.as_secs();
            return Some(format!(
                "circular: no dump: another thread's is not done after {patience} s"
            ));
        };
        let since_last = dumper.last.map(|last| last.elapsed());
        if let Some(ago) = since_last.filter(|ago| !aborts && *ago < INTERVAL) {
            self.give_back(dumper);
            let (ago, interval) = (ago.as_secs(), INTERVAL.as_secs());
            return Some(format!(
                "circular: no dump: the last one was {ago} s ago, and there is at most one in {interval} s"
            ));
        }
        dumper.last = Some(Instant::now());
        let buffer = &mut dumper.buffer;
        let dir = self.dir.as_ref();
        let to_dir = dir.map(|dir| self.dump_to_dir(dir, buffer, unrecorded));
        self.give_back(dumper);
        // Only now, with nothing taken that another thread's panic needs: stderr may be stuck.
        let to_stderr = self.to_stderr.then(|| self.dump_to_stderr(unrecorded));
        let report = match to_dir {
            Some(Ok(report)) if self.to_stderr => format!("{report}, and to stderr"),
            Some(Ok(report)) => report,
            Some(Err(error)) => format!("no dump: {error}; {}", text.trim_end()),
            // Where stderr takes nothing, there is nowhere to say so.
            None => format!("{} to stderr", describe_dump(to_stderr?.ok()?)),
        };
        Some(format!("circular: {report}"))
    }

    /// What one dump at a time may use; nothing if another one has it for too long.
    fn take_dumper(&self) -> Option<Dumper> {
        let deadline = Instant::now() + PATIENCE;
        let mut place = self.dumper.lock();
        while place.is_none() && Instant::now() < deadline {
            self.given_back.wait(&mut place, Some(deadline));
        }
        place.take()
    }

    fn give_back(&self, dumper: Dumper) {
        *self.dumper.lock() = Some(dumper);
        self.given_back.notify_all();
    }

    fn dump_to_dir(
        &self,
        dir: &DumpDir,
        buffer: &mut Buffer,
        unrecorded: &str,
    ) -> io::Result<String> {
        let mut file = dir.create(SystemTime::now())?;
        let dumped = dump::write(&self.shared.tape, buffer, &mut |bytes| {
            file.write_all(bytes)
        })?;
        file.write_all(unrecorded.as_bytes())?;
        let finished = file.finish()?;
        let mut report = describe_dump(dumped);
        let _ = write!(report, " to {}", finished.path.display());
        if let Some(error) = finished.prune_error {
            let _ = write!(report, "; {error}");
        }
        Ok(report)
    }

    fn dump_to_stderr(&self, unrecorded: &str) -> io::Result<Dumped> {
        let mut buffer = Buffer::for_dump(self.shared.tape.capacity());
        let dumped = dump::write(&self.shared.tape, &mut buffer, &mut stderr::write_all)?;
        stderr::write_all(unrecorded.as_bytes())?;
        Ok(dumped)
    }
}

fn describe_dump(dumped: Dumped) -> String {
    let Dumped {
        records,
        bytes,
        missed,
    } = dumped;
    let mut text = format!("dumped {records} records ({bytes} bytes)");
    if !missed.is_empty() {
        let _ = write!(text, ", {missed} that were overwritten meanwhile,");
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

fn executable_name() -> String {
    let path = std::env::current_exe().ok();
    let name = path.as_deref().and_then(|path| path.file_stem());
    name.map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}
