//! A line of JSON as people read it: the message, then `key=value`, in the order of the keys.
//!
//! What stands in columns already (time, level, target) is left out, by the names that loggers have for them; objects in
//! objects are told by their keys with a dot.

use serde_json::{Map, Value};

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
    let object: Map<String, Value> = serde_json::from_slice(line).ok()?;
    let mut fields = Fields::default();
    for (key, value) in object {
        match value {
            Value::Object(inner) if OPENED.contains(&key.as_str()) => {
                for (key, value) in inner {
                    fields.take(key, value);
                }
            }
            _ if IN_COLUMNS.contains(&key.as_str()) => {}
            value => fields.take(key, value),
        }
    }
    Some(fields)
}

impl Fields {
    fn take(&mut self, key: String, value: Value) {
        match value {
            Value::String(text) if self.message.is_empty() && MESSAGES.contains(&key.as_str()) => {
                self.message = escaped(&text);
            }
            Value::Object(inner) if !inner.is_empty() => {
                for (inner_key, value) in inner {
                    self.take_in(format!("{key}.{inner_key}"), value);
                }
            }
            value => self.take_in(key, value),
        }
    }

    fn take_in(&mut self, key: String, value: Value) {
        match value {
            Value::Object(inner) if !inner.is_empty() => {
                for (inner_key, value) in inner {
                    self.take_in(format!("{key}.{inner_key}"), value);
                }
            }
            Value::String(text) if is_plain(&text) => self.pairs.push((key, text)),
            value => self.pairs.push((key, value.to_string())),
        }
    }
}

/// A line of JSON is one line for people, too, and orders no terminal about.
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
                Some(r#"x none=null span.id=7 span.name=req tags=["a","b"]"#),
            ),
            (r#"{"a":{"b":{"c":1}},"e":{}}"#, Some(" a.b.c=1 e={}")),
            (r#"{"message":"one","msg":"two"}"#, Some("one msg=two")),
            (
                r#"{"msg":"a\nERROR forged \u001b[2J","b":"c\nd"}"#,
                Some(r#"a\nERROR forged \u{1b}[2J b="c\nd""#),
            ),
            ("{not json}", None),
            (r#"["a"]"#, None),
            ("plain", None),
        ] {
            assert_eq!(shown(line).as_deref(), expected, "{line}");
        }
    }
}
