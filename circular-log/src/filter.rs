//! `RUST_LOG` into a filter, part by part: a bad part is handed back, and takes no other down with
//! it.
//!
//! `env_filter` either prints by itself or gives up at the first error, so it is given one part at
//! a time.

use std::fmt::{self, Write as _};

use env_filter::{Builder, Filter};
use log::LevelFilter;

/// What holds when there is no directive: the recorder knows more than a console would show.
const DEFAULT: LevelFilter = LevelFilter::Debug;

/// A part of `RUST_LOG` that does not parse.
#[derive(Debug)]
pub(crate) enum Ignored {
    /// Not a level, a target, or `target=level`.
    Directive(String),
    /// The text after the slash, and what is wrong with it.
    Message(String, String),
}

impl fmt::Display for Ignored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Quoted and escaped, as it goes to a terminal.
        match self {
            Ignored::Directive(part) => write!(
                f,
                "ignoring {part:?}: want target=level, where the level is off, error, warn, info, debug or trace"
            ),
            Ignored::Message(part, wrong) => {
                write!(f, "ignoring {part:?}: ")?;
                write_escaped(f, wrong)
            }
        }
    }
}

/// What `env_filter` says has the text in it as it stands there, terminal escapes and all.
fn write_escaped(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    text.chars().try_for_each(|c| match c {
        ' '..='~' => f.write_char(c),
        _ => write!(f, "{}", c.escape_debug()),
    })
}

/// Parses `directive,directive/text`.
pub(crate) fn parse(spec: &str) -> (Filter, Vec<Ignored>) {
    let (directives, message) = match spec.find('/') {
        Some(slash) => spec.split_at(slash),
        None => (spec, ""),
    };
    let mut builder = Builder::new();
    let mut ignored = Vec::new();
    let mut any = false;
    for part in directives.split(',').map(str::trim) {
        if part.is_empty() {
            continue;
        }
        if is_text(part) && builder.try_parse(part).is_ok() {
            any = true;
        } else {
            ignored.push(Ignored::Directive(part.to_owned()));
        }
    }
    if !any {
        // Left alone, `env_filter` would let errors through and nothing else.
        builder.filter_level(DEFAULT);
    }
    // Comes last: each call sets the message's filter anew. One that fails changes nothing.
    let wrong = match message {
        "" => None,
        // It would let nothing through.
        _ if !is_text(message) => Some("not UTF-8".to_owned()),
        _ => builder
            .try_parse(message)
            .err()
            .map(|error| error.to_string()),
    };
    if let Some(wrong) = wrong {
        ignored.push(Ignored::Message(message.to_owned(), wrong));
    }
    (builder.build(), ignored)
}

/// Nobody asks for the replacement character: it stands for bytes that were not UTF-8.
fn is_text(part: &str) -> bool {
    !part.contains(char::REPLACEMENT_CHARACTER)
}

#[cfg(test)]
mod tests {
    use super::*;

    use log::{Level, Metadata, Record};

    /// The most that `filter` lets through for `target`.
    fn level_of(filter: &Filter, target: &str) -> LevelFilter {
        let lets_through = |level: &Level| {
            filter.enabled(&Metadata::builder().level(*level).target(target).build())
        };
        Level::iter()
            .filter(lets_through)
            .max()
            .map_or(LevelFilter::Off, |level| level.to_level_filter())
    }

    #[test]
    fn directives() {
        use LevelFilter::{Debug, Info, Off, Trace, Warn};

        // RUST_LOG, then the level of target `a`, of `a::b`, of `c`, then what is named as bad.
        type Case = (&'static str, [LevelFilter; 3], &'static [&'static str]);
        let cases: &[Case] = &[
            ("", [Debug, Debug, Debug], &[]),
            ("  ", [Debug, Debug, Debug], &[]),
            (",, ,", [Debug, Debug, Debug], &[]),
            ("info", [Info, Info, Info], &[]),
            ("INFO", [Info, Info, Info], &[]),
            ("off", [Off, Off, Off], &[]),
            ("a", [Trace, Trace, Off], &[]),
            ("a=info, c = warn", [Info, Info, Off], &[]),
            ("warn,a::b=trace", [Warn, Trace, Warn], &[]),
            ("a=loud", [Debug, Debug, Debug], &["a=loud"]),
            ("a=loud,c=info", [Off, Off, Info], &["a=loud"]),
            ("c=info,a=loud", [Off, Off, Info], &["a=loud"]),
            ("warn,a=b=c,a::b=info", [Warn, Info, Warn], &["a=b=c"]),
            ("a=1,c=2,info", [Info, Info, Info], &["a=1", "c=2"]),
            (
                "a\u{fffd}=info,warn",
                [Warn, Warn, Warn],
                &["a\u{fffd}=info"],
            ),
            ("info/text", [Info, Info, Info], &[]),
            ("/text", [Debug, Debug, Debug], &[]),
            ("info/", [Info, Info, Info], &[]),
            ("c=info/x/y", [Off, Off, Info], &["/x/y"]),
            ("c=info/\u{fffd}", [Off, Off, Info], &["/\u{fffd}"]),
            ("a=loud,c=info/x/y", [Off, Off, Info], &["a=loud", "/x/y"]),
        ];
        for (spec, levels, bad) in cases {
            let (filter, ignored) = parse(spec);
            let found = ["a", "a::b", "c"].map(|target| level_of(&filter, target));
            assert_eq!(found, *levels, "levels of {spec:?}");
            let named: Vec<&str> = ignored
                .iter()
                .map(|part| match part {
                    Ignored::Directive(part) | Ignored::Message(part, _) => part.as_str(),
                })
                .collect();
            assert_eq!(named, *bad, "bad parts of {spec:?}");
        }
    }

    #[test]
    fn a_comma_after_the_slash_belongs_to_the_text() {
        let (filter, ignored) = parse("info/one,two");
        assert!(ignored.is_empty());
        let matches =
            |message| filter.matches(&Record::builder().level(Level::Info).args(message).build());
        assert!(matches(format_args!("count one,two three")));
        assert!(!matches(format_args!("count one, two")));
    }

    #[test]
    fn bad_parts_are_named_without_control_characters() {
        let (_, ignored) = parse("\u{1b}[31mred=loud/\u{1b}[32m/\n\u{202e}");
        for (part, name) in ignored.iter().zip(["red=loud", "[32m"]) {
            let said = part.to_string();
            assert!(said.contains(name), "{said}");
            let reaches_the_terminal = |c: char| c.is_control() || c == '\u{202e}';
            assert!(!said.contains(reaches_the_terminal), "{said:?}");
        }
        assert_eq!(ignored.len(), 2);
    }
}
