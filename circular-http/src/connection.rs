//! A connection of our own server: whether it takes what it is sent, and how to end it.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::task::AbortHandle;

/// What is known of a connection.
#[derive(Debug)]
pub(crate) struct Connection {
    accepted: Instant,
    /// Since when the socket takes nothing: milliseconds since it was accepted, and one. Zero if it
    /// does, or if there is nothing to take.
    blocked: AtomicU64,
    /// Whether it shows a log just now.
    is_viewing: AtomicBool,
    task: OnceLock<AbortHandle>,
}

impl Connection {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            accepted: Instant::now(),
            blocked: AtomicU64::new(0),
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

    /// Whether nothing serves it any more.
    pub(crate) fn is_over(&self) -> bool {
        self.task.get().is_some_and(AbortHandle::is_finished)
    }

    /// Closes it, whatever it is doing.
    pub(crate) fn abort(&self) {
        if let Some(task) = self.task.get() {
            task.abort();
        }
    }
}

/// A socket that notes in its [`Connection`] whether it takes what it is sent.
#[derive(Debug)]
pub(crate) struct Socket {
    pub(crate) stream: TcpStream,
    pub(crate) connection: Arc<Connection>,
}

impl Socket {
    fn noted(&self, poll: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        self.connection.note(poll.is_pending());
        poll
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.noted(poll)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.noted(poll)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
