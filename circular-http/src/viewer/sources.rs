//! The rings that a page shows: one, or several with a name each.
//!
//! Invariant: who looks at several knows of a further one as soon as it is added.

use std::collections::HashSet;
use std::fmt;
use std::process;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::Waker;

use circular_core::{Attending, Cursor, Handle, RingFile};

use crate::viewer::log::Log;

/// How many rings there are at most. One more, and the oldest run of a program that has a later one goes.
const MOST: usize = 64;

/// A ring to show, and what it is called where there are several: of this program
/// ([`Handle`]), or in a file ([`RingFile`]), whose program may be another one, and may have ended.
///
/// A [`RingFile`] is called after its program, and a [`Handle`] is called `log`, unless there is a name beside it:
///
/// ```
/// use circular_core::Ring;
/// use circular_http::Source;
///
/// let ring = Ring::new(1 << 20)?;
/// let audit = Source::from(("audit", ring.handle()));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Source {
    name: String,
    log: Log,
}

impl From<Handle> for Source {
    fn from(handle: Handle) -> Self {
        Self {
            name: "log".to_owned(),
            log: Log::Ours(handle),
        }
    }
}

impl From<RingFile> for Source {
    fn from(file: RingFile) -> Self {
        Self {
            name: file.info().program,
            log: Log::File(file),
        }
    }
}

impl<N: Into<String>, S: Into<Source>> From<(N, S)> for Source {
    fn from((name, source): (N, S)) -> Self {
        Self {
            name: name.into(),
            ..source.into()
        }
    }
}

/// What a page shows, by time: one ring, or several with a name each.
///
/// One [`Handle`] or [`RingFile`] is shown without a name. Of several, each record tells whose it is; those of one name are
/// taken for runs of one program.
///
/// ```
/// use circular_core::Ring;
/// use circular_http::Options;
///
/// let (log, audit) = (Ring::new(1 << 20)?, Ring::new(1 << 20)?);
/// let both = [("log", log.handle()), ("audit", audit.handle())];
/// let server = circular_http::serve(both, Options::new().addr("127.0.0.1:0"))?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// Clones are of the same rings. To one that was made with [`new`](Self::new) rings are added while it is shown:
///
/// ```
/// use circular_core::Ring;
/// use circular_http::{Options, Sources};
///
/// let sources = Sources::new();
/// let server = circular_http::serve(sources.clone(), Options::new().addr("127.0.0.1:0"))?;
/// let ring = Ring::new(1 << 20)?;
/// sources.add(("worker", ring.handle()));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct Sources(Arc<Shared>);

struct Shared {
    /// Each record tells whose it is.
    is_named: bool,
    /// There may be further ones.
    grows: bool,
    rings: Mutex<Vec<Arc<Shown>>>,
    /// How often those have changed.
    changes: AtomicU64,
    /// Of those who want to know.
    bells: Mutex<Vec<Weak<Bell>>>,
    /// Where it was made: a forked child must not wait for those locks.
    process: u32,
}

/// A ring that is shown.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) name: Box<str>,
    pub(crate) log: Log,
    /// A place in it, which tells it from others.
    pub(crate) id: Cursor,
}

/// Wakes who waits.
#[derive(Debug, Default)]
pub(crate) struct Bell(Mutex<Option<Waker>>);

impl Bell {
    pub(crate) fn wake_when_rung(&self, waker: &Waker) {
        let mut kept = lock(&self.0);
        if !kept.as_ref().is_some_and(|kept| kept.will_wake(waker)) {
            *kept = Some(waker.clone());
        }
    }
}

impl Default for Sources {
    fn default() -> Self {
        Self::new()
    }
}

impl Sources {
    /// Returns one without a ring so far. Whoever follows it waits for further rings when all that it has have ended.
    pub fn new() -> Self {
        Self::of(Vec::new(), true, true)
    }

    fn of(sources: Vec<Source>, is_named: bool, grows: bool) -> Self {
        let sources_of = Self(Arc::new(Shared {
            is_named,
            grows,
            rings: Mutex::default(),
            changes: AtomicU64::new(0),
            bells: Mutex::default(),
            process: process::id(),
        }));
        for source in sources {
            sources_of.push(source);
        }
        sources_of
    }

    /// Adds a ring, whoever looks already; one that it has is not added again. Beyond 64 rings, one is shown no more to who comes from
    /// then on: the first that has a later one of the same name, or else the first that has ended, or else the first.
    pub fn add(&self, source: impl Into<Source>) {
        self.push(source.into());
        self.ring_bells();
    }

    /// Lets go of rings in files that were removed, and that nobody writes to any more. As long as they are shown their memory is
    /// not free, and a program that makes room for its next ring gets none. Who follows is shown first what is left of them.
    pub fn forget_removed(&self) {
        let mut gone = self.rings();
        gone.retain(|ring| ring.log.is_gone());
        if gone.is_empty() {
            return;
        }
        let is_gone = |ring: &Arc<Shown>| gone.iter().any(|gone| Arc::ptr_eq(gone, ring));
        lock(&self.0.rings).retain(|ring| !is_gone(ring));
        self.0.changes.fetch_add(1, Relaxed);
        self.ring_bells();
    }

