//! Which records are shown, and what of them.
//!
//! Invariant: what is searched is what would be shown. So nobody finds out what was hidden by asking for it.

use std::borrow::Cow;
use std::time::SystemTime;

use circular_core::{Level, Record, Redaction, Targets};
use memchr::memmem::Finder;

use crate::expression::Expression;

/// How much of a record an expression sees. For a byte it may take microseconds.
const SEARCHED: usize = 16 << 10;

/// Which records are shown: what must be true of one, and what it goes through first.
///
/// All of it must be true; a new one takes every record. What was set is taken back by `None`.
///
/// ```
/// use circular_core::{Level, Meta, Ring, Targets};
/// use circular_view::Selection;
///
/// let ring = Ring::new(4096)?;
/// ring.record(Meta::new().level(Level::Error).target("shop::db"), b"pool is empty\n")?;
/// ring.record(Meta::new().level(Level::Error).target("shop::cart"), b"cart is empty\n")?;
/// ring.record(Meta::new().level(Level::Debug).target("shop::db"), b"pool was empty\n")?;
///
/// let targets: Targets = "shop::db=trace".parse()?;
/// let selection = Selection::new().at_least(Level::Warn).filter(targets).containing("empty");
/// let held = ring.handle().snapshot();
/// let shown: Vec<_> = held.records().filter_map(|record| selection.text(&record)).collect();
/// assert_eq!(shown, [&b"pool is empty\n"[..]]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Selection {
    level: Option<Level>,
    targets: Option<Targets>,
    text: Option<Finder<'static>>,
    expression: Option<Expression>,
    excluded: Option<Expression>,
    since: Option<SystemTime>,
    until: Option<SystemTime>,
    redaction: Option<Redaction>,
}

impl Selection {
    /// Returns one that takes every record.
    pub fn new() -> Self {
        Self::default()
    }

    /// Filters out the records below `level`. Records without a level always pass.
    pub fn at_least(mut self, level: impl Into<Option<Level>>) -> Self {
        self.level = level.into();
        self
    }

    /// Filters out the records that `targets` does not want. Records without a level always pass.
    pub fn filter(mut self, targets: impl Into<Option<Targets>>) -> Self {
        self.targets = targets.into();
        self
    }

    /// Filters out the records that do not contain `text`, byte for byte. Every record contains an empty one.
    pub fn containing(mut self, text: impl AsRef<[u8]>) -> Self {
        let text = text.as_ref();
        self.text = (!text.is_empty()).then(|| Finder::new(text).into_owned());
        self
    }

    /// Filters out the records that `expression` does not match. It sees the first 16 KiB of a record, and not the end of
    /// its line: `$` is before that.
    pub fn matching(mut self, expression: impl Into<Option<Expression>>) -> Self {
        self.expression = expression.into();
        self
    }

    /// Filters out the records that `expression` matches. It sees of a record what that of [`matching`](Self::matching) does.
    pub fn excluding(mut self, expression: impl Into<Option<Expression>>) -> Self {
        self.excluded = expression.into();
        self
    }

    /// Filters out the records that were certainly written before `time`, by [`Record::is_since`]. Who reads a ring need
    /// not begin before that: [`Start::Since`](circular_core::Start::Since).
    pub fn since(mut self, time: impl Into<Option<SystemTime>>) -> Self {
        self.since = time.into();
        self
    }

    /// Filters out the records with a time later than `time`.
    pub fn until(mut self, time: impl Into<Option<SystemTime>>) -> Self {
        self.until = time.into();
        self
    }

    /// Sets the hook that records go through before anything is looked for in them, and before they are shown.
    pub fn redaction(mut self, redaction: impl Into<Option<Redaction>>) -> Self {
        self.redaction = redaction.into();
        self
    }

    /// Returns the time that [`since`](Self::since) was given.
    pub fn since_time(&self) -> Option<SystemTime> {
        self.since
    }

    /// Returns the time that [`until`](Self::until) was given.
    pub fn until_time(&self) -> Option<SystemTime> {
        self.until
    }

