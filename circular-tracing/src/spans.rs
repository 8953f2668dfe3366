//! The spans that are open, with their fields as text.
//!
//! They are kept here, and not in the registry's extensions, which would allocate for every span, and
//! keep a lock while a `Display` of the program runs. What a closed span leaves is used for a later one.
//!
//! Invariant: under a lock there is nothing but copying. The program's code runs before. In a forked child
//! nothing is locked.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

use circular_core::Ring;

use crate::format::Panic;

/// Threads that open and close different spans seldom meet at the same lock.
const SHARDS: usize = 32;

/// The highest bits of the registry's ids count how often a place for a span was used again. A lock is
/// chosen without them: the next span in the same place finds there what the one before has left.
const GENERATION_BITS: u32 = 13;

/// So many closed spans' memory is kept in each, and none that is larger than this.
const SPARES: usize = 32;
const LARGEST_SPARE: usize = 2048;

/// As many spans around each other are found without the registry. So many it keeps without an allocation.
const DEEPEST: usize = 16;

/// The fields of one span in a form of its own.
pub trait SpanFields: Default + Send + 'static {
    /// Bytes of memory that are kept for it.
    fn size(&self) -> usize;

    /// Forgets the fields and keeps the memory.
    fn clear(&mut self);

    /// Takes over fields that were recorded later.
    fn add(&mut self, later: &Self);
}

pub struct Spans<T> {
    /// Knows whether this process is a forked child.
    ring: Ring,
    shards: Box<[Mutex<Shard<T>>]>,
}

struct Shard<T> {
    open: HashMap<u64, Span<T>, BuildHasherDefault<IdHasher>>,
    spare: Vec<T>,
}

struct Span<T> {
    kin: Kin,
    fields: T,
}

/// What a span is called, and which one it is in, of those that the layer's filter lets through.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kin {
    pub(crate) name: &'static str,
    pub(crate) parent: Option<u64>,
}

impl<T: SpanFields> Spans<T> {
    pub(crate) fn new(ring: Ring) -> Self {
        let shard = || Shard {
            open: HashMap::default(),
            spare: Vec::new(),
        };
        Self {
            ring,
            shards: (0..SHARDS).map(|_| Mutex::new(shard())).collect(),
        }
    }

    /// The span is new, and has the fields that `fill` puts in. If a value panics meanwhile, nobody will ever
    /// have the span, or close it.
    pub(crate) fn open(
        &self,
        id: u64,
        kin: Kin,
        fill: impl FnOnce(&mut T) -> Option<Panic>,
    ) -> Option<Panic> {
        let mut fields = self.take(id);
        let panic = fill(&mut fields);
        let Some(mut shard) = self.shard(id) else {
            return panic;
        };
        if panic.is_some() {
            shard.put_back(fields);
            return panic;
        }
        // One that has the id already is gone: the layer was not in its registry when it was closed.
        let gone = shard.open.insert(id, Span { kin, fields });
        drop(shard);
        drop(gone);
        panic
    }

    /// Adds the fields that `fill` puts in to those of the span.
    pub(crate) fn record(
        &self,
        id: u64,
        kin: Kin,
        fill: impl FnOnce(&mut T) -> Option<Panic>,
    ) -> Option<Panic> {
        let mut later = self.take(id);
        let panic = fill(&mut later);
        let Some(mut shard) = self.shard(id) else {
            return panic;
        };
        let span = shard.open.entry(id).or_insert_with(|| Span {
            kin,
            fields: T::default(),
        });
        span.fields.add(&later);
        shard.put_back(later);
        panic
    }

    pub(crate) fn close(&self, id: u64) {
        let Some(mut shard) = self.shard(id) else {
            return;
        };
        if let Some(span) = shard.open.remove(&id) {
            shard.put_back(span.fields);
        }
    }

    /// Shows the fields to `copy`, which does no more than that; there are none of a span that was opened
    /// before the layer was there.
    pub(crate) fn with(&self, id: u64, copy: impl FnOnce(Option<&T>)) {
        let shard = self.shard(id);
        let span = shard.as_ref().and_then(|shard| shard.open.get(&id));
        copy(span.map(|span| &span.fields));
    }

    /// Shows the span and those around it to `copy`, name and fields, from the outermost on; or nothing, and
    /// false, if one of them was opened before the layer was there, or they are very many. (To ask the
    /// registry for them takes twice as long.)
    pub(crate) fn scope(&self, id: u64, mut copy: impl FnMut(&'static str, &T)) -> bool {
        let mut ids = [id; DEEPEST];
        let mut depth = 0;
        let mut next = Some(id);
        while let Some(id) = next {
            let Some(shard) = self.shard(id) else {
                return false;
            };
            let (Some(span), Some(place)) = (shard.open.get(&id), ids.get_mut(depth)) else {
                return false;
            };
            *place = id;
            depth += 1;
            next = span.kin.parent;
        }
        for &id in ids[..depth].iter().rev() {
            let shard = self.shard(id);
            if let Some(span) = shard.as_ref().and_then(|shard| shard.open.get(&id)) {
                copy(span.kin.name, &span.fields);
            }
        }
        true
    }

    fn take(&self, id: u64) -> T {
        self.shard(id)
            .map_or_else(T::default, |mut shard| shard.take())
    }

    /// Locks the part of the table that the span is in; none of it in a forked child, where a thread that is
    /// not here may have it locked. Asked each time: any value of the program's may fork.
    fn shard(&self, id: u64) -> Option<MutexGuard<'_, Shard<T>>> {
        if self.ring.is_forked() {
            return None;
        }
        // The high bits of a product depend on all bits of the factors.
        let number = (mix(id << GENERATION_BITS) >> 59) as usize % SHARDS;
        // Nothing under the lock can panic half-way.
        let locked = self.shards[number].lock();
        Some(locked.unwrap_or_else(PoisonError::into_inner))
    }
}

impl<T: SpanFields> Shard<T> {
    fn take(&mut self) -> T {
        self.spare.pop().unwrap_or_default()
    }

    fn put_back(&mut self, mut fields: T) {
        if self.spare.len() < SPARES && fields.size() <= LARGEST_SPARE {
            fields.clear();
            self.spare.push(fields);
        }
    }
}

impl<T> fmt::Debug for Spans<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spans").finish_non_exhaustive()
    }
}

/// Span ids differ in their lowest bits; a hash map looks at others as well.
fn mix(id: u64) -> u64 {
    // 2^64 divided by the golden ratio (Knuth, The Art of Computer Programming 3, 6.4).
    id.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[derive(Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(self.0 ^ u64::from(byte));
        }
    }

    fn write_u64(&mut self, id: u64) {
        self.0 = mix(id);
    }

    fn finish(&self) -> u64 {
        // The map takes its bucket from the lowest bits.
        self.0.rotate_left(32)
    }
}
