//! Regular expressions, which are the feature `regex`, and most of what this crate weighs with it.
//!
//! Invariant: a pattern from outside costs no more than a reader does, give or take, in memory; and time that is
//! linear in what is searched.

#[cfg(feature = "regex")]
mod case;
#[cfg(feature = "regex")]
mod explain;

use std::error::Error;
use std::fmt;
use std::str::FromStr;

#[cfg(feature = "regex")]
use with as engine;
#[cfg(not(feature = "regex"))]
use without as engine;

/// A regular expression, in the syntax of the `regex` crate, that texts are searched for.
///
/// Compiled, it takes at most 128 KiB, and as much again for its search. Texts need not be UTF-8.
///
/// Without an upper-case letter in it, upper and lower case are the same. What only the syntax has is no such letter: what
/// is behind a backslash (`\W`, `\p{Lu}`), a group's flags and its name. `(?-i)` at its beginning makes case count, and
/// `(?i)` makes it not count.
///
/// ```
/// # #[cfg(feature = "regex")] {
/// use circular_view::Expression;
///
/// let expression: Expression = "time.?out".parse()?;
/// assert!(expression.is_match(b"read: timeout") && expression.is_match(b"Timeout"));
/// let expression: Expression = "Time.?out".parse()?;
/// assert!(!expression.is_match(b"read: timeout"));
/// # }
/// # Ok::<(), circular_view::ParseExpressionError>(())
/// ```
///
/// # Errors
///
/// Parsing fails for what is no regular expression, for what is too large, and without the feature `regex`: see
/// [`ParseExpressionError`].
#[derive(Clone, Debug)]
pub struct Expression(engine::Compiled);

impl Expression {
    /// Returns whether it matches anywhere in `text`.
    pub fn is_match(&self, text: &[u8]) -> bool {
        self.0.is_match(text)
    }
}

impl FromStr for Expression {
    type Err = ParseExpressionError;

    fn from_str(pattern: &str) -> Result<Self, Self::Err> {
        engine::compile(pattern).map(Self)
    }
}

/// Why a pattern is no [`Expression`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseExpressionError {
    /// It is not a regular expression; the text says why and where, in one line: `unclosed group: "(" at character 3`.
    Syntax(String),
    /// Compiled, it would take too much memory.
    TooLarge,
    /// This program has `circular-view` without its feature `regex`.
    Unsupported,
}

impl fmt::Display for ParseExpressionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Syntax(why) => why,
            Self::TooLarge => "the regular expression is too large",
            Self::Unsupported => "regular expressions are left out of this program",
        })
    }
}

impl Error for ParseExpressionError {}

#[cfg(feature = "regex")]
mod with {
    use regex::bytes::{Regex, RegexBuilder};

    use super::ParseExpressionError;
    use super::case::has_upper_case;
    use super::explain::in_one_line;

    /// What a compiled expression may take, and what its search may keep for speed, in bytes.
    const REGEX_SIZE: usize = 128 << 10;

    pub(super) type Compiled = Regex;

    pub(super) fn compile(pattern: &str) -> Result<Compiled, ParseExpressionError> {
        RegexBuilder::new(pattern)
            .case_insensitive(!has_upper_case(pattern))
            .size_limit(REGEX_SIZE)
            .dfa_size_limit(REGEX_SIZE)
            .build()
            .map_err(|error| match error {
                regex::Error::CompiledTooBig(_) => ParseExpressionError::TooLarge,
                error => ParseExpressionError::Syntax(in_one_line(&error.to_string())),
            })
    }
}

#[cfg(not(feature = "regex"))]
mod without {
    use std::convert::Infallible;

    use super::ParseExpressionError;

    /// There is none.
    #[derive(Clone, Debug)]
    pub(super) struct Compiled(Infallible);

    impl Compiled {
        pub(super) fn is_match(&self, _text: &[u8]) -> bool {
            match self.0 {}
        }
    }

    pub(super) fn compile(_pattern: &str) -> Result<Compiled, ParseExpressionError> {
        Err(ParseExpressionError::Unsupported)
    }
}

#[cfg(all(test, feature = "regex"))]
mod tests {
    use super::*;

    #[test]
    fn it_matches_bytes_anywhere() {
        let expression: Expression = "a+b".parse().unwrap();
        assert!(expression.is_match(b"\xff aab") && !expression.is_match(b"a+b"));
    }

    #[test]
    fn case_counts_where_there_is_an_upper_case_letter() {
        for (pattern, text, is_match) in [
            ("time.?out", "Time Out", true),
            ("Time.?out", "time out", false),
            (r"error\W\d", "ERROR:5", true),
            ("(?-i)error", "ERROR", false),
            ("(?i)Error", "ERROR", true),
            ("ärger", "ÄRGER", true),
        ] {
            let expression: Expression = pattern.parse().unwrap();
            assert_eq!(expression.is_match(text.as_bytes()), is_match, "{pattern}");
        }
    }

    #[test]
    fn what_is_none_is_told_apart_from_what_is_too_large() {
        let error = "(".parse::<Expression>().unwrap_err();
        assert!(matches!(error, ParseExpressionError::Syntax(_)));
        assert!(error.to_string().contains("unclosed group"), "{error}");
        let error = "(((a{50}){50}){50}){50}".parse::<Expression>().unwrap_err();
        assert_eq!(error, ParseExpressionError::TooLarge);
        assert!(error.to_string().contains("too large"), "{error}");
    }
}

#[cfg(all(test, not(feature = "regex")))]
mod tests {
    use super::*;

    #[test]
    fn without_its_feature_there_is_none() {
        let error = "a".parse::<Expression>().unwrap_err();
        assert_eq!(error, ParseExpressionError::Unsupported);
        assert!(error.to_string().contains("left out"), "{error}");
    }
}
