//! The ready-made redaction hook reads any text, and lets no secret through that is said in one of the usual
//! ways.
//!
//! Every value has a mark in it. Behind the hook there is none left of a secret, and before the first secret
//! none is gone. A line of JSON is compared as JSON.

#![no_main]

use circular_core::{Meta, Redacted, Ring, SECRET_KEYS, redact_keys};
use libfuzzer_sys::{arbitrary, fuzz_target};
use serde_json::{Map, Value};

#[derive(arbitrary::Arbitrary, Debug)]
enum Input {
    Bytes(Vec<u8>),
    /// The same again and again: what is looked through for each of them takes too long.
    Repeated(Vec<u8>),
    Line(Vec<Field>),
    Struct(Vec<Field>),
    Pairs(Vec<Field>),
    Headers(Vec<Field>),
    Json(Vec<JsonField>),
}

#[derive(arbitrary::Arbitrary, Debug)]
struct Field {
    key: u8,
    style: Style,
    before: Vec<u8>,
    after: Vec<u8>,
}

/// How a value is said.
#[derive(arbitrary::Arbitrary, Debug)]
enum Style {
    Plain,
    /// As `{:?}` has it.
    Quoted,
    Some,
    /// The last parameter of a quoted path, or with one behind it.
    Query {
        is_last: bool,
    },
}

#[derive(arbitrary::Arbitrary, Debug)]
struct JsonField {
    key: u8,
    value: JsonValue,
}

#[derive(arbitrary::Arbitrary, Debug)]
enum JsonValue {
    Text(Vec<u8>),
    Number(i32),
    Halves(i16),
    Null,
    List(Vec<Vec<u8>>),
    /// A text that ends with a secret, which has begun with this.
    Said(u8),
    /// JSON in a text.
    Body(Vec<JsonField>),
}

const SECRET: &[&str] = &[
    "password",
    "db.password",
    "X-Auth-Token",
    "sessionId",
    "client_secret",
    "API_KEY",
    "secretAccessKey",
    "authorization",
    "Set-Cookie",
    "passphrase",
];
const HARMLESS: &[&str] = &["user", "n", "tokens_left", "uri", "key_id", "Host"];
/// Their values are several words.
const WORDY: &[&str] = &["authorization", "Set-Cookie", "passphrase"];

/// What a text is made of around its mark: nothing that could be a key.
const SIGNS: &[char] = &[
    '"', '\'', '\\', ' ', '=', ':', ',', ';', '&', '(', ')', '[', ']', '{', '}', '<', '>', '-',
    '.', '#', '|', '\t', '\n', '\x1b', '7', 'x', 'b', 'r', 'é',
];

/// What a value may begin with and be without its end.
const BEGINS: &[&str] = &["", "'", "\"", "(", "{"];

const REPEATED: usize = 1 << 17;
const MOST_FIELDS: usize = 20;
const DEEPEST: usize = 3;

fuzz_target!(|input: Input| {
    match &input {
        Input::Bytes(bytes) => drop(redacted(bytes)),
        Input::Repeated(bytes) if bytes.is_empty() => {}
        Input::Repeated(bytes) => drop(redacted(&bytes.repeat(REPEATED / bytes.len()))),
        Input::Line(fields) => check(fields, Shape::LINE),
        Input::Struct(fields) => check(fields, Shape::STRUCT),
        Input::Pairs(fields) => check(fields, Shape::PAIRS),
        Input::Headers(fields) => check(fields, Shape::HEADERS),
        Input::Json(fields) => check_json(fields),
    }
});

/// What the hook makes of a record.
fn redacted(text: &[u8]) -> Vec<u8> {
    let ring = Ring::new(4 * text.len().max(1024)).expect("it is not too much");
    ring.record(Meta::new(), text).expect("it is open");
    let held = ring.handle().snapshot();
    let Some(record) = held.records().next() else {
        return Vec::new();
    };
    assert_eq!(record.bytes(), text);
    match redact_keys(SECRET_KEYS)(&record) {
        Redacted::Keep => text.to_vec(),
        Redacted::Text(text) => text,
        other => panic!("it drops nothing, and answers nothing else: {other:?}"),
    }
}

/// What stands around fields and in them.
struct Shape {
    begin: &'static str,
    key_begin: &'static str,
    separator: &'static str,
    field_end: &'static str,
    between: &'static str,
    end: &'static str,
    /// Values are told by their quotes only.
    is_quoted: bool,
}

impl Shape {
    const LINE: Self = Self {
        begin: "",
        key_begin: "",
        separator: "=",
        field_end: "",
        between: " ",
        end: "\n",
        is_quoted: false,
    };
    const STRUCT: Self = Self {
        begin: "Request { ",
        separator: ": ",
        between: ", ",
        end: " }\n",
        is_quoted: true,
        ..Self::LINE
    };
    const PAIRS: Self = Self {
        begin: "[",
        key_begin: "(\"",
        separator: "\", ",
        field_end: ")",
        end: "]\n",
        ..Self::STRUCT
    };
    const HEADERS: Self = Self {
        separator: ": ",
        between: "\r\n",
        ..Self::LINE
    };
}

