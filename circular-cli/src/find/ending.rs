//! What has become of a program, in a word and in a phrase.

use std::time::SystemTime;

use circular_core::RingState;

use crate::find::rings::Found;

/// Returns the word for a state that `circular ls` shows.
pub(crate) fn word(state: &RingState) -> &'static str {
    match state {
        RingState::Running | RingState::Detached => "running",
        RingState::Closed => "closed",
        RingState::Exited => "exited",
        RingState::Died { .. } => "died",
        RingState::SystemEnded => "system ended",
        RingState::Copy => "copy",
        _ => "unknown",
    }
}

/// Returns by which signal it died, if that was noted.
pub(crate) fn signal(state: &RingState) -> Option<i32> {
    match state {
        RingState::Died { signal, .. } => *signal,
        _ => None,
    }
}

/// Returns what there is to say beyond the word, in short; empty if nothing.
pub(crate) fn detail(state: &RingState) -> String {
    match state {
        RingState::Died { signal: None, .. } => String::from("without a note"),
        RingState::Died { .. } => {
            let text = state.to_string();
            text.strip_prefix("died of ")
                .map_or(text.clone(), String::from)
        }
        RingState::Detached => String::from("its file was cut"),
        RingState::Unknown(why) => why.clone(),
        _ => String::new(),
    }
}

/// Returns when it ended, as far as that is known: when a crash was noted, or else when the newest record was written.
pub(crate) fn when(ring: &Found, newest: Option<SystemTime>) -> Option<SystemTime> {
    match &ring.state {
        RingState::Running | RingState::Detached => None,
        RingState::Died { at: Some(at), .. } => Some(*at),
        _ => newest,
    }
}
