//! A connection of our own server: whether its client is there and takes what it is sent, and how to end
//! it.

use std::future::Future as _;
use std::io::{self, IoSlice};
use std::mem;
use std::net::Shutdown;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::{Duration, Instant};

use circular_core::Attending;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;
use tokio::task::AbortHandle;

use crate::viewer::untaken;

/// What an Ethernet takes in one packet; hyper's slices that it is cut from, as a rule three.
pub(crate) const SEGMENT: u32 = 1448;
const SLICES: usize = 4;

/// As long as a connection has not taken so much in one go, with no longer pause than this, it is taken for
/// a slow one, and gets no more than a packet at once. What is handed over at once lies in its system as one
/// block, whose room is free again when the last byte is read: of 64 KiB, in a minute if its program reads
/// 1 KiB a second. By then it would have been dropped, as one that takes nothing.
const PROBATION: usize = 256 << 10;
const PAUSE: Duration = Duration::from_millis(100);

/// A connection, which is open as long as there is one of these.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    accepted: Instant,
    /// Since when the socket takes nothing: milliseconds since it was accepted, and one. Zero if it
    /// does, or if there is nothing to take.
    blocked: AtomicU64,
    /// How much had not been taken when it was last asked, and when that was seen to shrink: milliseconds
    /// since it was accepted.
    untaken: AtomicUsize,
    took: AtomicU64,
    /// Whether something is being answered just now, and whether that shows a log.
    is_busy: AtomicBool,
    is_viewing: AtomicBool,
    /// What is answered goes on until somebody ends it: a client that ends its side does.
    follows: AtomicBool,
    /// The response that shows one has come to its end, but not all of it has been sent.
    is_whole: AtomicBool,
    /// While there is something of a log to send: the end of the program waits for it.
    attending: Mutex<Vec<Attending>>,
    /// It speaks HTTP/1.0, where the end of a response of unknown length is that of the connection.
    is_old: AtomicBool,
    /// How much it has taken since it was accepted or was last blocked for long.
    taken: AtomicUsize,
    task: OnceLock<AbortHandle>,
}

impl Connection {
    pub(crate) fn new(stream: TcpStream) -> Arc<Self> {
        Arc::new(Self {
            stream,
            accepted: Instant::now(),
            blocked: AtomicU64::new(0),
            untaken: AtomicUsize::new(0),
            took: AtomicU64::new(0),
            is_busy: AtomicBool::new(false),
            is_viewing: AtomicBool::new(false),
            follows: AtomicBool::new(false),
            is_whole: AtomicBool::new(false),
            attending: Mutex::default(),
            is_old: AtomicBool::new(false),
            taken: AtomicUsize::new(0),
            task: OnceLock::new(),
        })
    }

    /// For how long the client has taken nothing, though there is something. This is asked by one who asks
    /// again and again: that something was taken in between is seen by what was left the last time.
    ///
    /// A socket has room again only when a third of its buffer is free. A client that is slow takes that much
    /// within a minute, in parts, and each part shows that it is alive.
    pub(crate) fn stuck_for(&self) -> Option<Duration> {
        let blocked = self.blocked_for()?;
        let Some(untaken) = untaken::bytes(&self.stream) else {
            return Some(blocked);
        };
        if untaken < self.untaken.swap(untaken, Relaxed) {
            self.took.store(self.age(), Relaxed);
        }
        let took = Duration::from_millis(self.took.load(Relaxed));
        Some(blocked.min(self.accepted.elapsed().saturating_sub(took)))
    }

    /// For how long the socket has had no room.
    fn blocked_for(&self) -> Option<Duration> {
        let since = self.blocked.load(Relaxed).checked_sub(1)?;
        let since = Duration::from_millis(since);
        Some(self.accepted.elapsed().saturating_sub(since))
    }

    /// Milliseconds since it was accepted.
    fn age(&self) -> u64 {
        u64::try_from(self.accepted.elapsed().as_millis()).unwrap_or(u64::MAX - 1)
    }

    fn note(&self, written: &Poll<io::Result<usize>>) {
        let Poll::Ready(written) = written else {
            if self.blocked.load(Relaxed) == 0 {
                self.blocked.store(self.age() + 1, Relaxed);
            }
            return;
        };
        if self.blocked_for().is_some_and(|blocked| blocked > PAUSE) {
            self.taken.store(0, Relaxed);
        }
        self.blocked.store(0, Relaxed);
        self.taken
            .fetch_add(*written.as_ref().unwrap_or(&0), Relaxed);
    }

    /// How much may be handed to the system at once.
    fn limit(&self) -> usize {
        let is_slow = self.taken.load(Relaxed) < PROBATION;
        if is_slow {
            SEGMENT as usize
        } else {
            usize::MAX
        }
    }

    pub(crate) fn set_follows(&self, follows: bool) {
        self.follows.store(follows, Relaxed);
    }

    /// Whether the client has gone from a response that follows: it has ended its side. From one that comes to its
    /// end it has not gone: it may only have said that it has no more to ask. If it has gone as well, sending fails.
    pub(crate) fn is_left(&self) -> bool {
        self.follows.load(Relaxed) && self.is_read_closed()
    }

