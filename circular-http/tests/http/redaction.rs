//! The hook: what it hides or drops is in no format, and cannot be searched for.

use circular_core::{Handle, Level, Meta, Redacted, SECRET_KEYS, redact_keys};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::support::{Site, Tail, options};

const FORMATS: [&str; 4] = [
    "format=text",
    "format=text&raw",
    "format=ndjson",
    "format=sse",
];

#[test]
fn what_is_listed_leaves_in_no_format() {
    let site = Site::with(1 << 20, options().redact(redact_keys(SECRET_KEYS)));
    let meta = Meta::new().level(Level::Info).target("test");
    site.record(meta, "login user=ann password=hunter2\n");
    site.record(meta, "{\"fields\":{\"api_key\":\"hunter2\",\"n\":1}}\n");
    site.record(meta, "headers: {\"authorization\": \"Bearer hunter2\"}\n");
    for format in FORMATS {
        for rest in [
            format!("?{format}"),
            format!("?{format}&tail=3"),
            format!("?{format}&level=info&q=user"),
        ] {
            let body = site.get(&rest);
            assert!(body.contains("[redacted]"), "{rest}: {body}");
            assert!(!body.contains("hunter2"), "{rest}: {body}");
        }
        // Nor can anybody guess.
        for search in ["q=hunter2", "re=hunter[0-9]", "q=hunter2&tail=1"] {
            if search.starts_with("re") && !cfg!(feature = "regex") {
                continue;
            }
            let body = site.get(&format!("?{format}&{search}"));
            assert!(!body.contains("ann") && !body.contains("seq"), "{body}");
        }
    }
    assert!(site.get("?q=redacted&tail=1").starts_with("headers"));
}

#[test]
fn a_hook_sees_each_record_and_may_drop_it() {
    let hook = |record: &circular_core::Record<'_>| match record.target() {
        "audit" => Redacted::Drop,
        "loud" => Redacted::Text(record.bytes().to_ascii_lowercase()),
        _ => Redacted::Keep,
    };
    let site = Site::with(1 << 20, options().redact(hook));
    site.record(Meta::new().target("audit"), "ANN DID IT\n");
    site.record(Meta::new().target("loud"), "SOMETHING\n");
    site.record(Meta::new().target("other"), "ELSE\n");
    for format in FORMATS {
        let body = site.get(&format!("?{format}"));
        assert!(
            !body.contains("ANN") && body.contains("something") && body.contains("ELSE"),
            "{body}"
        );
    }
    // What is dropped does not count.
    assert_eq!(site.get("?tail=2"), "something\nELSE\n");
}

#[test]
fn a_hook_that_panics_lets_nothing_out_and_stops_nobody_else() {
    let hook = |record: &circular_core::Record<'_>| {
        assert!(record.target() != "odd", "on purpose");
        Redacted::Keep
    };
    let site = Site::with(1 << 20, options().redact(hook));
    site.record(Meta::new(), "before\n");
    let mut tail = Tail::open(&site.url("?follow&filter=debug"), &[]);
    assert_eq!(tail.line(), "before");
    site.record(Meta::new().target("odd"), "secret\n");
    let (rest, ended_well) = tail.rest();
    assert!(!rest.contains("secret") && !ended_well, "{rest}");
    assert_eq!(site.curl("/stats", &[]).status, 200);
    assert_eq!(site.get("?limit_bytes=7"), "before\n");
    assert_eq!(site.stats()["viewers"]["now"], 0);
}

/// The viewers are served on the thread that it is called on.
#[test]
fn a_hook_that_waits_for_the_viewers_does_not_wait_for_itself() {
    const LONG: Duration = Duration::from_secs(3600);
    let handle = Arc::new(OnceLock::<Handle>::new());
    let waits = Arc::clone(&handle);
    let hook = move |_: &circular_core::Record<'_>| {
        let joined = waits.get().is_some_and(|handle| handle.join_timeout(LONG));
        Redacted::Text(format!("joined: {joined}").into_bytes())
    };
    let site = Site::with(1 << 20, options().redact(hook));
    let _ = handle.set(site.ring.handle());
    site.record(Meta::new(), "a line\n");
    assert_eq!(site.get("?tail=1"), "joined: false\n");
}
