//! A line of JSON as people read it: the message, then `key=value`, in the order of the line.
//!
//! Invariant: a value is shown as it was written, digit by digit: nothing here takes a number for a float.
//!
//! What stands in columns already (time, level, target) is left out, by the names that loggers have for them; objects in
//! objects are told by their keys with a dot.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

const MESSAGES: [&str; 3] = ["message", "msg", "event"];
const IN_COLUMNS: [&str; 8] = [
    "timestamp",
    "time",
    "ts",
    "@timestamp",
    "level",
    "severity",
    "lvl",
    "target",
];
/// Objects whose fields are the line's own: `tracing_subscriber::fmt` puts an event's there.
const OPENED: [&str; 1] = ["fields"];

/// Objects in objects are opened so far; what is deeper is shown as it was written.
const DEEPEST: usize = 8;

/// What a line of JSON has for people.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Fields {
    pub(crate) message: String,
    pub(crate) pairs: Vec<(String, String)>,
}

/// Returns the fields of a line; `None` if it is no JSON object.
pub(crate) fn of(line: &[u8]) -> Option<Fields> {
    if !line.trim_ascii().starts_with(b"{") {
        return None;
    }
    let object: Object = serde_json::from_slice(line).ok()?;
    let mut fields = Fields::default();
    for (key, value) in object.0 {
        if OPENED.contains(&&*key) {
            if let Some(inner) = inside(value) {
                for (key, value) in inner.0 {
                    fields.take(key, value);
                }
                continue;
            }
        }
        if !IN_COLUMNS.contains(&&*key) {
            fields.take(key, value);
        }
    }
    Some(fields)
}

/// The keys and values of an object, in their order, and the values as they are written.
struct Object<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Deserialize<'a> for Object<'a> {
    fn deserialize<D: Deserializer<'a>>(line: D) -> Result<Self, D::Error> {
        struct Pairs;

        impl<'a> Visitor<'a> for Pairs {
            type Value = Object<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Object<'a>, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Object(pairs))
            }
        }

        line.deserialize_map(Pairs)
    }
}

/// The object that a value is, if it is one and not empty.
fn inside(value: &RawValue) -> Option<Object<'_>> {
    let object: Object<'_> = serde_json::from_str(value.get()).ok()?;
    (!object.0.is_empty()).then_some(object)
}

/// The text that a value is.
fn text(value: &RawValue) -> Option<String> {
    serde_json::from_str(value.get()).ok()
}

impl Fields {
    fn take(&mut self, key: String, value: &RawValue) {
        if self.message.is_empty() && MESSAGES.contains(&&*key) {
            if let Some(text) = text(value) {
                self.message = escaped(&text);
                return;
            }
        }
        self.take_in(key, value, 1);
    }

    fn take_in(&mut self, key: String, value: &RawValue, depth: usize) {
        let inner = (depth < DEEPEST).then(|| inside(value)).flatten();
        if let Some(inner) = inner {
            for (inner_key, value) in inner.0 {
                self.take_in(format!("{key}.{inner_key}"), value, depth + 1);
            }
            return;
        }
        let shown = match text(value) {
            Some(text) if is_plain(&text) => text,
            _ => escaped(value.get()),
        };
        self.pairs.push((key, shown));
    }
}

/// A line of JSON is one line for people, too, and has nothing that a terminal obeys.
fn escaped(text: &str) -> String {
    let mut shown = String::new();
    for c in text.chars() {
        if c.is_control() {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Whether it is one word, which needs no quotes.
fn is_plain(text: &str) -> bool {
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '=');
    !text.is_empty() && !text.contains(is_odd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_loggers_write() {
        let shown = |line: &str| {
            let fields = of(line.as_bytes())?;
            let pair = |(key, value): &(String, String)| format!(" {key}={value}");
            let pairs: String = fields.pairs.iter().map(pair).collect();
            Some(fields.message + &pairs)
        };
        for (line, expected) in [
            (
                r#"{"timestamp":"2026-11-28T10:15:00Z","level":"WARN","fields":{"message":"pool is empty","size":8},"target":"db"}"#,
                Some("pool is empty size=8"),
            ),
            (
                r#"{"level":"info","msg":"started","addr":"[::1]:80","who":"Ann B"}"#,
                Some(r#"started addr=[::1]:80 who="Ann B""#),
            ),
            (
                r#"{"msg":"x","span":{"name":"req","id":7},"tags":["a","b"],"none":null}"#,
                Some(r#"x span.name=req span.id=7 tags=["a","b"] none=null"#),
            ),
            (r#"{"a":{"b":{"c":1}},"e":{}}"#, Some(" a.b.c=1 e={}")),
            (r#"{"message":"one","msg":"two"}"#, Some("one msg=two")),
            (
                r#"{"msg":"a\nERROR forged \u001b[2J","b":"c\nd"}"#,
                Some(r#"a\nERROR forged \u{1b}[2J b="c\nd""#),
            ),
            (
                r#"{"z":1.10,"a":12345678901234567890123,"b":1e400,"c":-0}"#,
                Some(" z=1.10 a=12345678901234567890123 b=1e400 c=-0"),
            ),
            (
                "{\"a\": [1,\n 2],\n \"b\": \"\u{9b}2J\"}",
                Some(r#" a=[1,\n 2] b="\u{9b}2J""#),
            ),
            (
                r#"{"a":{"b":{"c":{"d":{"e":{"f":{"g":{"h":{"i":1}}}}}}}}}"#,
                Some(r#" a.b.c.d.e.f.g.h={"i":1}"#),
            ),
            ("{not json}", None),
            (r#"["a"]"#, None),
            ("plain", None),
        ] {
            assert_eq!(shown(line).as_deref(), expected, "{line}");
        }
    }
}
