//! JSON: the same keys and values in the same text, and one object a line.

use crate::corpus;
use crate::pair::{JsonSettings, Pair, Settings};

/// All combinations of what only JSON has, with what both forms have: all, none, each alone, and the
/// threads' names and numbers together.
#[test]
fn with_all_settings() {
    for json in (0..JsonSettings::COUNT).map(JsonSettings::number) {
        let each = (0..6).map(|place| 1 << place);
        for common in [0, 0b1100, Settings::COUNT - 1].into_iter().chain(each) {
            let settings = Settings::number(common);
            let pair = Pair::json(settings, json);
            pair.run(corpus::all);
            let lines = pair.same_objects(&(settings, json));
            assert!(lines.len() > 200, "the corpus was said");
        }
    }
}

#[test]
fn all_values() {
    for json in (0..JsonSettings::COUNT).map(JsonSettings::number) {
        let pair = Pair::json(Settings::number(0), json);
        pair.run(corpus::all_values);
        pair.same_objects(&json);
    }
}
