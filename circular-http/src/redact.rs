//! What must not leave: the hook, and one that hides what is said after certain words.

use std::fmt;
use std::sync::Arc;

use circular_core::Record;

use crate::escape;

pub(crate) type Hook = Arc<dyn Fn(&Record<'_>) -> Redacted + Send + Sync>;

/// What a hook makes of a record: see [`Options::redact`](crate::Options::redact).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redacted {
    /// It leaves as it is.
    Keep,
    /// This text leaves in its place.
    Text(Vec<u8>),
    /// It does not leave. Clients are not told, but the numbers of the records have a gap.
    Drop,
}

/// Words after which a secret follows, as a rule.
pub const SECRET_KEYS: &[&str] = &[
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "secret",
    "token",
    "authorization",
    "cookie",
    "api_key",
    "apikey",
    "access_key",
    "private_key",
    "credential",
    "credentials",
    "session_id",
];

/// placeholder
pub fn redact_keys(_keys: &[&str]) -> impl Fn(&Record<'_>) -> Redacted + Send + Sync + 'static {
    |_: &Record<'_>| Redacted::Keep
}
