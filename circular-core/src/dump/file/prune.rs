//! Removing old dumps, and what killed ones have left.
//!
//! Invariant: only regular files with just the names that this program's dumps have are removed.

use super::advice::explain;
use super::dir::{DumpDir, remove};
use super::listing::Kind;
use super::names::{Id, State};
use super::stamp::Stamp;
use std::fs;
use std::io;
use std::path::Path;

/// How many dumps of one program a directory keeps, whatever process made them.
const KEEP: usize = 8;

/// What to do about dumps that cannot be removed.
pub(super) const BY_HAND: &str =
    "remove old dumps by hand, or make the directory readable and writable";

impl DumpDir {
    /// Removes all dumps of this program but `latest` and the newest others, eight in all, by the time
    /// in the name; and of the unfinished ones those that are not among the newest eight or were
    /// abandoned more than ten minutes before `now`. A text and the image beside it count as one, stay together and go
    /// together; so does what is left of such a pair. A process that is killed amid its dump leaves one,
    /// and one after the other they would fill the disk.
    ///
    /// `latest` stays even if the clock was set back and others look newer. Only regular files
    /// count, and only they are removed: a directory or a link is nothing that we made, whatever
    /// its name.
    ///
    /// It looks twice: for which are the newest, and for those that are older. What others make between
    /// the two is newer, and stays.
    pub(super) fn prune(&mut self, latest: Option<Id>, now: Stamp, errors: &mut Vec<io::Error>) {
        let Self {
            dir,
            names,
            reserve,
            listing,
            partial: path,
            ..
        } = self;
        let mut whole = Newest::of(KEEP - usize::from(latest.is_some()));
        let mut partial = Newest::of(KEEP);
        let looked = listing.each(dir, reserve, &mut |name, kind| {
            let parsed = names.parse(name).filter(|(.., id)| Some(*id) != latest);
            if let Some((state, form, id)) = parsed {
                names.set_path(path, dir, (state, form, id));
                if is_file(kind, path) {
                    match state {
                        State::Whole => whole.add(id),
                        State::Partial => partial.add(id),
                    }
                }
            }
        });
        let looked = looked.and_then(|()| {
            listing.each(dir, reserve, &mut |name, kind| {
                let Some((state, form, id)) = names.parse(name) else {
                    return;
                };
                let is_old = match state {
                    State::Whole => Some(id) != latest && whole.is_older(id),
                    State::Partial => partial.is_older(id) || id.stamp.is_stale(now),
                };
                if !is_old {
                    return;
                }
                names.set_path(path, dir, (state, form, id));
                if is_file(kind, path) {
                    if let Err(error) = remove(path) {
                        errors.push(explain("remove the old dump", path, &error, BY_HAND));
                    }
                }
            })
        });
        if let Err(error) = looked {
            errors.push(explain("list the dumps in", dir, &error, BY_HAND));
        }
    }
}

/// Whether an entry is a regular file. One that another process has pruned meanwhile is none.
fn is_file(kind: Kind, path: &Path) -> bool {
    match kind {
        Kind::File => true,
        Kind::Other => false,
        Kind::Unknown => fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file()),
    }
}

/// The newest dumps of those that it has seen.
struct Newest {
    /// The newest first.
    ids: [Option<Id>; KEEP],
    /// How many it keeps.
    room: usize,
}

impl Newest {
    fn of(room: usize) -> Self {
        Self {
            ids: [None; KEEP],
            room,
        }
    }

    /// One that is there counts once: a text and its image are one dump.
    fn add(&mut self, id: Id) {
        if self.ids.contains(&Some(id)) {
            return;
        }
        let mut next = Some(id);
        for kept in self.ids.iter_mut().take(self.room) {
            // `None` is less than any.
            if next > *kept {
                std::mem::swap(&mut next, kept);
            }
        }
    }

    /// Whether it is older than all of these, and they are as many as are kept.
    fn is_older(&self, id: Id) -> bool {
        let oldest = self.room.checked_sub(1).and_then(|last| self.ids.get(last));
        oldest.is_some_and(|oldest| oldest.is_some_and(|oldest| id < oldest))
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
