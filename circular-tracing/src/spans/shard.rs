//! One part of the spans, as it is used under its lock: it allocates nothing and frees nothing.

use super::fields::{Room, SpanFields};
use super::table::{SpanInfo, Table};

/// What is under one lock.
pub(super) struct Shard<T: SpanFields> {
    pub(super) table: Table<T>,
}

/// What is missing under the lock, and made without it.
pub(super) enum Lacks {
    /// A table that is larger than one with that room.
    Table(usize),
    /// Memory with that room, and a bit more if it is to be expected that it grows again.
    Fields(Room, bool),
}

/// What was made for use under the lock, and after that, what is to be freed without it.
pub(super) struct Supplies<T: SpanFields> {
    pub(super) table: Option<Table<T>>,
    pub(super) fields: Option<T>,
    left: [Option<T>; 3],
}

impl<T: SpanFields> Supplies<T> {
    pub(super) const fn new() -> Self {
        Self {
            table: None,
            fields: None,
            left: [None, None, None],
        }
    }

    /// Not under the lock.
    pub(super) fn make(&mut self, lacks: Lacks) {
        match lacks {
            Lacks::Table(room) => self.table = Some(Table::larger_than(room)),
            Lacks::Fields(needed, more) => {
                self.fields = Some(T::with_room(needed.rounded(more)));
            }
        }
    }

    /// Nothing leaves more than three: the span that was there, a spare that nobody could use, and what was in
    /// the node.
    pub(super) fn leave(&mut self, left: Option<T>) {
        if left.is_some() {
            let place = self.left.iter_mut().find(|place| place.is_none());
            debug_assert!(place.is_some(), "it would be freed under the lock");
            if let Some(place) = place {
                *place = left;
            }
        }
    }
}

impl<T: SpanFields> Shard<T> {
    pub(super) fn new() -> Self {
        Self {
            table: Table::new(),
        }
    }

    /// Adds a span, which is not there yet.
    pub(super) fn insert(
        &mut self,
        id: u64,
        info: SpanInfo,
        draft: &T::Draft,
        supplies: &mut Supplies<T>,
    ) -> Result<(), Lacks> {
        if !self.table.has_room() {
            let room = self.table.room();
            let larger = supplies.table.take_if(|larger| larger.room() > room);
            let larger = larger.ok_or(Lacks::Table(room))?;
            supplies.table = Some(self.table.move_to(larger));
        }
        let mut fields = self.fields_for(T::default().needed(draft), false, supplies)?;
        fields.add(draft);
        supplies.leave(self.table.insert(id, info, fields));
        Ok(())
    }

    /// Memory that has at least the room that is needed, a closed span's if there is such.
    pub(super) fn fields_for(
        &mut self,
        needed: Room,
        more: bool,
        supplies: &mut Supplies<T>,
    ) -> Result<T, Lacks> {
        if needed == Room::default() {
            return Ok(T::default());
        }
        if let Some(made) = supplies.fields.take_if(|made| made.room().holds(needed)) {
            // When this one is closed, its memory is kept rather than what was of no use.
            supplies.leave(self.table.make_place_for_spare());
            return Ok(made);
        }
        let spare = self.table.take_spare(needed);
        spare.ok_or(Lacks::Fields(needed, more))
    }
}
