//! The ready-made hook: it hides what is said after certain words.
//!
//! It reads text that it does not know, so it guesses: where it is not sure where a
//! value ends, it hides more rather than less.

use crate::record::Record;
use crate::redact::redacted::Redacted;
use crate::redact::search::Search;
use crate::redact::text::{after, part};
use crate::redact::word_list::Keys;
use std::sync::Arc;

/// Words after which a secret follows, as a rule; for [`redact_keys`].
pub const SECRET_KEYS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "pwd",
    "password_hash",
    "password_digest",
    "password_confirm",
    "password_confirmation",
    "password_repeat",
    "db_pass",
    "secret",
    "secret_key",
    "token",
    "jwt",
    "bearer",
    "otp",
    "authorization",
    "cookie",
    "credential",
    "credentials",
    "api_key",
    "access_key",
    "account_key",
    "private_key",
    "encryption_key",
    "signing_key",
    "master_key",
    "amz_signature",
    "shared_access_signature",
    "client_assertion",
    "saml_response",
    "csrf",
    "xsrf",
    "session_id",
    "sessid",
    "connect_sid",
];

/// What stands in the place of a secret.
const HIDDEN: &[u8] = b"[redacted]";

/// Returns a hook that hides the value of every `key=value`, `key: value` and `"key":"value"` whose key ends
/// with one of `keys`: `token` also stands for `access_token` and `X-Auth-Token`. Case does not count,
/// nor do `_`, `-` and `.`, nor a number behind it: `session_id` also stands for `sessionId`, `session.id` and, if its words stand
/// alone, `session id`. With an `s` behind it, it is a key if its value has quotes or brackets: `tokens=5` is left.
///
/// Quotes, JSON within JSON, brackets, colours, `=>` and the like, `user[password]=`, `("key", "value")`, `Token("value")`,
/// `<key>value</key>`, `"name":"key","value":"value"` and `--key value` are understood, and what is encoded as in addresses or in HTML.
/// Without quotes a value ends at a blank; but after `Bearer` and the like, `authorization`, `cookie` and `passphrase`, more
/// words are hidden, up to one that begins a field or to the end of the line. A line of JSON stays one.
///
/// Without a key, it hides what is behind `Bearer`, `Basic` and the names of other schemes and does not look like a word, the
/// private keys of PEM, JSON Web Tokens, a name and a password in base64 behind `auth`, the `response` of `Authorization: Digest`, and
/// passwords in addresses (`postgres://user:password@host`).
///
/// Not hidden are a value in another line than its key, what has no key next to it (`the password is x`), and the later words
/// of a `password=several words`.
///
/// The target goes through it as the text does. It sees one record at a time: of a record that was longer than the ring, and went through in parts,
/// it does not know a value that goes on in the next part. It does not panic.
///
/// ```
/// use circular_core::{Meta, Redacted, Ring, SECRET_KEYS, redact_keys};
///
/// let ring = Ring::new(4096)?;
/// ring.record(Meta::new(), b"login user=ann password=hunter2 ok\n")?;
/// let hide = redact_keys(SECRET_KEYS);
/// let held = ring.handle().snapshot();
/// let text = b"login user=ann password=[redacted] ok\n".to_vec();
/// assert_eq!(hide(&held.records().next().unwrap()), Redacted::Text(text));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn redact_keys(
    keys: &[&str],
) -> impl Fn(&Record<'_>) -> Redacted + Clone + Send + Sync + 'static + use<> {
    let keys = Arc::new(Keys::new(keys.iter().copied()));
    move |record| {
        let target = hide(&keys, record.target().as_bytes());
        let text = hide(&keys, record.bytes());
        match (target, text) {
            (None, None) => Redacted::Keep,
            (None, Some(text)) => Redacted::Text(text),
            (Some(target), text) => Redacted::Record {
                target: String::from_utf8_lossy(&target).into_owned(),
                text: text.unwrap_or_else(|| record.bytes().to_vec()),
            },
        }
    }
}

/// The text without the values; `None` if there are none.
fn hide(keys: &Keys, text: &[u8]) -> Option<Vec<u8>> {
    if !keys.may_be_in(text) {
        return None;
    }
    // That stays, whatever else is hidden.
    let (text, line_end) = match text.strip_suffix(b"\n") {
        Some(line) => (line, "\n"),
        None => (text, ""),
    };
    let mut out = Vec::new();
    let mut copied = 0;
    let mut search = Search::new(keys, text);
    while let Some(value) = search.next_value() {
        out.extend_from_slice(part(text, copied..value.from));
        out.extend_from_slice(value.quote);
        out.extend_from_slice(HIDDEN);
        out.extend_from_slice(value.quote);
        copied = value.to;
    }
    (copied > 0).then(|| {
        out.extend_from_slice(after(text, copied));
        out.extend_from_slice(line_end.as_bytes());
        out
    })
}

#[cfg(test)]
mod spellings;
#[cfg(test)]
mod tests;
