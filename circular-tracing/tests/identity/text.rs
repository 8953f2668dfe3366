//! Text: byte for byte.

use crate::corpus;
use crate::pair::{Pair, Settings};

/// One test: the width of thread names depends on all names that the process has logged before.
#[test]
fn with_all_settings() {
    for number in 0..Settings::COUNT {
        let settings = Settings::number(number);
        let pair = Pair::text(settings);
        pair.run(corpus::all);
        let lines = pair.same_lines(&settings);
        assert!(lines.len() > 200, "the corpus was said");
    }
}

#[test]
fn all_values() {
    let pair = Pair::text(Settings::number(0));
    pair.run(corpus::all_values);
    let lines = pair.same_lines(&"without settings");
    assert!(lines.iter().any(|line| line.len() > 128 << 10));
}
