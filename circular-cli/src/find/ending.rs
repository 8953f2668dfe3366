//! What has become of a program, in a word and in a phrase: of the command, where a command's output is recorded.
//!
//! Invariant: nothing is said of a command that is only known of its recorder: a command outlives a recorder that is killed.

use std::time::SystemTime;

use circular_core::{CommandEnd, RingState};

use crate::find::rings::Found;

/// Whether it is a command's ring whose recorder has ended, and not known how the command did, or whether.
fn has_lost_recorder(ring: &Found) -> bool {
    let has_ended = matches!(
        ring.state,
        RingState::Died { .. } | RingState::Exited | RingState::ExitedAfterCrash { .. }
    );
    has_ended && ring.info.command_pid.is_some() && ring.command_end.is_none()
}

/// Returns the word for it that `circular ls` shows.
pub(crate) fn word(ring: &Found) -> &'static str {
    match (ring.command_end, &ring.state) {
        (Some((CommandEnd::Killed(_), _)), _) => "died",
        (Some(_), _) => "exited",
        (None, _) if has_lost_recorder(ring) => "unknown",
        (None, RingState::Running | RingState::Detached) => "running",
        (None, RingState::Closed) => "closed",
        (None, RingState::Exited | RingState::ExitedAfterCrash { .. }) => "exited",
        (None, RingState::Died { .. }) => "died",
        (None, RingState::SystemEnded) => "system ended",
        (None, RingState::Copy) => "copy",
        (None, _) => "unknown",
    }
}

/// Returns by which signal it died, if that is known.
pub(crate) fn signal(ring: &Found) -> Option<i32> {
    match (ring.command_end, &ring.state) {
        (Some((CommandEnd::Killed(signal), _)), _) => Some(signal),
        (None, _) if has_lost_recorder(ring) => None,
        (None, RingState::Died { signal, .. }) => *signal,
        _ => None,
    }
}

/// Returns the exit status of a command, if that is known.
pub(crate) fn status(ring: &Found) -> Option<i32> {
    match ring.command_end {
        Some((CommandEnd::Exited(status), _)) => Some(status),
        _ => None,
    }
}

/// Returns all that there is to say of it, in a phrase.
pub(crate) fn phrase(ring: &Found) -> String {
    match ring.command_end {
        Some((end, _)) => end.to_string(),
        None if has_lost_recorder(ring) => {
            format!(
                "its recorder {}; how the command ended is not known",
                ring.state
            )
        }
        None => ring.state.to_string(),
    }
}

/// Returns what there is to say beyond the word, in short; empty if nothing.
pub(crate) fn detail(ring: &Found) -> String {
    match (ring.command_end, &ring.state) {
        (Some((end @ CommandEnd::Killed(_), _)), _) => {
            let text = end.to_string();
            text.strip_prefix("was killed ")
                .map_or(text.clone(), String::from)
        }
        (Some((CommandEnd::Exited(status), _)), _) => format!("status {status}"),
        (None, RingState::Died { signal: None, .. }) if has_lost_recorder(ring) => {
            String::from("its recorder was killed")
        }
        (None, state) if has_lost_recorder(ring) => format!("its recorder {state}"),
        (None, RingState::Died { signal: None, .. }) => {
            String::from("without a note: killed, OOM?")
        }
        (None, RingState::Died { .. }) => {
            let text = ring.state.to_string();
            text.strip_prefix("died of ")
                .map_or(text.clone(), String::from)
        }
        (None, state @ RingState::ExitedAfterCrash { .. }) => {
            let text = state.to_string();
            text.find("after ")
                .map_or(text.clone(), |at| String::from(&text[at..]))
        }
        (None, RingState::Detached) => String::from("its file was cut"),
        (None, _) if ring.info.rest_of.is_some() => String::from("what a command left behind"),
        (None, RingState::Unknown(why)) => why.clone(),
        _ => String::new(),
    }
}

/// Returns when it ended, as far as that is known: when that was noted, or else when the newest record was written.
pub(crate) fn when(ring: &Found, newest: Option<SystemTime>) -> Option<SystemTime> {
    match (ring.command_end, &ring.state) {
        (Some((_, when)), _) => Some(when),
        (None, RingState::Running | RingState::Detached) => None,
        (None, _) if has_lost_recorder(ring) => newest,
        (None, RingState::Died { at: Some(at), .. }) => Some(*at),
        _ => newest,
    }
}

/// Whether [`when`] is when it ended, and not only when it was last heard of.
pub(crate) fn is_noted(ring: &Found) -> bool {
    let is_crash = matches!(ring.state, RingState::Died { at: Some(_), .. });
    ring.command_end.is_some() || is_crash && !has_lost_recorder(ring)
}
