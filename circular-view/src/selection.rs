//! Which records are shown, and what of them.
//!
//! Invariant: what is searched is what would be shown. So nobody finds out what was hidden by asking for it.

use std::borrow::Cow;
use std::time::SystemTime;

use circular_core::{Level, Record, RedactedRecord, Redaction, Targets};

use crate::expression::Expression;
use crate::text::Text;

/// How much of a record an expression sees. For a byte it may take microseconds.
const SEARCHED: usize = 16 << 10;

/// Which records are shown: what must be true of one, and what it goes through first.
///
/// All of it must be true; a new one takes every record. What is set once is taken back by `None`; what is looked for
/// may be several, which all must be there, or not be there.
///
/// What is looked for is found by smart case: without an upper-case letter in it, upper and lower case are the same.
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
    /// Just these: a bit for each, by [`bit`].
    levels: Option<u8>,
    targets: Option<Targets>,
    wanted: Vec<Search>,
    unwanted: Vec<Search>,
    since: Option<SystemTime>,
    until: Option<SystemTime>,
    redaction: Option<Redaction>,
}

/// What is looked for in a record.
#[derive(Clone, Debug)]
enum Search {
    Text(Box<Text>),
    Expression(Expression),
}

impl Search {
    fn text(text: &[u8]) -> Option<Self> {
        (!text.is_empty()).then(|| Self::Text(Box::new(Text::new(text))))
    }

    fn finds(&self, line: &[u8]) -> bool {
        match self {
            Self::Text(text) => text.is_in(line),
            Self::Expression(expression) => {
                expression.is_match(line.get(..SEARCHED).unwrap_or(line))
            }
        }
    }
}

