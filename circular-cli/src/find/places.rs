//! Which directories rings are looked for in, and why those.
//!
//! A program makes its ring in one of them, as the documentation of `RingBuilder::mapped` says; whoever looks wants those
//! of other users as well, as far as they may be read. So root sees all.

use std::collections::HashSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// A directory, and why it is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) path: PathBuf,
    pub(crate) why: &'static str,
    /// It was asked for: that it cannot be read is an error.
    pub(crate) is_asked: bool,
}

/// Where to look for default directories of other users.
const RUNTIMES: &str = "/run/user";
const MEMORY: &str = "/dev/shm";

/// Returns the directories to look at: `asked`, if there are any, else all default ones that are there, and if there are
/// none, the one where a ring of this user would be.
pub(crate) fn places(asked: &[PathBuf]) -> Vec<Place> {
    if !asked.is_empty() {
        let asked = asked.iter().map(|path| Place {
            path: path.clone(),
            why: "-D",
            is_asked: true,
        });
        return once_each(asked.collect());
    }
    let default = |path: PathBuf, why| Place {
        path,
        why,
        is_asked: false,
    };
    let mut places = Vec::new();
    if let Some(dir) = variable("CIRCULAR_DIR") {
        places.push(Place {
            is_asked: true,
            ..default(dir, "CIRCULAR_DIR")
        });
    }
    let own_runtime = variable("XDG_RUNTIME_DIR").filter(|dir| dir.is_absolute());
    if let Some(dir) = &own_runtime {
        places.push(default(dir.join("circular"), "XDG_RUNTIME_DIR"));
    }
    let users = children(Path::new(RUNTIMES)).into_iter();
    places.extend(users.map(|dir| default(dir.join("circular"), "a login session's")));
    let own_memory = format!("circular-{}", rustix::process::getuid().as_raw());
    for dir in children(Path::new(MEMORY)) {
        let name = dir.file_name().and_then(|name| name.to_str());
        if name.is_some_and(|name| name == own_memory) {
            places.push(default(dir, "this user's where there is no login session"));
        } else if name.is_some_and(|name| name.starts_with("circular-")) {
            places.push(default(dir, "another user's"));
        }
    }
    places.retain(|place| place.is_asked || place.path.is_dir());
    if places.is_empty() {
        places.push(default(
            Path::new(MEMORY).join(own_memory),
            "this user's where there is no login session",
        ));
    }
    once_each(places)
}

/// Returns why a directory would be looked at; `None` if it would not.
pub(crate) fn why(dir: &Path, asked: &[PathBuf]) -> Option<&'static str> {
    let is_it = |place: &Place| {
        let real = |path: &Path| fs::canonicalize(path).ok();
        place.path == dir || real(&place.path).is_some_and(|path| real(dir) == Some(path))
    };
    places(asked)
        .iter()
        .find(|place| is_it(place))
        .map(|place| place.why)
}

/// The value of a variable; by the customs for such, an empty one is none.
fn variable(name: &str) -> Option<PathBuf> {
    let value = env::var_os(name).filter(|value| !value.is_empty());
    value.map(PathBuf::from)
}

/// What is in a directory, in the order of the names; nothing if it cannot be read.
fn children(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// Without those that are the same directory by another path.
fn once_each(places: Vec<Place>) -> Vec<Place> {
    let mut seen = HashSet::new();
    let is_new = |place: &Place| {
        let real = fs::canonicalize(&place.path);
        seen.insert(real.unwrap_or_else(|_| place.path.clone()))
    };
    let mut places = places;
    let mut is_new = is_new;
    places.retain(|place| is_new(place));
    places
}
