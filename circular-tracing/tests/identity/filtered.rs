//! Some spans and events are off for both layers, and so each has to see the same rest of them.

use tracing::Metadata;

use crate::corpus;
use crate::pair::{Pair, Settings};

/// Each turns off other spans, in the middle, at the ends, parents that are named; the last one, events too.
const FILTERS: [fn(&Metadata<'_>) -> bool; 5] = [
    |meta| meta.is_event() || meta.name().len() % 3 != 0,
    |meta| meta.is_event() || meta.name().len() % 3 != 1,
    |meta| meta.is_event() || meta.name().len() % 3 != 2,
    |meta| meta.is_event(),
    |meta| meta.line().is_some_and(|line| line % 3 != 0),
];

#[test]
fn text_is_the_same() {
    for (number, filter) in FILTERS.into_iter().enumerate() {
        let pair = Pair::filtered_text(Settings::number(0), filter);
        pair.run(corpus::all);
        let lines = pair.same_lines(&number);
        assert!(lines.len() > 100, "some of it was said");
    }
}

#[test]
fn json_is_the_same() {
    for (number, filter) in FILTERS.into_iter().enumerate() {
        let pair = Pair::filtered_json(Settings::number(0), filter);
        pair.run(corpus::all);
        let lines = pair.same_objects(&number);
        assert!(lines.len() > 100, "some of it was said");
    }
}
