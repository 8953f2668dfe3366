//! The names of rings, for shells that complete them.

use std::collections::BTreeMap;
use std::ffi::OsStr;

use clap_complete::engine::CompletionCandidate;

use crate::find::ending;
use crate::find::rings;

/// Whether a shell takes a name as it is, as one word and not as an option: what completes it is put into the line as it is, and a name may be
/// anybody's.
fn is_word(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-+,@%/".contains(&byte);
    !name.starts_with('-') && name.bytes().all(is_plain)
}

/// Returns the names of programs that have rings and begin with `typed`, and the ids of rings, once there is
/// something to go by; and those of rings with names that would have to be quoted.
pub(crate) fn complete(typed: &OsStr) -> Vec<CompletionCandidate> {
    let (Some(typed), Ok(listing)) = (typed.to_str(), rings::list(&[])) else {
        return Vec::new();
    };
    let mut candidates = BTreeMap::new();
    for ring in &listing.rings {
        let what = format!("pid {}, {}", ring.pid(), ending::phrase(ring));
        let name = &ring.info.program;
        let is_word = is_word(name);
        if is_word {
            candidates.insert(name.clone(), what.clone());
        }
        if !typed.is_empty() || !is_word {
            candidates.insert(ring.id(), format!("{}, {what}", ring.info.program));
        }
    }
    candidates.retain(|name, _| name.starts_with(typed));
    let candidate =
        |(name, what): (String, String)| CompletionCandidate::new(name).help(Some(what.into()));
    candidates.into_iter().map(candidate).collect()
}
