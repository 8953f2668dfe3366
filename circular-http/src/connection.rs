//! A connection of our own server: whether its client is there and takes what it is sent, and how to end
//! it.

use std::future::Future as _;
use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker, ready};
use std::time::{Duration, Instant};

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;
use tokio::task::AbortHandle;

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
    /// Whether something is being answered just now, and whether that shows a log.
    is_busy: AtomicBool,
    is_viewing: AtomicBool,
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
            is_busy: AtomicBool::new(false),
            is_viewing: AtomicBool::new(false),
            taken: AtomicUsize::new(0),
            task: OnceLock::new(),
        })
    }

    /// For how long the socket has taken nothing of what it is to take.
    pub(crate) fn blocked_for(&self) -> Option<Duration> {
        let since = self.blocked.load(Relaxed).checked_sub(1)?;
        let since = Duration::from_millis(since);
        Some(self.accepted.elapsed().saturating_sub(since))
    }

    fn note(&self, written: &Poll<io::Result<usize>>) {
        let Poll::Ready(written) = written else {
            if self.blocked.load(Relaxed) == 0 {
                let now = self.accepted.elapsed().as_millis();
                let now = u64::try_from(now).unwrap_or(u64::MAX - 1);
                self.blocked.store(now + 1, Relaxed);
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

    /// Whether the client has ended its side. Hyper does not look as long as it has something unread, a
    /// second request for example, while the first is answered.
    pub(crate) fn is_left(&self) -> bool {
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

    pub(crate) fn set_viewing(&self, is_viewing: bool) {
        self.is_viewing.store(is_viewing, Relaxed);
    }

    pub(crate) fn is_viewing(&self) -> bool {
        self.is_viewing.load(Relaxed)
    }

    /// Says what serves it.
    pub(crate) fn set_task(&self, task: AbortHandle) {
        // It is said once.
        let _ = self.task.set(task);
    }

    /// Closes it, whatever it is doing.
    pub(crate) fn abort(&self) {
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
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(SockRef::from(&self.0.stream).shutdown(Shutdown::Write))
    }
}
