//! Removing old dumps, and what killed ones have left.
//!
//! Invariant: only regular files with just the names that this program's dumps have are removed.

use super::stamp::Stamp;
use super::{DumpDir, Id, State, explain, remove};
use std::fs;
use std::io::{self, ErrorKind};

/// How many dumps of one program a directory keeps, whatever process made them.
const KEEP: usize = 8;

/// What to do about dumps that cannot be removed.
pub(super) const BY_HAND: &str =
    "remove old dumps by hand, or make the directory readable and writable";

impl DumpDir {
    /// Removes all dumps of this program but `latest` and the newest others, eight in all, by the time
    /// in the name; and of the unfinished ones those that are not among the newest eight or were
    /// abandoned more than ten minutes before `now`. A process that is killed amid its dump leaves one,
    /// and one after the other they would fill the disk.
    ///
    /// `latest` stays even if the clock was set back and others look newer. Only regular files
    /// count, and only they are removed: a directory or a link is nothing that we made, whatever
    /// its name.
    pub(super) fn prune(&self, latest: Option<Id>, now: Stamp, errors: &mut Vec<io::Error>) {
        let mut found = self.list(errors);
        // The newest first.
        found.sort_unstable_by(|(_, one), (_, other)| other.cmp(one));
        let mut whole_left = KEEP - usize::from(latest.is_some());
        let mut partial_left = KEEP;
        for (state, id) in found {
            if Some(id) == latest {
                continue;
            }
            let left = match state {
                State::Whole => &mut whole_left,
                State::Partial => &mut partial_left,
            };
            let abandoned = matches!(state, State::Partial) && id.stamp.is_stale(now);
            if *left > 0 && !abandoned {
                *left -= 1;
                continue;
            }
            let path = self.dir.join(self.file_name(state, id));
            if let Err(error) = remove(&path) {
                errors.push(explain("remove the old dump", &path, &error, BY_HAND));
            }
        }
    }

    /// This program's dumps.
    fn list(&self, errors: &mut Vec<io::Error>) -> Vec<(State, Id)> {
        let listing = |error| explain("list the dumps in", &self.dir, &error, BY_HAND);
        let mut found = Vec::new();
        let entries = match fs::read_dir(&self.dir) {
            Ok(entries) => entries,
            Err(error) => {
                errors.push(listing(error));
                return found;
            }
        };
        for entry in entries {
            match entry {
                Ok(entry) => match self.recognise(&entry) {
                    Ok(ours) => found.extend(ours),
                    Err(error) => errors.push(listing(error)),
                },
                Err(error) => {
                    errors.push(listing(error));
                    // Some systems would tell us the same for ever.
                    break;
                }
            }
        }
        found
    }

    /// Which of our files an entry is, if any.
    fn recognise(&self, entry: &fs::DirEntry) -> io::Result<Option<(State, Id)>> {
        let name = entry.file_name();
        let found = name.to_str().and_then(|name| {
            let whole = self.parse(State::Whole, name).map(|id| (State::Whole, id));
            whole.or_else(|| Some((State::Partial, self.parse(State::Partial, name)?)))
        });
        if found.is_none() {
            return Ok(None);
        }
        match entry.file_type() {
            Ok(kind) if kind.is_file() => Ok(found),
            Ok(_) => Ok(None),
            // Another process has pruned it.
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The first error, and how many there are besides.
pub(super) fn summary(errors: Vec<io::Error>) -> Option<io::Error> {
    let more = errors.len().saturating_sub(1);
    let first = errors.into_iter().next()?;
    if more == 0 {
        return Some(first);
    }
    let message = format!("{first} (and {more} more such errors)");
    Some(io::Error::new(first.kind(), message))
}
