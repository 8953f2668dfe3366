//! Descriptors that one process of this program hands over to the next, by their numbers.

use std::os::fd::{FromRawFd, OwnedFd, RawFd};

use rustix::io::{FdFlags, fcntl_setfd};

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

    /// Takes both, of which nobody else here knows. Once.
    pub(crate) fn take(&mut self) -> (OwnedFd, OwnedFd) {
        (take(self.from), take(self.to))
    }
}

/// Takes one that whoever started this process has left open for it alone. Once.
#[expect(unsafe_code, reason = "a number becomes a descriptor")]
pub(crate) fn take(number: RawFd) -> OwnedFd {
    // SAFETY: by what is said above.
    let fd = unsafe { OwnedFd::from_raw_fd(number) };
    let _ = fcntl_setfd(&fd, FdFlags::CLOEXEC);
    fd
}
