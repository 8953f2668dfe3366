//! Which records are shown, as it was asked for.
//!
//! Invariant: what the page has as well means here what it means there: it is a [`Selection`].

use std::time::SystemTime;

use circular_core::Record;
use circular_view::{Expression, Selection};

use crate::args::Which;
use crate::failure::Failure;
use crate::show::moment;
use crate::show::zone::Zone;

/// What must be true of a record.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    selection: Selection,
    /// Any of them, or one below it; all if there is none.
    targets: Vec<String>,
}

impl Choice {
    /// # Errors
    ///
    /// A time or an expression is none.
    pub(crate) fn of(which: &Which, zone: &Zone) -> Result<Self, Failure> {
        let now = SystemTime::now();
        let time = |flag, text: &Option<String>| {
            let parse = |text: &String| moment::parse(flag, text, zone, now);
            text.as_ref().map(parse).transpose()
        };
        let selection = Selection::new()
            .at_least(which.level)
            .filter(which.filter.clone())
            .since(time("--since", &which.since)?)
            .until(time("--until", &which.until)?)
            .matching(any_of("--grep", &which.grep)?)
            .excluding(any_of("--exclude", &which.exclude)?);
        Ok(Self {
            selection,
            targets: which.target.clone(),
        })
    }

    /// Whether a record is shown.
    pub(crate) fn takes(&self, record: &Record<'_>) -> bool {
        let is_of_target = |wanted: &String| {
            let rest = record.target().strip_prefix(wanted.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        };
        if !self.targets.is_empty() && !self.targets.iter().any(is_of_target) {
            return false;
        }
        self.selection.text(record).is_some()
    }

    /// Whether all are shown.
    pub(crate) fn takes_all(&self) -> bool {
        self.targets.is_empty() && self.selection.takes_all()
    }

    pub(crate) fn since(&self) -> Option<SystemTime> {
        self.selection.since_time()
    }
}

/// One expression that matches what any of `patterns` does.
fn any_of(flag: &str, patterns: &[String]) -> Result<Option<Expression>, Failure> {
    let parse = |pattern: &str| {
        pattern.parse::<Expression>().map_err(|error| {
            Failure::usage(
                format!("{flag} {pattern:?} is no regular expression: {error}"),
                format!(
                    "{flag} with \\ before what is meant as it is: . * + ? ( ) [ ] {{ }} | ^ $ \\"
                ),
            )
        })
    };
    match patterns {
        [] => Ok(None),
        [one] => parse(one).map(Some),
        several => {
            // Each by itself first, for what is said of a bad one.
            several
                .iter()
                .try_for_each(|pattern| parse(pattern).map(drop))?;
            let grouped: Vec<_> = several.iter().map(|one| format!("(?:{one})")).collect();
            parse(&grouped.join("|")).map(Some)
        }
    }
}