    /// Returns whether every record is taken as it is, so that counting records is counting what is shown.
    pub fn takes_all(&self) -> bool {
        let none_of_time = self.since.is_none() && self.until.is_none();
        let none_of_origin = self.level.is_none() && self.targets.is_none();
        let none_of_text =
            self.text.is_none() && self.expression.is_none() && self.excluded.is_none();
        none_of_time && none_of_origin && none_of_text && self.redaction.is_none()
    }

    /// Returns whether it may take long to find out whether a record is taken: something is searched for, or there is a
    /// hook. Who has others to serve looks at the clock in between.
    pub fn is_expensive(&self) -> bool {
        let is_search = self.targets.is_some() || self.text.is_some();
        let is_match = self.expression.is_some() || self.excluded.is_some();
        is_search || is_match || self.redaction.is_some()
    }

    /// Returns what is shown of `record`, with its line end; `None` if it is not taken.
    ///
    /// # Panics
    ///
    /// If the hook does.
    pub fn text<'a>(&self, record: &Record<'a>) -> Option<Cow<'a, [u8]>> {
        // What is cheap comes first.
        if !self.passes_by_level(record) || !self.passes_by_time(record) {
            return None;
        }
        let text = match &self.redaction {
            None => Cow::Borrowed(record.bytes()),
            Some(redaction) => redaction.apply(record)?,
        };
        // In what is left: else one could find out what was hidden by asking for it. Without the line's end,
        // so that `$` is where one thinks it is.
        let line = text.strip_suffix(b"\n").unwrap_or(&text);
        let begin = line.get(..SEARCHED).unwrap_or(line);
        let has_text = self
            .text
            .as_ref()
            .is_none_or(|text| text.find(line).is_some());
        let matches = |expression: &Expression| expression.is_match(begin);
        let is_taken = has_text
            && self.expression.as_ref().is_none_or(matches)
            && !self.excluded.as_ref().is_some_and(matches);
        is_taken.then_some(text)
    }

    fn passes_by_level(&self, record: &Record<'_>) -> bool {
        let Some(level) = record.level() else {
            return true;
        };
        self.level.is_none_or(|least| level >= least)
            && self
                .targets
                .as_ref()
                .is_none_or(|targets| targets.enabled(level, record.target()))
    }

    fn passes_by_time(&self, record: &Record<'_>) -> bool {
        self.since.is_none_or(|since| record.is_since(since))
            && self.until.is_none_or(|until| record.time() <= until)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use circular_core::{Meta, Ring, SECRET_KEYS, redact_keys};

    use super::*;

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    /// What is shown of one record.
    fn shown(selection: &Selection, meta: Meta<'_>, text: &[u8]) -> Option<Vec<u8>> {
        let ring = Ring::new(256 << 10).unwrap();
        ring.record(meta, text).unwrap();
        let held = ring.handle().snapshot();
        let record = held.records().next().unwrap();
        selection.text(&record).map(Cow::into_owned)
    }

    fn takes(selection: &Selection, meta: Meta<'_>, text: &[u8]) -> bool {
        shown(selection, meta, text).is_some()
    }

    #[test]
    fn what_is_not_said_takes_all_and_costs_nothing() {
        let all = Selection::new();
        assert!(all.takes_all() && !all.is_expensive());
        assert_eq!(shown(&all, Meta::new(), b"a\n").unwrap(), b"a\n");
        let targets: Targets = "info".parse().unwrap();
        let redaction = Redaction::new(redact_keys(SECRET_KEYS));
        for (narrow, is_expensive) in [
            (all.clone().at_least(Level::Warn), false),
            (all.clone().since(NOW), false),
            (all.clone().until(NOW), false),
            (all.clone().filter(targets), true),
            (all.clone().containing("a"), true),
            (all.clone().redaction(redaction), true),
        ] {
            assert!(!narrow.takes_all(), "{narrow:?}");
            assert_eq!(narrow.is_expensive(), is_expensive, "{narrow:?}");
            let taken_back = narrow
                .at_least(None)
                .filter(None)
                .containing("")
                .since(None)
                .until(None)
                .redaction(None);
            assert!(taken_back.takes_all(), "{taken_back:?}");
        }
    }

    #[test]
    fn by_level_and_target() {
        let targets: Targets = "warn,shop=debug".parse().unwrap();
        let selection = Selection::new().at_least(Level::Info).filter(targets);
        for (level, target, is_taken) in [
            (Some(Level::Info), "shop::db", true),
            (Some(Level::Debug), "shop::db", false),
            (Some(Level::Info), "hyper", false),
            (Some(Level::Error), "hyper", true),
            (None, "hyper", true),
        ] {
            let meta = Meta::new().level(level).target(target);
            assert_eq!(
                takes(&selection, meta, b"a"),
                is_taken,
                "{level:?} {target}"
            );
        }
    }

    #[test]
    fn by_time_with_both_ends() {
        let at = |seconds| NOW + Duration::from_secs(seconds);
        let selection = Selection::new().since(at(10)).until(at(20));
        assert_eq!(selection.since_time(), Some(at(10)));
        assert_eq!(selection.until_time(), Some(at(20)));
        for (seconds, is_taken) in [(9, false), (10, true), (20, true), (21, false)] {
            let meta = Meta::new().time(at(seconds));
            assert_eq!(takes(&selection, meta, b"a"), is_taken, "{seconds}");
        }
        // A record that does not say its time has the ring's.
        let to_come = Selection::new().since(SystemTime::now() + Duration::from_secs(3600));
        assert!(!takes(&to_come, Meta::new(), b"a"));
    }

    #[test]
    fn by_text_as_it_is() {
        let selection = Selection::new().containing("a.B");
        assert!(takes(&selection, Meta::new(), b"\xff a.B\n"));
        assert!(!takes(&selection, Meta::new(), b"a.b") && !takes(&selection, Meta::new(), b"axB"));
    }

    #[test]
    fn nobody_finds_what_is_hidden() {
        let redaction = Redaction::new(redact_keys(SECRET_KEYS));
        let selection = Selection::new().redaction(redaction);
        let text = b"login password=hunter2\n";
        let shown = shown(&selection, Meta::new(), text).unwrap();
        assert_eq!(shown, b"login password=[redacted]\n");
        assert!(!takes(
            &selection.clone().containing("hunter2"),
            Meta::new(),
            text
        ));
        assert!(takes(&selection.containing("redacted"), Meta::new(), text));
        let none = Selection::new().redaction(Redaction::new(|_| circular_core::Redacted::Drop));
        assert!(!takes(&none, Meta::new(), text));
    }

    #[cfg(feature = "regex")]
    #[test]
    fn by_expression_up_to_the_line_end_and_the_limit() {
        let matching = |pattern: &str| {
            let expression: Expression = pattern.parse().unwrap();
            Selection::new().matching(expression)
        };
        let selection = matching("time.?out$");
        assert!(!selection.takes_all() && selection.is_expensive());
        assert!(takes(&selection, Meta::new(), b"read: time out\n"));
        assert!(!takes(&selection, Meta::new(), b"timeout of read\n"));
        assert!(!takes(
            &selection.containing("write"),
            Meta::new(),
            b"timeout\n"
        ));
        assert!(matching("a").matching(None).takes_all());
        let mut long = vec![b'-'; SEARCHED];
        long[SEARCHED - 1] = b'a';
        long.push(b'b');
        assert!(takes(&matching("a"), Meta::new(), &long));
        assert!(!takes(&matching("b"), Meta::new(), &long));
        // A text is looked for in all of it.
        assert!(takes(&Selection::new().containing("b"), Meta::new(), &long));
    }

    #[cfg(feature = "regex")]
    #[test]
    fn what_is_excluded_is_searched_for_as_what_is_wanted_is() {
        let expression = |text: &str| text.parse::<Expression>().unwrap();
        let selection = Selection::new()
            .matching(expression("timeout"))
            .excluding(expression("retry$"));
        assert!(!selection.takes_all() && selection.is_expensive());
        for (text, is_taken) in [
            (&b"timeout\n"[..], true),
            (b"timeout, retry\n", false),
            (b"timeout, retry later\n", true),
            (b"retry\n", false),
        ] {
            assert_eq!(
                takes(&selection, Meta::new(), text),
                is_taken,
                "{}",
                text.escape_ascii()
            );
        }
        assert!(selection.matching(None).excluding(None).takes_all());
    }
}
