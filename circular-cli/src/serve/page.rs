//! The rings on the page.

use std::collections::HashMap;

use circular_core::RingFile;
use circular_http::Sources;

use crate::find::ending;
use crate::find::rings::Found;
use crate::output::shown;
use crate::serve::names::{Names, Run};

/// So many rings `circular-http` shows.
const ROOM: usize = 64;

/// What is shown.
#[derive(Debug, Default)]
pub(crate) struct Page {
    sources: Sources,
    names: Names,
    /// Those whose programs ran when it was looked last. What has ended is not kept open here.
    running: HashMap<u64, RingFile>,
}

impl Page {
    /// Returns what is to be served, which grows with what is added.
    pub(crate) fn sources(&self) -> Sources {
        self.sources.clone()
    }

    /// Adds rings, the oldest first, and lets go of what has been removed. Returns what there is to say of each: its name, its process, and what has become of it.
    pub(crate) fn add(&mut self, rings: &[Found]) -> Vec<String> {
        self.running
            .retain(|_, file| Found::of(file.clone()).is_running());
        self.names.look(|ring| self.running.contains_key(&ring));
        self.sources.forget_removed();
        let names = self.names.add(rings.iter().map(Run::of).collect());
        let mut words = Vec::new();
        for (ring, name) in rings.iter().zip(names) {
            let (shown, pid) = (shown::text(&name), ring.pid());
            words.push(format!("{shown}, pid {pid}: {}", ending::phrase(ring)));
            self.sources.add((name, ring.file.clone()));
            if ring.is_running() {
                self.running.insert(ring.info.ring, ring.file.clone());
            }
        }
        if rings.len() > ROOM {
            let count = rings.len();
            words.push(format!(
                "a page has room for {ROOM} rings: of these {count}, the oldest runs are left out"
            ));
        }
        words
    }
}
