//! The spans that are open, with their fields as text.
//!
//! They are kept here, and not in the registry's extensions, which would allocate for every span, and
//! keep a lock while a `Display` of the program runs. What a closed span leaves is used for a later one.
//!
//! Invariant: under a lock there is nothing but copying. The program's code runs before; and as its allocator is
//! the program's code too, and may log, nothing is allocated or freed there. What lacks room says so
//! ([`Lacks`]), the lock is given back, room is made, and it is tried again; what is left is dropped
//! afterwards ([`Supplies`]). In a forked child nothing is locked.

pub(crate) mod above;
pub(crate) mod draft;
pub(crate) mod fields;
mod place;
mod shard;
pub(crate) mod table;

use std::fmt;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};

use circular_core::Ring;

use crate::values::Panic;
use above::{Above, Around};
use draft::{LARGEST_SPARE, Loan};
use fields::{Room, SpanFields};
use place::{mix, place};
use shard::{Lacks, Shard, Supplies};
use table::{Node, SpanInfo};

/// Threads that open and close different spans seldom meet at the same lock.
const SHARDS: usize = 32;

pub struct Spans<T: SpanFields> {
    /// Knows whether this process is a forked child.
    ring: Ring,
    shards: Box<[Mutex<Shard<T>>]>,
}

impl<T: SpanFields> Spans<T> {
    pub(crate) fn new(ring: Ring) -> Self {
        let shard = || Mutex::new(Shard::new());
        Self {
            ring,
            shards: (0..SHARDS).map(|_| shard()).collect(),
        }
    }

    /// The span is new, and has the fields that `fill` puts in. If a value panics meanwhile, nobody will ever
    /// have the span, or close it. `is_there` tells whether the registry has another span still.
    pub(crate) fn open(
        &self,
        id: u64,
        info: SpanInfo,
        is_there: impl FnOnce(u64) -> bool,
        fill: impl FnOnce(&mut T::Draft) -> Option<Panic>,
    ) -> Option<Panic> {
        let mut draft = Loan::<T::Draft>::new();
        let panic = fill(&mut draft);
        if panic.is_some() {
            return panic;
        }
        let mut other = None;
        self.put(id, |shard, supplies| {
            other = shard.table.of_place(id);
            if other == Some(id) {
                supplies.leave(shard.table.remove(id));
            }
            shard.insert(id, info, &draft, supplies)
        });
        // The registry has one span in a place. The layer was not in it when that one was closed.
        if let Some(other) = other.filter(|&other| other != id && !is_there(other)) {
            self.close(other);
        }
        None
    }

    /// Adds the fields that `fill` puts in to those of the span.
    pub(crate) fn record(
        &self,
        id: u64,
        info: SpanInfo,
        fill: impl FnOnce(&mut T::Draft) -> Option<Panic>,
    ) -> Option<Panic> {
        let mut draft = Loan::<T::Draft>::new();
        let panic = fill(&mut draft);
        self.put(id, |shard, supplies| {
            let Some(span) = shard.table.get(id) else {
                return shard.insert(id, info, &draft, supplies);
            };
            let needed = span.fields.needed(&draft);
            let larger = if span.fields.room().holds(needed) {
                None
            } else {
                Some(shard.fields_for(needed, true, supplies)?)
            };
            if let Some(span) = shard.table.get_mut(id) {
                if let Some(mut larger) = larger {
                    larger.copy(&span.fields);
                    supplies.leave(Some(mem::replace(&mut span.fields, larger)));
                }
                span.fields.add(&draft);
            }
            Ok(())
        });
        panic
    }

    /// The span goes; at once, or when nobody holds it any more.
    pub(crate) fn close(&self, id: u64) {
        // What is left is dropped when the lock is not there any more.
        let _left = self.shard(id).map(|mut shard| shard.table.close(id));
    }

    /// Keeps the span, even if it is closed, until `show_held` is called for it. Tells whether it is there.
    pub(crate) fn hold(&self, id: u64) -> bool {
        let mut shard = self.shard(id);
        let span = shard.as_mut().and_then(|shard| shard.table.get_mut(id));
        span.map(Node::hold).is_some()
    }

    /// Appends a span that is held to a line, and holds it no longer. Tells what it is in, or nothing if it is
    /// not there.
    pub(crate) fn show_held(&self, id: u64, text: &mut String) -> Option<Around> {
        let mut around = None;
        self.show_and(id, text, |shard| {
            around = shard.table.get(id).map(|span| span.around);
            shard.table.let_go(id)
        });
        around
    }

