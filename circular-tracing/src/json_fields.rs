//! The fields of a span, as members of a JSON object.
//!
//! Invariant: each name is there once, with the value that was recorded last, and in the order of the
//! names. (`fmt` keeps them in a map and writes that.)

use std::fmt::Debug;

use tracing_core::field::{Field, Visit};

use crate::escape::push_json;
use crate::format::PANICKED;
use crate::json::{push_bool, push_debug_in_json};
use crate::number::{push_integer, push_json_float};
use crate::spans::SpanFields;

#[derive(Debug, Default)]
pub struct JsonFields {
    /// `"key":value,"key":value,`
    text: String,
    /// Of each member, the name, and where the text of it ends.
    members: Vec<(&'static str, usize)>,
    /// The member that is being written.
    piece: String,
    /// Its name, while its value is.
    open: Option<&'static str>,
}

impl JsonFields {
    /// The members, with commas between them.
    pub(crate) fn text(&self) -> &str {
        self.text.strip_suffix(',').unwrap_or(&self.text)
    }

    /// Ends what a value that panicked has begun.
    pub(crate) fn end_panicked(&mut self) {
        if let Some(name) = self.open.take() {
            // Only a `Debug` can panic, and that is written between quotes.
            self.piece.push_str(PANICKED);
            self.piece.push_str("\",");
            self.take_piece(name);
        }
    }

    /// Writes a member, and puts it into its place.
    fn write(&mut self, name: &'static str, value: impl FnOnce(&mut String)) {
        self.piece.clear();
        push_json(&mut self.piece, name);
        self.piece.push(':');
        self.open = Some(name);
        value(&mut self.piece);
        self.open = None;
        self.piece.push(',');
        self.take_piece(name);
    }

    fn take_piece(&mut self, name: &'static str) {
        let piece = std::mem::take(&mut self.piece);
        self.insert(name, &piece);
        self.piece = piece;
    }

    fn insert(&mut self, name: &'static str, piece: &str) {
        let found = self.members.binary_search_by_key(&name, |member| member.0);
        let (Ok(place) | Err(place)) = found;
        let start = if place == 0 {
            0
        } else {
            self.members[place - 1].1
        };
        let end = match found {
            Ok(_) => self.members[place].1,
            Err(_) => {
                self.members.insert(place, (name, start));
                start
            }
        };
        self.text.replace_range(start..end, piece);
        for (_, later) in &mut self.members[place..] {
            *later = *later - (end - start) + piece.len();
        }
    }
}

impl SpanFields for JsonFields {
    fn size(&self) -> usize {
        self.text.capacity() + self.piece.capacity()
    }

    fn clear(&mut self) {
        self.text.clear();
        self.members.clear();
    }

    fn add(&mut self, later: &Self) {
        let mut start = 0;
        for &(name, end) in &later.members {
            self.insert(name, &later.text[start..end]);
            start = end;
        }
    }
}

impl Visit for JsonFields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.write(field.name(), |text| push_json_float(text, value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.write(field.name(), |text| push_integer(text, value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.write(field.name(), |text| push_integer(text, value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.write(field.name(), |text| push_bool(text, value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.write(field.name(), |text| push_json(text, value));
    }

    fn record_bytes(&mut self, field: &Field, value: &[u8]) {
        self.write(field.name(), |text| {
            text.push('[');
            for (place, byte) in value.iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                push_integer(text, *byte);
            }
            text.push(']');
        });
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let name = field.name();
        // Only here, as `fmt` does.
        let name = name.strip_prefix("r#").unwrap_or(name);
        self.write(name, |text| {
            text.push('"');
            push_debug_in_json(text, value);
            text.push('"');
        });
    }
}
