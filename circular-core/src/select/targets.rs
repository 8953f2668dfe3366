//! Directives: the least level that is wanted, by target.
//!
//! Invariant: the directives are sorted, the longest target first, and each target is there once; so the
//! first that fits is the one that counts.

use crate::record::level::Level;
use std::fmt;
use std::str::FromStr;

/// Which records are wanted, by target and level: `info,shop::db=debug,hyper=off`.
///
/// A target stands for everything that begins with it, and of those that fit the longest counts. What none
/// fits goes by the default, which is "none" if nothing says another. Records without a level always pass.
///
/// ```
/// use circular_core::{Level, Targets};
///
/// let targets: Targets = "info,shop::db=debug,hyper=off".parse()?;
/// assert!(targets.enabled(Level::Debug, "shop::db::pool"));
/// assert!(!targets.enabled(Level::Debug, "shop::cart"));
/// assert!(!targets.enabled(Level::Error, "hyper::client"));
/// # Ok::<(), circular_core::ParseTargetsError>(())
/// ```
///
/// # Directives
///
/// With commas between them: a level (`info`, or `off`), which is the default; a target, for all of it; or
/// `target=level`. Levels are `error`, `warn`, `info`, `debug`, `trace`, in any case, or 1 to 5, and `off` or 0. Spaces
/// around a part are nothing. Of two for the same target the later one counts. It is what
/// `tracing_subscriber::filter::Targets` and `env_logger` read, without the spans and fields of `EnvFilter` and
/// without the `/text` of `env_logger`; a level by itself that is misspelt (`inof`) reads as a target, as with these.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Targets {
    default: Option<Level>,
    directives: Vec<Directive>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Directive {
    target: Box<str>,
    /// `None` for off.
    level: Option<Level>,
}

impl Targets {
    /// Returns those that want nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets what counts for targets that no directive fits: this level and above, or nothing for `None`.
    pub fn with_default(mut self, level: impl Into<Option<Level>>) -> Self {
        self.default = level.into();
        self
    }

    /// Sets what counts for targets that begin with `target`: this level and above, or nothing for `None`.
    pub fn with_target(
        mut self,
        target: impl Into<String>,
        level: impl Into<Option<Level>>,
    ) -> Self {
        let directive = Directive {
            target: target.into().into_boxed_str(),
            level: level.into(),
        };
        let order = |known: &Directive| {
            let by_length = directive.target.len().cmp(&known.target.len());
            by_length.then_with(|| known.target.cmp(&directive.target))
        };
        match self.directives.binary_search_by(order) {
            Ok(index) => self.directives[index] = directive,
            Err(index) => self.directives.insert(index, directive),
        }
        self
    }

    /// Parses directives one by one: a bad one is handed back, and takes no other down with it.
    ///
    /// ```
    /// use circular_core::{Level, Targets};
    ///
    /// let (targets, bad) = Targets::parse_lossy("warn,shop=loud");
    /// assert!(targets.enabled(Level::Warn, "shop"));
    /// assert_eq!(bad[0].part(), "shop=loud");
    /// ```
    pub fn parse_lossy(text: &str) -> (Self, Vec<ParseTargetsError>) {
        let (mut targets, mut bad) = (Self::new(), Vec::new());
        for part in text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
        {
            targets = match parse_directive(part) {
                Some((Some(target), level)) => targets.with_target(target, level),
                Some((None, level)) => targets.with_default(level),
                None => {
                    let part = part.to_owned();
                    bad.push(ParseTargetsError { part });
                    continue;
                }
            };
        }
        (targets, bad)
    }

    /// Returns those that want what either of the two wants.
    ///
    /// ```
    /// use circular_core::Targets;
    ///
    /// let console: Targets = "info,hyper=off".parse()?;
    /// let record: Targets = "warn,shop=debug".parse()?;
    /// assert_eq!(console.or(&record).to_string(), "info,hyper=warn,shop=debug");
    /// # Ok::<(), circular_core::ParseTargetsError>(())
    /// ```
    pub fn or(&self, other: &Self) -> Self {
        let least = |target: &[u8]| {
            let levels = [self.least_of(target), other.least_of(target)];
            levels.into_iter().flatten().min()
        };
        let defaults = [self.default, other.default];
        let either = Self::new().with_default(defaults.into_iter().flatten().min());
        // The longest of either that fits a target begins with all others that do: so it is wanted as that is.
        let directives = self.directives.iter().chain(&other.directives);
        directives.fold(either, |either, directive| {
            either.with_target(&*directive.target, least(directive.target.as_bytes()))
        })
    }

    /// Returns whether a record of that level and target is wanted.
    pub fn enabled(&self, level: Level, target: &str) -> bool {
        self.fits(Some(level), target.as_bytes())
    }

    /// Returns the least level that is wanted of any target; `None` if nothing is.
    ///
    /// It is what `log::set_max_level` and the like are for.
    pub fn least_level(&self) -> Option<Level> {
        let of_targets = self
            .directives
            .iter()
            .filter_map(|directive| directive.level);
        of_targets.chain(self.default).min()
    }

