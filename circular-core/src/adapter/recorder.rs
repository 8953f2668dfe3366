//! A recorder in one call: what the adapters' `recorder` functions have in common.
//!
//! Invariant: nothing of the program is changed before all that can fail has succeeded, and of what was
//! started nothing is left if something fails, but a directory for dumps that was made.

use std::env;
use std::fmt;
use std::fs;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use crate::api::handle::Handle;
use crate::api::ring::Ring;
use crate::dump::panic_dump::{PanicDump, PanicDumpBuilder};
use crate::dump::redaction::Redaction;
use crate::dump::trigger::DumpTrigger;
use crate::record::Record;
use crate::redact::redacted::Redacted;
use crate::ring::policy::Policy;
use crate::select::targets::Targets;
use crate::sink::terminal::TerminalWriter;

/// How long readers get to finish when the program ends, and how long a log call waits for a console that
/// nobody reads, once.
const PATIENCE: Duration = Duration::from_secs(1);

/// The variable with the console's directives.
const CONSOLE: &str = "RUST_LOG";

/// What a recorder is to be like; the adapters' builders show it to users.
#[derive(Clone)]
pub struct Setup {
    program: String,
    capacity: usize,
    is_mapped: bool,
    record: String,
    console: Option<String>,
    dumps: Option<PathBuf>,
    dump_on_error: bool,
    redaction: Option<Redaction>,
    patience: Duration,
}

/// What was set up. The adapter has `record` to install, and then calls [`finish`](Self::finish).
pub struct Prepared {
    /// Where to record.
    pub ring: Ring,
    /// What to record: what is asked for, and what is printed.
    pub record: Targets,
    /// What to tell of errors.
    pub trigger: Option<DumpTrigger>,
    panic_dump: Option<PanicDumpBuilder>,
    guard: Recorder,
    complaints: Vec<String>,
    file: Unfinished,
    /// It is to be said where the file is.
    is_told: bool,
}

/// The ring's file, which goes away if the recorder does not come about.
struct Unfinished(Option<PathBuf>);

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            // If not, the next one removes it.
            let _ = fs::remove_file(path);
        }
    }
}

impl Setup {
    /// Of a program of that name.
    pub fn new(program: String) -> Self {
        Self {
            program,
            capacity: 10 << 20,
            is_mapped: true,
            record: "debug".into(),
            console: Some("info".into()),
            dumps: None,
            dump_on_error: false,
            redaction: None,
            patience: PATIENCE,
        }
    }

    /// See the adapters.
    pub fn capacity(&mut self, bytes: usize) {
        self.capacity = bytes;
    }

    /// See the adapters.
    pub fn mapped(&mut self, is_mapped: bool) {
        self.is_mapped = is_mapped;
    }

    /// See the adapters.
    pub fn record(&mut self, directives: String) {
        self.record = directives;
    }

    /// See the adapters.
    pub fn console(&mut self, directives: Option<String>) {
        self.console = directives;
    }

    /// See the adapters.
    pub fn dumps(&mut self, dir: PathBuf) {
        self.dumps = Some(dir);
    }

    /// See the adapters.
    pub fn dump_on_error(&mut self) {
        self.dump_on_error = true;
    }

