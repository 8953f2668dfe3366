//! The names of rings, for shells that complete them.

use std::collections::BTreeMap;
use std::ffi::OsStr;

use clap_complete::engine::CompletionCandidate;

use crate::find::ending;
use crate::find::rings;

/// Returns the names of programs that have rings and begin with `typed`, and the ids of rings, once there is
/// something to go by.
pub(crate) fn complete(typed: &OsStr) -> Vec<CompletionCandidate> {
    let (Some(typed), Ok(listing)) = (typed.to_str(), rings::list(&[])) else {
        return Vec::new();
    };
    let mut candidates = BTreeMap::new();
    for ring in &listing.rings {
        let what = format!("pid {}, {}", ring.pid(), ending::phrase(ring));
        candidates.insert(ring.info.program.clone(), what.clone());
        if !typed.is_empty() {
            candidates.insert(ring.id(), format!("{}, {what}", ring.info.program));
        }
    }
    candidates.retain(|name, _| name.starts_with(typed));
    let candidate =
        |(name, what): (String, String)| CompletionCandidate::new(name).help(Some(what.into()));
    candidates.into_iter().map(candidate).collect()
}
