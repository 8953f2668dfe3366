//! The password, and the three ways in which a client shows it.
//!
//! Invariant: nothing that a stranger can send is compared with it byte by byte until the first that
//! differs. What is compared takes as long whatever the bytes are; only the length shows.

use std::fmt::{self, Write as _};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;

use hyper::header::{self, HeaderMap, HeaderValue};
use subtle::ConstantTimeEq;

/// The cookie that the token is exchanged for. Its name goes on with a number that the token gives: cookies
/// are for all ports of a machine, and another program's must not take its place.
const COOKIE: &str = "circular_token";

/// A token that clients must show. Its text is not in `Debug`.
#[derive(Clone)]
pub(crate) struct Token {
    text: String,
    /// The cookie's name and an equals sign.
    cookie_name: String,
    /// The token in hexadecimal: a cookie's value may not hold every character that a token may.
    cookie: String,
}

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
            let mut cookie = String::with_capacity(2 * text.len());
            for byte in text.bytes() {
                // Writing to a string does not fail.
                let _ = write!(cookie, "{byte:02x}");
            }
            return Ok(Self {
                text: text.to_owned(),
                cookie_name: format!("{COOKIE}_{:08x}=", number(text)),
                cookie,
            });
        };
        Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!(
                "the token {origin} {problem}: use a long random one, such as `openssl rand -hex 32` prints"
            ),
        ))
    }

    /// Whether a request shows it: as `Authorization: Bearer`, or as the cookie.
    pub(crate) fn is_shown(&self, headers: &HeaderMap) -> bool {
        let values = |name| {
            let values = headers.get_all(name).into_iter();
            values.filter_map(|value| value.to_str().ok())
        };
        values(header::AUTHORIZATION)
            .filter_map(bearer)
            .any(|shown| self.is(shown))
            || values(header::COOKIE)
                .flat_map(|cookies| cookies.split(';'))
                .filter_map(|cookie| cookie.trim().strip_prefix(&self.cookie_name))
                .any(|shown| same(&self.cookie, shown))
    }

    /// Whether `shown` is the token.
    pub(crate) fn is(&self, shown: &str) -> bool {
        same(&self.text, shown)
    }

    /// What to send to a client that has shown the token: from now on its cookie does. Without a path it is
    /// for what is beside the form and below the page, whatever prefix a proxy has put before that.
    pub(crate) fn set_cookie(&self, is_tls: bool) -> HeaderValue {
        let Self {
            cookie_name,
            cookie,
            ..
        } = self;
        let secure = if is_tls { "; Secure" } else { "" };
        let text = format!("{cookie_name}{cookie}; HttpOnly; SameSite=Strict{secure}");
        // It is letters, digits and such.
        HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
    }
}

/// A number for a token, by which no more can be told than that it is another one.
fn number(token: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    token.hash(&mut hasher);
    // Half of it is enough.
    hasher.finish() >> 32
}

/// The token of `Bearer <token>`; the word may be in any case.
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn same(expected: &str, shown: &str) -> bool {
    expected.as_bytes().ct_eq(shown.as_bytes()).into()
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use hyper::header::{HeaderName, HeaderValue};

    #[test]
    fn it_is_shown_in_a_header_or_a_cookie() {
        let token = Token::new(" s3cret\n", "of the test").unwrap();
        let cases: &[(HeaderName, &str, bool)] = &[
            (header::AUTHORIZATION, "Bearer s3cret", true),
            (header::AUTHORIZATION, "bearer  s3cret ", true),
            (header::AUTHORIZATION, "Bearer s3cre", false),
            (header::AUTHORIZATION, "Bearer s3crets", false),
            (header::AUTHORIZATION, "Bearer ", false),
            (header::AUTHORIZATION, "Basic s3cret", false),
            (header::AUTHORIZATION, "s3cret", false),
            (header::COOKIE, "NAME=733363726574", true),
            (header::COOKIE, "a=b; NAME=733363726574; c=d", true),
            (header::COOKIE, "NAME=s3cret", false),
            (header::COOKIE, "NAME=", false),
            (header::COOKIE, "xNAME=733363726574", false),
            (header::COOKIE, "NAMEs=733363726574", false),
            (header::COOKIE, "circular_token=733363726574", false),
        ];
        let cookie = token.set_cookie(false);
        let (cookie_name, _) = cookie.to_str().unwrap().split_once('=').unwrap();
        for (name, value, is_shown) in cases {
            let mut headers = HeaderMap::new();
            let shown = value.replace("NAME", cookie_name);
            headers.insert(name, HeaderValue::try_from(shown).unwrap());
            assert_eq!(token.is_shown(&headers), *is_shown, "{name}: {value}");
        }
        // Another token's cookie does not take its place.
        let other = Token::new("other", "of the test")
            .unwrap()
            .set_cookie(false);
        assert!(!other.to_str().unwrap().starts_with(cookie_name));
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
