//! What is kept of a span's fields, in whatever form.

use super::draft::{Draft, LARGEST_SPARE};

/// How much of a span's fields there is, or there is memory for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Room {
    pub(crate) bytes: usize,
    /// Of those forms that keep them apart.
    pub(crate) members: usize,
}

impl Room {
    pub(super) fn holds(self, needed: Self) -> bool {
        self.bytes >= needed.bytes && self.members >= needed.members
    }

    /// What is taken where that much is needed: a bit more, so that others can use it; `more`, if it is to be
    /// expected that it grows again.
    pub(super) fn rounded(self, more: bool) -> Self {
        let bytes = self.bytes + if more { self.bytes / 8 } else { 0 };
        // What a little more can make unfit for another span gets no more.
        let most = self.bytes.max(LARGEST_SPARE);
        Self {
            bytes: bytes.next_multiple_of(32).min(most),
            members: self.members.next_multiple_of(2),
        }
    }
}

/// The fields of one span in a form of its own.
pub trait SpanFields: Default + Send + 'static {
    /// Fields that are being written.
    type Draft: Draft;

    /// How much memory is kept for it.
    fn room(&self) -> Room;

    /// How much is needed, at most, when `later` is added.
    fn needed(&self, later: &Self::Draft) -> Room;

    /// Without fields, and with memory for as much.
    fn with_room(room: Room) -> Self;

    /// Forgets the fields and keeps the memory.
    fn clear(&mut self);

    /// Takes over fields that were recorded later. Allocates nothing if there is room.
    fn add(&mut self, later: &Self::Draft);

    /// Becomes a copy of `other`. Allocates nothing if there is room.
    fn copy(&mut self, other: &Self);

    /// How long a span of that name with these fields is at most in a line.
    fn longest(&self, name: &str) -> usize;

    /// Appends a span of that name with these fields to a line. Allocates nothing if there is room for as much
    /// as `longest` says.
    fn show(&self, name: &str, text: &mut String);
}
