//! Any text may stand in `RUST_LOG` or in a query: its good parts hold, its bad ones are named.
//!
//! What the parts mean is told here a second time, plainly, and compared.

#![no_main]

use circular_core::{Level, Targets};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    // As is done with what is not UTF-8.
    let text = String::from_utf8_lossy(input);
    let (targets, bad) = Targets::parse_lossy(&text);
    let meaning = Meaning::of(&text);

    let told: Vec<&str> = bad.iter().map(|bad| bad.part()).collect();
    assert_eq!(told, meaning.bad, "bad parts of {text:?}");
    assert_eq!(text.parse::<Targets>().is_err(), !bad.is_empty());
    for bad in &bad {
        // One line that a terminal takes for text.
        let said = bad.to_string();
        assert!(!said.contains(char::is_control), "{said:?}");
        assert!(said.contains(&format!("{:?}", bad.part())), "{said:?}");
    }

    for target in meaning.targets() {
        let least = meaning.least(&target);
        for level in Level::ALL {
            let wanted = least.is_some_and(|least| level >= least);
            let enabled = targets.enabled(level, &target);
            assert_eq!(enabled, wanted, "{level} of {target:?} by {text:?}");
            let of_all = targets.least_level();
            assert!(!enabled || of_all.is_some_and(|of_all| of_all <= level));
        }
    }
    assert_eq!(targets.to_string().parse::<Targets>(), Ok(targets.clone()));
    assert_eq!(targets.or(&targets).to_string(), targets.to_string());

    // A bad part takes no other down with it: without the bad ones, all is the same.
    let is_good = |part: &&str| !meaning.bad.contains(part);
    let good: Vec<&str> = text.split(',').map(str::trim).filter(is_good).collect();
    assert_eq!(good.join(",").parse::<Targets>(), Ok(targets));
});

/// What directives mean.
struct Meaning<'a> {
    /// Targets with their least levels; of two with the same target the later one counts.
    directives: Vec<(&'a str, Option<Level>)>,
    default: Option<Level>,
    bad: Vec<&'a str>,
}

impl<'a> Meaning<'a> {
    fn of(text: &'a str) -> Self {
        let mut meaning = Self {
            directives: Vec::new(),
            default: None,
            bad: Vec::new(),
        };
        let mut has_default = false;
        for part in text.split(',').map(str::trim) {
            match directive(part) {
                _ if part.is_empty() => {}
                None => meaning.bad.push(part),
                Some(("", level)) => {
                    meaning.default = level;
                    has_default = true;
                }
                Some((target, level)) => {
                    meaning.directives.retain(|known| known.0 != target);
                    meaning.directives.push((target, level));
                }
            }
        }
        let is_on = |known: &(&str, Option<Level>)| known.1.is_some();
        if !has_default && !meaning.directives.is_empty() && !meaning.directives.iter().any(is_on) {
            meaning.default = Some(Level::Trace);
        }
        meaning
    }

    /// The level of the longest target that `target` begins with.
    fn least(&self, target: &str) -> Option<Level> {
        let fits = self
            .directives
            .iter()
            .filter(|(known, _)| target.starts_with(known));
        fits.max_by_key(|(known, _)| known.len())
            .map_or(self.default, |(_, level)| *level)
    }

    /// Each target, one below it, and one that nobody named.
    fn targets(&self) -> Vec<String> {
        let known = self.directives.iter().take(8);
        known
            .flat_map(|(known, _)| [(*known).to_owned(), format!("{known}::below")])
            .chain(["somebody else".to_owned()])
            .collect()
    }
}

/// What one part means, with an empty target for all; `None` if nothing.
fn directive(part: &str) -> Option<(&str, Option<Level>)> {
    let (target, level) = match part.split_once('=') {
        None => match level(part) {
            Some(level) => return Some(("", level)),
            None if is_meant_as_level(part) => return None,
            None => (part, Some(Level::Trace)),
        },
        Some((target, value)) => match value.trim() {
            "" => (target.trim(), Some(Level::Trace)),
            value => (target.trim(), level(value)?),
        },
    };
    if target == "*" {
        return Some(("", level));
    }
    let begin = target.trim_end_matches('*');
    if begin.len() + 1 < target.len() {
        return None;
    }
    let begin = begin.trim_end_matches("::");
    let others = "[]{}=/ \"';*\u{fffd}";
    let is_other_grammar =
        begin.contains(|c| others.contains(c)) || begin.split("::").any(|part| part.contains(':'));
    let is_text = !part.contains(char::REPLACEMENT_CHARACTER);
    (is_text && !begin.is_empty() && begin.trim() == begin && !is_other_grammar)
        .then_some((begin, level))
}

/// Levels of others, and ours with two letters in the other order.
fn is_meant_as_level(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let elsewhere = [
        "warning",
        "warnings",
        "err",
        "errors",
        "critical",
        "crit",
        "fatal",
        "information",
        "notice",
        "verbose",
        "all",
        "none",
    ];
    let swaps = (1..text.len()).filter_map(|at| {
        let mut bytes = text.clone().into_bytes();
        bytes.swap(at - 1, at);
        String::from_utf8(bytes).ok()
    });
    let names = ["off", "error", "warn", "info", "debug", "trace"];
    let is_name = |swapped: String| names.contains(&&*swapped);
    elsewhere.contains(&&*text) || !names.contains(&&*text) && swaps.into_iter().any(is_name)
}

fn level(text: &str) -> Option<Option<Level>> {
    match &*text.to_ascii_lowercase() {
        "off" | "0" => Some(None),
        "error" | "1" => Some(Some(Level::Error)),
        "warn" | "2" => Some(Some(Level::Warn)),
        "info" | "3" => Some(Some(Level::Info)),
        "debug" | "4" => Some(Some(Level::Debug)),
        "trace" | "5" => Some(Some(Level::Trace)),
        _ => None,
    }
}
