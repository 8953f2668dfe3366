//! The log of one test, as text.
//!
//! Invariant: nothing of the program is changed but this thread's subscriber, and that only while the body runs.

use circular_core::Ring;
use tracing_core::dispatcher::{self, Dispatch};
use tracing_subscriber::Registry;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::layer::RingLayer;

/// More than a test says. It is not touched before it is needed.
const CAPACITY: usize = 4 << 20;

/// Returns what `body` says through `tracing`, TRACE and above, as lines without the time: for tests.
///
/// ```
/// fn order(items: usize) {
///     let _span = tracing::info_span!("order", items).entered();
///     if items == 0 {
///         tracing::warn!(target: "shop", "nothing in it");
///     }
/// }
///
/// let log = circular_tracing::capture(|| order(0));
/// assert_eq!(log, " WARN order{items=0}: shop: nothing in it\n");
/// ```
///
/// # Which thread
///
/// It is for the thread that calls it: tests that run beside each other, each in its thread, get their own log each. A
/// subscriber that the program has hears nothing of it meanwhile. What other threads say goes where it always goes, also
/// those that `body` starts, unless they are given the subscriber:
///
/// ```
/// let log = circular_tracing::capture(|| {
///     let here = tracing::dispatcher::get_default(Clone::clone);
///     std::thread::spawn(move || {
///         tracing::dispatcher::with_default(&here, || tracing::info!(target: "shop", "from there"));
///     })
///     .join()
///     .expect("it does not panic");
/// });
/// assert_eq!(log, " INFO shop: from there\n");
/// ```
///
/// Tasks are heard if they run on this thread: `capture(|| runtime.block_on(…))` with tokio's `current_thread` runtime, which
/// is the one of `#[tokio::test]`.
///
/// What is said through `log` is heard if `tracing_log::LogTracer` is the program's logger. For a test of a library that
/// uses `log` alone there is `circular_log::capture`. An event that a value says while it is being shown is lost, as under any
/// subscriber that is not the program's: see [hard places](crate#hard-places).
///
/// # More than a test says
///
/// It holds 4 MiB. Of more, the oldest goes, and a line like that of any reader says how much.
///
/// # Panics
///
/// With what `body` panics with; then there is no text. And if there are no 4 MiB to be had.
pub fn capture(body: impl FnOnce()) -> String {
    let ring = Ring::new(CAPACITY).expect("memory for a test's log");
    let handle = ring.handle();
    let reader = handle.reader().open();
    let subscriber = Registry::default().with(RingLayer::new(ring).without_time());
    dispatcher::with_default(&Dispatch::new(subscriber), body);

    // A thread that was given the subscriber may have it still, and is not waited for.
    handle.close();
    let mut text = Vec::new();
    reader
        .write_to(&mut text)
        .expect("a vector takes everything");
    String::from_utf8_lossy(&text).into_owned()
}
