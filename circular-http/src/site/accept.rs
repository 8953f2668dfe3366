//! Which of several media types a client likes best.

use hyper::{HeaderMap, header};

/// Chooses among `offered`, of which the first is for those who do not say. A client that likes none of
/// them gets the first as well: better something to read than an error.
pub(crate) fn choose<T: Copy>(headers: &HeaderMap, offered: &[(&str, T)]) -> Option<T> {
    let default = offered.first().map(|&(_, offer)| offer);
    let mut best: Option<(f32, T)> = None;
    let values = headers.get_all(header::ACCEPT).into_iter();
    let ranges = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    for range in ranges {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let quality = parts
            .find_map(|part| part.strip_prefix("q=")?.trim().parse().ok())
            .unwrap_or(1.0);
        let Some(offer) = matching(name, offered) else {
            continue;
        };
        if quality > best.map_or(0.0, |(best, _)| best) {
            best = Some((quality, offer));
        }
    }
    best.map(|(_, offer)| offer).or(default)
}

/// The first offer that a range such as `text/*` takes in.
fn matching<T: Copy>(range: &str, offered: &[(&str, T)]) -> Option<T> {
    let takes = |name: &str| match range.split_once('/') {
        Some(("*", "*")) => true,
        Some((kind, "*")) => name
            .split_once('/')
            .is_some_and(|(of, _)| of.eq_ignore_ascii_case(kind)),
        _ => range.eq_ignore_ascii_case(name),
    };
    offered
        .iter()
        .find(|(name, _)| takes(name))
        .map(|&(_, offer)| offer)
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
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_str(accept).unwrap());
            assert_eq!(choose(&headers, &offered), Some(expected), "{accept}");
        }
        assert_eq!(choose(&HeaderMap::new(), &offered), Some("text"));
    }
}
