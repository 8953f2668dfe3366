//! What directives say, and what they do not.

use super::*;
use proptest::prelude::*;

/// The least level that passes for `target`.
fn least(targets: &Targets, target: &str) -> Option<Level> {
    Level::ALL
        .into_iter()
        .find(|&level| targets.enabled(level, target))
}

#[test]
fn directives() {
    use Level::{Debug, Info, Trace, Warn};

    // The text, the least level of target `a`, of `a::b`, of `c`, then what is named as bad.
    type Case = (&'static str, [Option<Level>; 3], &'static [&'static str]);
    let cases: &[Case] = &[
        ("", [None; 3], &[]),
        (",, ,", [None; 3], &[]),
        ("info", [Some(Info); 3], &[]),
        (" INFO ", [Some(Info); 3], &[]),
        ("off", [None; 3], &[]),
        ("a", [Some(Trace), Some(Trace), None], &[]),
        (
            "a=info, c = warn",
            [Some(Info), Some(Info), Some(Warn)],
            &[],
        ),
        (
            "warn,a::b=trace",
            [Some(Warn), Some(Trace), Some(Warn)],
            &[],
        ),
        (
            "a::b=trace,a=off,warn",
            [None, Some(Trace), Some(Warn)],
            &[],
        ),
        ("a=info,a=debug", [Some(Debug), Some(Debug), None], &[]),
        ("info,warn", [Some(Warn); 3], &[]),
        ("a=loud", [None; 3], &["a=loud"]),
        (
            "c=info,a=loud,debug",
            [Some(Debug), Some(Debug), Some(Info)],
            &["a=loud"],
        ),
        ("warn,a=b=c,=info", [Some(Warn); 3], &["a=b=c", "=info"]),
        ("warn,a=", [Some(Trace), Some(Trace), Some(Warn)], &[]),
        ("a=5,2", [Some(Trace), Some(Trace), Some(Warn)], &[]),
        ("0,a=3", [Some(Info), Some(Info), None], &[]),
        ("warn,03,+3", [Some(Warn); 3], &[]),
        ("a=6,info", [Some(Info); 3], &["a=6"]),
        ("\"info\"", [None; 3], &["\"info\""]),
        ("info;debug", [None; 3], &["info;debug"]),
        ("a:debug,'a'", [None; 3], &["a:debug", "'a'"]),
        ("*", [Some(Trace); 3], &[]),
        ("* = info", [Some(Info); 3], &[]),
        ("a=debug,*=off", [Some(Debug), Some(Debug), None], &[]),
        ("a::*=info,warn", [Some(Info), Some(Info), Some(Warn)], &[]),
        ("a::::=info,warn", [Some(Info), Some(Info), Some(Warn)], &[]),
        ("a::=info,warn", [Some(Info), Some(Info), Some(Warn)], &[]),
        ("a*=info,warn", [Some(Info), Some(Info), Some(Warn)], &[]),
        (
            "*a,a::*::b=info,**",
            [None; 3],
            &["*a", "a::*::b=info", "**"],
        ),
        ("a\u{c}*=info,a\t::", [None; 3], &["a\u{c}*=info", "a\t::"]),
        ("::,::*=info", [None; 3], &["::", "::*=info"]),
        // Only what is off: the rest is on. A default that is told counts.
        ("a=off", [None, None, Some(Trace)], &[]),
        ("a::b=off,c=0", [Some(Trace), None, None], &[]),
        ("a::*=off", [None, None, Some(Trace)], &[]),
        ("off,a=off", [None; 3], &[]),
        ("a=off,c=info", [None, None, Some(Info)], &[]),
        (
            "a::b::=info,warn",
            [Some(Warn), Some(Info), Some(Warn)],
            &[],
        ),
        (
            "warn,a[span{x=1}]=debug",
            [Some(Warn); 3],
            &["a[span{x=1}]=debug"],
        ),
        ("info/text", [None; 3], &["info/text"]),
        ("a\u{fffd}=info,warn", [Some(Warn); 3], &["a\u{fffd}=info"]),
    ];
    for (text, levels, bad) in cases {
        let (targets, errors) = Targets::parse_lossy(text);
        let found = ["a", "a::b", "c"].map(|target| least(&targets, target));
        assert_eq!(found, *levels, "levels of {text:?}");
        let named: Vec<&str> = errors.iter().map(ParseTargetsError::part).collect();
        assert_eq!(named, *bad, "bad parts of {text:?}");
        assert_eq!(text.parse::<Targets>().is_err(), !bad.is_empty());
    }
}

#[test]
fn a_record_without_a_level_passes() {
    let targets: Targets = "off,a=error".parse().unwrap();
    assert!(targets.fits(None, b"") && targets.fits(None, b"a"));
}

#[test]
fn bad_parts_are_named_without_control_characters() {
    let (_, bad) = Targets::parse_lossy("\u{1b}[31mred=loud,\u{202e}=x");
    assert_eq!(bad.len(), 2);
    for error in bad {
        let said = error.to_string();
        let reaches_the_terminal = |c: char| c.is_control() || c == '\u{202e}';
        assert!(!said.contains(reaches_the_terminal), "{said:?}");
    }
}

/// What is taken, and could fit nothing, is an error that says why.
#[test]
fn what_is_of_another_grammar_says_so() {
    for (text, says) in [
        ("shop[tx]=debug", "brackets"),
        ("[tx]", "brackets"),
        ("shop[{user=1}]=debug", "brackets"),
        ("sh*p=debug", "* stands for all"),
        ("Warning", "no level"),
        ("inof", "no level"),
        ("erorr", "no level"),
        ("fof", "no level"),
        ("shop=loud", "want target=level"),
        ("info/text", "want target=level"),
    ] {
        let error = text.parse::<Targets>().unwrap_err().to_string();
        let part = format!("{text:?}");
        assert!(error.contains(&part) && error.contains(says), "{error}");
    }
}

/// A target may be called nearly as a level is, and any may that has one.
#[test]
fn what_may_be_a_target_is_one() {
    for text in [
        "warp",
        "inform",
        "tracer",
        "bug",
        "of",
        "",
        "inof=trace",
        "all=info",
    ] {
        assert!(text.parse::<Targets>().is_ok(), "{text}");
    }
}

#[test]
fn the_least_level_is_that_of_all_together() {
    let least = |text: &str| text.parse::<Targets>().unwrap().least_level();
    assert_eq!(least("info,a=debug,b=off"), Some(Level::Debug));
    assert_eq!(least("off,a=off"), None);
    assert_eq!(least("a=off"), Some(Level::Trace));
    assert_eq!(least("warn,a=error"), Some(Level::Warn));
}

proptest! {
    #[test]
    fn what_is_shown_parses_to_the_same(
        default in 0..6usize,
        parts in proptest::collection::vec(("[a-c]{1,2}(::[a-c]){0,2}", 0..6usize), 0..5),
    ) {
        let level = |code: usize| Level::ALL.get(code).copied();
        let mut targets = Targets::new().with_default(level(default));
        for (target, code) in parts {
            targets = targets.with_target(target, level(code));
        }
        prop_assert_eq!(targets.to_string().parse::<Targets>(), Ok(targets));
    }

    #[test]
    fn either_wants_what_one_of_them_wants(
        parts in proptest::collection::vec(("[ab]{1,3}", 0..6usize, any::<bool>()), 0..8),
        target in "[ab]{0,4}",
    ) {
        let (mut one, mut other) = (Targets::new(), Targets::new().with_default(Level::Warn));
        for (target, code, is_ones) in parts {
            let level = Level::ALL.get(code).copied();
            let which = if is_ones { &mut one } else { &mut other };
            *which = which.clone().with_target(target, level);
        }
        let either = one.or(&other);
        for level in Level::ALL {
            let wanted = one.enabled(level, &target) || other.enabled(level, &target);
            prop_assert_eq!(either.enabled(level, &target), wanted);
        }
    }

    #[test]
    fn the_longest_that_fits_counts(
        parts in proptest::collection::vec(("[a-c]{1,4}", 0..6usize), 0..6),
        target in "[a-c]{0,6}",
    ) {
        let level = |code: usize| Level::ALL.get(code).copied();
        let mut targets = Targets::new();
        for (target, code) in &parts {
            targets = targets.with_target(target.as_str(), level(*code));
        }
        // Of two of the same length that fit, both are the same target: the later counts.
        let fitting = parts.iter().filter(|(begin, _)| target.starts_with(begin.as_str()));
        let longest = fitting.max_by_key(|(begin, _)| begin.len());
        let wanted = longest.and_then(|(_, code)| level(*code));
        prop_assert_eq!(least(&targets, &target), wanted);
    }
}
