//! What a client asks for, read from the query.
//!
//! Invariant: nothing is guessed, and nothing that is taken means nothing. A parameter that is unknown, given twice where
//! one counts, not understood, or without a meaning beside another is an error that names it.

use std::fmt;
use std::mem;
use std::time::SystemTime;

use circular_core::{Colors, Cursor, Level, ParseTargetsError, Start, Targets, push_for_terminal};
use circular_view::{Expression, ParseExpressionError, Selection, parse_time};

use crate::viewer::bookmark::Bookmark;

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
    /// Where it begins: behind the record that this is the `id` of, or with it.
    after: Option<Bookmark>,
    from: Option<Bookmark>,
    /// Only what is older than the record that comes next here.
    before: Option<Bookmark>,
    /// Whose records, where there are several rings; all, if nobody is named.
    pub(crate) only: Vec<String>,
    /// It ends after so many.
    pub(crate) limit: Option<u64>,
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
#[derive(Clone, Debug)]
pub(crate) enum Resume {
    /// It is a first visit.
    None,
    After(Bookmark),
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

/// Of these there may be several: all must hold, but of the sources, of which each is wanted.
const REPEATABLE: &[&str] = &["q", "re", "not", "nre", "source"];

/// Hands each pair of a query to `take`, each name once, but for those that may be repeated.
fn for_each_pair(
    query: &str,
    mut take: impl FnMut(&str, &str) -> Result<(), BadQuery>,
) -> Result<(), BadQuery> {
    // Only those that there are: no more than a handful.
    let mut names = Vec::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if names.contains(&name) && !REPEATABLE.contains(&&*name) {
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
                         levels, filter, source, q, re, not, nre, before, from, after, limit, limit_bytes, \
                         raw and format"
                    ),
                })
            })
        })?;
        match query.clash() {
            Some(clash) => Err(BadQuery::new(&clash)),
            None => Ok(query),
        }
    }

    /// Why one parameter makes another mean nothing.
    fn clash(&mut self) -> Option<String> {
        if self.raw {
            // The others have a form of their own.
            match self.format.get_or_insert(Format::Text) {
                Format::Text => {}
                _ => return Some("raw is for format=text alone".to_owned()),
            }
        }
        if self.after.is_some() && self.from.is_some() {
            let text = "after and from are two beginnings: behind a record, and with it";
            return Some(text.to_owned());
        }
        if self.follow && self.before.is_some() {
            let text =
                "follow has no meaning beside before, which ends with what is older than a record";
            return Some(text.to_owned());
        }
        self.selection.contradiction().map(|why| {
            format!(
                "nothing can be shown by since, until, level, levels and filter together: {why}"
            )
        })
    }

    /// What it means for a client that comes back. It is that of the first visit: what it says of the beginning is
    /// done with, and what was written meanwhile is shown, however long ago that is.
    pub(crate) fn resumed(self, resume: &Resume) -> Self {
        let after = match resume {
            Resume::None => return self,
            Resume::After(bookmark) => Some(bookmark.clone()),
            Resume::Unknown => None,
        };
        Self {
            after,
            from: None,
            tail: None,
            selection: self.selection.since(None),
            ..self
        }
    }

    /// What it has a response begin with, but for [`tail`](Self::tail), in the ring that `id` is of.
    pub(crate) fn start(&self, id: Cursor, is_alone: bool) -> Start {
        if let Some(bookmark) = self.after.as_ref().or(self.from.as_ref()) {
            // Of a ring that was not there then, all is newer.
            return place(bookmark, id, is_alone).map_or(Start::Oldest, Start::After);
        }
        let since = self.selection.since_time();
        since.map_or(Start::Oldest, Start::Since)
    }

    /// The place in the ring that `id` is of that it ends before, if it ends before a record.
    pub(crate) fn before(&self, id: Cursor, is_alone: bool) -> Option<Cursor> {
        let bookmark = self.before.as_ref()?;
        // Of a ring that was not there then, nothing is older.
        Some(place(bookmark, id, is_alone).unwrap_or_else(|| id.at(0)))
    }

    /// Whether it begins or ends at a record whose `id` names a ring that is none of these: what that had beside what was shown
    /// then is not to be had, and nobody knows whether there was any.
    pub(crate) fn is_of_others(&self, ids: &[Cursor]) -> bool {
        let bookmarks = [&self.after, &self.from, &self.before];
        let mut places = bookmarks.into_iter().flatten().flat_map(Bookmark::places);
        places.any(|place| !ids.iter().any(|id| id.is_of_same_ring(place)))
    }

    /// Takes one parameter in. The error is what would have been understood, or `None` if there is no
    /// such parameter.
    fn set(&mut self, name: &str, value: &str, now: SystemTime) -> Result<(), Option<String>> {
        const TIME: &str =
            "a time such as 2026-11-25T14:00:00Z, or how long ago, such as 5m or 1h30m";
        const CURSOR: &str = "a cursor, which is the id of a record";
        let expected = |text: &'static str| Some(text.to_owned());
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
            "levels" => {
                if let Some(levels) = levels(value).map_err(expected)? {
                    self.select(|selection| selection.only_levels(levels));
                }
            }
            "filter" => {
                let targets = directives(value).map_err(Some)?;
                self.select(|selection| selection.filter(targets));
            }
            "q" => self.select(|selection| selection.containing(value)),
            "not" => self.select(|selection| selection.not_containing(value)),
            "re" => {
                let expression = expression(value).map_err(Some)?;
                self.select(|selection| selection.matching(expression));
            }
            "nre" => {
                let expression = expression(value).map_err(Some)?;
                self.select(|selection| selection.excluding(expression));
            }
            // As with the others, nothing asks for nothing.
            "source" if value.is_empty() => {}
            "source" => self.only.push(value.to_owned()),
            "after" => self.after = Some(bookmark(value).ok_or_else(|| expected(CURSOR))?),
            "from" => {
                let id = bookmark(value).ok_or_else(|| expected(CURSOR))?;
                self.from = Some(id.before_record());
            }
            "before" => {
                let id = bookmark(value).ok_or_else(|| expected(CURSOR))?;
                self.before = Some(id.before_record());
            }
            "limit" => {
                self.limit = Some(number(value).ok_or_else(|| expected("a number of records"))?)
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

/// What is to be counted.
#[derive(Debug)]
pub(crate) struct Counts {
    pub(crate) selection: Selection,
    /// Whose records, where there are several rings; all, if nobody is named.
    pub(crate) only: Vec<String>,
    /// At most so many.
    pub(crate) bars: u64,
}

impl Counts {
    const BARS: u64 = 60;
    const MOST_BARS: u64 = 500;

    /// Reads a query; times that are told as "so long ago" count from `now`.
    pub(crate) fn parse(text: &str, now: SystemTime) -> Result<Self, BadQuery> {
        let mut query = Query::default();
        let mut bars = Self::BARS;
        for_each_pair(text, |name, value| {
            let expected = match name {
                "bars" => match number(value) {
                    Some(count) if (1..=Self::MOST_BARS).contains(&count) => {
                        bars = count;
                        Ok(())
                    }
                    _ => Err(Some(format!("a number from 1 to {}", Self::MOST_BARS))),
                },
                "since" | "until" | "level" | "levels" | "filter" | "source" => {
                    query.set(name, value, now)
                }
                _ => Err(None),
            };
            expected.map_err(|expected| {
                BadQuery::new(&match expected {
                    Some(expected) => format!("{name}={value:?} is not {expected}"),
                    None => format!(
                        "unknown parameter {name:?}: there are since, until, level, levels, filter, \
                         source and bars; what records say is not looked at"
                    ),
                })
            })
        })?;
        match query.clash() {
            Some(clash) => Err(BadQuery::new(&clash)),
            None => Ok(Self {
                selection: query.selection,
                only: query.only,
                bars,
            }),
        }
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

fn bookmark(value: &str) -> Option<Bookmark> {
    value.parse().ok()
}

/// Where a bookmark is in the ring that `id` is of. One ring alone is told of others' as well, and knows that it is none of
/// its own.
fn place(bookmark: &Bookmark, id: Cursor, is_alone: bool) -> Option<Cursor> {
    let place = bookmark.place_in(&id);
    place.or_else(|| is_alone.then(|| bookmark.own()))
}

/// Reads levels, and `none` for the records without one. Nothing at all lets everything through. The error is what would
/// have been understood.
fn levels(value: &str) -> Result<Option<Vec<Option<Level>>>, &'static str> {
    const EXPECTED: &str = "levels such as error,warn, with none for the records that have none";
    let names = value.split(',').map(str::trim);
    let level = |name: &str| match name {
        _ if name.eq_ignore_ascii_case("none") => Ok(None),
        name => name.parse().map(Some).map_err(|_| EXPECTED),
    };
    let named = names.filter(|name| !name.is_empty());
    let levels = named.map(level).collect::<Result<Vec<_>, _>>()?;
    Ok((!levels.is_empty()).then_some(levels))
}

/// Reads a regular expression; none at all asks for nothing. The error is what would have been understood.
fn expression(value: &str) -> Result<Option<Expression>, String> {
    if value.is_empty() {
        return Ok(None);
    }
    value.parse().map(Some).map_err(|error| match error {
        ParseExpressionError::TooLarge => {
            "an expression of bearable size: it is too large".to_owned()
        }
        ParseExpressionError::Unsupported => {
            "understood: this program has circular-http without its feature `regex` (q finds text, \
             and not leaves it out)"
                .to_owned()
        }
        error => format!("a regular expression: {error}"),
    })
}

/// Reads directives as `RUST_LOG` has them. None at all let everything through.
fn directives(value: &str) -> Result<Option<Targets>, String> {
    if value.split(',').all(|part| part.trim().is_empty()) {
        return Ok(None);
    }
    value.parse().map(Some).map_err(|error: ParseTargetsError| {
        format!(
            "directives such as warn,shop::db=debug (for text in the record there are q and re): \
             {error}"
        )
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use circular_core::{Meta, Ring};

    use super::*;

    /// Where it has a ring begin that is alone.
    fn start_of(query: &Query) -> Start {
        query.start("00000000000000ab.0".parse().unwrap(), true)
    }

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
        assert_eq!(query.after.as_ref().unwrap().own().seq(), 1);
        assert!(matches!(start_of(&query), Start::After(_)));
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
        for query in [
            "",
            "tail=all&q=&re=&not=&nre=&filter=&levels=&follow=0&raw=0",
        ] {
            let query = parsed(query).unwrap();
            assert!(!query.follow && query.tail.is_none() && query.format.is_none());
            assert!(query.selection.takes_all() && start_of(&query) == Start::Oldest);
        }
    }

    #[test]
    fn who_comes_back_goes_on() {
        let cursor = "00000000000000ab.1.2";
        let start = Start::After(cursor.parse().unwrap());
        for (resume, start) in [
            (Resume::After(cursor.parse().unwrap()), start),
            (Resume::Unknown, Start::Oldest),
        ] {
            let query = parsed("tail=20&since=5m&after=00000000000000ab.7.8&q=a").unwrap();
            let query = query.resumed(&resume);
            assert!(query.tail.is_none() && start_of(&query) == start);
            let records: [(_, &[u8]); 2] = [(Meta::new(), b"a"), (Meta::new(), b"b")];
            assert_eq!(shown(&query, &records), [true, false]);
        }
        let first = parsed("tail=20&since=5m").unwrap().resumed(&Resume::None);
        assert!(first.tail == Some(20) && matches!(start_of(&first), Start::Since(_)));
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
            (
                "filter=info,shop[tx]%3Ddebug",
                "\"shop[tx]=debug\": spans and fields",
            ),
            ("filter=sh*p", "\"sh*p\": * stands for all"),
            ("levels=info,loud", "levels=\"info,loud\""),
            ("nre=(", "nre=\"(\""),
            ("before=x", "before=\"x\""),
            ("from=x", "from=\"x\""),
            ("limit=x", "limit=\"x\""),
            ("limit=-1", "limit=\"-1\""),
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
    fn what_would_mean_nothing_beside_another_is_refused() {
        let id = "00000000000000ab.7.8";
        for (query, named) in [
            (format!("after={id}&from={id}"), "after and from"),
            (format!("follow&before={id}"), "follow has no meaning"),
            ("raw&format=ndjson".to_owned(), "raw is for format=text"),
            ("format=html&raw=1".to_owned(), "raw is for format=text"),
            (
                "since=2026-11-25T14:00:00Z&until=2026-11-25T13:59:59Z".to_owned(),
                "since, until",
            ),
            ("level=warn&levels=info".to_owned(), "levels"),
            ("levels=error&filter=off".to_owned(), "filter"),
        ] {
            let error = parsed(&query).unwrap_err();
            assert!(error.contains(named), "{query}: {error}");
        }
        for query in [
            format!("after={id}&before={id}"),
            format!("follow=0&before={id}"),
            "raw=0&format=ndjson".to_owned(),
            "raw&format=text".to_owned(),
            "since=10m&until=5m".to_owned(),
            "level=warn&levels=info,none".to_owned(),
            "filter=off".to_owned(),
        ] {
            assert!(parsed(&query).is_ok(), "{query}");
        }
        assert_eq!(parsed("raw").unwrap().format, Some(Format::Text));
    }

    #[test]
    fn several_of_what_is_looked_for_must_all_hold() {
        let query = parsed("q=get&q=200&not=health&not=favicon").unwrap();
        let records: [(_, &[u8]); 5] = [
            (Meta::new(), b"GET /cart 200"),
            (Meta::new(), b"GET /cart 404"),
            (Meta::new(), b"PUT /cart 200"),
            (Meta::new(), b"GET /health 200"),
            (Meta::new(), b"GET /favicon 200"),
        ];
        assert_eq!(shown(&query, &records), [true, false, false, false, false]);
        if !cfg!(feature = "regex") {
            return;
        }
        let query = parsed("re=^get&re=200$&nre=health|favicon&nre=cart.$").unwrap();
        assert_eq!(shown(&query, &records), [true, false, false, false, false]);
    }

    #[test]
    fn levels_are_just_these() {
        let query = parsed("levels=warn,none,%20DEBUG").unwrap();
        let meta = Meta::new();
        let records: [(_, &[u8]); 4] = [
            (meta, b"a"),
            (meta.level(Level::Error), b"a"),
            (meta.level(Level::Warn), b"a"),
            (meta.level(Level::Debug), b"a"),
        ];
        assert_eq!(shown(&query, &records), [true, false, true, true]);
    }

    #[test]
    fn a_records_id_is_a_beginning_and_an_end() {
        let query =
            parsed("from=00000000000000ab.7.80&before=00000000000000ab.9.95&limit=3").unwrap();
        let at = |text: &str| text.parse::<Cursor>().unwrap();
        // An id is where one goes on behind its record.
        assert_eq!(start_of(&query), Start::After(at("00000000000000ab.6")));
        assert_eq!(
            query.before(at("00000000000000ab.0"), true),
            Some(at("00000000000000ab.8"))
        );
        assert_eq!(query.limit, Some(3));
        let first = parsed("from=00000000000000ab.0.0").unwrap();
        assert_eq!(start_of(&first), Start::After(at("00000000000000ab.0")));
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
