//! Rings that are made while somebody looks: the next runs of programs, and programs that are started later.
//!
//! Invariant: each ring is news once, in the order in which they were made.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use crate::find::places::places;
use crate::find::rings::{self, Found};

/// How often directories are asked whether there is something new in them.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(25);
/// A file may be made within the same tick of a directory's clock as the look before: so they are read now and then anyway.
const READ_EVERY: Duration = Duration::from_secs(2);

/// What is looked at, and what is no news there.
#[derive(Debug)]
pub(crate) struct News {
    dirs: Vec<PathBuf>,
    /// The ids of rings.
    known: HashSet<u64>,
    looked: Instant,
    read: Instant,
    /// When the directories were changed last.
    changed: HashMap<PathBuf, SystemTime>,
}

impl News {
    /// Returns one that looks at these directories, or at the default ones if there are none, and knows of the rings with
    /// these ids.
    pub(crate) fn new(dirs: Vec<PathBuf>, known: HashSet<u64>) -> Self {
        let now = Instant::now();
        Self {
            dirs,
            known,
            looked: now,
            read: now,
            changed: HashMap::new(),
        }
    }

    /// Whether it was there, or has been news.
    pub(crate) fn knows(&self, ring: u64) -> bool {
        self.known.contains(&ring)
    }

    /// Whether the last look is so long ago that it is time for the next one, which then has to follow.
    pub(crate) fn is_due(&mut self) -> bool {
        let now = Instant::now();
        let is_due = now.duration_since(self.looked) >= LOOK_EVERY;
        if is_due {
            self.looked = now;
        }
        is_due
    }

    /// Returns the rings that are news, of those that are wanted, the oldest first; copies are none. `None` if the directories
    /// are as they were.
    pub(crate) fn look(&mut self, is_wanted: impl Fn(&Found) -> bool) -> Option<Vec<Found>> {
        let now = Instant::now();
        let mut has_changed = now.duration_since(self.read) >= READ_EVERY;
        for place in places(&self.dirs) {
            if let Ok(changed) = std::fs::metadata(&place.path).and_then(|data| data.modified()) {
                let before = self.changed.insert(place.path, changed);
                has_changed |= before != Some(changed);
            }
        }
        if !has_changed {
            return None;
        }
        self.read = now;
        // One that cannot be read now may be again.
        let listing = rings::list(&self.dirs).ok()?;
        let is_news = |ring: &Found| {
            is_wanted(ring) && !ring.info.is_copy && !self.known.contains(&ring.info.ring)
        };
        let mut news: Vec<_> = listing.rings.into_iter().filter(is_news).collect();
        news.sort_by_key(|ring| ring.info.created);
        self.known.extend(news.iter().map(|ring| ring.info.ring));
        Some(news)
    }
}
