//! A door for the fuzz targets, which is there only when `cargo fuzz` compiles this crate.

use crate::filter::{self, Ignored};
use env_filter::Filter;

/// A part of `RUST_LOG` that was ignored, and what [`init`](crate::init()) says of it on stderr.
#[derive(Debug)]
pub struct Bad {
    /// The part.
    pub part: String,
    /// Whether it is the text after the slash.
    pub is_message: bool,
    /// What is said.
    pub said: String,
}

/// Parses `RUST_LOG` as [`init`](crate::init()) does.
pub fn parse(spec: &str) -> (Filter, Vec<Bad>) {
    let (filter, ignored) = filter::parse(spec);
    let bad = |ignored: Ignored| {
        let said = ignored.to_string();
        let (part, is_message) = match ignored {
            Ignored::Directive(part) => (part, false),
            Ignored::Message(part, ..) => (part, true),
        };
        Bad {
            part,
            is_message,
            said,
        }
    };
    (filter, ignored.into_iter().map(bad).collect())
}
