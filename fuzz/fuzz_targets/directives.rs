//! Any text may stand in `RUST_LOG`: its good parts hold, its bad ones are named.
//!
//! What the parts mean is told here a second time, plainly, and compared.

#![no_main]

use circular_log::fuzzing::{Bad, parse};
use env_filter::Filter;
use libfuzzer_sys::fuzz_target;
use log::{Level, LevelFilter, Metadata, Record};

fuzz_target!(|input: &[u8]| {
    // As `init` does with what is not UTF-8.
    let spec = String::from_utf8_lossy(input);
    let (filter, bad) = parse(&spec);
    let meaning = Meaning::of(&spec);

    let told: Vec<&str> = bad.iter().map(|bad| bad.part.as_str()).collect();
    assert_eq!(told, meaning.bad, "bad parts of {spec:?}");
    bad.iter().for_each(check_what_is_said);

    for target in meaning.targets() {
        let wanted = meaning.level_of(&target);
        let enabled =
            |level| filter.enabled(&Metadata::builder().level(level).target(&target).build());
        for level in Level::iter() {
            assert_eq!(
                enabled(level),
                level <= wanted,
                "{level} of {target:?} by {spec:?}"
            );
        }
        assert!(wanted <= filter.filter(), "the maximum level of {spec:?}");
        check_messages(&filter, &target, wanted, meaning.message);
    }
    check_without_bad_parts(&spec, &filter, &meaning);
});

/// What a specification means.
struct Meaning<'a> {
    /// Targets with their levels; of two with the same target the later one counts.
    directives: Vec<(Option<&'a str>, LevelFilter)>,
    /// What a message must contain.
    message: &'a str,
    bad: Vec<&'a str>,
}

impl<'a> Meaning<'a> {
    fn of(spec: &'a str) -> Self {
        let slash = spec.find('/').unwrap_or(spec.len());
        let (directives, message) = spec.split_at(slash);
        let mut meaning = Self {
            directives: Vec::new(),
            message: "",
            bad: Vec::new(),
        };
        for part in directives.split(',').map(str::trim) {
            match directive(part) {
                _ if part.is_empty() => {}
                Some((target, level)) => meaning.add(target, level),
                None => meaning.bad.push(part),
            }
        }
        if meaning.directives.is_empty() {
            meaning.add(None, LevelFilter::Debug);
        }
        match message.strip_prefix('/') {
            None => {}
            Some(text) if text.contains(['/', char::REPLACEMENT_CHARACTER]) => {
                meaning.bad.push(message);
            }
            Some(text) => meaning.message = text,
        }
        meaning
    }

    fn add(&mut self, target: Option<&'a str>, level: LevelFilter) {
        match self.directives.iter_mut().find(|known| known.0 == target) {
            Some(known) => known.1 = level,
            None => self.directives.push((target, level)),
        }
    }

    /// The level of the longest target that `target` begins with.
    fn level_of(&self, target: &str) -> LevelFilter {
        let fits = self
            .directives
            .iter()
            .filter(|(known, _)| target.starts_with(known.unwrap_or("")));
        // Of equal length are at most two: no target, and one that is empty. The later one counts.
        fits.max_by_key(|(known, _)| known.unwrap_or("").len())
            .map_or(LevelFilter::Off, |(_, level)| *level)
    }

    /// Each target, one below it, and one that nobody named.
    fn targets(&self) -> Vec<String> {
        let known = self.directives.iter().filter_map(|(known, _)| *known);
        let known = known.take(8);
        known
            .flat_map(|known| [known.to_owned(), format!("{known}::below")])
            .chain(["somebody else".to_owned()])
            .collect()
    }
}

/// What one part means; `None` if nothing.
fn directive(part: &str) -> Option<(Option<&str>, LevelFilter)> {
    if part.contains(char::REPLACEMENT_CHARACTER) {
        return None;
    }
    match part.split_once('=') {
        None => match part.parse() {
            Ok(level) => Some((None, level)),
            Err(_) => Some((Some(part), LevelFilter::Trace)),
        },
        Some((target, level)) => match level.trim() {
            "" => Some((Some(target), LevelFilter::Trace)),
            level => Some((Some(target), level.parse().ok()?)),
        },
    }
}

/// One line that a terminal takes for text.
fn check_what_is_said(bad: &Bad) {
    assert!(!bad.said.contains(char::is_control), "{:?}", bad.said);
    assert!(
        bad.said.contains(&format!("{:?}", bad.part)),
        "{:?}",
        bad.said
    );
    assert_eq!(bad.is_message, bad.part.starts_with('/'));
}

/// Messages pass that contain the text, where their level does.
fn check_messages(filter: &Filter, target: &str, level: LevelFilter, text: &str) {
    let around = format!("before {text} after");
    for message in [text, &around, "", "something else"] {
        for wanted in [Level::Error, Level::Trace] {
            let passes = filter.matches(
                &Record::builder()
                    .level(wanted)
                    .target(target)
                    .args(format_args!("{message}"))
                    .build(),
            );
            let should = wanted <= level && message.contains(text);
            assert_eq!(passes, should, "{wanted} {message:?} by {filter:?}");
        }
    }
}

/// A bad part takes no other down with it: without the bad ones, all is the same.
fn check_without_bad_parts(spec: &str, filter: &Filter, meaning: &Meaning<'_>) {
    let slash = spec.find('/').unwrap_or(spec.len());
    let (directives, message) = spec.split_at(slash);
    let is_good = |part: &&str| !meaning.bad.contains(part);
    let good: Vec<&str> = directives
        .split(',')
        .map(str::trim)
        .filter(is_good)
        .collect();
    let message = Some(message).filter(is_good).unwrap_or("");
    let (same, bad) = parse(&(good.join(",") + message));
    assert!(bad.is_empty(), "{bad:?}");
    assert_eq!(format!("{same:?}"), format!("{filter:?}"), "{spec:?}");
}