    /// Returns the least level that is wanted of targets that no directive fits.
    pub fn default_level(&self) -> Option<Level> {
        self.default
    }

    /// Iterates over the directives with a target, the longest first, each with the least level that it
    /// wants, or `None` for off.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<Level>)> {
        let pair = |directive: &'_ Directive| directive.level;
        self.directives
            .iter()
            .map(move |directive| (&*directive.target, pair(directive)))
    }

    /// Whether the target makes a difference.
    pub(crate) fn by_target(&self) -> bool {
        !self.directives.is_empty()
    }

    pub(crate) fn fits(&self, level: Option<Level>, target: &[u8]) -> bool {
        let Some(level) = level else {
            return true;
        };
        self.least_of(target).is_some_and(|least| level >= least)
    }

    fn least_of(&self, target: &[u8]) -> Option<Level> {
        let directive = self
            .directives
            .iter()
            .find(|directive| target.starts_with(directive.target.as_bytes()));
        directive.map_or(self.default, |directive| directive.level)
    }
}

/// A target, if it is not for all, and the level.
fn parse_directive(part: &str) -> Option<(Option<&str>, Option<Level>)> {
    // It stands for bytes that were not UTF-8: nobody asks for it.
    if part.contains(char::REPLACEMENT_CHARACTER) {
        return None;
    }
    match part.split_once('=') {
        None => match parse_level(part) {
            Some(level) => Some((None, level)),
            None => is_target(part).then_some((Some(part), Some(Level::Trace))),
        },
        Some((target, level)) => {
            let level = match level.trim() {
                "" => Some(Level::Trace),
                level => parse_level(level)?,
            };
            let target = target.trim();
            is_target(target).then_some((Some(target), level))
        }
    }
}

/// `None` for what is none, `Some(None)` for off.
fn parse_level(text: &str) -> Option<Option<Level>> {
    if text.eq_ignore_ascii_case("off") {
        return Some(None);
    }
    // As `tracing` numbers them.
    match text {
        "0" => return Some(None),
        "1" => return Some(Some(Level::Error)),
        "2" => return Some(Some(Level::Warn)),
        "3" => return Some(Some(Level::Info)),
        "4" => return Some(Some(Level::Debug)),
        "5" => return Some(Some(Level::Trace)),
        _ => {}
    }
    text.parse().ok().map(Some)
}

/// What has one of these is a directive of another grammar, for spans, fields or messages, or was quoted or
/// separated otherwise: taken for a target it would fit nothing, and nobody would be told.
fn is_target(text: &str) -> bool {
    let others = ['[', ']', '{', '}', '=', '/', ' ', '"', '\'', ';', '*'];
    let colons = text.replace("::", "");
    !text.is_empty() && !text.contains(others) && !colons.contains(':')
}

/// Returns an error for the first bad directive.
impl FromStr for Targets {
    type Err = ParseTargetsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (targets, bad) = Self::parse_lossy(text);
        bad.into_iter().next().map_or(Ok(targets), Err)
    }
}

/// Writes directives that parse to the same, if the targets are such as a directive can have.
impl fmt::Display for Targets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |level: Option<Level>| level.map_or("off", Level::lower);
        f.write_str(name(self.default))?;
        for (target, level) in self.iter() {
            write!(f, ",{target}={}", name(level))?;
        }
        Ok(())
    }
}

/// A part of a text that is not a directive of [`Targets`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseTargetsError {
    part: String,
}

impl ParseTargetsError {
    /// Returns the part that does not parse.
    pub fn part(&self) -> &str {
        &self.part
    }
}

impl fmt::Display for ParseTargetsError {
    /// Writes it quoted and escaped, as it may go to a terminal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?}: want target=level, where the level is off, error, warn, info, debug or trace",
            self.part
        )
    }
}

impl std::error::Error for ParseTargetsError {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The least level that passes for `target`.
    fn least(targets: &Targets, target: &str) -> Option<Level> {
        Level::ALL
            .into_iter()
            .find(|&level| targets.enabled(level, target))
    }

