//! Who may ask at all, before it is looked at what for.
//!
//! A server on a loopback address can be reached by every web page that is open in a browser on the
//! same machine. Two checks keep them out, and neither is a password: whoever can open a connection can send any
//! header. That is what the token is for.
//!
//! **By which name it is asked.** A page can give its own server's name our address (DNS rebinding), and then is of one
//! origin with us, as far as a browser knows: it may set headers, and the browser says `Sec-Fetch-Site: same-origin`.
//! What it cannot do is ask under a name of ours. So `Host` must be a loopback name or one that the program has listed,
//! whatever else a request says; but for
//!
//! * an `Origin` that is listed: no script can set that, so the page is one of ours;
//! * a listed name in `X-Forwarded-Host` or `Forwarded`, where there is a token. A rebinding page can say that too, but
//!   it has neither the token nor the cookie, which is for the other name.
//!
//! A proxy that puts a name of ours into `Host`, as nginx does if nothing is said, hides by which name the client asked:
//! what keeps others out there is its `server_name`, and the token.
//!
//! **Which page asks.** That this is a page of the address that it asks for, only the browser knows: behind a proxy that
//! address is not in the request. So what the browser vouches for is believed, `Sec-Fetch-Site: same-origin`, and the two
//! are compared only where it says nothing, as old ones do and all do without TLS: `Origin` with `Host`, or with what a
//! proxy says that it was; a page of another server would have to ask first whether it may send that header, and is told
//! that it may not.

use std::fmt::Write as _;
use std::net::IpAddr;

use hyper::{HeaderMap, Uri, header};

use crate::site::origin::{Origin, split_port};
use crate::site::proxied;

/// By which names the log may be asked for, beside the loopback ones.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names<'a> {
    /// With a port or without, in lower case.
    pub(crate) hosts: &'a [String],
    pub(crate) origins: &'a [Origin],
    /// There is a token too.
    pub(crate) has_token: bool,
}

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It is for that host, if it is for one.
    Host(Option<String>),
    /// A page of another origin makes it: which one, and for which host.
    Origin(String, String),
    /// The browser says that a page of another origin makes it.
    Fetch(String),
}

impl Refusal {
    /// What to do about it.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = match self {
            Self::Host(None) => writeln!(
                text,
                "the log is shown to who says by one Host header which host it is asked for, such as localhost or \
                 a name listed with Options::host (circular serve --host)"
            ),
            Self::Host(Some(host)) => writeln!(
                text,
                "the log is not shown under the host name {host}: use localhost or 127.0.0.1, or list the name with \
                 Options::host (circular serve --host). Behind a proxy, list the address that browsers show, with \
                 Options::origin(\"https://log.example.com\"), and have the proxy pass the name on: in nginx, \
                 proxy_set_header Host $host;"
            ),
            Self::Origin(origin, _) if Origin::parse(origin).is_none() => {
                writeln!(
                    text,
                    "the log is not shown to other web pages: this one is of {origin:?} (Origin)"
                )
            }
            Self::Origin(origin, host) => writeln!(
                text,
                "the log is not shown to other web pages: this one is of {origin} (Origin), and asks for {host} (Host). \
                 If it is the log's own page, a proxy has changed the name: have it pass on the one that was asked for, \
                 in nginx by proxy_set_header Host $host; (or $http_host, with a port), or list what the browser shows \
                 with Options::origin(\"{origin}\")"
            ),
            Self::Fetch(site) => writeln!(
                text,
                "the log is not shown to other web pages: the browser says that this one is {site} (Sec-Fetch-Site)"
            ),
        };
        text
    }
}

/// Checks the name that a request is for, and the page that makes it.
pub(crate) fn check(names: Names<'_>, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
    let host = host(uri, headers).ok_or(Refusal::Host(None))?;
    if !is_ours(names, host, headers) {
        return Err(Refusal::Host(Some(shown(host))));
    }
    check_page(names, host, headers)
}

