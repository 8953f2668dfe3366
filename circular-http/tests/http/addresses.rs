//! However an address is written, by a client or by a proxy, the log is there, and what belongs to its page.

use std::io::Read;

use crate::support::{Site, curl, line, options};

/// Every address that the page at `url` refers to.
pub(crate) fn references(url: &str) -> Vec<String> {
    let page = curl(url, &["--header", "accept: text/html"]);
    let parts = page.body.split(['"']);
    let ends = [".svg", ".css", ".js"];
    parts
        .filter(|part| ends.iter().any(|end| part.ends_with(end)))
        .map(str::to_owned)
        .collect()
}

/// Where a browser that is at `url` goes for `reference`.
pub(crate) fn resolved(url: &str, reference: &str) -> String {
    let (mut folder, _) = url.rsplit_once('/').unwrap();
    let mut rest = reference;
    loop {
        if let Some(same) = rest.strip_prefix("./") {
            rest = same;
        } else if let Some(up) = rest.strip_prefix("../") {
            (folder, _) = folder.rsplit_once('/').unwrap();
            rest = up;
        } else {
            return format!("{folder}/{rest}");
        }
    }
}

/// As browsers ask for the page at `url`: the page is whole.
fn assert_whole(url: &str) {
    let references = references(url);
    assert!(references.len() > 3, "{url}: {references:?}");
    for reference in references {
        let reference = resolved(url, &reference);
        assert_eq!(curl(&reference, &[]).status, 200, "{url}: {reference}");
    }
}

#[test]
fn the_log_is_at_its_address_however_that_is_written() {
    let site = Site::new();
    site.write(0..1);
    let root = format!("http://{}", site.server.local_addr());
    for path in [
        "/debug/log",
        "/debug/log/",
        "/debug/log//",
        "//debug/log",
        "/debug//log",
        "/%64ebug/lo%67",
        "/debug/lo%67/",
        // Before it, what a proxy has not taken away.
        "/admin/debug/log",
        "/a/b//debug/log/",
        "/debug/log/debug/log",
    ] {
        let url = format!("{root}{path}");
        assert_eq!(curl(&url, &[]).body, line(0), "{path}");
        assert_eq!(curl(&format!("{url}?tail=0"), &[]).body, "", "{path}");
        let stats = curl(&format!("{}/stats", url.trim_end_matches('/')), &[]);
        assert!(stats.body.contains("viewers"), "{path}");
        assert_whole(&url);
    }
    for path in [
        "/debug%2flog",
        "/debug/lo",
        "/debug/log/x/",
        "/log",
        "/debug/log%00",
    ] {
        assert_eq!(curl(&format!("{root}{path}"), &[]).status, 404, "{path}");
    }
    // The target with the server's name, as for a proxy.
    let host = site.server.local_addr();
    for path in ["/debug/log/?tail=1", "/debug/log?tail=1"] {
        let request = format!("GET http://{host}{path} HTTP/1.0\nhost: {host}");
        let mut reply = String::new();
        site.open(&request)
            .read_to_string(&mut reply)
            .expect("it ends");
        assert!(reply.ends_with(&line(0)), "{path}: {reply}");
    }
}

/// Relative: whatever a proxy has put before both stays.
#[test]
fn the_top_of_the_server_leads_to_the_log() {
    for (path, location) in [
        ("/debug/log", "debug/log"),
        ("/logs", "logs"),
        ("/a/b/log", "a/b/log"),
    ] {
        let site = Site::with(1 << 16, options().path(path).expect("a path"));
        site.write(0..1);
        let root = format!("http://{}", site.server.local_addr());
        for (top, query) in [("/", ""), ("//", ""), ("/", "?level=warn&q=%20")] {
            let reply = curl(&format!("{root}{top}{query}"), &[]);
            let expected = format!("{location}{query}");
            assert_eq!(
                (reply.status, reply.header("location")),
                (307, Some(&*expected))
            );
            // For who does not follow it.
            assert!(reply.body.contains(path), "{}", reply.body);
        }
        assert_eq!(curl(&format!("{root}/"), &["--data", "x"]).status, 405);
        let evil = ["--header", "host: evil.example.com"];
        assert_eq!(curl(&format!("{root}/"), &evil).status, 403);
    }
    let site = Site::with(1 << 16, options().path("/").expect("a path"));
    site.write(0..1);
    assert_eq!(curl(&site.url(""), &[]).body, line(0));
    assert_whole(&site.url(""));
}
