//! How the command has ended whose output a ring records: two words of LIVE, which are zero in all other rings.
//!
//! Invariant: a word that has no meaning here is told as nothing.

use crate::text::signal;
use std::fmt;

/// In LIVE, from its beginning: how it ended. When, in nanoseconds since 1970, is the word behind it.
pub(crate) const AT: usize = 0x100;
/// Both words.
pub(crate) const BYTES: usize = 16;

const EXITED: u64 = 1;
const KILLED: u64 = 2;

/// How a command has ended whose output is recorded. Told by [`Handle::note_command_end`](crate::Handle::note_command_end),
/// and read by [`RingFile::command_end`](crate::RingFile::command_end).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CommandEnd {
    /// It came to its end, with this exit status.
    Exited(i32),
    /// It was killed, by this signal.
    Killed(i32),
}

impl CommandEnd {
    /// The kind is 32 bits up.
    pub(crate) fn encode(self) -> u64 {
        let (kind, number) = match self {
            Self::Exited(status) => (EXITED, status),
            Self::Killed(signal) => (KILLED, signal),
        };
        kind << 32 | u64::from(number as u32)
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "the number is in the low bits"
    )]
    pub(crate) fn decode(word: u64) -> Option<Self> {
        let number = word as u32 as i32;
        match word >> 32 {
            EXITED if (0..=255).contains(&number) => Some(Self::Exited(number)),
            // 64 is the last that Linux has.
            KILLED if (1..=64).contains(&number) => Some(Self::Killed(number)),
            _ => None,
        }
    }
}

impl fmt::Display for CommandEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(status) => write!(f, "exited with status {status}"),
            Self::Killed(signal) => match signal::name(*signal) {
                Some(name) => write!(f, "was killed by {name}"),
                None => write!(f, "was killed by signal {signal}"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_as_the_page_of_the_format_has_it() {
        for (end, word, text) in [
            (CommandEnd::Exited(0), 0x1_0000_0000, "exited with status 0"),
            (CommandEnd::Exited(3), 0x1_0000_0003, "exited with status 3"),
            (
                CommandEnd::Killed(9),
                0x2_0000_0009,
                "was killed by SIGKILL",
            ),
            (
                CommandEnd::Killed(40),
                0x2_0000_0028,
                "was killed by signal 40",
            ),
        ] {
            assert_eq!(end.encode(), word);
            assert_eq!(CommandEnd::decode(word), Some(end));
            assert_eq!(end.to_string(), text);
        }
        let none = [
            0,
            9,
            0x3_0000_0009,
            0x1_0000_0100,
            0x1_ffff_ffff,
            0x2_0000_0000,
            0x2_0000_0041,
            u64::MAX,
        ];
        for word in none {
            assert_eq!(CommandEnd::decode(word), None);
        }
    }
}
