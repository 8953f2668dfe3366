//! What a client asks for, read from the query.
//!
//! Invariant: nothing is guessed. A parameter that is unknown, given twice or not understood is an
//! error that names it.

use std::fmt;
use std::mem;
use std::time::SystemTime;

use circular_core::{Colors, Cursor, Level, Start, Targets, push_for_terminal};
use circular_view::{Expression, ParseExpressionError, Selection, parse_time};

/// What the query asks for; what it does not say is `None` or off.
#[derive(Debug, Default)]
pub(crate) struct Query {
    pub(crate) format: Option<Format>,
    pub(crate) follow: bool,
    pub(crate) raw: bool,
    /// The newest so many of what passes; `None` is all.
    pub(crate) tail: Option<u64>,
    /// Which records: all that it says of their time, origin and text.
    pub(crate) selection: Selection,
    pub(crate) after: Option<Cursor>,
    pub(crate) limit_bytes: Option<u64>,
}

/// How a log is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Text,
    Html,
    Ndjson,
    Sse,
}

/// Where a client that comes back left off.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Resume {
    /// It is a first visit.
    None,
    After(Cursor),
    /// It says where, and nothing that is running knows that.
    Unknown,
}

/// A query that is not understood. The text names the parameter, the value, and what would have been
/// understood.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadQuery(String);

impl fmt::Display for BadQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.0)
    }
}

impl BadQuery {
    /// What was asked for is in the text, and that goes to terminals.
    fn new(text: &str) -> Self {
        let mut shown = Vec::new();
        push_for_terminal(&mut shown, text.as_bytes(), Colors::Keep);
        Self(String::from_utf8_lossy(&shown).into_owned())
    }
}

/// Hands each pair of a query to `take`, each name once.
fn for_each_pair(
    query: &str,
    mut take: impl FnMut(&str, &str) -> Result<(), BadQuery>,
) -> Result<(), BadQuery> {
    // Only those that there are: no more than a handful.
    let mut names = Vec::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if names.contains(&name) {
            return Err(BadQuery::new(&format!("parameter {name:?} is given twice")));
        }
        take(&name, &value)?;
        names.push(name);
    }
    Ok(())
}

impl Query {
    /// Reads a query; times that are told as "so long ago" count from `now`.
    pub(crate) fn parse(text: &str, now: SystemTime) -> Result<Self, BadQuery> {
        let mut query = Self::default();
        for_each_pair(text, |name, value| {
            query.set(name, value, now).map_err(|expected| {
                BadQuery::new(&match expected {
                    Some(expected) => format!("{name}={value:?} is not {expected}"),
                    None => format!(
                        "unknown parameter {name:?}: there are follow, tail, since, until, level, \
                         filter, q, re, after, limit_bytes, raw and format"
                    ),
                })
            })
        })?;
        Ok(query)
    }

    /// What it means for a client that comes back. It is that of the first visit: what it says of the beginning is
    /// done with, and what was written meanwhile is shown, however long ago that is.
    pub(crate) fn resumed(self, resume: Resume) -> Self {
        let after = match resume {
            Resume::None => return self,
            Resume::After(cursor) => Some(cursor),
            Resume::Unknown => None,
        };
        Self {
            after,
            tail: None,
            selection: self.selection.since(None),
            ..self
        }
    }

    /// Where it has a response begin, but for [`tail`](Self::tail).
    pub(crate) fn start(&self) -> Start {
        match (self.after, self.selection.since_time()) {
            (Some(cursor), _) => Start::After(cursor),
            (None, Some(since)) => Start::Since(since),
            (None, None) => Start::Oldest,
        }
    }