/// The bit of a level in [`Selection::levels`].
fn bit(level: Option<Level>) -> u8 {
    1 << level.map_or(0, |level| level as u8)
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

    /// Filters out the records of all levels but these; `None` among them stands for the records without one.
    ///
    /// ```
    /// use circular_core::{Level, Meta, Ring};
    /// use circular_view::Selection;
    ///
    /// let ring = Ring::new(4096)?;
    /// ring.record(Meta::new().level(Level::Error), b"failed\n")?;
    /// ring.record(Meta::new().level(Level::Info), b"started\n")?;
    /// ring.record(Meta::new(), b"a line\n")?;
    /// let selection = Selection::new().only_levels([Some(Level::Error), None]);
    /// let held = ring.handle().snapshot();
    /// let shown: Vec<_> = held.records().filter_map(|record| selection.text(&record)).collect();
    /// assert_eq!(shown, [&b"failed\n"[..], b"a line\n"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn only_levels(mut self, levels: impl IntoIterator<Item = Option<Level>>) -> Self {
        self.levels = Some(levels.into_iter().map(bit).fold(0, |all, one| all | one));
        self
    }

    /// Filters out the records that do not contain `text`. Called again, a record must contain that as well; every record
    /// contains an empty one.
    pub fn containing(mut self, text: impl AsRef<[u8]>) -> Self {
        self.wanted.extend(Search::text(text.as_ref()));
        self
    }

    /// Filters out the records that contain `text`. Called again, a record must not contain that either; an empty one
    /// filters out nothing.
    pub fn not_containing(mut self, text: impl AsRef<[u8]>) -> Self {
        self.unwanted.extend(Search::text(text.as_ref()));
        self
    }

    /// Filters out the records that `expression` does not match. It sees the first 16 KiB of a record, and not the end of
    /// its line: `$` is before that. Called again, both must match.
    pub fn matching(mut self, expression: impl Into<Option<Expression>>) -> Self {
        self.wanted
            .extend(expression.into().map(Search::Expression));
        self
    }

    /// Filters out the records that `expression` matches. It sees of a record what that of [`matching`](Self::matching)
    /// does. Called again, neither must match.
    pub fn excluding(mut self, expression: impl Into<Option<Expression>>) -> Self {
        self.unwanted
            .extend(expression.into().map(Search::Expression));
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
        let none_of_level = self.level.is_none() && self.levels.is_none();
        let none_of_origin = none_of_level && self.targets.is_none();
        none_of_time && none_of_origin && !self.is_search() && self.redaction.is_none()
    }

    /// Returns why no record can be taken, whatever it is: two of the things that must be true exclude each other. `None`
    /// if some can.
    ///
    /// ```
    /// use circular_core::Level;
    /// use circular_view::Selection;
    ///
    /// let selection = Selection::new().at_least(Level::Warn).only_levels([Some(Level::Info)]);
    /// assert!(selection.contradiction().is_some());
    /// ```
    pub fn contradiction(&self) -> Option<&'static str> {
        if let (Some(since), Some(until)) = (self.since, self.until) {
            if since > until {
                return Some("what is to be shown begins later than it ends");
            }
        }
        let has = |level: Option<Level>| self.levels.is_none_or(|levels| levels & bit(level) != 0);
        let is_let_through = |level: Level| {
            let least = self.targets.as_ref().map(Targets::least_level);
            has(Some(level))
                && self.level.is_none_or(|least| level >= least)
                && least.is_none_or(|least| least.is_some_and(|least| level >= least))
        };
        let takes_none = !has(None) && !Level::ALL.into_iter().any(is_let_through);
        takes_none.then_some("of the levels that are wanted, none is let through")
    }

    /// Returns whether it may take long to find out whether a record is taken: something is searched for, or there is a
    /// hook. Who has others to serve looks at the clock in between.
    pub fn is_expensive(&self) -> bool {
        self.targets.is_some() || self.is_search() || self.redaction.is_some()
    }

    fn is_search(&self) -> bool {
        !self.wanted.is_empty() || !self.unwanted.is_empty()
    }

    /// Returns whether the level, the target and the time of `record` are such as are wanted. What it says is not looked
    /// at, so it may be filtered out nevertheless.
    pub fn may_take(&self, record: &Record<'_>) -> bool {
        self.passes_by_level(record) && self.passes_by_time(record)
    }

    /// Returns what is shown of the text of `record`, with its line end; `None` if it is not taken.
    ///
    /// Whoever shows its target as well calls [`record`](Self::record) instead: of that, too, something may be hidden.
    ///
    /// # Panics
    ///
    /// If the hook does.
    pub fn text<'a>(&self, record: &Record<'a>) -> Option<Cow<'a, [u8]>> {
        self.record(record).map(|shown| shown.text)
    }

    /// Returns what is shown of `record`, its text as by [`text`](Self::text), and its target.
    ///
    /// ```
    /// use circular_core::{Meta, Redaction, Ring, SECRET_KEYS, redact_keys};
    /// use circular_view::{Selection, Writer};
    ///
    /// let ring = Ring::new(4096)?;
    /// ring.record(Meta::new().target("login?token=abc"), b"password=hunter2\n")?;
    /// let selection = Selection::new().redaction(Redaction::new(redact_keys(SECRET_KEYS)));
    /// let mut reader = ring.handle().reader().open();
    /// let batch = reader.recv()?;
    /// let (mut out, mut writer) = (Vec::new(), Writer::ndjson());
    /// for (index, record) in batch.records().enumerate() {
    ///     if let Some(shown) = selection.record(&record) {
    ///         let record = record.with_target(&shown.target);
    ///         writer.record(&record, &shown.text, batch.cursor_before(index + 1), &mut out);
    ///     }
    /// }
    /// let line = String::from_utf8(out)?;
    /// assert!(line.contains(r#""target":"login?token=[redacted]","text":"password=[redacted]""#));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If the hook does.
    pub fn record<'a>(&self, record: &Record<'a>) -> Option<RedactedRecord<'a>> {
        // What is cheap comes first.
        if !self.may_take(record) {
            return None;
        }
        let shown = match &self.redaction {
            None => RedactedRecord::of(record),
            Some(redaction) => redaction.record(record)?,
        };
        // In what is left: else one could find out what was hidden by asking for it.
        if let Cow::Owned(target) = &shown.target {
            if !self.wants_target(record.level(), target) {
                return None;
            }
        }
        // Without the line's end, so that `$` is where one thinks it is.
        let line = shown.text.strip_suffix(b"\n").unwrap_or(&shown.text);
        let is_taken = self.wanted.iter().all(|search| search.finds(line))
            && !self.unwanted.iter().any(|search| search.finds(line));
        is_taken.then_some(shown)
    }

    fn passes_by_level(&self, record: &Record<'_>) -> bool {
        let level = record.level();
        if self.levels.is_some_and(|levels| levels & bit(level) == 0) {
            return false;
        }
        let is_severe = |level| self.level.is_none_or(|least| level >= least);
        level.is_none_or(is_severe) && self.wants_target(level, record.target())
    }

    fn wants_target(&self, level: Option<Level>, target: &str) -> bool {
        let (Some(level), Some(targets)) = (level, &self.targets) else {
            return true;
        };
        targets.enabled(level, target)
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
            (all.clone().not_containing("a"), true),
            (all.clone().only_levels([]), false),
            (all.clone().redaction(redaction), true),
        ] {
            assert!(!narrow.takes_all(), "{narrow:?}");
            assert_eq!(narrow.is_expensive(), is_expensive, "{narrow:?}");
        }
        for set in [
            all.clone().at_least(Level::Warn),
            all.clone().filter(Targets::new()),
            all.clone().since(NOW).until(NOW),
            all.clone()
                .redaction(Redaction::new(redact_keys(SECRET_KEYS))),
        ] {
            let taken_back = set
                .at_least(None)
                .filter(None)
                .containing("")
                .not_containing("")
                .matching(None)
                .excluding(None)
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
    fn just_these_levels() {
        let selection = Selection::new().only_levels([Some(Level::Info), None]);
        let all = Level::ALL.map(Some).into_iter().chain([None]);
        for level in all {
            let is_taken = level.is_none_or(|level| level == Level::Info);
            let meta = Meta::new().level(level);
            assert_eq!(takes(&selection, meta, b"a"), is_taken, "{level:?}");
        }
        // What at_least lets through without a level, this need not.
        let both = Selection::new()
            .at_least(Level::Info)
            .only_levels([Some(Level::Info)]);
        assert!(!takes(&both, Meta::new(), b"a"));
        assert!(takes(&both, Meta::new().level(Level::Info), b"a"));
        assert!(!takes(&Selection::new().only_levels([]), Meta::new(), b"a"));
    }

    #[test]
    fn what_can_take_nothing_says_why() {
        let all = Selection::new();
        let at = |seconds| NOW + Duration::from_secs(seconds);
        let error_alone = all.clone().only_levels([Some(Level::Error)]);
        let targets = |text: &str| text.parse::<Targets>().unwrap();
        for possible in [
            all.clone(),
            all.clone().since(at(5)).until(at(5)),
            all.clone()
                .at_least(Level::Warn)
                .only_levels([Some(Level::Info), None]),
            error_alone.clone().filter(targets("a=error,b=off,off")),
            // Records without a level pass.
            all.clone().filter(targets("off")),
        ] {
            assert_eq!(possible.contradiction(), None, "{possible:?}");
        }
        for (impossible, says) in [
            (all.clone().since(at(5)).until(at(4)), "later"),
            (all.clone().only_levels([]), "levels"),
            (
                all.at_least(Level::Warn).only_levels([Some(Level::Info)]),
                "levels",
            ),
            (error_alone.filter(targets("off")), "levels"),
        ] {
            let why = impossible.contradiction().unwrap_or_default();
            assert!(why.contains(says), "{why}: {impossible:?}");
        }
    }

    #[test]
    fn several_texts_must_all_be_there_or_not_be_there() {
        let selection = Selection::new()
            .containing("get")
            .containing("200")
            .not_containing("health")
            .not_containing("Favicon");
        for (text, is_taken) in [
            ("GET /cart 200", true),
            ("GET /cart 404", false),
            ("PUT /cart 200", false),
            ("GET /HEALTH 200", false),
            ("GET /favicon 200", true),
            ("GET /Favicon 200", false),
        ] {
            let is = takes(&selection, Meta::new(), text.as_bytes());
            assert_eq!(is, is_taken, "{text}");
        }
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
        assert!(takes(
            &selection.clone().containing("redacted"),
            Meta::new(),
            text
        ));
        // Nor by a filter, piece by piece.
        let meta = Meta::new().level(Level::Info).target("login?token=abc");
        for (filter, is_taken) in [
            ("login", true),
            ("login?token", true),
            ("login?token=a", false),
        ] {
            let targets = Targets::new().with_target(filter, Level::Trace);
            let selection = selection.clone().filter(targets);
            assert_eq!(takes(&selection, meta, b"a"), is_taken, "{filter}");
        }
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
        let both = matching("time").matching("out$".parse::<Expression>().unwrap());
        assert!(takes(&both, Meta::new(), b"time out\n"));
        assert!(!takes(&both, Meta::new(), b"timer\n") && !takes(&both, Meta::new(), b"out\n"));
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
        let selection = selection.excluding(expression("^read"));
        assert!(!takes(&selection, Meta::new(), b"read: timeout\n"));
        assert!(!takes(&selection, Meta::new(), b"a timeout, retry\n"));
        assert!(takes(&selection, Meta::new(), b"a timeout\n"));
    }
}
