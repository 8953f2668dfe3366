//! What a reader does whose sink fails.

/// What a reader does whose sink fails. Given to [`ReaderBuilder::on_error`](crate::ReaderBuilder::on_error).
///
/// A sink fails when a write or a flush gives an error. Whatever the choice, two are none: `Interrupted`, and
/// a `WouldBlock` that comes at once, as of a terminal that another program has made non-blocking; that is asked
/// again until it takes something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OnError {
    /// The reader ends, and the sink is dropped.
    #[default]
    GiveUp,
    /// It is tried again, for as long as the ring is open: after 100 ms, and after twice as long each time that
    /// it fails again, up to 10 s. Meanwhile writers do not wait for the reader, whatever its policy, and a flush
    /// does not either. When the sink takes something again, it gets the rest of what it had not taken; what was
    /// overwritten since is told in the stream as missed, and the reader's policy holds again.
    ///
    /// When the ring is closed it is tried once more, at once; if that fails, the reader gives up.
    ///
    /// A sink that panics is not tried again.
    TryAgain,
}