    fn ring_bells(&self) {
        let bells: Vec<_> = lock(&self.0.bells)
            .iter()
            .filter_map(Weak::upgrade)
            .collect();
        for bell in bells {
            let waker = lock(&bell.0).take();
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }

    fn push(&self, Source { name, log }: Source) {
        let id = log.cursor();
        let mut rings = lock(&self.0.rings);
        if rings.iter().any(|ring| ring.id.is_of_same_ring(&id)) {
            return;
        }
        if rings.len() == MOST {
            let has_later = |(index, ring): (usize, &Arc<Shown>)| {
                let mut later = rings[index + 1..].iter().map(|later| &later.name);
                later.any(|later| *later == ring.name) || *ring.name == *name
            };
            let earlier_run = || rings.iter().enumerate().position(has_later);
            let ended = || rings.iter().position(|ring| ring.log.has_ended());
            let first = earlier_run().or_else(ended).unwrap_or(0);
            rings.remove(first);
        }
        rings.push(Arc::new(Shown {
            name: name.into(),
            log,
            id,
        }));
        self.0.changes.fetch_add(1, Relaxed);
    }

    pub(crate) fn rings(&self) -> Vec<Arc<Shown>> {
        lock(&self.0.rings).clone()
    }

    /// How often they have changed.
    pub(crate) fn changes(&self) -> u64 {
        self.0.changes.load(Relaxed)
    }

    pub(crate) fn is_named(&self) -> bool {
        self.0.is_named
    }

    pub(crate) fn grows(&self) -> bool {
        self.0.grows
    }

    /// One that is rung when a ring is added or forgotten, as long as it is kept.
    pub(crate) fn bell(&self) -> Arc<Bell> {
        let bell = Arc::new(Bell::default());
        let mut bells = lock(&self.0.bells);
        bells.retain(|bell| bell.strong_count() > 0);
        bells.push(Arc::downgrade(&bell));
        bell
    }

    /// The names, in the order in which they came.
    pub(crate) fn names(&self) -> Vec<Box<str>> {
        let mut seen = HashSet::new();
        let rings = self.rings();
        let names = rings.iter().map(|ring| ring.name.clone());
        names.filter(|name| seen.insert(name.clone())).collect()
    }

    /// The place behind the newest record of each.
    pub(crate) fn cursors(&self) -> Vec<Cursor> {
        self.rings().iter().map(|ring| ring.log.cursor()).collect()
    }

    /// Has the end of this program wait for who looks.
    pub(crate) fn attending(&self) -> Vec<Attending> {
        let rings = self.rings();
        rings
            .iter()
            .filter_map(|ring| ring.log.attending())
            .collect()
    }

    /// Whether this process was forked from the one that made a ring of them: that is dead here.
    pub(crate) fn is_forked(&self) -> bool {
        self.0.process != process::id() || self.rings().iter().any(|ring| ring.log.is_forked())
    }
}

impl From<Source> for Sources {
    fn from(source: Source) -> Self {
        Self::of(vec![source], true, false)
    }
}

impl From<Handle> for Sources {
    fn from(handle: Handle) -> Self {
        Self::of(vec![handle.into()], false, false)
    }
}

impl From<RingFile> for Sources {
    fn from(file: RingFile) -> Self {
        Self::of(vec![file.into()], false, false)
    }
}

impl<S: Into<Source>> From<Vec<S>> for Sources {
    fn from(sources: Vec<S>) -> Self {
        Self::of(sources.into_iter().map(Into::into).collect(), true, false)
    }
}

impl<S: Into<Source>, const N: usize> From<[S; N]> for Sources {
    fn from(sources: [S; N]) -> Self {
        Self::from(Vec::from(sources))
    }
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources").finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use circular_core::Ring;

    use super::*;

    #[test]
    fn of_too_many_programs_those_that_have_ended_go_before_one_that_runs() {
        let sources = Sources::new();
        let db = Ring::new(4096).unwrap();
        sources.add(("db", db.handle()));
        for number in 0..MOST + 6 {
            let job = Ring::new(4096).unwrap();
            sources.add((format!("job{number}"), job.handle()));
            job.handle().close();
        }
        let names = sources.names();
        assert_eq!((names.len(), &*names[0]), (MOST, "db"));
        assert_eq!(&**names.last().unwrap(), "job69");
    }

    #[test]
    fn of_too_many_the_oldest_run_of_one_that_runs_again_goes() {
        let sources = Sources::new();
        let rings: Vec<_> = (0..MOST + 6).map(|_| Ring::new(4096).unwrap()).collect();
        sources.add(("db", rings[0].handle()));
        for ring in &rings[1..] {
            sources.add(("shop", ring.handle()));
            sources.add(("again", ring.handle()));
        }
        let kept = sources.rings();
        assert_eq!(kept.len(), MOST);
        assert_eq!(sources.names(), ["db".into(), "shop".into()]);
        let is_kept = |ring: &Ring| {
            let id = ring.handle().cursor();
            kept.iter().any(|kept| kept.id.is_of_same_ring(&id))
        };
        assert!(is_kept(&rings[0]) && !is_kept(&rings[1]));
        assert!(rings[rings.len() - 60..].iter().all(is_kept));
    }
}
