//! The ring that lines go into; or none, if there can be none.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use circular_core::{CommandEnd, Level, Meta, Ring, RingFile};

use crate::args::{LONGEST_NAME, RingOptions};
use crate::output::stderr::say;
use crate::run::backlog::Backlog;
use crate::run::level;

/// How long a process that is about to die waits until what it has is recorded: it is in memory, and soon in the ring.
const PATIENCE: Duration = Duration::from_secs(1);

/// The target of what the recorder says of itself.
const NOTICES: &str = "circular";

/// Takes lines. That there is no ring changes nothing for whoever has lines.
#[derive(Clone, Debug)]
pub(crate) struct Recorder {
    record: RingOptions,
    origin: Origin,
    /// Once it was tried to make it.
    ring: Arc<OnceLock<Option<Ring>>>,
    /// When the command ended, if it has.
    ended: Arc<OnceLock<SystemTime>>,
    /// What is still to be recorded.
    backlog: Arc<OnceLock<Arc<Backlog>>>,
}

/// Whose lines they are.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    /// What the ring is called, if nothing else was asked for.
    pub(crate) name: String,
    /// The path and the process of a command.
    pub(crate) command: Option<(PathBuf, u32)>,
    /// The ring that has what the command printed until it ended, if this is of what it left behind.
    pub(crate) rest_of: Option<u64>,
}

impl Recorder {
    /// Makes the ring. If it cannot be made, that is said, and nothing is recorded.
    pub(crate) fn start(record: &RingOptions, origin: &Origin) -> Self {
        let recorder = Self::at_first_line(record, origin);
        recorder.ring();
        recorder
    }

    /// Makes the ring when there is something to record.
    pub(crate) fn at_first_line(record: &RingOptions, origin: &Origin) -> Self {
        Self {
            record: record.clone(),
            origin: origin.clone(),
            ring: Arc::default(),
            ended: Arc::default(),
            backlog: Arc::default(),
        }
    }

    fn ring(&self) -> Option<&Ring> {
        self.ring.get_or_init(|| self.make()).as_ref()
    }

    fn make(&self) -> Option<Ring> {
        let (record, origin) = (&self.record, &self.origin);
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
        let builder = match origin.rest_of {
            Some(ring) => builder.rest_of(ring),
            None => builder,
        };
        // Without it, whoever cuts the file would end this process, and with it the command.
        match builder.crash_note(true).build() {
            Ok(ring) => Some(ring),
            Err(error) => {
                say(format_args!(
                    "circular: it runs, and nothing is recorded: {error}\n\
                     Try: -D DIR, one that is there and has room, or a smaller --size"
                ));
                None
            }
        }
    }

    /// Returns the ring's id, as far as there is one.
    pub(crate) fn id(&self) -> Option<u64> {
        let handle = self.ring.get()?.as_ref()?.handle();
        Some(RingFile::open(handle.path()?).ok()?.info().ring)
    }

    /// Returns how many bytes the ring holds, or is to hold; 0 if there is none.
    pub(crate) fn capacity(&self) -> usize {
        match self.ring.get() {
            Some(None) => 0,
            _ => self.record.size.into(),
        }
    }

    /// Returns when what there is of a line is recorded without its end.
    pub(crate) fn unfinished_after(&self) -> Duration {
        Duration::from_millis(self.record.unfinished_after)
    }

    /// Records a line that came at `time`. What comes when the command has ended it had printed before.
    pub(crate) fn line(&self, target: &str, time: SystemTime, line: &[u8]) {
        let time = self.ended.get().map_or(time, |ended| time.min(*ended));
        if let Some(ring) = self.ring() {
            let meta = Meta::new().target(target).level(level::of(line)).time(time);
            // It is refused by a ring that is closed, as this one is only at the end.
            let _ = ring.record(meta, line);
        }
    }

    /// Records what is to be known of the recording itself, at `time`.
    pub(crate) fn notice(&self, time: SystemTime, text: &str) {
        if let Some(ring) = self.ring() {
            let meta = Meta::new().target(NOTICES).level(Level::Warn).time(time);
            let _ = ring.record(meta, format!("--- {text} ---\n").as_bytes());
        }
    }

    /// Notes how the command has ended.
    pub(crate) fn ended(&self, end: CommandEnd) {
        let _ = self.ended.set(SystemTime::now());
        if let Some(Some(ring)) = self.ring.get() {
            ring.handle().note_command_end(end);
        }
    }

    /// Returns where so many streams wait to be recorded, which is the same for all of this.
    pub(crate) fn backlog(&self, streams: usize) -> Arc<Backlog> {
        let backlog = || Arc::new(Backlog::new(self.capacity(), streams));
        Arc::clone(self.backlog.get_or_init(backlog))
    }

    /// Records what has come so far, and says that nothing more comes: for a process that is about to die, whoever of it waits
    /// for whom.
    pub(crate) fn record_and_close(&self) {
        if let Some(backlog) = self.backlog.get() {
            backlog.close_all();
            backlog.wait_until_recorded(PATIENCE);
        }
        self.close();
    }

    /// Says that nothing more comes.
    pub(crate) fn close(&self) {
        if let Some(Some(ring)) = self.ring.get() {
            ring.handle().close();
        }
    }
}

/// Returns what the ring of a command is called: the last part of its path, as much of it as a name can have.
pub(crate) fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    let mut name: String = name.to_string_lossy().into_owned();
    let end = (0..=LONGEST_NAME)
        .rev()
        .find(|end| name.is_char_boundary(*end));
    if name.len() > LONGEST_NAME {
        name.truncate(end.unwrap_or(0));
    }
    let name = name.replace(char::is_control, "_");
    // What a name may not begin with.
    match name.strip_prefix(['.', '-']) {
        Some(rest) => format!("_{rest}"),
        None => name,
    }
}

/// A recorder into a directory of its own.
#[cfg(test)]
pub(crate) fn of_test(name: &str) -> (Recorder, PathBuf) {
    let dir = std::env::temp_dir().join(format!("circular-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let record = RingOptions {
        size: "64KiB".parse().unwrap(),
        name: None,
        dir: Some(dir.clone()),
        unfinished_after: 1000,
    };
    let origin = Origin {
        name: String::from("test"),
        command: Some((PathBuf::from("/test"), 1)),
        rest_of: None,
    };
    (Recorder::start(&record, &origin), dir)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn what_comes_after_the_end_was_printed_before() {
        let (recorder, dir) = of_test("recorder");
        let before = SystemTime::now();
        recorder.line("stdout", before, b"before\n");
        recorder.ended(CommandEnd::Exited(0));
        let after = SystemTime::now() + Duration::from_secs(1);
        recorder.line("stdout", after, b"after\n");
        let ring = RingFile::list(&dir).unwrap().remove(0).ring.unwrap();
        let (_, ended) = ring.command_end().unwrap().unwrap();
        let held = ring.snapshot().unwrap();
        let times: Vec<_> = held.records().map(|record| record.time()).collect();
        assert_eq!(times.len(), 2);
        assert!(times[0] == before, "{times:?}");
        assert!(
            times.is_sorted() && times[1] <= ended,
            "{times:?} {ended:?}"
        );
        std::fs::remove_dir_all(&dir).unwrap();
    }

    #[test]
    fn a_commands_name_is_made_one_that_a_ring_can_have() {
        for (path, name) in [
            ("/usr/bin/python3", "python3"),
            ("./-dash", "_dash"),
            ("dir/.hidden", "_hidden"),
            ("..", "_."),
            ("a\nb", "a_b"),
        ] {
            assert_eq!(name_of(Path::new(path)), name, "{path}");
        }
    }
}