/// What the request says it is for: exactly one `Host`, which agrees with the target if that has one.
pub(crate) fn host<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    let mut named = headers.get_all(header::HOST).into_iter();
    let host = match (named.next(), named.next()) {
        (Some(host), None) => Some(host.to_str().ok()?),
        (None, _) => None,
        (Some(_), Some(_)) => return None,
    };
    match (host, uri.authority()) {
        (Some(host), Some(target)) if !target.as_str().eq_ignore_ascii_case(host) => None,
        (Some(host), _) => Some(host),
        // HTTP/2 has it in the target alone.
        (None, target) => target.map(|target| target.as_str()),
    }
}

/// Whether a web page that has only renamed its own server could not have made this request, or not got anywhere by it.
fn is_ours(names: Names<'_>, host: &str, headers: &HeaderMap) -> bool {
    is_loopback(host)
        || is_listed(names, host)
        || (headers.contains_key(header::ORIGIN)
            && origins(headers)
                .all(|origin| origin.is_some_and(|(_, origin)| names.origins.contains(&origin))))
        || (names.has_token && proxied::host(headers).is_some_and(|host| is_listed(names, host)))
}

fn is_loopback(host: &str) -> bool {
    let (name, _) = split_port(host);
    let ip = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'));
    name.eq_ignore_ascii_case("localhost")
        || ip
            .unwrap_or(name)
            .parse::<IpAddr>()
            .is_ok_and(|ip| ip.to_canonical().is_loopback())
}

fn is_listed(names: Names<'_>, host: &str) -> bool {
    let (name, _) = split_port(host);
    let is =
        |listed: &String| host.eq_ignore_ascii_case(listed) || name.eq_ignore_ascii_case(listed);
    // A proxy may have dropped the port.
    let is_of = |origin: &Origin| name.eq_ignore_ascii_case(origin.name());
    names.hosts.iter().any(is) || names.origins.iter().any(is_of)
}

/// What `Origin` says: the text, and what that is; `None` for one that is nothing that we know. As a rule, one or none.
fn origins(headers: &HeaderMap) -> impl Iterator<Item = Option<(&str, Origin)>> {
    let origins = headers.get_all(header::ORIGIN).into_iter();
    origins.map(|origin| {
        let text = origin.to_str().ok()?;
        Some((text, Origin::parse(text)?))
    })
}

/// Whether a request is made by one of our own pages, by the user, or by a program that is no browser.
fn check_page(names: Names<'_>, host: &str, headers: &HeaderMap) -> Result<(), Refusal> {
    let says = |name: &str| headers.get(name).map(|value| value.as_bytes());
    // A page cannot read what it loads as a picture or a frame, but it could take every place. A link
    // that is followed is the user's doing.
    match says("sec-fetch-site") {
        Some(b"same-origin") => return Ok(()),
        None | Some(b"none") => {}
        Some(_) if says("sec-fetch-dest") == Some(b"document") => {}
        Some(site) => return Err(Refusal::Fetch(shown(&String::from_utf8_lossy(site)))),
    }
    let is_own = |origin: &Origin| {
        names.origins.contains(origin)
            || is_same(origin, host)
            || proxied::host(headers).is_some_and(|host| is_same(origin, host))
    };
    for origin in headers.get_all(header::ORIGIN) {
        let text = origin.to_str().unwrap_or("something that is no text");
        if !Origin::parse(text).is_some_and(|origin| is_own(&origin)) {
            return Err(Refusal::Origin(shown(text), shown(host)));
        }
    }
    Ok(())
}

/// Whether a page of that origin is from where `host` is. A proxy may have dropped the port; on this machine another
/// port is another program.
fn is_same(origin: &Origin, host: &str) -> bool {
    let (name, port) = split_port(host);
    let has_no_port = port.is_none() && !is_loopback(name);
    origin.is_of(host) || (has_no_port && name.eq_ignore_ascii_case(origin.name()))
}

/// What a client has sent, as it may stand on somebody's terminal.
fn shown(text: &str) -> String {
    const LONGEST: usize = 100;
    let plain = text.chars().map(|c| match c {
        ' '..='~' => c,
        _ => '?',
    });
    plain.take(LONGEST).collect()
}

#[cfg(test)]
mod tests;
