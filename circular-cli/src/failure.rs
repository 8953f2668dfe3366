//! Why a command did not do what it should, and what its exit status is.
//!
//! Invariant: every refusal says what was wrong, and what to type next.

use std::fmt;
use std::path::{Path, PathBuf};
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
    let dir = |dir: &PathBuf| format!(" -D {}", typed(dir));
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

/// Returns a path as it is typed in a shell, where it is taken for no option. What is not UTF-8 in it, or would move a cursor, is written
/// as bash, zsh and ksh read it.
pub(crate) fn typed(path: &Path) -> String {
    let bytes = path.as_os_str().as_encoded_bytes();
    let dot = if bytes.starts_with(b"-") { "./" } else { "" };
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains(char::is_control) => quoted(&format!("{dot}{text}")),
        _ => {
            let escaped = |&byte: &u8| match byte {
                b'\'' | b'\\' => format!("\\{}", char::from(byte)),
                b' '..=b'~' => String::from(char::from(byte)),
                _ => format!("\\{byte:03o}"),
            };
            let escaped: String = bytes.iter().map(escaped).collect();
            format!("$'{dot}{escaped}'")
        }
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

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::process::Command;

    use super::*;

    #[test]
    fn a_shell_reads_a_path_as_it_was() {
        for (bytes, is_any_shells) in [
            (&b"shop.ring"[..], true),
            (b"/tmp/it's here.ring", true),
            (b"-x", true),
            ("caf\u{e9} \u{2603}".as_bytes(), true),
            (b"\xff-'\\ \n.ring", false),
            (b"-\xff", false),
        ] {
            let path = Path::new(OsStr::from_bytes(bytes));
            let shell = if is_any_shells { "sh" } else { "bash" };
            let line = format!("printf %s {}", typed(path));
            let output = Command::new(shell).args(["-c", &line]).output().unwrap();
            let dot: &[u8] = if bytes[0] == b'-' { b"./" } else { b"" };
            assert_eq!(output.stdout, [dot, bytes].concat(), "{line}");
        }
    }
}