    /// See the adapters.
    pub fn redact(&mut self, hook: impl Fn(&Record<'_>) -> Redacted + Send + Sync + 'static) {
        self.redaction = Some(Redaction::new(hook));
    }

    /// See the adapters.
    pub fn patience(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// Makes all but the logger.
    ///
    /// # Errors
    ///
    /// Why the ring, a directory for dumps, a dump in it, or a thread cannot be had.
    pub fn prepare(self) -> io::Result<Prepared> {
        if self.dump_on_error && self.dumps.is_none() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "a recorder that dumps on errors needs a directory for that: call dumps(dir) too",
            ));
        }
        let mut complaints = Vec::new();
        let variable = variable(&self.program);
        let mut record = directives(&variable, &self.record, &mut complaints);
        let console = self.console.as_ref();
        let console = console.map(|text| directives(CONSOLE, text, &mut complaints));
        if let Some(console) = &console {
            record = record.or(console);
        }
        let mut ring = Ring::builder()
            .capacity(self.capacity)
            .flush_at_exit(self.patience);
        if self.is_mapped {
            ring = ring.mapped(&*self.program).or_heap();
        }
        let ring = ring.build()?;
        // From here on, an error drops it, and with it goes what was started.
        let guard = Recorder {
            handle: ring.handle(),
            patience: self.patience,
        };
        let handle = ring.handle();
        let file = Unfinished(handle.path().map(Path::to_path_buf));
        complaints.extend(no_file(&handle));
        let panic_dump = self.panic_dump(&handle)?;
        let trigger = self.start_trigger(&handle)?;
        let is_told = console.is_some();
        if let Some(console) = console {
            print(&ring, console)?;
        }
        Ok(Prepared {
            ring,
            record,
            trigger,
            panic_dump,
            guard,
            complaints,
            file,
            is_told,
        })
    }

    /// What dumps at a panic, when it has been found out that it can.
    fn panic_dump(&self, handle: &Handle) -> io::Result<Option<PanicDumpBuilder>> {
        let Some(dir) = &self.dumps else {
            return Ok(None);
        };
        // Of what is there already, trying it out tells more.
        if fs::symlink_metadata(dir).is_err() {
            fs::create_dir_all(dir).map_err(|error| {
                let shown = dir.display();
                let text = format!(
                    "cannot make {shown}, the directory for dumps: {error}; choose one that can be made, or that is there"
                );
                io::Error::new(error.kind(), text)
            })?;
        }
        let mut dump = PanicDump::builder(handle)
            .dir(dir)
            .program(&*self.program)
            .flush(self.patience);
        if let Some(redaction) = self.redaction.clone() {
            dump = dump.redaction(redaction);
        }
        dump.try_out()?;
        Ok(Some(dump))
    }

    fn start_trigger(&self, handle: &Handle) -> io::Result<Option<DumpTrigger>> {
        let Some(dir) = self.dumps.as_ref().filter(|_| self.dump_on_error) else {
            return Ok(None);
        };
        let mut trigger = DumpTrigger::builder(handle)
            .dir(dir)
            .program(&*self.program);
        if let Some(redaction) = self.redaction.clone() {
            trigger = trigger.redaction(redaction);
        }
        trigger.start().map(Some)
    }
}

impl Prepared {
    /// Does what is left when the logger is installed, and hands the guard over.
    pub fn finish(mut self) -> Recorder {
        if let Some(dump) = self.panic_dump {
            dump.install();
        }
        let path = self.file.0.take().filter(|_| self.is_told);
        let path = path.as_deref().map(Path::display);
        let path = path.map(|path| format!("the log stays in {path} when the program is killed"));
        for line in self.complaints.iter().chain(&path) {
            // Not through `eprintln!`, which panics when stderr is gone.
            let _ = writeln!(io::stderr(), "circular: {line}");
        }
        self.guard
    }
}

/// Why the ring is not in a file, if that is worth saying: systems other than Linux have none for any ring.
fn no_file(handle: &Handle) -> Option<String> {
    let error = handle.mapping_error()?;
    let is_told = cfg!(target_os = "linux") || error.kind() != ErrorKind::Unsupported;
    is_told
        .then(|| format!("the log is in memory only, and lost if the program is killed: {error}"))
}

/// Prints the ring on standard error.
fn print(ring: &Ring, console: Targets) -> io::Result<()> {
    let stderr = io::stderr();
    let reader = ring
        .handle()
        .reader()
        .policy(Policy::BlockFor(PATIENCE))
        .filter(console);
    let colors = wants_colors(stderr.is_terminal());
    // A file gets the bytes as they are.
    if stderr.is_terminal() || colors {
        reader.spawn(TerminalWriter::new(stderr).colors(colors))?;
    } else {
        reader.spawn(stderr)?;
    }
    Ok(())
}

