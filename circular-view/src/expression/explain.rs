//! Why a pattern is no expression, in one line.
//!
//! The `regex` crate draws the pattern, with carets in the line below. They stand elsewhere as soon as the pattern is
//! shown wider or narrower than it takes it for: escaped for a terminal, with a tab, as `日本`, or in a font whose letters
//! differ. So what they mark is told in words.

use std::fmt::Write as _;

/// What is before a pattern of one line.
const MARGIN: &str = "    ";

/// What `regex` has said of a pattern, and which part of it that is about.
pub(super) fn in_one_line(said: &str) -> String {
    let Some((drawn, reason)) = said.rsplit_once("\nerror: ") else {
        return said.to_owned();
    };
    let lines: Vec<&str> = drawn.lines().collect();
    let marked = lines.windows(2).filter(|pair| is_marks(pair[1]));
    let places: Vec<String> = marked.flat_map(|pair| places(pair[0], pair[1])).collect();
    if places.is_empty() {
        return reason.to_owned();
    }
    format!("{reason}: {}", places.join(", "))
}

fn is_marks(line: &str) -> bool {
    line.contains('^') && line.chars().all(|char| matches!(char, ' ' | '^'))
}

/// What is marked in a line of the pattern.
fn places(line: &str, marks: &str) -> Vec<String> {
    // A pattern of several lines has their numbers in the margin, else that is blank.
    let number = line.split_once(": ").map(|(number, _)| number);
    let number = number.filter(|_| !line.starts_with(MARGIN));
    let margin = number.map_or(MARGIN.len(), |number| number.len() + 2);
    let marked = marks.bytes().enumerate().filter(|&(_, byte)| byte == b'^');
    let marked: Vec<usize> = marked.map(|(at, _)| at).collect();
    // A run of carets is one place.
    let runs = marked.chunk_by(|one, next| one + 1 == *next);
    let place = |run: &[usize]| {
        let first = run.first().copied().unwrap_or_default();
        let part: String = line.chars().skip(first).take(run.len()).collect();
        let mut place = match &*part {
            "" => "the end".to_owned(),
            part => format!("{part:?}"),
        };
        // Writing to a string does not fail.
        let _ = write!(place, " at character {}", first + 1 - margin.min(first));
        if let Some(number) = number {
            let _ = write!(place, " of line {}", number.trim_start());
        }
        place
    };
    runs.map(place).collect()
}

#[cfg(test)]
mod tests {
    use crate::expression::Expression;

    #[test]
    fn the_part_that_is_wrong_is_named_whatever_is_before_it() {
        for (pattern, expected) in [
            ("(", r#"unclosed group: "(" at character 1"#),
            ("aé日本(", r#"unclosed group: "(" at character 5"#),
            (
                "\x1b\t[2J",
                r#"unclosed character class: "[" at character 3"#,
            ),
            (
                r"x\y",
                r#"unrecognized escape sequence: "\\y" at character 2"#,
            ),
            (
                "a{3,1}b",
                r#"the start must be <= the end: "{3,1}" at character 2"#,
            ),
            (
                "1: (\n\n\n\n\n\n\n\n\nab",
                r#"unclosed group: "(" at character 4 of line 1"#,
            ),
            ("ab\nc(", r#"unclosed group: "(" at character 2 of line 2"#),
            ("1: (", r#"unclosed group: "(" at character 4"#),
            (
                "(?P<x>a)(?P<x>b)",
                r#"duplicate capture group name: "x" at character 5, "x" at character 13"#,
            ),
        ] {
            let said = pattern.parse::<Expression>().unwrap_err().to_string();
            assert!(said.ends_with(expected), "{pattern:?}: {said}");
            assert!(!said.contains(char::is_control), "{said:?}");
        }
    }
}
