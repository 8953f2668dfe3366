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

    /// Returns what leaves of the text of `record`, or `None` if the hook drops it. It has a line end if the record has one,
    /// so that the next record stays a line of its own; but nothing, if the hook has given an empty text.
    ///
    /// Whoever shows the target as well calls [`record`](Self::record) instead.
    ///
    /// The hook is called on this thread, and nothing waits for readers in it: see
    /// [`Handle`](crate::Handle#where-nothing-waits).
    ///
    /// # Panics
    ///
    /// If the hook does.
    pub fn apply<'a>(&self, record: &Record<'a>) -> Option<Cow<'a, [u8]>> {
        self.record(record).map(|left| left.text)
    }

    /// Returns what leaves of `record`, its text as by [`apply`](Self::apply), and its target.
    ///
    /// ```
    /// use circular_core::{Meta, Redaction, Ring, SECRET_KEYS, redact_keys};
    ///
    /// let ring = Ring::new(4096)?;
    /// ring.record(Meta::new().target("login?token=abc"), b"password=hunter2")?;
    /// let redaction = Redaction::new(redact_keys(SECRET_KEYS));
    /// let held = ring.handle().snapshot();
    /// let left = redaction.record(&held.records().next().unwrap()).unwrap();
    /// assert_eq!(left.target, "login?token=[redacted]");
    /// assert_eq!(&*left.text, b"password=[redacted]");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If the hook does.
    pub fn record<'a>(&self, record: &Record<'a>) -> Option<RedactedRecord<'a>> {
        let _no_wait = NoWait::enter();
        let (target, text) = match (self.0)(record) {
            Redacted::Keep => return Some(RedactedRecord::of(record)),
            Redacted::Drop => return None,
            Redacted::Text(text) => (Cow::Borrowed(record.target()), text),
            Redacted::Record { target, text } => (Cow::Owned(target), text),
        };
        let mut text = text;
        let is_line = record.bytes().ends_with(b"\n");
        if is_line && !text.is_empty() && !text.ends_with(b"\n") {
            text.push(b'\n');
        }
        let text = Cow::Owned(text);
        Some(RedactedRecord { target, text })
    }
}

/// What leaves of a record: see [`Redaction::record`].
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RedactedRecord<'a> {
    /// Its target; [`Record::with_target`] gives the record that has it.
    pub target: Cow<'a, str>,
    /// Its text.
    pub text: Cow<'a, [u8]>,
}

impl<'a> RedactedRecord<'a> {
    /// Returns a record as it is, for where there is no hook.
    pub fn of(record: &Record<'a>) -> Self {
        Self {
            target: Cow::Borrowed(record.target()),
            text: Cow::Borrowed(record.bytes()),
        }
    }
}

/// Shows how long they are, and not what they say.
impl fmt::Debug for RedactedRecord<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedactedRecord")
            .field("target", &self.target.len())
            .field("text", &self.text.len())
            .finish()
    }
}

impl fmt::Debug for Redaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redaction").finish_non_exhaustive()
    }
}
