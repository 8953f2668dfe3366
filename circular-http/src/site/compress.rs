//! Which responses are compressed: those that come to an end, for clients that say that they take gzip.
//!
//! What follows the log comes as it is, as each record is to be there at once; and so does any event stream.

use hyper::header::{self, HeaderMap, HeaderValue};

use crate::site::accept::{MOST, quality, split};
use crate::site::answer::{Body, Pace, Response};
use crate::viewer::gzip::{self, Gzip};

/// In bytes: what is shorter gains nothing.
const SHORT: usize = 256;

/// Makes `response` what a client that has asked with these headers is to get.
pub(crate) fn for_client(asked: &HeaderMap, response: Response) -> Response {
    let is_worth_it = match response.body() {
        Body::Whole(text) => text.len() >= SHORT,
        Body::Log(_, pace) | Body::OfAnyLength(pace) => *pace == Pace::Finite,
        Body::Zipped(_) => false,
    };
    if !is_worth_it {
        return response;
    }
    let (mut head, body) = response.into_parts();
    head.headers
        .append(header::VARY, HeaderValue::from_static("accept-encoding"));
    if !takes_gzip(asked) {
        return Response::from_parts(head, body);
    }
    head.headers
        .insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    let body = match body {
        Body::Whole(text) => Body::Whole(gzip::whole(&text)),
        Body::Log(log, _) => Body::Zipped(Box::new(Gzip::new(log))),
        body => body,
    };
    Response::from_parts(head, body)
}

/// Whether it is said, and nothing else is liked better. Who says nothing may not know of it: `curl` as it is, for one.
fn takes_gzip(asked: &HeaderMap) -> bool {
    let liked = liking(asked, &["gzip", "x-gzip"]);
    let as_it_is = liking(asked, &["identity"]);
    liked.is_some_and(|liked| liked > 0 && as_it_is.is_none_or(|as_it_is| liked >= as_it_is))
}

/// How much a coding of these names is liked, in thousandths: by its name, or else by `*`. `None` if neither is there.
fn liking(asked: &HeaderMap, names: &[&str]) -> Option<u16> {
    let values = asked.get_all(header::ACCEPT_ENCODING).into_iter();
    let codings = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| split(value, ','));
    let mut by_star = None;
    for coding in codings {
        let mut parts = split(coding, ';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let liked = parts.find_map(quality).unwrap_or(MOST);
        if names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            return Some(liked);
        }
        if name == "*" {
            by_star = by_star.or(Some(liked));
        }
    }
    by_star
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(accepts: &[&'static str]) -> bool {
        let mut headers = HeaderMap::new();
        for accept in accepts {
            headers.append(header::ACCEPT_ENCODING, HeaderValue::from_static(accept));
        }
        takes_gzip(&headers)
    }

    #[test]
    fn gzip_is_for_those_who_say_so() {
        for (accept, expected) in [
            ("gzip", true),
            // What browsers and curl say.
            ("gzip, deflate, br, zstd", true),
            ("deflate, gzip", true),
            // An old name. Names have no case, and there may be blanks.
            ("x-gzip", true),
            ("GZip ; Q = 0.5 ,br", true),
            ("*", true),
            ("br, *;q=0.1", true),
            ("gzip;q=0.001", true),
            ("", false),
            ("br", false),
            ("identity", false),
            ("gzipped", false),
            ("gzip;q=0", false),
            ("gzip;q=0.000, br", false),
            ("*;q=0", false),
            // Its own name counts, wherever it stands.
            ("*, gzip;q=0", false),
            ("gzip;q=0, *", false),
            ("*;q=0, gzip", true),
            // What is liked better.
            ("identity, gzip;q=0.5", false),
            ("gzip;q=0.2, *;q=0.8", false),
            ("gzip;q=0.2, *;q=0.8, identity;q=0.1", true),
            ("gzip;q=0.5, identity;q=0.5", true),
            ("identity;q=0", false),
            ("gzip, identity;q=0", true),
            // A quality that is none counts as if it was not there.
            ("gzip;q=x", true),
        ] {
            assert_eq!(takes(&[accept]), expected, "{accept}");
        }
        assert!(!takes(&[]));
    }

    #[test]
    fn several_headers_are_one() {
        assert!(takes(&["br", "gzip"]));
        assert!(!takes(&["gzip;q=0.1", "identity"]));
    }
}