    /// The same, and wakes the task when the client goes, which hyper does not while it answers. Where something has
    /// come that nobody reads, a second request for example, it does not either, and somebody has to ask again.
    pub(crate) fn poll_left(&self, context: &mut Context<'_>) -> bool {
        if !self.follows.load(Relaxed) {
            return false;
        }
        let mut byte = [0];
        let peeked = self.stream.poll_peek(context, &mut ReadBuf::new(&mut byte));
        match peeked {
            Poll::Ready(Ok(0) | Err(_)) => true,
            Poll::Ready(Ok(_)) => self.is_read_closed(),
            Poll::Pending => false,
        }
    }

    fn is_read_closed(&self) -> bool {
        let ready = pin!(self.stream.ready(Interest::READABLE));
        match ready.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(ready)) => ready.is_read_closed(),
            Poll::Ready(Err(_)) => true,
            Poll::Pending => false,
        }
    }

    pub(crate) fn set_busy(&self, is_busy: bool) {
        self.is_busy.store(is_busy, Relaxed);
    }

    pub(crate) fn is_busy(&self) -> bool {
        self.is_busy.load(Relaxed)
    }

    /// Says that it shows a log from now on.
    pub(crate) fn begin_viewing(&self, attending: Vec<Attending>) {
        self.is_viewing.store(true, Relaxed);
        self.is_whole.store(false, Relaxed);
        *self.attending() = attending;
        // From here on it may be cut, by the end of the process too.
        self.doom();
    }

    /// Says that there is no more to show; the end may not have been sent yet.
    pub(crate) fn end_viewing(&self) {
        self.is_viewing.store(false, Relaxed);
    }

    /// All that there was to show is with hyper.
    pub(crate) fn set_whole(&self) {
        self.is_whole.store(true, Relaxed);
    }

    /// All that hyper had has gone to the system, which sends it whatever becomes of the program: if that was all
    /// that there is, a close from here on is in good order.
    fn sent(&self) {
        if self.is_viewing() {
            return;
        }
        if self.is_whole.swap(false, Relaxed) && self.is_old.load(Relaxed) {
            let _ = SockRef::from(&self.stream).set_linger(None);
        }
        self.unattend();
    }

    /// Lets the program end without it.
    pub(crate) fn unattend(&self) {
        // Dropping it takes the ring's lock.
        let attending = mem::take(&mut *self.attending());
        drop(attending);
    }

    fn attending(&self) -> MutexGuard<'_, Vec<Attending>> {
        self.attending
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_viewing(&self) -> bool {
        self.is_viewing.load(Relaxed)
    }

    /// Says what serves it.
    pub(crate) fn set_task(&self, task: AbortHandle) {
        // It is said once.
        let _ = self.task.set(task);
    }

    pub(crate) fn set_old(&self, is_old: bool) {
        self.is_old.store(is_old, Relaxed);
    }

    /// When it is closed, the client can tell that it did not get all: newer HTTP says where a response ends,
    /// older would take a connection that ends in good order for that.
    pub(crate) fn doom(&self) {
        if self.is_old.load(Relaxed) {
            // Where it cannot be had, nothing but that is lost.
            let _ = SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
        }
    }

    /// Closes it, whatever it is doing.
    pub(crate) fn abort(&self) {
        self.doom();
        if let Some(task) = self.task.get() {
            task.abort();
        }
    }
}

/// Its socket, which notes whether it takes what it is sent.
#[derive(Debug)]
pub(crate) struct Socket(pub(crate) Arc<Connection>);

impl Socket {
    /// Writes by `write` as soon as there is room.
    fn poll_room(
        &self,
        context: &mut Context<'_>,
        mut write: impl FnMut(&TcpStream) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        let stream = &self.0.stream;
        let polled = loop {
            match stream.poll_write_ready(context) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => break Poll::Ready(Err(error)),
                Poll::Pending => break Poll::Pending,
            }
            match write(stream) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                written => break Poll::Ready(written),
            }
        };
        self.0.note(&polled);
        polled
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let stream = &self.0.stream;
        loop {
            ready!(stream.poll_read_ready(context))?;
            match stream.try_read(buffer.initialize_unfilled()) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => return Poll::Ready(read.map(|count| buffer.advance(count))),
            }
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let bytes = &bytes[..bytes.len().min(self.0.limit())];
        self.poll_room(context, |stream| stream.try_write(bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut left = self.0.limit();
        if slices.iter().map(|slice| slice.len()).sum::<usize>() <= left {
            return self.poll_room(context, |stream| stream.try_write_vectored(slices));
        }
        let mut within = [IoSlice::new(&[]); SLICES];
        for (within, slice) in within.iter_mut().zip(slices) {
            *within = IoSlice::new(&slice[..slice.len().min(left)]);
            left -= within.len();
        }
        self.poll_room(context, |stream| stream.try_write_vectored(&within))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.sent();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(SockRef::from(&self.0.stream).shutdown(Shutdown::Write))
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
