//! Which of several media types a client likes best.
//!
//! As RFC 9110 has it: of the ranges that fit a type the one that says most counts, and names have no case. What cannot
//! be read counts as if it was not there.

use std::cmp::Reverse;

use hyper::{HeaderMap, header};

/// How much is liked what a range fits that does not say how much, in thousandths.
pub(crate) const MOST: u16 = 1000;

/// What of the header fits one type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Liking {
    /// 0 if it is refused.
    quality: u16,
    precision: Precision,
    /// Of several that are liked as much the first counts.
    place: Reverse<usize>,
}

/// How much a range says of the types that it fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Precision {
    Any,
    Kind,
    Type,
}

/// Chooses among `offered`, of which the first is for those who do not say. A client that likes none of
/// them gets the first as well: better something to read than an error. If it has refused that, it is `None`.
pub(crate) fn choose<T: Copy>(headers: &HeaderMap, offered: &[(&str, T)]) -> Option<T> {
    let values = headers.get_all(header::ACCEPT).into_iter();
    let ranges: Vec<&str> = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| split(value, ','))
        .collect();
    let mut best: Option<(Liking, T)> = None;
    for &(name, offer) in offered {
        let liking = liking(name, &ranges).filter(|liking| liking.quality > 0);
        if let Some(liking) = liking.filter(|new| best.is_none_or(|(best, _)| *new > best)) {
            best = Some((liking, offer));
        }
    }
    let (default, offer) = offered.first()?;
    let is_refused = liking(default, &ranges).is_some_and(|liking| liking.quality == 0);
    best.map(|(_, offer)| offer)
        .or((!is_refused).then_some(*offer))
}

/// How much a type is liked; `None` if no range fits it.
fn liking(name: &str, ranges: &[&str]) -> Option<Liking> {
    let fitting = ranges.iter().enumerate().filter_map(|(place, range)| {
        let mut parts = split(range, ';').map(str::trim);
        let precision = precision(parts.next()?, name)?;
        let quality = parts.find_map(quality).unwrap_or(MOST);
        let place = Reverse(place);
        Some(Liking {
            quality,
            precision,
            place,
        })
    });
    fitting.max_by_key(|liking| (liking.precision, *liking))
}

/// How much a range says of a type; `None` if it does not fit it.
fn precision(range: &str, name: &str) -> Option<Precision> {
    let (kind, subtype) = range.split_once('/')?;
    let (of, _) = name.split_once('/')?;
    match (kind.trim_end(), subtype.trim_start()) {
        ("*", "*") => Some(Precision::Any),
        (kind, "*") => kind.eq_ignore_ascii_case(of).then_some(Precision::Kind),
        _ => range.eq_ignore_ascii_case(name).then_some(Precision::Type),
    }
}

/// The quality that a parameter tells, in thousandths, if it is one.
pub(crate) fn quality(parameter: &str) -> Option<u16> {
    let (name, value) = parameter.split_once('=')?;
    if !name.trim().eq_ignore_ascii_case("q") {
        return None;
    }
    let value = value.trim();
    let (whole, rest) = value.split_once('.').unwrap_or((value, ""));
    let is_number = rest.len() <= 3 && rest.bytes().all(|byte| byte.is_ascii_digit());
    match whole {
        "1" if is_number => Some(MOST),
        "0" | "" if is_number && value != "." && !value.is_empty() => {
            format!("{rest:0<3}").parse().ok()
        }
        _ => None,
    }
}

/// The parts of a text between separators, of which those within quotes are none.
pub(crate) fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    text.split(move |char| {
        match char {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            _ => return char == separator && !is_quoted,
        }
        false
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    use hyper::header::HeaderValue;

    #[test]
    fn the_best_liked_is_chosen() {
        let offered = [
            ("text/plain", "text"),
            ("text/html", "html"),
            ("application/x-ndjson", "ndjson"),
            ("text/event-stream", "sse"),
        ];
        for (accept, expected) in [
            ("*/*", "text"),
            ("text/*", "text"),
            (
                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
                "html",
            ),
            ("text/event-stream", "sse"),
            ("TEXT/Event-Stream;charset=utf-8", "sse"),
            ("application/x-ndjson", "ndjson"),
            ("application/*", "ndjson"),
            ("text/html;q=0.4, application/x-ndjson;q=0.5", "ndjson"),
            ("text/html;q=0", "text"),
            ("image/png", "text"),
            ("", "text"),
            ("nonsense", "text"),
            // Names have no case, and there may be blanks.
            ("text/html; Q=0.4, application/x-ndjson;q=0.5", "ndjson"),
            ("text/html ; q = 0.6 ,application/x-ndjson;q=0.5", "html"),
            // What says most counts, wherever it stands.
            ("*/*, text/plain;q=0", "html"),
            ("text/plain;q=0, */*", "html"),
            ("text/*;q=0, */*", "ndjson"),
            ("text/*;q=0, text/event-stream, */*;q=0.5", "sse"),
            ("*/*, text/event-stream", "sse"),
            ("*/*;q=0.9, text/html;q=0.2", "text"),
            ("text/html;q=0, text/html;level=1", "html"),
            ("*/*;q=0, text/html", "html"),
            // Of those that are liked as much the first.
            ("text/event-stream, text/html", "sse"),
            // Other parameters are nothing.
            (
                "text/html;level=1;q=0.2, text/event-stream;q=0.3;q=0.1",
                "sse",
            ),
            ("text/html;title=\"a, b;q=0\", text/plain;q=0.5", "html"),
            (
                "text/html;title=\"\\\", x\", text/event-stream;q=0.5",
                "html",
            ),
            // Nor is a quality that is none.
            ("text/html;q=0.5, text/event-stream;q=x", "sse"),
            ("text/html;q=0.5, text/event-stream;q=nan", "sse"),
            ("text/html;q=0.5, text/event-stream;q=1.000", "sse"),
            ("text/html;q=0.5, text/event-stream;q=0.4999", "sse"),
            ("text/html;q=0.5, text/event-stream;q=.4", "html"),
            // It is not what was refused.
            ("text/html;q=0, image/png", "text"),
            ("text/event-stream;q=0.000", "text"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_str(accept).unwrap());
            assert_eq!(choose(&headers, &offered), Some(expected), "{accept}");
        }
        assert_eq!(choose(&HeaderMap::new(), &offered), Some("text"));
    }

    #[test]
    fn who_refuses_the_first_and_likes_no_other_gets_none() {
        let offered = [("text/plain", "text"), ("text/html", "html")];
        for accept in [
            "*/*;q=0",
            "text/plain;q=0",
            "text/plain;q=0.0, image/png",
            "text/*; Q=0",
            "*/*;q=0, application/json",
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(choose(&headers, &offered), None, "{accept}");
        }
    }

    #[test]
    fn several_headers_are_one() {
        let offered = [("text/plain", "text"), ("text/html", "html")];
        let mut headers = HeaderMap::new();
        headers.append(header::ACCEPT, HeaderValue::from_static("text/plain;q=0.1"));
        headers.append(header::ACCEPT, HeaderValue::from_static("text/html"));
        assert_eq!(choose(&headers, &offered), Some("html"));
    }
}