    /// Takes one parameter in. The error is what would have been understood, or `None` if there is no
    /// such parameter.
    fn set(&mut self, name: &str, value: &str, now: SystemTime) -> Result<(), Option<String>> {
        const TIME: &str =
            "a time such as 2026-11-25T14:00:00Z, or how long ago, such as 5m or 1h30m";
        let expected = |text: &str| Some(text.to_owned());
        match name {
            "format" => {
                self.format =
                    Some(format(value).ok_or_else(|| expected("html, text, ndjson or sse"))?)
            }
            "follow" => self.follow = switch(value).ok_or_else(|| expected("1 or 0"))?,
            "raw" => self.raw = switch(value).ok_or_else(|| expected("1 or 0"))?,
            "tail" => {
                self.tail = match value {
                    "all" => None,
                    _ => {
                        Some(number(value).ok_or_else(|| expected("a number of records, or all"))?)
                    }
                }
            }
            "since" => {
                let since = parse_time(value, now).map_err(|_| expected(TIME))?;
                self.select(|selection| selection.since(since));
            }
            "until" => {
                let until = parse_time(value, now).map_err(|_| expected(TIME))?;
                self.select(|selection| selection.until(until));
            }
            "level" => {
                let level: Level = value
                    .parse()
                    .map_err(|_| expected("trace, debug, info, warn or error"))?;
                self.select(|selection| selection.at_least(level));
            }
            "filter" => {
                let targets = directives(value).map_err(Some)?;
                self.select(|selection| selection.filter(targets));
            }
            "q" => self.select(|selection| selection.containing(value)),
            "re" => {
                let expression = (!value.is_empty())
                    .then(|| expression(value))
                    .transpose()
                    .map_err(Some)?;
                self.select(|selection| selection.matching(expression));
            }
            "after" => {
                self.after = Some(
                    value
                        .parse()
                        .map_err(|_| expected("a cursor, which is the id of a record"))?,
                )
            }
            "limit_bytes" => {
                self.limit_bytes = Some(number(value).ok_or_else(|| expected("a number of bytes"))?)
            }
            _ => return Err(None),
        }
        Ok(())
    }

    fn select(&mut self, narrow: impl FnOnce(Selection) -> Selection) {
        self.selection = narrow(mem::take(&mut self.selection));
    }
}

/// Whether statistics are wanted as Prometheus reads them; `None` if the query does not say.
pub(crate) fn wants_prometheus(query: &str) -> Result<Option<bool>, BadQuery> {
    let mut wanted = None;
    for_each_pair(query, |name, value| {
        wanted = Some(match (name, value) {
            ("format", "json") => false,
            ("format", "prometheus") => true,
            ("format", _) => {
                let text = format!("format={value:?} is not json or prometheus");
                return Err(BadQuery::new(&text));
            }
            _ => {
                let text = format!("unknown parameter {name:?}: there is format");
                return Err(BadQuery::new(&text));
            }
        });
        Ok(())
    })?;
    Ok(wanted)
}

fn format(value: &str) -> Option<Format> {
    match value {
        "text" => Some(Format::Text),
        "html" => Some(Format::Html),
        "ndjson" => Some(Format::Ndjson),
        "sse" => Some(Format::Sse),
        _ => None,
    }
}

fn switch(value: &str) -> Option<bool> {
    match value {
        "" | "1" | "true" => Some(true),
        "0" | "false" => Some(false),
        _ => None,
    }
}

/// A number without a sign, which the standard library would take.
fn number(value: &str) -> Option<u64> {
    let is_plain = value.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then(|| value.parse().ok()).flatten()
}

/// Reads a regular expression. The error is what would have been understood.
fn expression(value: &str) -> Result<Expression, String> {
    value.parse().map_err(|error| match error {
        ParseExpressionError::TooLarge => {
            "an expression of bearable size: it is too large".to_owned()
        }
        ParseExpressionError::Unsupported => {
            "understood: this program has circular-http without its feature `regex` (q finds text)"
                .to_owned()
        }
        error => format!("a regular expression: {error}"),
    })
}

