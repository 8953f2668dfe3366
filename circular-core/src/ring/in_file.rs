//! What a ring in a file tells of itself there, beside its records: how it ended, and what it counts.
//!
//! Invariant: it is told where it changes, under the ring's lock (but for what is refused), and never by a forked child,
//! whose memory of the file is its parent's.

use crate::crash;
#[cfg(target_os = "linux")]
use crate::crash::watched::{self, Watched};
use crate::error::MappingError;
#[cfg(target_os = "linux")]
use crate::file::lock::Lock;
#[cfg(target_os = "linux")]
use crate::file::make::Made;
use crate::file::make::{self, Prepared};
use crate::file::wanted::Wanted;
#[cfg(target_os = "linux")]
use crate::format::command;
use crate::format::command::CommandEnd;
use crate::format::live;
use crate::format::origin::Recorded;
use crate::format::word::WORD;
#[cfg(target_os = "linux")]
use crate::memory::block::Block;
use crate::memory::block::Line;
#[cfg(target_os = "linux")]
use crate::memory::mapped::Mapping;
use crate::ring::counts::Counts;
use crate::tape::{Tape, index};
use crate::time::clock;
#[cfg(target_os = "linux")]
use std::fs::File;
use std::path::{Path, PathBuf};
#[cfg(target_os = "linux")]
use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, Release};

/// What is asked of a ring's file.
#[derive(Clone, Debug)]
pub(crate) struct FileOptions {
    /// The caller's directory, or the default.
    pub(crate) dir: Option<PathBuf>,
    pub(crate) program: String,
    pub(crate) keep: usize,
    pub(crate) mode: u32,
    /// Whether crashes are noted in it.
    pub(crate) crash_note: bool,
    pub(crate) recorded: Recorded,
}

/// Makes the file of ring `id`, with a tape of so many bytes in it.
pub(crate) fn make(
    options: &FileOptions,
    capacity: usize,
    id: u64,
) -> Result<(Tape, InFile), MappingError> {
    let FileOptions {
        dir,
        program,
        recorded,
        ..
    } = options.clone();
    if options.crash_note {
        crash::install()?;
    }
    let prepared = make::prepare(&Wanted {
        dir,
        program,
        capacity,
        blocks: index::block_count(capacity),
        keep: options.keep,
        mode: options.mode,
        ring: id,
        notes_crashes: options.crash_note,
        recorded,
    })?;
    map(prepared, options)
}

#[cfg(target_os = "linux")]
fn map(prepared: Prepared, options: &FileOptions) -> Result<(Tape, InFile), MappingError> {
    let layout = prepared.layout();
    let mapping = Mapping::of(prepared.file(), layout.len).map_err(|error| {
        let message = format!(
            "cannot map {} bytes of the ring's file into memory: {error}; choose a smaller capacity, or raise the limit of \
             the address space (ulimit -v)",
            layout.len
        );
        MappingError::of_system(message, error)
    })?;
    let block = Block::in_file(mapping).map_err(|error| {
        let message = format!(
            "the system does not give all {} bytes of the ring's file as memory: {error}; choose a smaller capacity, or \
             another directory ($CIRCULAR_DIR, or mapped_in)",
            layout.len
        );
        MappingError::of_system(message, error)
    })?;
    let tape = Tape::new(&block, &layout);
    // Before others see it, and given up, if that fails, before the memory is.
    let watched = if options.crash_note {
        let memory = block.words(0, layout.len);
        let watched = watched::watch(memory, &layout, prepared.file(), tape.lost());
        Some(watched.map_err(|error| {
            let message = format!("cannot look at the ring's file: {error}; try again");
            MappingError::of_system(message, error)
        })?)
    } else {
        None
    };
    let made = prepared.publish()?;
    Ok((tape, InFile::new(&block, made, watched)))
}

#[cfg(not(target_os = "linux"))]
fn map(prepared: Prepared, _: &FileOptions) -> Result<(Tape, InFile), MappingError> {
    prepared.never()
}

pub(crate) struct InFile {
    /// First, as it is to be dropped before the memory is; and the file, which is open as long as a handler may ask how long
    /// it is.
    #[cfg(target_os = "linux")]
    watched: Option<(Watched, File)>,
    path: PathBuf,
    /// The state, and when.
    state: Line,
    counters: Line,
    /// How the command has ended whose output is recorded, and when.
    command: Line,
    /// By which others see that this process lives.
    #[cfg(target_os = "linux")]
    _lock: Option<Lock>,
}

impl InFile {
    /// Of a ring in that memory, which is that file's.
    #[cfg(target_os = "linux")]
    fn new(block: &Arc<Block>, made: Made, watched: Option<Watched>) -> Self {
        let line = |offset: usize| block.line(made.layout.live + offset);
        Self {
            watched: watched.map(|watched| (watched, made.file)),
            state: line(live::STATE),
            counters: line(live::COUNTERS),
            command: line(command::AT),
            path: made.path,
            _lock: made.lock,
        }
    }

    /// Whether a handler tells it of crashes, and of memory that is gone.
    #[cfg(target_os = "linux")]
    pub(crate) fn is_watched(&self) -> bool {
        self.watched.is_some()
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Says that nothing more will be written. The caller has the ring's lock.
    pub(crate) fn set_closed(&self) {
        self.set_state(live::CLOSED);
    }

    /// Says that the program has come to its end, if it has not closed the ring. The caller has the ring's lock.
    pub(crate) fn set_exited(&self) {
        if self.state[0].load(Relaxed) == live::OPEN {
            self.set_state(live::EXITED);
        }
    }

    fn set_state(&self, state: u64) {
        let when = (live::WHEN - live::STATE) / WORD;
        self.state[when].store(clock::exact().since_1970(), Relaxed);
        self.state[0].store(state, Release);
    }

    /// Says how the command has ended whose output is recorded.
    pub(crate) fn set_command_end(&self, end: CommandEnd) {
        self.command[1].store(clock::exact().since_1970(), Relaxed);
        self.command[0].store(end.encode(), Release);
    }

    /// Says what has been counted, but for the refused. The caller has the ring's lock.
    pub(crate) fn set_counts(&self, counts: &Counts) {
        for (word, value) in self.counters.iter().skip(1).zip(counts.told()) {
            word.store(value, Relaxed);
        }
    }

    /// Says how many writes have been refused.
    pub(crate) fn set_refused(&self, refused: u64) {
        self.counters[0].fetch_max(refused, Relaxed);
    }
}
