//! Those who look: how many there may be, what each of them holds, and who is dropped.
//!
//! Invariant: a viewer's stream is let go of, and its place with it, as soon as its response ends or it
//! has taken nothing for too long, whichever comes first. The connection may outlive that; then it is cut
//! off, so that nobody takes what is missing for the end.
//!
//! To end them takes no lock that a stream is polled under: a user's hook may be at work there.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use http_body::{Body, Frame};
use hyper::body::Bytes;
use tokio::task::AbortHandle;
use tokio::{runtime, time};

use crate::viewer::connection::Connection;
use crate::viewer::sources::Sources;
use crate::viewer::stream::{LastCall, Stream};

/// A viewer is looked at this often. One that has been seen to lag is looked at twice: it may have been
/// woken just now.
const STALL_CHECK: Duration = Duration::from_secs(1);

/// How long those who follow get to take what there is when they are to end.
pub(crate) const LAST_CALL: Duration = Duration::from_millis(500);

/// All viewers of one server or router.
#[derive(Debug)]
pub(crate) struct Viewers {
    /// What they look at.
    sources: Sources,
    /// They are to end.
    last_call: OnceLock<LastCall>,
    limit: usize,
    taken: AtomicUsize,
    present: Mutex<Vec<Weak<Viewer>>>,
    admitted: AtomicU64,
    refused: AtomicU64,
    stalled: AtomicU64,
}

/// Tells whether who looks may go on. `None` if there is nothing that could end that.
pub(crate) type MayLook = Option<Box<dyn Fn() -> bool + Send + Sync>>;

/// What [`Viewers`] has counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) limit: usize,
    pub(crate) now: usize,
    pub(crate) admitted: u64,
    pub(crate) refused: u64,
    pub(crate) stalled: u64,
}

impl Viewers {
    pub(crate) fn new(sources: Sources, limit: usize) -> Arc<Self> {
        Arc::new(Self {
            sources,
            last_call: OnceLock::new(),
            limit,
            taken: AtomicUsize::new(0),
            present: Mutex::default(),
            admitted: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            stalled: AtomicU64::new(0),
        })
    }

    /// A place, if there is one left.
    pub(crate) fn permit(self: &Arc<Self>) -> Option<Permit> {
        let more = |taken| (taken < self.limit).then_some(taken + 1);
        if self.taken.fetch_update(Relaxed, Relaxed, more).is_err() {
            self.refused.fetch_add(1, Relaxed);
            return None;
        }
        self.admitted.fetch_add(1, Relaxed);
        Some(Permit(Arc::clone(self)))
    }

    pub(crate) fn counts(&self) -> Counts {
        Counts {
            limit: self.limit,
            now: self.taken.load(Relaxed),
            admitted: self.admitted.load(Relaxed),
            refused: self.refused.load(Relaxed),
            stalled: self.stalled.load(Relaxed),
        }
    }

    /// The body of a response that shows `stream` to who has `permit`, on a connection of ours or on somebody
    /// else's.
    pub(crate) fn body(
        self: &Arc<Self>,
        (mut stream, permit): (Stream, Permit),
        connection: Option<Arc<Connection>>,
        stall_timeout: Duration,
        may_look: MayLook,
    ) -> LogBody {
        if self.last_call.get().is_some() {
            // It has come too late to stay, and is not cut short for that.
            stream.end(&LastCall {
                ends: self.sources.cursors().into(),
                deadline: None,
            });
        }
        if let Some(connection) = &connection {
            connection.begin_viewing(self.sources.attending());
        }
        let viewer = Arc::new(Viewer {
            state: Mutex::new(State {
                shown: Some((stream, permit)),
                is_dropped: false,
                polled: Instant::now(),
                has_piece: false,
            }),
            waker: Mutex::default(),
            viewers: Arc::clone(self),
            connection,
        });
        let mut present = lock(&self.present);
        present.retain(|viewer| viewer.strong_count() > 0);
        present.push(Arc::downgrade(&viewer));
        drop(present);
        let watched = Arc::downgrade(&viewer);
        let watch = watch(Arc::clone(self), watched, stall_timeout, may_look);
        let watch = tokio::spawn(watch).abort_handle();
        LogBody { viewer, watch }
    }

    /// Ends everyone who follows, now or later: with what is in the ring now, and a last word.
    pub(crate) fn end(&self) {
        // They are the parent's, and so are the locks.
        if self.sources.is_forked() {
            return;
        }
        self.last_call.get_or_init(|| self.call());
        // Dropping one may take a lock of its own.
        let present: Vec<_> = lock(&self.present)
            .iter()
            .filter_map(Weak::upgrade)
            .collect();
        for viewer in present {
            viewer.wake();
        }
    }

    fn call(&self) -> LastCall {
        LastCall {
            ends: self.sources.cursors().into(),
            deadline: Some(Instant::now() + LAST_CALL),
        }
    }
}

/// A place among the viewers, free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Permit(Arc<Viewers>);

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Relaxed);
    }
}

struct Viewer {
    state: Mutex<State>,
    /// Of the connection, since it last asked for a piece.
    waker: Mutex<Option<Waker>>,
    viewers: Arc<Viewers>,
    /// `None` if it is not one of our server's, and so cannot be asked how it is.
    connection: Option<Arc<Connection>>,
}

