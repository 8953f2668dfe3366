//! Which records a client gets, and what of them.

use std::borrow::Cow;
use std::fmt;

use circular_core::{Record, Redaction};

use crate::view::expression::Expression;
use crate::view::query::Query;

/// How much of a record an expression sees. For a byte it may take microseconds.
const SEARCHED: usize = 16 << 10;

/// What must be true of a record, and what it goes through first.
pub(crate) struct Select {
    wanted: Query,
    redact: Option<Redaction>,
}

impl Select {
    pub(crate) fn new(wanted: Query, redact: Option<Redaction>) -> Self {
        Self { wanted, redact }
    }

    pub(crate) fn wanted(&self) -> &Query {
        &self.wanted
    }

    /// Whether every record passes, so that counting them is counting those that pass.
    pub(crate) fn takes_all(&self) -> bool {
        let Query {
            since,
            until,
            level,
            filter,
            text,
            expression,
            ..
        } = &self.wanted;
        let none_of_time = since.is_none() && until.is_none();
        let none_of_text = text.is_none() && expression.is_none();
        let none_of_origin = level.is_none() && filter.is_none();
        none_of_time && none_of_text && none_of_origin && self.redact.is_none()
    }

    /// Whether it may take long to find out whether a record passes.
    pub(crate) fn is_expensive(&self) -> bool {
        let Query {
            filter,
            text,
            expression,
            ..
        } = &self.wanted;
        let is_search = filter.is_some() || text.is_some() || expression.is_some();
        is_search || self.redact.is_some()
    }

    /// The text that the client gets of `record`, if any.
    pub(crate) fn text<'a>(&self, record: &Record<'a>) -> Option<Cow<'a, [u8]>> {
        let wanted = &self.wanted;
        // What is cheap comes first.
        if !self.passes_by_level(record) || !self.passes_by_time(record) {
            return None;
        }
        let text = match &self.redact {
            None => Cow::Borrowed(record.bytes()),
            Some(redaction) => redaction.apply(record)?,
        };
        // In what is left: else one could find out what was hidden by asking for it. Without the line's end,
        // so that `$` is where one thinks it is.
        let line = text.strip_suffix(b"\n").unwrap_or(&text);
        let begin = line.get(..SEARCHED).unwrap_or(line);
        let has_text = wanted
            .text
            .as_ref()
            .is_none_or(|text| text.find(line).is_some());
        let matches = |expression: &Expression| expression.is_match(begin);
        (has_text && wanted.expression.as_ref().is_none_or(matches)).then_some(text)
    }

    /// A record without a level passes every filter of levels.
    fn passes_by_level(&self, record: &Record<'_>) -> bool {
        let Some(level) = record.level() else {
            return true;
        };
        let directives = self.wanted.filter.as_ref();
        self.wanted.level.is_none_or(|least| level >= least)
            && directives.is_none_or(|filter| filter.enabled(level, record.target()))
    }

    fn passes_by_time(&self, record: &Record<'_>) -> bool {
        self.wanted.since.is_none_or(|since| record.is_since(since))
            && self.wanted.until.is_none_or(|until| record.time() <= until)
    }
}

impl fmt::Debug for Select {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Select")
            .field("wanted", &self.wanted)
            .finish_non_exhaustive()
    }
}
