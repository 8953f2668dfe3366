//! Sessions: what a browser has once it has shown the token, in the token's place.
//!
//! A cookie goes to every port of a machine, so whatever else a browser visits there may see it. What it holds is
//! random, and is known here only as long as the process lives, for [`LIFE`] at most, or until somebody signs out.
//! Nothing of the token is in it, nor in the cookie's name.
//!
//! Invariant: whoever guesses learns nothing from how long a comparison takes; it takes as long whatever differs.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use subtle::{Choice, ConstantTimeEq as _};

/// How long one lasts, whether it is used or not.
const LIFE: Duration = Duration::from_secs(12 * 60 * 60);

/// How many there are at most. One more ends the oldest.
const MOST: usize = 256;

/// How many random bytes one is: twice as many as nobody can guess.
const BYTES: usize = 32;

/// Those that there are, the oldest first.
#[derive(Default)]
pub(crate) struct Sessions(Mutex<VecDeque<Session>>);

struct Session {
    id: String,
    ends: Instant,
}

impl Sessions {
    /// Begins one, and returns what its browser has to show: hexadecimal digits.
    pub(crate) fn begin(&self, now: Instant) -> io::Result<String> {
        let mut random = [0; BYTES];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let mut id = String::with_capacity(2 * BYTES);
        for byte in random {
            // Writing to a string does not fail.
            let _ = write!(id, "{byte:02x}");
        }
        let mut sessions = self.living(now);
        if sessions.len() == MOST {
            sessions.pop_front();
        }
        sessions.push_back(Session {
            id: id.clone(),
            ends: now + LIFE,
        });
        Ok(id)
    }

    /// Whether that is what one of them shows.
    pub(crate) fn has(&self, shown: &str, now: Instant) -> bool {
        let sessions = self.living(now);
        // All of them, so that nothing tells which it was.
        let is_one = |found, session: &Session| found | same(session, shown);
        sessions.iter().fold(Choice::from(0), is_one).into()
    }

    /// Ends the one that shows that.
    pub(crate) fn end(&self, shown: &str) {
        self.lock()
            .retain(|session| !bool::from(same(session, shown)));
    }

    fn living(&self, now: Instant) -> MutexGuard<'_, VecDeque<Session>> {
        let mut sessions = self.lock();
        sessions.retain(|session| session.ends > now);
        sessions
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Session>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn same(session: &Session, shown: &str) -> Choice {
    session.id.as_bytes().ct_eq(shown.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_known_until_it_ends() {
        let sessions = Sessions::default();
        let begun = Instant::now();
        let (one, other) = (
            sessions.begin(begun).unwrap(),
            sessions.begin(begun).unwrap(),
        );
        assert_ne!(one, other);
        assert!(one.len() * 4 >= 128 && one.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let last = begun + LIFE - Duration::from_secs(1);
        for shown in [&one, &other] {
            assert!(sessions.has(shown, begun) && sessions.has(shown, last));
        }
        for shown in [
            "",
            "0",
            &one[1..],
            &one.to_uppercase().replace('0', "1"),
            &(one.clone() + "0"),
        ] {
            assert!(!sessions.has(shown, begun), "{shown}");
        }
        sessions.end("nobody's");
        sessions.end(&other);
        assert!(sessions.has(&one, last) && !sessions.has(&other, begun));
        assert!(!sessions.has(&one, begun + LIFE));
    }

    #[test]
    fn there_are_never_more_than_so_many_and_the_oldest_goes() {
        let sessions = Sessions::default();
        let now = Instant::now();
        let begun: Vec<String> = (0..=MOST).map(|_| sessions.begin(now).unwrap()).collect();
        assert!(!sessions.has(&begun[0], now));
        assert!(begun[1..].iter().all(|shown| sessions.has(shown, now)));
        assert_eq!(sessions.lock().len(), MOST);
    }
}