/// Reads directives as `RUST_LOG` has them. None at all let everything through.
fn directives(value: &str) -> Result<Option<Targets>, String> {
    const EXPECTED: &str =
        "directives such as warn,shop::db=debug (for text in the record there are q and re)";
    if value.split(',').all(|part| part.trim().is_empty()) {
        return Ok(None);
    }
    value.parse().map(Some).map_err(|_| EXPECTED.to_owned())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use circular_core::{Meta, Ring};

    use super::*;

    fn parsed(query: &str) -> Result<Query, String> {
        Query::parse(query, SystemTime::UNIX_EPOCH).map_err(|error| error.to_string())
    }

    /// Which of these records, one for each text, are shown.
    fn shown(query: &Query, records: &[(Meta<'_>, &[u8])]) -> Vec<bool> {
        let ring = Ring::new(4096).unwrap();
        for (meta, text) in records {
            ring.record(*meta, text).unwrap();
        }
        let held = ring.handle().snapshot();
        let shown = held
            .records()
            .map(|record| query.selection.text(&record).is_some());
        shown.collect()
    }

    #[test]
    fn everything_at_once() {
        let query = parsed(
            "follow&tail=20&since=5m&until=2026-11-25T14%3A00%3A00Z&level=warn&filter=warn,a=debug\
             &q=a.b&re=&after=00000000000000ab.1.2&limit_bytes=100&raw=0&format=ndjson",
        )
        .unwrap();
        assert!(query.follow && !query.raw);
        assert_eq!((query.tail, query.limit_bytes), (Some(20), Some(100)));
        assert_eq!(query.format, Some(Format::Ndjson));
        assert_eq!(query.after.unwrap().seq(), 1);
        assert!(matches!(query.start(), Start::After(_)));
        let now = SystemTime::UNIX_EPOCH;
        assert_eq!(query.selection.since_time(), Some(now));
        let until = now + Duration::from_secs(1_795_615_200);
        assert_eq!(query.selection.until_time(), Some(until));
        let meta = Meta::new().level(Level::Warn).target("a").time(now);
        let late = until + Duration::from_secs(1);
        let records: [(_, &[u8]); 5] = [
            (meta, b"xa.b"),
            (meta, b"axb"),
            (meta.level(Level::Info), b"xa.b"),
            (meta.level(Level::Error).target("b"), b"xa.b"),
            (meta.time(late), b"xa.b"),
        ];
        assert_eq!(shown(&query, &records), [true, false, false, true, false]);
        let filtered = parsed("filter=error,a=debug").unwrap();
        let records: [(_, &[u8]); 2] = [(meta, b"a"), (meta.target("b"), b"b")];
        assert_eq!(shown(&filtered, &records), [true, false]);
    }

    #[test]
    fn what_is_not_said_is_off() {
        for query in ["", "tail=all&q=&re=&filter=&follow=0"] {
            let query = parsed(query).unwrap();
            assert!(!query.follow && query.tail.is_none() && query.format.is_none());
            assert!(query.selection.takes_all() && query.start() == Start::Oldest);
        }
    }

    #[test]
    fn who_comes_back_goes_on() {
        let cursor = "00000000000000ab.1.2".parse().unwrap();
        for (resume, start) in [
            (Resume::After(cursor), Start::After(cursor)),
            (Resume::Unknown, Start::Oldest),
        ] {
            let query = parsed("tail=20&since=5m&after=00000000000000ab.7.8&q=a").unwrap();
            let query = query.resumed(resume);
            assert!(query.tail.is_none() && query.start() == start);
            let records: [(_, &[u8]); 2] = [(Meta::new(), b"a"), (Meta::new(), b"b")];
            assert_eq!(shown(&query, &records), [true, false]);
        }
        let first = parsed("tail=20&since=5m").unwrap().resumed(Resume::None);
        assert!(first.tail == Some(20) && matches!(first.start(), Start::Since(_)));
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for (query, named) in [
            ("fellow=1", "\"fellow\""),
            ("follow=maybe", "follow=\"maybe\""),
            ("follow=1&follow=1", "\"follow\" is given twice"),
            ("tail=many", "tail=\"many\""),
            ("tail=-1", "tail=\"-1\""),
            ("tail=%2B1", "tail=\"+1\""),
            ("tail=", "tail=\"\""),
            ("since=soon", "since=\"soon\""),
            ("until=", "until=\"\""),
            ("level=loud", "level=\"loud\""),
            ("filter=a%3Dloud", "filter=\"a=loud\""),
            ("filter=info/text", "filter=\"info/text\""),
            ("re=(", "re=\"(\""),
            ("after=x", "after=\"x\""),
            ("limit_bytes=1k", "limit_bytes=\"1k\""),
            ("raw=2", "raw=\"2\""),
            ("format=xml", "format=\"xml\""),
        ] {
            let error = parsed(query).unwrap_err();
            assert!(error.contains(named), "{query}: {error}");
        }
    }

    #[test]
    fn statistics_have_two_formats() {
        assert_eq!(wants_prometheus(""), Ok(None));
        assert_eq!(wants_prometheus("format=json"), Ok(Some(false)));
        assert_eq!(wants_prometheus("format=prometheus"), Ok(Some(true)));
        assert!(wants_prometheus("format=xml").is_err());
        assert!(wants_prometheus("tail=1").is_err());
    }
}
