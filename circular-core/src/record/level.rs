//! How important a record is.

use std::fmt;
use std::str::FromStr;

/// How important a record is. `Error` is the greatest.
///
/// The ring's own enum, so that neither `log`'s nor `tracing`'s version number shows in this crate.
/// A record written through [`std::io::Write`] has no level, and passes every minimum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Very detailed, usually off.
    Trace = 1,
    /// For whoever works on the program.
    Debug = 2,
    /// What the program does, for whoever runs it.
    Info = 3,
    /// Something that may become a problem.
    Warn = 4,
    /// Something that failed.
    Error = 5,
}

impl Level {
    /// All levels, the least first.
    pub const ALL: [Level; 5] = [
        Level::Trace,
        Level::Debug,
        Level::Info,
        Level::Warn,
        Level::Error,
    ];

    /// Returns the name in capitals, as log lines have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Level::Trace => "TRACE",
            Level::Debug => "DEBUG",
            Level::Info => "INFO",
            Level::Warn => "WARN",
            Level::Error => "ERROR",
        }
    }

    /// The name as directives have it.
    pub(crate) const fn lower(self) -> &'static str {
        match self {
            Level::Trace => "trace",
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
        }
    }

    /// The code in a record's header; 0 is no level.
    pub(crate) fn code(level: Option<Level>) -> u64 {
        level.map_or(0, |level| level as u64)
    }

    /// The level of a code from a header; `None` for a code that no record has.
    pub(crate) fn from_code(code: u64) -> Option<Option<Level>> {
        match code {
            0 => Some(None),
            1 => Some(Some(Level::Trace)),
            2 => Some(Some(Level::Debug)),
            3 => Some(Some(Level::Info)),
            4 => Some(Some(Level::Warn)),
            5 => Some(Some(Level::Error)),
            _ => None,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// With the feature `tracing`.
#[cfg(feature = "tracing")]
impl From<tracing_core::Level> for Level {
    fn from(level: tracing_core::Level) -> Self {
        match level {
            tracing_core::Level::ERROR => Level::Error,
            tracing_core::Level::WARN => Level::Warn,
            tracing_core::Level::INFO => Level::Info,
            tracing_core::Level::DEBUG => Level::Debug,
            tracing_core::Level::TRACE => Level::Trace,
        }
    }
}

/// With the feature `tracing`.
#[cfg(feature = "tracing")]
impl From<Level> for tracing_core::Level {
    fn from(level: Level) -> Self {
        match level {
            Level::Error => tracing_core::Level::ERROR,
            Level::Warn => tracing_core::Level::WARN,
            Level::Info => tracing_core::Level::INFO,
            Level::Debug => tracing_core::Level::DEBUG,
            Level::Trace => tracing_core::Level::TRACE,
        }
    }
}

/// With the feature `log`.
#[cfg(feature = "log")]
impl From<log::Level> for Level {
    fn from(level: log::Level) -> Self {
        match level {
            log::Level::Error => Level::Error,
            log::Level::Warn => Level::Warn,
            log::Level::Info => Level::Info,
            log::Level::Debug => Level::Debug,
            log::Level::Trace => Level::Trace,
        }
    }
}

/// With the feature `log`.
#[cfg(feature = "log")]
impl From<Level> for log::Level {
    fn from(level: Level) -> Self {
        match level {
            Level::Error => log::Level::Error,
            Level::Warn => log::Level::Warn,
            Level::Info => log::Level::Info,
            Level::Debug => log::Level::Debug,
            Level::Trace => log::Level::Trace,
        }
    }
}

impl FromStr for Level {
    type Err = ParseLevelError;

    /// Reads a level's name, in any case.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Level::ALL
            .into_iter()
            .find(|level| level.as_str().eq_ignore_ascii_case(text))
            .ok_or(ParseLevelError)
    }
}

/// A text that is not the name of a [`Level`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParseLevelError;

impl fmt::Display for ParseLevelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a level: use trace, debug, info, warn or error")
    }
}

impl std::error::Error for ParseLevelError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_codes_go_both_ways() {
        for level in Level::ALL {
            assert_eq!(level.as_str().parse(), Ok(level));
            assert_eq!(level.as_str().to_lowercase().parse(), Ok(level));
            assert_eq!(
                Level::from_code(Level::code(Some(level))),
                Some(Some(level))
            );
        }
        assert_eq!(Level::from_code(Level::code(None)), Some(None));
        assert_eq!(Level::from_code(6), None);
        assert_eq!("loud".parse::<Level>(), Err(ParseLevelError));
    }

    #[cfg(all(feature = "tracing", feature = "log"))]
    #[test]
    fn those_of_others_have_the_same_names() {
        for level in Level::ALL {
            let tracings = tracing_core::Level::from(level);
            let logs = log::Level::from(level);
            assert_eq!(
                (tracings.as_str(), logs.as_str()),
                (level.as_str(), level.as_str())
            );
            assert_eq!((Level::from(tracings), Level::from(logs)), (level, level));
        }
    }

    #[test]
    fn an_error_is_greater_than_a_warning() {
        assert!(Level::ALL.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