/// Says the fields, and looks for their marks in what is left of that.
fn check(fields: &[Field], shape: Shape) {
    let mut said = Vec::new();
    let mut marks = Vec::new();
    for (field, number) in fields.iter().take(MOST_FIELDS).zip(b'a'..) {
        let mark = format!("ZQ{}ZQ", char::from(number));
        let key = key(field.key);
        let value = field.value(&mark, shape.is_quoted);
        said.push(format!(
            "{}{key}{}{value}{}",
            shape.key_begin, shape.separator, shape.field_end
        ));
        marks.push((mark, field.is_secret()));
    }
    let text = shape.begin.to_owned() + &said.join(shape.between) + shape.end;
    let left = redacted(text.as_bytes());
    let left = String::from_utf8(left).expect("no letter is cut");
    let mut was_secret = false;
    for (mark, is_secret) in marks {
        was_secret |= is_secret;
        let is_left = left.contains(&mark);
        assert!(!(is_secret && is_left), "{mark} of {text}\nis in {left}");
        assert!(was_secret || is_left, "{mark} of {text}\nis not in {left}");
    }
}

impl Field {
    fn is_secret(&self) -> bool {
        is_secret(key(self.key)) || matches!(self.style, Style::Query { .. })
    }

    fn value(&self, mark: &str, is_quoted: bool) -> String {
        let before = text(&self.before);
        let whole = before.clone() + mark + &text(&self.after);
        // What is said without quotes has no blanks in it, nor what would begin a field.
        let plain = |text: &str| text.replace([' ', '\t', '\n', '"', '\x1b', '=', ':'], "");
        let plain = format!("x{}{mark}{}", plain(&before), plain(&text(&self.after)));
        match self.style {
            Style::Plain if is_quoted => format!("{whole:?}"),
            Style::Plain if WORDY.contains(&key(self.key)) => {
                // They end at a bracket that was opened before them.
                let plain = plain.replace([')', ']', '}'], "");
                format!("Custom {plain} {plain}")
            }
            Style::Plain => plain,
            Style::Quoted => format!("{whole:?}"),
            Style::Some => format!("{:?}", Some(whole)),
            Style::Query { is_last } => {
                let behind = if is_last { "" } else { "&n=1" };
                let plain = plain.replace('\\', "");
                format!("\"/path?code=1&token={plain}{behind}\"")
            }
        }
    }
}

/// A line of JSON is the same with every secret hidden.
fn check_json(fields: &[JsonField]) {
    let [text, expected] = [false, true].map(|is_hidden| object(fields, is_hidden, DEEPEST));
    let left = redacted(text.to_string().as_bytes());
    let left = String::from_utf8(left).expect("no letter is cut");
    match serde_json::from_str::<Value>(&left) {
        Ok(left) => assert_eq!(left, expected, "{text}"),
        Err(error) => panic!("{error}: {left}"),
    }
}

fn object(fields: &[JsonField], is_hidden: bool, deepest: usize) -> Value {
    let fields = fields.iter().take(MOST_FIELDS).map(|field| {
        let key = key(field.key);
        let value = field.value.say(is_hidden, deepest);
        let is_hidden = is_hidden && is_secret(key) && value != "";
        let hidden = || Value::from("[redacted]");
        (key.to_owned(), if is_hidden { hidden() } else { value })
    });
    Value::Object(fields.collect::<Map<_, _>>())
}

impl JsonValue {
    fn say(&self, is_hidden: bool, deepest: usize) -> Value {
        match self {
            Self::Text(signs) => text(signs).into(),
            Self::Number(number) => (*number).into(),
            Self::Halves(number) => (f64::from(*number) / 2.0).into(),
            Self::Null => Value::Null,
            Self::List(texts) => texts.iter().map(|signs| text(signs)).collect(),
            Self::Said(begin) => {
                let begin = BEGINS[usize::from(*begin) % BEGINS.len()];
                let hidden = begin.trim_end_matches(['(', '{']).to_owned() + "[redacted]";
                let said = if is_hidden {
                    hidden
                } else {
                    format!("{begin}abc")
                };
                format!("/path?code=1&token={said}").into()
            }
            Self::Body(_) if deepest == 0 => Value::Null,
            Self::Body(fields) => object(fields, is_hidden, deepest - 1).to_string().into(),
        }
    }
}

fn key(number: u8) -> &'static str {
    let keys = SECRET.iter().chain(HARMLESS);
    let number = usize::from(number) % (SECRET.len() + HARMLESS.len());
    keys.copied().nth(number).expect("there is one")
}

fn is_secret(key: &str) -> bool {
    SECRET.contains(&key)
}

fn text(signs: &[u8]) -> String {
    signs
        .iter()
        .map(|&sign| SIGNS[usize::from(sign) % SIGNS.len()])
        .collect()
}