    #[test]
    fn directives() {
        use Level::{Debug, Info, Trace, Warn};

        // The text, the least level of target `a`, of `a::b`, of `c`, then what is named as bad.
        type Case = (&'static str, [Option<Level>; 3], &'static [&'static str]);
        let cases: &[Case] = &[
            ("", [None; 3], &[]),
            (",, ,", [None; 3], &[]),
            ("info", [Some(Info); 3], &[]),
            (" INFO ", [Some(Info); 3], &[]),
            ("off", [None; 3], &[]),
            ("a", [Some(Trace), Some(Trace), None], &[]),
            (
                "a=info, c = warn",
                [Some(Info), Some(Info), Some(Warn)],
                &[],
            ),
            (
                "warn,a::b=trace",
                [Some(Warn), Some(Trace), Some(Warn)],
                &[],
            ),
            (
                "a::b=trace,a=off,warn",
                [None, Some(Trace), Some(Warn)],
                &[],
            ),
            ("a=info,a=debug", [Some(Debug), Some(Debug), None], &[]),
            ("info,warn", [Some(Warn); 3], &[]),
            ("a=loud", [None; 3], &["a=loud"]),
            (
                "c=info,a=loud,debug",
                [Some(Debug), Some(Debug), Some(Info)],
                &["a=loud"],
            ),
            ("warn,a=b=c,=info", [Some(Warn); 3], &["a=b=c", "=info"]),
            ("warn,a=", [Some(Trace), Some(Trace), Some(Warn)], &[]),
            ("a=5,2", [Some(Trace), Some(Trace), Some(Warn)], &[]),
            ("0,a=3", [Some(Info), Some(Info), None], &[]),
            ("warn,03,+3", [Some(Warn); 3], &[]),
            ("a=6,info", [Some(Info); 3], &["a=6"]),
            ("\"info\"", [None; 3], &["\"info\""]),
            ("info;debug", [None; 3], &["info;debug"]),
            ("*,a:debug,'a'", [None; 3], &["*", "a:debug", "'a'"]),
            ("a::b::=info,warn", [Some(Warn); 3], &[]),
            (
                "warn,a[span{x=1}]=debug",
                [Some(Warn); 3],
                &["a[span{x=1}]=debug"],
            ),
            ("info/text", [None; 3], &["info/text"]),
            ("a\u{fffd}=info,warn", [Some(Warn); 3], &["a\u{fffd}=info"]),
        ];
        for (text, levels, bad) in cases {
            let (targets, errors) = Targets::parse_lossy(text);
            let found = ["a", "a::b", "c"].map(|target| least(&targets, target));
            assert_eq!(found, *levels, "levels of {text:?}");
            let named: Vec<&str> = errors.iter().map(ParseTargetsError::part).collect();
            assert_eq!(named, *bad, "bad parts of {text:?}");
            assert_eq!(text.parse::<Targets>().is_err(), !bad.is_empty());
        }
    }

    #[test]
    fn a_record_without_a_level_passes() {
        let targets: Targets = "off,a=error".parse().unwrap();
        assert!(targets.fits(None, b"") && targets.fits(None, b"a"));
    }

    #[test]
    fn bad_parts_are_named_without_control_characters() {
        let (_, bad) = Targets::parse_lossy("\u{1b}[31mred=loud,\u{202e}=x");
        assert_eq!(bad.len(), 2);
        for error in bad {
            let said = error.to_string();
            let reaches_the_terminal = |c: char| c.is_control() || c == '\u{202e}';
            assert!(!said.contains(reaches_the_terminal), "{said:?}");
        }
    }

    #[test]
    fn the_least_level_is_that_of_all_together() {
        let least = |text: &str| text.parse::<Targets>().unwrap().least_level();
        assert_eq!(least("info,a=debug,b=off"), Some(Level::Debug));
        assert_eq!(least("a=off"), None);
        assert_eq!(least("warn,a=error"), Some(Level::Warn));
    }

    proptest! {
        #[test]
        fn what_is_shown_parses_to_the_same(
            default in 0..6usize,
            parts in proptest::collection::vec(("[a-c]{1,2}(::[a-c]){0,2}", 0..6usize), 0..5),
        ) {
            let level = |code: usize| Level::ALL.get(code).copied();
            let mut targets = Targets::new().with_default(level(default));
            for (target, code) in parts {
                targets = targets.with_target(target, level(code));
            }
            prop_assert_eq!(targets.to_string().parse::<Targets>(), Ok(targets));
        }

        #[test]
        fn either_wants_what_one_of_them_wants(
            parts in proptest::collection::vec(("[ab]{1,3}", 0..6usize, any::<bool>()), 0..8),
            target in "[ab]{0,4}",
        ) {
            let (mut one, mut other) = (Targets::new(), Targets::new().with_default(Level::Warn));
            for (target, code, is_ones) in parts {
                let level = Level::ALL.get(code).copied();
                let which = if is_ones { &mut one } else { &mut other };
                *which = which.clone().with_target(target, level);
            }
            let either = one.or(&other);
            for level in Level::ALL {
                let wanted = one.enabled(level, &target) || other.enabled(level, &target);
                prop_assert_eq!(either.enabled(level, &target), wanted);
            }
        }

        #[test]
        fn the_longest_that_fits_counts(
            parts in proptest::collection::vec(("[a-c]{1,4}", 0..6usize), 0..6),
            target in "[a-c]{0,6}",
        ) {
            let level = |code: usize| Level::ALL.get(code).copied();
            let mut targets = Targets::new();
            for (target, code) in &parts {
                targets = targets.with_target(target.as_str(), level(*code));
            }
            // Of two of the same length that fit, both are the same target: the later counts.
            let fitting = parts.iter().filter(|(begin, _)| target.starts_with(begin.as_str()));
            let longest = fitting.max_by_key(|(begin, _)| begin.len());
            let wanted = longest.and_then(|(_, code)| level(*code));
            prop_assert_eq!(least(&targets, &target), wanted);
        }
    }
}
