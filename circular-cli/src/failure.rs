//! Why a command did not do what it should, and what its exit status is.
//!
//! Invariant: every refusal says what was wrong, and what to type next.

use std::fmt;
use std::path::PathBuf;
use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Fine,
    /// It could not do it.
    Failed,
    /// Wrong usage, or there is no such ring.
    Usage,
    /// Nothing matched.
    NoMatch,
    /// Nothing matched, and part of what was asked for is overwritten already.
    NoMatchOverwritten,
    /// It ended as it should, when this signal came.
    #[cfg(feature = "serve")]
    Signalled(i32),
}

impl Status {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Fine => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::NoMatch => 3,
            Self::NoMatchOverwritten => 4,
            // As a shell has it.
            #[cfg(feature = "serve")]
            Self::Signalled(signal) => u8::try_from(128 + signal).unwrap_or(u8::MAX),
        }
    }
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(status.code())
    }
}

/// Returns a command over the directories that were asked for.
pub(crate) fn next_in(command: &str, dirs: &[PathBuf]) -> String {
    let dir = |dir: &PathBuf| format!(" -D {}", quoted(&dir.to_string_lossy()));
    let dirs: String = dirs.iter().map(dir).collect();
    format!("{command}{dirs}")
}

/// Returns a word as it is typed in a shell.
pub(crate) fn quoted(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+,@%:=".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) {
        String::from(text)
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

/// Why a command refuses, or cannot go on.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) status: Status,
    why: String,
    next: String,
}

impl Failure {
    /// For wrong usage, or a ring that is not there. `why` is the reason, `next` the command to type.
    pub(crate) fn usage(why: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            status: Status::Usage,
            why: why.into(),
            next: next.into(),
        }
    }

    /// Returns the reason alone.
    pub(crate) fn why(&self) -> &str {
        &self.why
    }

    /// For what could not be done.
    pub(crate) fn failed(why: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            status: Status::Failed,
            ..Self::usage(why, next)
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "circular: {}\nTry: {}", self.why, self.next)
    }
}
