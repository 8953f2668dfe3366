//! The ring that lines go into; or none, if there can be none.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use circular_core::{CommandEnd, Meta, Ring};

use crate::args::Record;
use crate::output::stderr::say;
use crate::run::level;

/// Takes lines. That there is no ring changes nothing for whoever has lines.
#[derive(Clone, Debug)]
pub(crate) struct Recorder(Option<Ring>);

/// Whose lines they are.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    /// What the ring is called, if nothing else was asked for.
    pub(crate) name: String,
    /// The path and the process of a command.
    pub(crate) command: Option<(PathBuf, u32)>,
}

impl Recorder {
    /// Makes the ring. If it cannot be made, that is said, and nothing is recorded.
    pub(crate) fn start(record: &Record, origin: &Origin) -> Self {
        let name = record.name.as_ref().unwrap_or(&origin.name);
        let builder = Ring::builder().capacity(record.size.into());
        let builder = match &record.dir {
            Some(dir) => builder.mapped_in(dir, name),
            None => builder.mapped(name),
        };
        let builder = match &origin.command {
            Some((path, pid)) => builder.command(path, *pid),
            None => builder,
        };
        match builder.build() {
            Ok(ring) => Self(Some(ring)),
            Err(error) => {
                say(format_args!(
                    "circular: it runs, and nothing is recorded: {error}"
                ));
                Self(None)
            }
        }
    }

    /// Returns how many bytes the ring holds; 0 without one.
    pub(crate) fn capacity(&self) -> usize {
        let capacity = self.0.as_ref().map(|ring| ring.handle().capacity());
        capacity.unwrap_or_default()
    }

    /// Records a line that came at `time`.
    pub(crate) fn line(&self, target: &str, time: SystemTime, line: &[u8]) {
        if let Some(ring) = &self.0 {
            let meta = Meta::new().target(target).level(level::of(line)).time(time);
            // It is refused by a ring that is closed, as this one is only at the end.
            let _ = ring.record(meta, line);
        }
    }

    /// Notes how the command has ended.
    pub(crate) fn ended(&self, end: CommandEnd) {
        if let Some(ring) = &self.0 {
            ring.handle().note_command_end(end);
        }
    }

    /// Says that nothing more comes.
    pub(crate) fn close(&self) {
        if let Some(ring) = &self.0 {
            ring.handle().close();
        }
    }
}

/// Returns the last part of a path, which is what a command is called.
pub(crate) fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}
