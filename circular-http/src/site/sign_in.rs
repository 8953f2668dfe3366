//! Who may see the log, where there is a token: who shows it, and who has a session in its place.
//!
//! The form is shown in the page's place, and is sent to the address that it is shown at: that is right behind every
//! proxy, and what was asked for with the page is still in it, after any number of attempts.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::StatusCode;
use hyper::body::Bytes;
use hyper::header::{self, HeaderMap, HeaderValue};
use tokio::time;

use crate::site::answer::{self, Response};
use crate::site::cookie;
use crate::site::page;
use crate::site::place::last_name;
use crate::site::proxied;
use crate::site::session::Sessions;
use crate::site::token::Token;
use crate::viewer::viewers::MayLook;

/// What a form may take, in bytes and in time.
const FORM_BYTES: usize = 4 << 10;
const FORM_TIME: Duration = Duration::from_secs(10);

/// A request, as far as it matters here.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    /// As the client has it, as far as that is known.
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
    pub(crate) host: &'a str,
    pub(crate) headers: &'a HeaderMap,
}

/// The token, and the sessions that it was exchanged for.
pub(crate) struct SignIn {
    token: Token,
    sessions: Arc<Sessions>,
}

impl SignIn {
    pub(crate) fn new(token: Token) -> Self {
        Self {
            token,
            sessions: Arc::default(),
        }
    }

    /// Whether a request shows the token, or a session.
    pub(crate) fn lets_in(&self, asked: Asked<'_>) -> bool {
        self.token.is_shown(asked.headers) || self.has_session(asked)
    }

    /// Whether there is a session that can be ended.
    pub(crate) fn has_session(&self, asked: Asked<'_>) -> bool {
        self.session(asked).is_some()
    }

    fn session<'a>(&self, asked: Asked<'a>) -> Option<&'a str> {
        let now = Instant::now();
        cookie::shown(asked.headers, asked.host).find(|shown| self.sessions.has(shown, now))
    }

    /// What tells whether a request that was let in would still be: for as long as its session lasts, if that let it in.
    pub(crate) fn may_look(&self, asked: Asked<'_>) -> MayLook {
        if self.token.is_shown(asked.headers) {
            return None;
        }
        let (sessions, session) = (Arc::clone(&self.sessions), self.session(asked)?.to_owned());
        Some(Box::new(move || sessions.has(&session, Instant::now())))
    }

    /// Takes the form: the token for a session.
    pub(crate) async fn sign_in<B>(&self, asked: Asked<'_>, body: B) -> Response
    where
        B: http_body::Body<Data = Bytes>,
    {
        let form = answer::read(body, FORM_BYTES);
        let Ok(Some(form)) = time::timeout(FORM_TIME, form).await else {
            return answer::text(
                StatusCode::BAD_REQUEST,
                "this is not the form that was asked for\n",
            );
        };
        let mut fields = form_urlencoded::parse(&form);
        let shown = fields.find(|(name, _)| name == "token");
        if !shown.is_some_and(|(_, shown)| self.token.is(shown.trim())) {
            return form_again(asked);
        }
        let session = match self.sessions.begin(Instant::now()) {
            Ok(session) => session,
            Err(error) => {
                let reason = format!("cannot begin a session: {error}\n");
                return answer::text(StatusCode::INTERNAL_SERVER_ERROR, reason);
            }
        };
        let is_tls = proxied::is_tls(asked.headers);
        let cookie = cookie::set(&session, asked.host, asked.path, asked.headers, is_tls);
        // Where it is, whatever the browser knows that by.
        let mut response = answer::see(&format!("?{}", asked.query.unwrap_or_default()));
        response.headers_mut().insert(header::SET_COOKIE, cookie);
        response
    }

    /// Ends the session, and leads to the page, where the form is now. It is asked for below that.
    pub(crate) fn sign_out(&self, asked: Asked<'_>) -> Response {
        for shown in cookie::shown(asked.headers, asked.host) {
            self.sessions.end(shown);
        }
        let mut response = answer::see("./");
        let cookie = cookie::forget(asked.host);
        response.headers_mut().insert(header::SET_COOKIE, cookie);
        response
    }
}

/// Asks for the token: a person with a form, a program with a header.
pub(crate) fn ask(asked: Asked<'_>, wants_html: bool) -> Response {
    let mut response = if wants_html {
        let site = asked.headers.get("sec-fetch-site");
        let is_led = site.is_some_and(|site| site == "cross-site");
        let form = page::form(last_name(asked.path), is_led);
        answer::file(StatusCode::UNAUTHORIZED, form, page::FORM_POLICY)
    } else {
        answer::text(
            StatusCode::UNAUTHORIZED,
            "this log asks for a token: send it as `Authorization: Bearer <token>`\n",
        )
    };
    let headers = response.headers_mut();
    headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

fn form_again(asked: Asked<'_>) -> Response {
    let form = page::form_again(last_name(asked.path));
    answer::file(StatusCode::FORBIDDEN, form, page::FORM_POLICY)
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignIn")
    }
}
