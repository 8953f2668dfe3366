//! The fields of a span, as members of a JSON object.
//!
//! Invariant: each name is there once, with the value that was recorded last, and in the order of the
//! names. (`fmt` keeps them in a map and writes that.)

use std::cell::Cell;
use std::fmt::Debug;
use std::thread::LocalKey;

use circular_core::push_json;
use tracing_core::field::{Field, Visit};

use crate::number::{push_integer, push_json_float};
use crate::object::{Object, key, push_bool, push_debug_in_json};
use crate::spans::draft::Draft;
use crate::spans::fields::{Room, SpanFields};
use crate::values::PANICKED;

/// Of a member, the name, and where the text of it ends.
type Member = (&'static str, usize);

#[derive(Debug, Default)]
pub struct JsonFields {
    /// `"key":value,"key":value,`
    text: String,
    members: Vec<Member>,
}

impl JsonFields {
    /// The members, with commas between them.
    fn text(&self) -> &str {
        self.text.strip_suffix(',').unwrap_or(&self.text)
    }

    /// Puts a member into its place. Allocates nothing if there is room for it.
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
        if start == self.text.len() {
            self.text.push_str(piece);
        } else {
            self.text.replace_range(start..end, piece);
        }
        for (_, later) in &mut self.members[place..] {
            *later = *later - (end - start) + piece.len();
        }
    }
}

impl SpanFields for JsonFields {
    type Draft = JsonDraft;

    fn room(&self) -> Room {
        Room {
            bytes: self.text.capacity(),
            members: self.members.capacity(),
        }
    }

    fn needed(&self, later: &JsonDraft) -> Room {
        // Less if some take the place of others.
        Room {
            bytes: self.text.len() + later.text.len(),
            members: self.members.len() + later.members.len(),
        }
    }

    fn with_room(room: Room) -> Self {
        Self {
            text: String::with_capacity(room.bytes),
            members: Vec::with_capacity(room.members),
        }
    }

    fn clear(&mut self) {
        self.text.clear();
        self.members.clear();
    }

    fn add(&mut self, later: &JsonDraft) {
        let mut start = 0;
        for &(name, end) in &later.members {
            self.insert(name, &later.text[start..end]);
            start = end;
        }
    }

    fn copy(&mut self, other: &Self) {
        self.clear();
        self.text.push_str(&other.text);
        self.members.extend_from_slice(&other.members);
    }

    fn longest(&self, name: &str) -> usize {
        // A control character takes six.
        self.text.len() + r#"{,"name":""}"#.len() + 6 * name.len()
    }

    fn show(&self, name: &str, text: &mut String) {
        let mut object = Object::begin(text);
        object.members(self.text());
        push_json(object.constant_key(key!("name")), name);
        object.end();
    }
}

/// Members in the order in which they were recorded.
#[derive(Debug, Default)]
pub struct JsonDraft {
    /// `"key":value,"key":value,`
    text: String,
    members: Vec<Member>,
    /// The name of the member whose value is being written.
    open: Option<&'static str>,
}

impl JsonDraft {
    const fn new() -> Self {
        Self {
            text: String::new(),
            members: Vec::new(),
            open: None,
        }
    }

    /// Ends what a value that panicked has begun.
    pub(crate) fn end_panicked(&mut self) {
        if let Some(name) = self.open.take() {
            // Only a `Debug` can panic, and that is written between quotes.
            self.text.push_str(PANICKED);
            self.text.push_str("\",");
            self.members.push((name, self.text.len()));
        }
    }

    fn write(&mut self, name: &'static str, value: impl FnOnce(&mut String)) {
        push_json(&mut self.text, name);
        self.text.push(':');
        self.open = Some(name);
        value(&mut self.text);
        self.open = None;
        self.text.push(',');
        self.members.push((name, self.text.len()));
    }
}

impl Draft for JsonDraft {
    fn place() -> &'static LocalKey<Cell<Self>> {
        thread_local!(static DRAFT: Cell<JsonDraft> = const { Cell::new(JsonDraft::new()) });
        &DRAFT
    }

    fn size(&self) -> usize {
        self.text.capacity()
    }

    fn clear(&mut self) {
        self.text.clear();
        self.members.clear();
    }
}

impl Visit for JsonDraft {
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
