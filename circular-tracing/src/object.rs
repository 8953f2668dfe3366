//! A JSON object that is being written.

use std::fmt::Debug;

use circular_core::{InJson, plain, push_json};
use tracing_core::field::{Field, Visit};

use crate::format::EventLine;
use crate::number::{push_integer, push_json_float};
use crate::values::{self, FAILED, PANICKED, Panic};

/// A key that is a constant, as it stands in a line. It needs no escapes, and is not looked through for any at each
/// event.
macro_rules! key {
    ($name:literal) => {
        concat!("\"", $name, "\":")
    };
}
pub(crate) use key;

/// An object that is being written.
pub(crate) struct Object<'a> {
    text: &'a mut String,
    is_empty: bool,
    /// Something is being written between quotes.
    in_string: bool,
}

impl<'a> Object<'a> {
    pub(crate) fn begin(text: &'a mut String) -> Self {
        text.push('{');
        Self {
            text,
            is_empty: true,
            in_string: false,
        }
    }

    pub(crate) fn end(self) {
        self.text.push('}');
    }

    fn separate(&mut self) {
        if self.is_empty {
            self.is_empty = false;
        } else {
            self.text.push(',');
        }
    }

    /// The value comes next. The key is the program's, and may have anything in it.
    fn key(&mut self, key: &str) -> &mut String {
        self.separate();
        push_json(self.text, key);
        self.text.push(':');
        self.text
    }

    /// The value comes next. The key is one that [`key!`] has written.
    pub(crate) fn constant_key(&mut self, key: &'static str) -> &mut String {
        debug_assert!(
            key.strip_prefix('"')
                .and_then(|key| key.strip_suffix("\":"))
                .is_some_and(plain::is_printable_in_quotes),
            "{key} is not a key as it stands in JSON"
        );
        self.separate();
        self.text.push_str(key);
        self.text
    }

    /// Members that are written out already.
    pub(crate) fn members(&mut self, members: &str) {
        if !members.is_empty() {
            self.separate();
            self.text.push_str(members);
        }
    }

    /// The event's fields, as far as they can be had.
    pub(crate) fn fields(&mut self, line: &EventLine<'_>) -> Option<Panic> {
        let panic = values::caught(|| line.event.record(self));
        if panic.is_some() && self.in_string {
            self.text.push_str(PANICKED);
            self.text.push('"');
            self.in_string = false;
        }
        panic
    }
}

impl Visit for Object<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        push_json_float(self.key(field.name()), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        push_integer(self.key(field.name()), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        push_integer(self.key(field.name()), value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        push_bool(self.key(field.name()), value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        push_json(self.key(field.name()), value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.key(field.name()).push('"');
        self.in_string = true;
        push_debug_in_json(self.text, value);
        self.text.push('"');
        self.in_string = false;
    }
}

pub(crate) fn push_bool(text: &mut String, value: bool) {
    text.push_str(if value { "true" } else { "false" });
}

pub(crate) fn push_debug_in_json(text: &mut String, value: &dyn Debug) {
    if values::write_debug(&mut InJson::new(text), value).is_err() {
        text.push_str(FAILED);
    }
}
