//! Which records are shown, and what of them.
//!
//! Invariant: what is searched is what would be shown. So nobody finds out what was hidden by asking for it.

use std::borrow::Cow;
use std::time::SystemTime;

use circular_core::{Level, Record, Redaction, Targets};
use memchr::memmem::Finder;

use crate::view::expression::Expression;

/// How much of a record an expression sees. For a byte it may take microseconds.
const SEARCHED: usize = 16 << 10;

/// What must be true of a record, and what it goes through first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selection {
    level: Option<Level>,
    targets: Option<Targets>,
    text: Option<Finder<'static>>,
    expression: Option<Expression>,
    since: Option<SystemTime>,
    until: Option<SystemTime>,
    redaction: Option<Redaction>,
}

impl Selection {
    /// Takes only what is of this level or more severe. A record without a level passes.
    pub(crate) fn at_least(mut self, level: impl Into<Option<Level>>) -> Self {
        self.level = level.into();
        self
    }

    /// Takes only what these directives let through. A record without a level passes.
    pub(crate) fn filter(mut self, targets: impl Into<Option<Targets>>) -> Self {
        self.targets = targets.into();
        self
    }

    /// Takes only what contains `text`. Everything contains an empty one.
    pub(crate) fn containing(mut self, text: impl AsRef<[u8]>) -> Self {
        let text = text.as_ref();
        self.text = (!text.is_empty()).then(|| Finder::new(text).into_owned());
        self
    }

    /// Takes only what the expression matches, in the first 16 KiB of the record.
    pub(crate) fn matching(mut self, expression: impl Into<Option<Expression>>) -> Self {
        self.expression = expression.into();
        self
    }

    /// Takes only what may have been written then or later.
    pub(crate) fn since(mut self, time: impl Into<Option<SystemTime>>) -> Self {
        self.since = time.into();
        self
    }

    /// Takes only what was written then or earlier.
    pub(crate) fn until(mut self, time: impl Into<Option<SystemTime>>) -> Self {
        self.until = time.into();
        self
    }

    /// Lets records go through this hook before anything is looked for in them.
    pub(crate) fn redaction(mut self, redaction: impl Into<Option<Redaction>>) -> Self {
        self.redaction = redaction.into();
        self
    }

    /// Returns since when records are taken.
    pub(crate) fn since_time(&self) -> Option<SystemTime> {
        self.since
    }

    /// Returns until when records are taken.
    pub(crate) fn until_time(&self) -> Option<SystemTime> {
        self.until
    }

    /// Whether every record passes, so that counting them is counting those that pass.
    pub(crate) fn takes_all(&self) -> bool {
        let none_of_time = self.since.is_none() && self.until.is_none();
        let none_of_origin = self.level.is_none() && self.targets.is_none();
        let none_of_text = self.text.is_none() && self.expression.is_none();
        none_of_time && none_of_origin && none_of_text && self.redaction.is_none()
    }

    /// Whether it may take long to find out whether a record passes.
    pub(crate) fn is_expensive(&self) -> bool {
        let is_search = self.targets.is_some() || self.text.is_some() || self.expression.is_some();
        is_search || self.redaction.is_some()
    }

    /// The text that is shown of `record`, if any.
    pub(crate) fn text<'a>(&self, record: &Record<'a>) -> Option<Cow<'a, [u8]>> {
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
        (has_text && self.expression.as_ref().is_none_or(matches)).then_some(text)
    }

    /// A record without a level passes every filter of levels.
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
