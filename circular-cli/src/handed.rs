//! Descriptors that one process of this program hands over to the next, by their numbers.

use std::os::fd::{BorrowedFd, FromRawFd, OwnedFd, RawFd};

use rustix::io::{FdFlags, fcntl_getfd, fcntl_setfd};

/// A stream: where it comes from, and where it goes.
#[derive(Clone, Debug)]
pub(crate) struct Handed {
    is_stderr: bool,
    from: RawFd,
    to: RawFd,
    pub(crate) has_returns: bool,
}

impl std::str::FromStr for Handed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let words: Vec<_> = text.split(',').collect();
        let [target, from, to, returns] = words[..] else {
            return Err(String::from("a target and three numbers are needed"));
        };
        let number = |word: &str| word.parse().map_err(|_| format!("{word} is no number"));
        Ok(Self {
            is_stderr: target == "stderr",
            from: number(from)?,
            to: number(to)?,
            has_returns: returns == "1",
        })
    }
}

impl Handed {
    pub(crate) fn target(&self) -> &'static str {
        if self.is_stderr { "stderr" } else { "stdout" }
    }

    /// Takes both, of which nobody else here knows; `None` if they are not there.
    pub(crate) fn take(self) -> Option<(OwnedFd, OwnedFd)> {
        take(self.from).zip(take(self.to))
    }
}

/// Takes a descriptor that whoever started this process has left open for it; `None` if there is none of that number, or it is
/// not one of those: they are taken once, and have then what they did not have before, that they are closed on `exec`.
#[expect(unsafe_code, reason = "a number becomes a descriptor")]
pub(crate) fn take(number: RawFd) -> Option<OwnedFd> {
    // Standard input, output and error are everybody's.
    if number <= 2 {
        return None;
    }
    // SAFETY: what is no descriptor is refused by the system, and told.
    let borrowed = unsafe { BorrowedFd::borrow_raw(number) };
    let flags = fcntl_getfd(borrowed).ok()?;
    if flags.contains(FdFlags::CLOEXEC) {
        return None;
    }
    fcntl_setfd(borrowed, FdFlags::CLOEXEC).ok()?;
    // SAFETY: it is open, and nobody here owns it: all that this process opens by itself is closed on `exec`.
    Some(unsafe { OwnedFd::from_raw_fd(number) })
}
