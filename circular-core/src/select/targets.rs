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
/// without the `/text` of `env_logger`. What looks like a level and is none (`warning`, `inof`) is an error, and not a target,
/// as which it would hide all the rest; a target of that name is told by `warning=trace`.
///
/// What would fit nothing there means here what was meant. `*` stands for all, alone or as a target; `shop::*`, `shop*`
/// and `shop::` are `shop`. Where there are only targets that are off and no default, the rest is on: `hyper=off` mutes
/// `hyper`, and nothing else.
///
/// ```
/// use circular_core::{Level, Targets};
///
/// let targets: Targets = "hyper=off,h2::*=off".parse()?;
/// assert!(targets.enabled(Level::Trace, "shop"));
/// assert!(!targets.enabled(Level::Error, "h2::client"));
/// # Ok::<(), circular_core::ParseTargetsError>(())
/// ```
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
        let mut has_default = false;
        for part in text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
        {
            targets = match parse_directive(part) {
                Ok((Some(target), level)) => targets.with_target(target, level),
                Ok((None, level)) => {
                    has_default = true;
                    targets.with_default(level)
                }
                Err(why) => {
                    let part = part.to_owned();
                    bad.push(ParseTargetsError { part, why });
                    continue;
                }
            };
        }
        // Nobody asks for nothing by naming what is not wanted.
        let mutes = targets.directives.iter().all(|one| one.level.is_none());
        if mutes && !has_default && !targets.directives.is_empty() {
            targets.default = Some(Level::Trace);
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
fn parse_directive(part: &str) -> Result<(Option<&str>, Option<Level>), Why> {
    match part.split_once('=') {
        None => match parse_level(part) {
            Some(level) => Ok((None, level)),
            None if is_meant_as_level(part) => Err(Why::Level),
            None => parse_target(part).map(|target| (target, Some(Level::Trace))),
        },
        Some((target, level)) => {
            // What is wrong with the one may be why the other makes no sense.
            let target = parse_target(target.trim())?;
            let level = match level.trim() {
                "" => Some(Level::Trace),
                level => parse_level(level).ok_or(Why::Other)?,
            };
            Ok((target, level))
        }
    }
}

/// Whether it is a level's name elsewhere, or one of ours with two letters swapped.
fn is_meant_as_level(text: &str) -> bool {
    const ELSEWHERE: &[&str] = &[
        "warning",
        "warnings",
        "err",
        "errors",
        "critical",
        "crit",
        "fatal",
        "information",
        "notice",
        "verbose",
        "all",
        "none",
    ];
    let text = text.to_ascii_lowercase();
    let is_swapped = |name: &str| {
        let (text, name) = (text.as_bytes(), name.as_bytes());
        let differs = |(one, other): (&u8, &u8)| one != other;
        let at = text.iter().zip(name).position(differs);
        at.is_some_and(|at| match (text.get(at..), name.get(at..)) {
            (Some([a, b, rest @ ..]), Some([c, d, others @ ..])) => (a, b, rest) == (d, c, others),
            _ => false,
        })
    };
    let names = Level::ALL.into_iter().map(Level::lower).chain(["off"]);
    ELSEWHERE.contains(&&*text) || names.into_iter().any(is_swapped)
}

/// What a target begins with; `None` for all.
///
/// What has a sign of another grammar, for spans, fields or messages, or was quoted or separated otherwise, is none:
/// taken for a target it would fit nothing, and nobody would be told. Nor is what stands for bytes that were not UTF-8.
fn parse_target(text: &str) -> Result<Option<&str>, Why> {
    if text == "*" {
        return Ok(None);
    }
    let begin = text.strip_suffix('*').unwrap_or(text);
    let begin = begin.trim_end_matches("::");
    if begin.contains(['[', ']', '{', '}']) {
        return Err(Why::Spans);
    }
    if begin.contains('*') {
        return Err(Why::Pattern);
    }
    let others = ['=', '/', ' ', '"', '\'', ';', char::REPLACEMENT_CHARACTER];
    let is_path = !begin.replace("::", "").contains(':');
    // With a blank at its end it would be read as another, where it is written down.
    let is_whole = !begin.is_empty() && begin.trim() == begin;
    let is_target = is_whole && !begin.contains(others) && is_path;
    is_target.then_some(Some(begin)).ok_or(Why::Other)
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
    why: Why,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    Level,
    Spans,
    Pattern,
    Other,
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
        let why = match self.why {
            Why::Level => {
                "no level, which are off, error, warn, info, debug and trace (a target has one: name=trace)"
            }
            Why::Spans => {
                "spans and fields, which are in brackets, are not told apart: want target=level"
            }
            Why::Pattern => "* stands for all, alone or at the end of a target, as in shop::*",
            Why::Other => {
                "want target=level, where the level is off, error, warn, info, debug or trace"
            }
        };
        write!(f, "{:?}: {why}", self.part)
    }
}

impl std::error::Error for ParseTargetsError {}

#[cfg(test)]
mod tests;