    /// Appends a span and its fields to a line, and tells whether it has it: not one that was opened before the
    /// layer was there.
    pub(crate) fn show(&self, id: u64, text: &mut String) -> bool {
        self.show_and(id, text, |_| None)
    }

    /// Appends the span and those around it to a line, from the outermost on, with `between` between them; or
    /// nothing, and false, if one of them was opened before the layer was there, or they are very many. (To ask
    /// the registry for them takes twice as long.)
    pub(crate) fn show_scope(&self, id: u64, text: &mut String, between: &str) -> bool {
        let Some(shard) = self.shard(id) else {
            return false;
        };
        let Some(span) = shard.table.get(id) else {
            return false;
        };
        if span.around.parent().is_none() && span.show(text).is_ok() {
            return true;
        }
        let around = span.around;
        drop(shard);
        self.show_around(id, around, text, between)
    }

    /// The same, when it is known what is around the span.
    pub(crate) fn show_around(
        &self,
        id: u64,
        around: Around,
        text: &mut String,
        between: &str,
    ) -> bool {
        let noted = around.above();
        let is_noted = noted.is_some();
        let Some(above) = noted.or_else(|| self.above(around.parent())) else {
            return false;
        };
        for id in above.ids() {
            if self.show(id, text) {
                text.push_str(between);
            }
        }
        // It was there before, and is there as long as the event is in it.
        self.show_and(id, text, |shard| {
            if let Some(span) = shard.table.get_mut(id).filter(|_| !is_noted) {
                span.around.note(&above);
            }
            None
        });
        true
    }

    /// The spans that one is in whose parent is `next`, if all are here and they are not too many.
    fn above(&self, mut next: Option<u64>) -> Option<Above> {
        let mut above = Above::new();
        while let Some(id) = next {
            above.push(id)?;
            next = self.shard(id)?.table.get(id)?.around.parent();
        }
        Some(above)
    }

    /// Shows a span, and does something under the same lock, which may leave something.
    fn show_and(
        &self,
        id: u64,
        text: &mut String,
        then: impl FnOnce(&mut Shard<T>) -> Option<T>,
    ) -> bool {
        loop {
            let Some(mut shard) = self.shard(id) else {
                return false;
            };
            let Some(span) = shard.table.get(id) else {
                return false;
            };
            match span.show(text) {
                Ok(()) => {
                    let left = then(&mut shard);
                    drop(shard);
                    drop(left);
                    return true;
                }
                Err(longest) => {
                    drop(shard);
                    text.reserve(longest);
                }
            }
        }
    }

    /// Puts what was written into the table, as `put` says, which is called again if it lacked something. What
    /// it did before does no harm then.
    fn put(
        &self,
        id: u64,
        mut put: impl FnMut(&mut Shard<T>, &mut Supplies<T>) -> Result<(), Lacks>,
    ) {
        // Outlives the lock.
        let mut supplies = Supplies::new();
        while let Some(mut shard) = self.shard(id) {
            match put(&mut shard, &mut supplies) {
                Ok(()) => break,
                Err(lacks) => {
                    drop(shard);
                    let found = match lacks {
                        Lacks::Fields(needed, _) => self.spare_of_others(id, needed),
                        Lacks::Table(_) => None,
                    };
                    match found {
                        Some(fields) => supplies.fields = Some(fields),
                        None => supplies.make(lacks),
                    }
                }
            }
        }
    }

    /// Memory of a closed span from another shard: when threads close each other's spans, the next ones are
    /// in other places.
    fn spare_of_others(&self, id: u64, needed: Room) -> Option<T> {
        if needed.bytes > LARGEST_SPARE {
            return None;
        }
        let own = shard_of(id);
        (1..SHARDS).find_map(|distance| {
            if self.ring.is_forked() {
                return None;
            }
            let shard = self.shards[(own + distance) % SHARDS].try_lock();
            shard
                .ok()
                .and_then(|mut shard| shard.table.take_spare(needed))
        })
    }

    /// Locks the part of the table that the span is in; none of it in a forked child, where a thread that is
    /// not here may have it locked. Asked each time: any value of the program's may fork.
    fn shard(&self, id: u64) -> Option<MutexGuard<'_, Shard<T>>> {
        if self.ring.is_forked() {
            return None;
        }
        // Nothing under the lock can panic half-way.
        let locked = self.shards[shard_of(id)].lock();
        Some(locked.unwrap_or_else(PoisonError::into_inner))
    }
}

fn shard_of(id: u64) -> usize {
    (mix(place(id)) >> 59) as usize % SHARDS
}

impl<T: SpanFields> fmt::Debug for Spans<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spans").finish_non_exhaustive()
    }
}
