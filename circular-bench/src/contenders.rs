//! Everything that records can be written to. Each file has one, and says in `DOES` what it does for a write.
//!
//! All are bounded: by the same number of bytes if they keep bytes, and else by the number of records that
//! circular holds in as many. Without a reader, each is made to do what circular does: keep the
//! newest records and let the oldest go.

mod appender;
mod broadcast;
mod circular;
mod crossbeam;
mod deque;
pub(crate) mod mapped;
mod memcpy;
mod rtrb;
mod thingbuf;

pub(crate) use self::appender::{AppenderLossless, AppenderLossy};
pub(crate) use self::broadcast::Broadcast;
pub(crate) use self::circular::Circular;
pub(crate) use self::crossbeam::Crossbeam;
pub(crate) use self::deque::{DequeOfBytes, DequeOfStrings};
pub(crate) use self::mapped::Mapped;
pub(crate) use self::memcpy::{ClockAndLockedMemcpy, LockedMemcpy, Memcpy};
pub(crate) use self::rtrb::Rtrb;
pub(crate) use self::thingbuf::Thingbuf;

use std::any::Any;
use std::sync::Arc;

/// Who reads meanwhile.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Readers {
    None,
    /// One that has read once, and does not any more.
    Stuck,
    /// One for which writers wait.
    Lossless,
    /// So many that miss what they are too slow for.
    Skipping(usize),
}

impl Readers {
    pub(crate) fn count(self) -> usize {
        match self {
            Readers::None | Readers::Stuck => 0,
            Readers::Lossless => 1,
            Readers::Skipping(count) => count,
        }
    }
}

/// How much a contender may hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// In bytes, headers included.
    pub(crate) capacity: usize,
    /// Bytes of a record.
    pub(crate) len: usize,
}

impl Bounds {
    /// How many records circular holds in `capacity`.
    pub(crate) fn records(self) -> usize {
        self.capacity / (16 + self.len.next_multiple_of(8))
    }
}

/// One of those that are compared.
pub(crate) trait Contender: 'static {
    const NAME: &'static str;
    /// What happens at a write.
    const DOES: &'static str;
    type Writer: Writer;

    /// Nothing if it cannot do that.
    fn open(bounds: Bounds, writers: usize, readers: Readers) -> Option<Opened<Self::Writer>>;

    /// How many records it holds when it is full.
    fn holds(bounds: Bounds) -> usize {
        bounds.records()
    }
}

/// A thread's own way in.
pub(crate) trait Writer: Send + 'static {
    fn write(&mut self, record: &[u8]);
}

/// A way in that threads share.
pub(crate) trait Shared: Send + Sync + 'static {
    fn write(&self, record: &[u8]);
}

impl<T: Shared> Writer for Arc<T> {
    #[inline]
    fn write(&mut self, record: &[u8]) {
        T::write(self, record);
    }
}

/// Reads until all writers are gone and nothing is left; tells how many records it got.
pub(crate) type Read = Box<dyn FnOnce() -> u64 + Send>;

/// A contender of which everything is new.
pub(crate) struct Opened<W> {
    pub(crate) writers: Vec<W>,
    pub(crate) readers: Vec<Read>,
    /// What must stay as long as somebody writes.
    pub(crate) keep: Box<dyn Any>,
}

impl<T: Shared> Opened<Arc<T>> {
    /// With so many writers that all have the same way in.
    fn shared(target: T, writers: usize) -> Self {
        let target = Arc::new(target);
        Opened {
            writers: (0..writers).map(|_| Arc::clone(&target)).collect(),
            readers: Vec::new(),
            keep: Box::new(()),
        }
    }
}

impl<W> Opened<W> {
    fn reader(mut self, read: impl FnOnce() -> u64 + Send + 'static) -> Self {
        self.readers.push(Box::new(read));
        self
    }

    fn keep(mut self, kept: impl Any) -> Self {
        self.keep = Box::new(kept);
        self
    }
}

/// Something to do with each contender.
pub(crate) trait Visit {
    fn visit<C: Contender>(&mut self);
}

pub(crate) fn each(visit: &mut impl Visit) {
    visit.visit::<Circular>();
    if mapped::open(4096, false).is_some() {
        visit.visit::<Mapped<false>>();
        visit.visit::<Mapped<true>>();
    }
    visit.visit::<Memcpy>();
    visit.visit::<LockedMemcpy>();
    visit.visit::<ClockAndLockedMemcpy>();
    visit.visit::<DequeOfStrings>();
    visit.visit::<DequeOfBytes>();
    visit.visit::<AppenderLossy>();
    visit.visit::<AppenderLossless>();
    visit.visit::<Broadcast>();
    visit.visit::<Crossbeam>();
    visit.visit::<Thingbuf>();
    visit.visit::<Rtrb>();
}