struct State {
    /// The stream goes first: its reader has left when the place is free.
    shown: Option<(Stream, Permit)>,
    /// The stream was taken away before its end.
    is_dropped: bool,
    /// When the connection last asked for a piece, and whether it got one.
    polled: Instant,
    has_piece: bool,
}

/// How a viewer is.
enum Progress {
    Over,
    Fine,
    /// It has taken nothing for too long, if there was something.
    Lags,
    Stalled,
    /// The client is not there any more.
    Left,
}

impl Viewer {
    /// Lets go of the stream, and tells the connection.
    fn end(&self, is_dropped: bool) {
        let mut state = lock(&self.state);
        let shown = state.shown.take();
        state.is_dropped |= is_dropped && shown.is_some();
        drop(state);
        drop(shown);
        self.wake();
    }

    fn wake(&self) {
        let waker = lock(&self.waker).take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn poll(&self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Stalled>>> {
        // First: who ends it now wakes it, and who has done so is seen below.
        let waker = lock(&self.waker).replace(context.waker().clone());
        drop(waker);
        let mut state = lock(&self.state);
        if state.is_dropped {
            return Poll::Ready(Some(Err(Stalled)));
        }
        let Some((stream, _)) = &mut state.shown else {
            return Poll::Ready(None);
        };
        if let Some(call) = self.viewers.last_call.get() {
            stream.end(call);
        }
        let polled = stream.poll_piece(context);
        state.polled = Instant::now();
        state.has_piece = polled.is_ready();
        match polled {
            Poll::Ready(Some(piece)) => Poll::Ready(Some(Ok(piece))),
            Poll::Ready(None) => {
                let shown = state.shown.take();
                drop(state);
                drop(shown);
                if let Some(connection) = &self.connection {
                    connection.set_whole();
                }
                Poll::Ready(None)
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn progress(&self, timeout: Duration) -> Progress {
        let state = lock(&self.state);
        let Some((stream, _)) = &state.shown else {
            return Progress::Over;
        };
        if let Some(connection) = &self.connection {
            return match connection.stuck_for() {
                _ if connection.is_left() => Progress::Left,
                Some(stuck) if stuck >= timeout => Progress::Stalled,
                _ => Progress::Fine,
            };
        }
        // On somebody else's connection it can only be seen that no piece is asked for. That is so too
        // as long as there is none.
        match state.polled.elapsed() >= timeout {
            true if state.has_piece => Progress::Stalled,
            true if stream.lags() => Progress::Lags,
            _ => Progress::Fine,
        }
    }
}

/// Drops a viewer that takes nothing for `timeout`, that has gone, or that may not look any more.
async fn watch(viewers: Arc<Viewers>, viewer: Weak<Viewer>, timeout: Duration, may_look: MayLook) {
    let mut has_lagged = false;
    loop {
        time::sleep(timeout.min(STALL_CHECK)).await;
        let Some(viewer) = viewer.upgrade() else {
            return;
        };
        let may_look = may_look.as_ref().is_none_or(|may_look| may_look());
        let is_stalled = match viewer.progress(timeout) {
            Progress::Over => return,
            _ if !may_look => false,
            Progress::Fine => {
                has_lagged = false;
                continue;
            }
            Progress::Lags if !has_lagged => {
                has_lagged = true;
                continue;
            }
            Progress::Lags | Progress::Stalled => true,
            Progress::Left => false,
        };
        viewers.stalled.fetch_add(u64::from(is_stalled), Relaxed);
        viewer.end(true);
        if let Some(connection) = &viewer.connection {
            connection.abort();
        }
        return;
    }
}

/// The body of a response that shows a log.
pub(crate) struct LogBody {
    viewer: Arc<Viewer>,
    watch: AbortHandle,
}

impl Body for LogBody {
    type Data = Bytes;
    type Error = Stalled;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Stalled>>> {
        self.viewer
            .poll(context)
            .map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}

impl Drop for LogBody {
    fn drop(&mut self) {
        self.watch.abort();
        self.viewer.end(false);
        if let Some(connection) = &self.viewer.connection {
            connection.end_viewing();
            unattend_soon(connection);
        }
    }
}

/// A client that takes nothing of a response's last bytes is waited for by the end of the program no longer than
/// this.
const LAST_BYTES: Duration = Duration::from_secs(1);

fn unattend_soon(connection: &Arc<Connection>) {
    let connection = Arc::downgrade(connection);
    // Where the runtime ends just now, so does the connection.
    let Ok(runtime) = runtime::Handle::try_current() else {
        return;
    };
    runtime.spawn(async move {
        time::sleep(LAST_BYTES).await;
        let connection = connection.upgrade();
        if let Some(connection) = connection.filter(|connection| !connection.is_viewing()) {
            connection.unattend();
        }
    });
}

/// The response was cut off, as its client took nothing for too long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stalled;

impl fmt::Display for Stalled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the client took nothing for too long")
    }
}

impl Error for Stalled {}

impl fmt::Debug for Viewer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Viewer").finish_non_exhaustive()
    }
}

/// A user's hook that panics takes its own viewer down, and nothing else.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
