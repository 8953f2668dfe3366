//! The password, and how a program shows it.
//!
//! Invariant: nothing that a stranger can send is compared with it byte by byte until the first that
//! differs. What is compared takes as long whatever the bytes are; only the length shows.

use std::fmt;
use std::io;

use hyper::header::{self, HeaderMap};
use subtle::ConstantTimeEq;

/// A token that clients must show. Its text is not in `Debug`.
#[derive(Clone)]
pub(crate) struct Token(String);

impl Token {
    /// Takes `text` without the white space around it, which a file ends with as a rule. `origin`
    /// says where it is from, for the error.
    pub(crate) fn new(text: &str, origin: &str) -> io::Result<Self> {
        let text = text.trim();
        let problem = if text.is_empty() {
            "is empty"
        } else if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            "has characters other than visible ASCII, which a header cannot carry"
        } else {
            return Ok(Self(text.to_owned()));
        };
        Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!(
                "the token {origin} {problem}: use a long random one, such as `openssl rand -hex 32` prints"
            ),
        ))
    }

    /// Whether a request shows it, as `Authorization: Bearer`.
    pub(crate) fn is_shown(&self, headers: &HeaderMap) -> bool {
        let values = headers.get_all(header::AUTHORIZATION).into_iter();
        values
            .filter_map(|value| bearer(value.to_str().ok()?))
            .any(|shown| self.is(shown))
    }

    /// Whether `shown` is the token.
    pub(crate) fn is(&self, shown: &str) -> bool {
        self.0.as_bytes().ct_eq(shown.as_bytes()).into()
    }
}

/// The token of `Bearer <token>`; the word may be in any case.
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use hyper::header::HeaderValue;

    #[test]
    fn it_is_shown_in_a_header() {
        let token = Token::new(" s3cret\n", "of the test").unwrap();
        for (value, is_shown) in [
            ("Bearer s3cret", true),
            ("bearer  s3cret ", true),
            ("Bearer s3cre", false),
            ("Bearer s3crets", false),
            ("Bearer ", false),
            ("Basic s3cret", false),
            ("s3cret", false),
        ] {
            let mut headers = HeaderMap::new();
            let shown = HeaderValue::from_static(value);
            headers.insert(header::AUTHORIZATION, shown);
            assert_eq!(token.is_shown(&headers), is_shown, "{value}");
        }
        assert!(!token.is_shown(&HeaderMap::new()));
        assert!(!format!("{token:?}").contains("s3cret"));
    }

    #[test]
    fn a_token_that_no_header_can_carry_is_refused() {
        for (text, named) in [
            ("", "empty"),
            (" \n", "empty"),
            ("a b", "ASCII"),
            ("é", "ASCII"),
        ] {
            let error = Token::new(text, "in the file x").unwrap_err().to_string();
            assert!(
                error.contains(named) && error.contains("in the file x"),
                "{error}"
            );
        }
    }
}
