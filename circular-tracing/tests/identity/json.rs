//! JSON: the same keys and values in the same text, and one object a line.

use serde_json::Value;

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
            let lines = pair.same_lines(&(settings, json));
            assert!(lines.len() > 200, "the corpus was said");
            lines.iter().for_each(|line| assert_one_object(line));
        }
    }
}

#[test]
fn all_values() {
    for json in (0..JsonSettings::COUNT).map(JsonSettings::number) {
        let pair = Pair::json(Settings::number(0), json);
        pair.run(corpus::all_values);
        let lines = pair.same_lines(&json);
        lines.iter().for_each(|line| assert_one_object(line));
    }
}

pub(crate) fn assert_one_object(line: &str) {
    let object = line.strip_suffix('\n').unwrap();
    assert!(!object.contains('\n'), "one line");
    assert!(serde_json::from_str::<Value>(object).unwrap().is_object());
}
