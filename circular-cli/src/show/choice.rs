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
        let mut selection = Selection::new()
            .at_least(which.level)
            .filter(which.filter.clone())
            .since(time("--since", &which.since)?)
            .until(time("--until", &which.until)?);
        for pattern in which.grep.iter().filter(|pattern| !pattern.is_empty()) {
            selection = selection.matching(expression("--grep", pattern)?);
        }
        for pattern in which.exclude.iter().filter(|pattern| !pattern.is_empty()) {
            selection = selection.excluding(expression("--exclude", pattern)?);
        }
        if let Some(why) = selection.contradiction() {
            return Err(Failure::usage(
                format!("nothing can be shown: {why}"),
                "--since with a time that is before that of --until",
            ));
        }
        let all = which.target.iter().any(String::is_empty);
        Ok(Self {
            selection,
            targets: if all {
                Vec::new()
            } else {
                which.target.clone()
            },
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

    pub(crate) fn until(&self) -> Option<SystemTime> {
        self.selection.until_time()
    }

    pub(crate) fn since(&self) -> Option<SystemTime> {
        self.selection.since_time()
    }
}

/// The expression that a flag was given.
fn expression(flag: &str, pattern: &str) -> Result<Expression, Failure> {
    pattern.parse().map_err(|error| {
        Failure::usage(
            format!("{flag} {pattern:?} is no regular expression: {error}"),
            format!("{flag} with \\ before what is meant as it is: . * + ? ( ) [ ] {{ }} | ^ $ \\"),
        )
    })
}
