//! Tasks that have left a waker with their ring, and one that counts.

use circular_core::{AsyncReader, Ring};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::mpsc;
use std::task::{Context, Wake, Waker};

/// A task that has had everything and has left `waker` with the ring.
pub(crate) fn pending(ring: &Ring, waker: &Waker) -> AsyncReader {
    let mut reader = ring.handle().reader().open_async().unwrap();
    let mut context = Context::from_waker(waker);
    while reader.poll_recv(&mut context).is_ready() {}
    reader
}

/// Counts how often it is woken, and tells.
pub(crate) struct Counting(pub(crate) AtomicU64, mpsc::SyncSender<()>);

impl Wake for Counting {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
        let _ = self.1.try_send(());
    }
}

pub(crate) fn counting() -> (Arc<Counting>, mpsc::Receiver<()>) {
    let (tell, told) = mpsc::sync_channel(1);
    (Arc::new(Counting(AtomicU64::new(0), tell)), told)
}