/// What is said in so many words, if anything is.
fn asked_for_colors() -> Option<bool> {
    let value = |name| env::var_os(name).filter(|value| !value.is_empty());
    if value("NO_COLOR").is_some() {
        return Some(false);
    }
    if let Some(force) = value("FORCE_COLOR") {
        return Some(force != "0" && force != "false");
    }
    value("CLICOLOR_FORCE")
        .filter(|force| force != "0")
        .map(|_| true)
}

/// As <https://no-color.org>, <https://force-color.org> and <https://bixense.com/clicolors> have it, in this order; but
/// `FORCE_COLOR` may be 0 or false, as Node.js has it.
fn wants_colors(is_terminal: bool) -> bool {
    let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    let is = |name, wanted: &str| env::var_os(name).is_some_and(|value| value == wanted);
    // An old console of Windows shows colours only to programs that have asked it to.
    let can = !cfg!(windows) || is_set("WT_SESSION") || is_set("TERM");
    let may = is_terminal && can && !is("CLICOLOR", "0") && !is("TERM", "dumb");
    asked_for_colors().unwrap_or(may)
}

/// The name of the variable that says what a program's ring keeps: `my-shop` has `MY_SHOP_RECORD`.
fn variable(program: &str) -> String {
    let letter = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_uppercase()
        } else {
            '_'
        }
    };
    program
        .chars()
        .map(letter)
        .chain("_RECORD".chars())
        .collect()
}

/// The directives of a variable, or else of `text`. What is bad is named, and the rest holds.
fn directives(variable: &str, text: &str, complaints: &mut Vec<String>) -> Targets {
    let mut parse = |source: &str, text: &str| {
        let (targets, bad) = Targets::parse_lossy(text);
        let parts = text.split(',').filter(|part| !part.trim().is_empty());
        let is_empty = parts.count() == bad.len();
        complaints.extend(bad.iter().map(|bad| format!("{source}: ignoring {bad}")));
        (!is_empty).then_some(targets)
    };
    let said = env::var_os(variable).unwrap_or_default();
    // What is not UTF-8 becomes the replacement character, and the part that has it does not parse.
    let said = said.to_string_lossy();
    if !said.trim_matches([',', ' ']).is_empty() {
        if let Some(targets) = parse(variable, &said) {
            return targets;
        }
    }
    parse("the program's own directives", text).unwrap_or_default()
}

/// A recorder that is set up. Dropping it closes the ring and lets its readers finish, a second at most unless
/// said; so keep it until the end of `main`.
///
/// Where a program ends without dropping it, by [`std::process::exit`], the same is done there, if the system has
/// a way to be told. After it is dropped, what is logged is refused, and counted.
#[must_use = "when it is dropped, recording ends: `let _recorder = …` keeps it until the end of the block"]
pub struct Recorder {
    handle: Handle,
    patience: Duration,
}

impl Recorder {
    /// Returns the ring's handle: for a snapshot, a reader, the statistics, or a page that shows the log.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.handle.close();
        self.handle.join_timeout(self.patience);
        // Else a program that ends now would wait a second time for who has not come so far.
        self.handle.shared().is_through.store(true, Relaxed);
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder")
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Setup")
            .field("program", &self.program)
            .field("capacity", &self.capacity)
            .field("is_mapped", &self.is_mapped)
            .field("record", &self.record)
            .field("console", &self.console)
            .field("dumps", &self.dumps)
            .field("dump_on_error", &self.dump_on_error)
            .field("redacts", &self.redaction.is_some())
            .field("patience", &self.patience)
            .finish()
    }
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prepared")
            .field("record", &self.record)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_has_the_programs_name() {
        assert_eq!(variable("my-shop"), "MY_SHOP_RECORD");
        assert_eq!(variable("shop2.bin"), "SHOP2_BIN_RECORD");
    }
}
