//! A connection of our own server: whether its client is there and takes what it is sent, and how to end
//! it.

use std::future::Future as _;
use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker, ready};
use std::time::{Duration, Instant};

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;
use tokio::task::AbortHandle;

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
            task: OnceLock::new(),
        })
    }

    /// For how long the socket has taken nothing of what it is to take.
    pub(crate) fn blocked_for(&self) -> Option<Duration> {
        let since = self.blocked.load(Relaxed).checked_sub(1)?;
        let since = Duration::from_millis(since);
        Some(self.accepted.elapsed().saturating_sub(since))
    }

    fn note(&self, is_blocked: bool) {
        if !is_blocked {
            self.blocked.store(0, Relaxed);
        } else if self.blocked.load(Relaxed) == 0 {
            let now = u64::try_from(self.accepted.elapsed().as_millis()).unwrap_or(u64::MAX - 1);
            self.blocked.store(now + 1, Relaxed);
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
        self.0.note(polled.is_pending());
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
        self.poll_room(context, |stream| stream.try_write(bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_room(context, |stream| stream.try_write_vectored(slices))
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
