//! What must not leave: a hook that is given each record before it does.
//!
//! The ring holds everything as it was said. What goes to people and to files that outlive the program, a
//! dump or what `circular-http` shows, passes the hook first. [`redact_keys`](crate::redact_keys) is a ready-made one.

use crate::record::Record;
use crate::redact::redacted::Redacted;
use crate::sys::no_wait::NoWait;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// A hook that records go through on their way out, with the rules that hold for all ways. Clones are the same hook.
///
/// The `redact` calls of dumps and of `circular-http` make one, and their `redaction` calls take one. Who has a way out of their own hands each record to
/// [`apply`](Self::apply):
///
/// ```
/// use circular_core::{Redaction, Ring, SECRET_KEYS, redact_keys};
/// use std::io::Write;
///
/// let mut ring = Ring::new(4096)?;
/// writeln!(ring, "login password=hunter2")?;
/// let redaction = Redaction::new(redact_keys(SECRET_KEYS));
/// for record in &ring.handle().snapshot() {
///     if let Some(text) = redaction.apply(&record) {
///         assert_eq!(&*text, b"login password=[redacted]\n");
///     }
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct Redaction(Arc<dyn Fn(&Record<'_>) -> Redacted + Send + Sync>);

impl Redaction {
    /// Returns `hook` as what records go through.
    pub fn new(hook: impl Fn(&Record<'_>) -> Redacted + Send + Sync + 'static) -> Self {
        Self(Arc::new(hook))
    }

    /// Returns what leaves of `record`, or `None` if the hook drops it. It has a line end if the record has one, so that
    /// the next record stays a line of its own; but nothing, if the hook has given an empty text.
    ///
    /// The hook is called on this thread, and nothing waits for readers in it: see
    /// [`Handle`](crate::Handle#where-nothing-waits).
    ///
    /// # Panics
    ///
    /// If the hook does.
    pub fn apply<'a>(&self, record: &Record<'a>) -> Option<Cow<'a, [u8]>> {
        let _no_wait = NoWait::enter();
        match (self.0)(record) {
            Redacted::Keep => Some(Cow::Borrowed(record.bytes())),
            Redacted::Drop => None,
            Redacted::Text(mut text) => {
                let is_line = record.bytes().ends_with(b"\n");
                if is_line && !text.is_empty() && !text.ends_with(b"\n") {
                    text.push(b'\n');
                }
                Some(Cow::Owned(text))
            }
        }
    }
}

impl fmt::Debug for Redaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redaction").finish_non_exhaustive()
    }
}
