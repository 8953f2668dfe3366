//! What a terminal would obey is shown, and in the same way wherever somebody looks.

use std::io::Write;

use circular_core::{Meta, TerminalWriter};
use serde_json::Value;

use crate::support::Site;

/// As the console of a program shows it.
fn on_a_terminal(text: &str) -> String {
    let mut shown = Vec::new();
    let mut terminal = TerminalWriter::new(&mut shown);
    terminal.write_all(text.as_bytes()).expect("it is memory");
    drop(terminal);
    String::from_utf8(shown).expect("it is text")
}

#[test]
fn a_line_looks_the_same_over_http_as_on_the_programs_own_terminal() {
    let site = Site::new();
    let controls = ('\0'..='\u{a0}').chain(['\u{61c}', '\u{200d}', '\u{200e}', '\u{2028}']);
    for c in controls.chain(['\u{202e}', '\u{2069}', 'é', '→', '🦀']) {
        site.record(Meta::new(), &format!("a{c}b\n"));
    }
    site.record(Meta::new(), "\x1b]0;a title\x07 and \x1b[8mhidden\r\n");
    let text = site.get("?raw");
    assert_eq!(site.get(""), on_a_terminal(&text));
}

#[test]
fn json_has_nothing_in_it_that_a_terminal_obeys() {
    let site = Site::new();
    let text = "\x1b[2J \u{9b}31m \u{202e}back \r \u{7f}";
    site.record(Meta::new().target("a\u{200f}b"), text);
    let line = site.get("?format=ndjson");
    assert_eq!(on_a_terminal(&line), line);
    let read: Value = serde_json::from_str(&line).expect("it is JSON");
    assert_eq!(read["text"], text);
    assert_eq!(read["target"], "a\u{200f}b");
}

/// The page has an expression of its own for what the server looks for.
#[cfg(feature = "regex")]
mod page {
    use circular_core::{Colors, push_for_terminal};
    use regex::Regex;

    /// `SPECIAL`, which is written in a way that both languages understand.
    fn special() -> Regex {
        let page = include_str!("../../page/ansi.js");
        let (_, behind) = page.split_once("const SPECIAL = /").expect("it is there");
        let (expression, _) = behind.split_once("/g;\n").expect("it is one line");
        Regex::new(expression).expect("it is one here too")
    }

    fn is_shown_as_it_is(text: &str) -> bool {
        let mut shown = Vec::new();
        push_for_terminal(&mut shown, text.as_bytes(), Colors::Keep);
        shown.starts_with(text.as_bytes())
    }

    #[test]
    fn it_looks_for_the_same_characters() {
        let special = special();
        for c in ('\0'..=char::MAX).filter(|&c| c != '\x1b') {
            let text = c.to_string();
            assert_eq!(special.is_match(&text), !is_shown_as_it_is(&text), "{c:?}");
        }
        assert!(special.is_match("\x1b"));
    }

    #[test]
    fn it_looks_for_the_same_colours() {
        let special = special();
        let most = "1".repeat(32);
        let more = "1".repeat(33);
        for numbers in [
            "",
            "0",
            "1;31",
            "38:2::1:2:3",
            ";;",
            "-1",
            "?25",
            &most,
            &more,
        ] {
            for end in ["m", "h", ""] {
                let text = format!("\x1b[{numbers}{end}");
                let found = special.captures(&text).expect("the first is special");
                let is_colour = found.get(1).is_some();
                assert_eq!(is_colour, is_shown_as_it_is(&text), "{text:?}");
            }
        }
    }
}
