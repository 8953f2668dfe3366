//! The four formats, chosen by `Accept` or by `format`, and what every response says of itself.

use circular_core::{Level, Meta};
use serde_json::{Value, json};
use std::time::{Duration, UNIX_EPOCH};

use crate::support::{Site, Tail, options, until};

#[test]
fn each_format_can_be_had_by_accept_and_by_name() {
    let site = Site::new();
    site.write(0..2);
    for (format, accept, content_type, begins) in [
        ("text", "text/plain", "text/plain; charset=utf-8", "line 0"),
        (
            "html",
            "text/html",
            "text/html; charset=utf-8",
            "<!doctype html>",
        ),
        (
            "ndjson",
            "application/x-ndjson",
            "application/x-ndjson",
            "{\"id\":",
        ),
        (
            "sse",
            "text/event-stream",
            "text/event-stream",
            "retry: 1000\n\nid: ",
        ),
    ] {
        let by_name = site.curl(&format!("?format={format}"), &[]);
        let accept = format!("accept: {accept}");
        let by_accept = site.curl("", &["--header", &accept]);
        for reply in [by_name, by_accept] {
            assert_eq!(
                (reply.status, reply.header("content-type")),
                (200, Some(content_type))
            );
            assert!(reply.body.starts_with(begins), "{format}: {}", reply.body);
        }
    }
    // What is said by name wins, and curl as it is gets text.
    let html = ["--header", "accept: text/html"];
    assert!(site.curl("?format=text", &html).body.starts_with("line 0"));
    assert!(site.get("").starts_with("line 0"));
}

#[test]
fn json_lines_have_many_names_and_who_refuses_everything_is_told() {
    let site = Site::new();
    site.write(0..1);
    for name in [
        "application/json",
        "application/jsonl",
        "application/x-jsonlines",
        "Application/NDJSON; charset=utf-8",
        "text/html;Q=0.1, application/json",
    ] {
        let reply = site.curl("", &["--header", &format!("accept: {name}")]);
        assert_eq!(
            reply.header("content-type"),
            Some("application/x-ndjson"),
            "{name}"
        );
    }
    for rest in ["", "/stats"] {
        let reply = site.curl(rest, &["--header", "accept: */*;q=0"]);
        assert_eq!(reply.status, 406, "{rest}");
        assert!(reply.body.contains("text/plain"), "{}", reply.body);
        // Something to read is better than an error for who only likes something else.
        let png = ["--header", "accept: image/png"];
        assert_eq!(site.curl(rest, &png).status, 200, "{rest}");
    }
    let by_name = site.curl("?format=text", &["--header", "accept: */*;q=0"]);
    assert_eq!(by_name.status, 200);
}

#[test]
fn every_response_keeps_browsers_and_proxies_out_of_it() {
    let site = Site::new();
    site.write(0..1);
    for (rest, status) in [
        ("", 200),
        ("?format=html", 200),
        ("?format=ndjson", 200),
        ("?format=sse", 200),
        ("/app.js", 200),
        ("/style.css", 200),
        ("/icon.svg", 200),
        ("/stats", 200),
        ("?fellow", 400),
        ("/nothing", 404),
        ("/", 200),
        ("/logout", 404),
    ] {
        let reply = site.curl(rest, &[]);
        assert_eq!(reply.status, status, "{rest}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("cache-control", "no-store, no-transform"),
            ("x-accel-buffering", "no"),
            ("cross-origin-resource-policy", "same-origin"),
            ("referrer-policy", "same-origin"),
        ] {
            assert_eq!(reply.header(name), Some(value), "{rest}: {name}");
        }
        let policy = reply
            .header("content-security-policy")
            .expect("there is one");
        assert!(
            policy.starts_with("default-src 'none'; "),
            "{rest}: {policy}"
        );
        assert!(
            !policy.contains("unsafe") && !policy.contains('*'),
            "{rest}: {policy}"
        );
        assert_eq!(
            policy.contains("script-src"),
            rest == "?format=html",
            "{rest}: {policy}"
        );
        assert_eq!(reply.header("access-control-allow-origin"), None, "{rest}");
    }
}

#[test]
fn head_says_what_get_would() {
    let site = Site::new();
    site.write(0..1);
    for rest in [
        "",
        "?format=html",
        "?format=ndjson&follow",
        "?format=sse",
        "/stats",
        "/app.js",
        "?fellow",
    ] {
        let (get, head) = (
            site.curl(&rest.replace("&follow", ""), &[]),
            site.curl(rest, &["--head"]),
        );
        assert_eq!(head.status, get.status, "{rest}");
        assert_eq!(
            head.header("content-type"),
            get.header("content-type"),
            "{rest}"
        );
        assert_eq!(head.body, "", "{rest}");
        // It is known of a GET when that has ended.
        let is_known = get.header("content-length").is_some();
        assert_eq!(head.header("content-length").is_some(), is_known, "{rest}");
    }
    assert_eq!(
        site.stats()["viewers"]["admitted"],
        3,
        "HEAD takes no viewer's place"
    );
}

#[test]
fn other_methods_are_refused() {
    let site = Site::with(1 << 16, options().token("secret").unwrap());
    for (rest, method, allowed) in [
        ("", "PUT", "GET, HEAD, POST"),
        ("/", "DELETE", "GET, HEAD, POST"),
        ("", "OPTIONS", "GET, HEAD, POST"),
        ("/stats", "POST", "GET, HEAD"),
        ("/app.js", "POST", "GET, HEAD"),
        ("/logout", "PUT", "POST"),
        ("/logout", "GET", "POST"),
    ] {
        let reply = site.curl(rest, &["--request", method]);
        assert_eq!(
            (reply.status, reply.header("allow")),
            (405, Some(allowed)),
            "{method} {rest}"
        );
    }
    // There is no form.
    let open = Site::new();
    for method in ["POST", "PUT"] {
        let reply = open.curl("", &["--request", method]);
        assert_eq!(
            (reply.status, reply.header("allow")),
            (405, Some("GET, HEAD"))
        );
    }
}

#[test]
fn json_has_all_that_is_known_of_a_record() {
    let site = Site::new();
    let time = UNIX_EPOCH + Duration::new(1_795_615_200, 123_456_789);
    let meta = Meta::new().level(Level::Warn).target("app::db").time(time);
    site.record(meta, "a \"quote\" \\ \x1b[31mred\x1b[0m\n");
    let without = UNIX_EPOCH + Duration::from_secs(1_795_615_200);
    site.ring
        .record(Meta::new().time(without), b"no level, not \xff UTF-8")
        .unwrap();

    let text = site.get("?format=ndjson");
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let id = |line: &Value| line["id"].as_str().unwrap().to_owned();
    assert_eq!(
        lines[0],
        json!({
            "id": id(&lines[0]), "seq": 0, "time": "2026-11-25T14:00:00.123456789Z", "level": "WARN",
            "target": "app::db", "text": "a \"quote\" \\ \x1b[31mred\x1b[0m",
        })
    );
    assert_eq!(
        lines[1],
        json!({
            "id": id(&lines[1]), "seq": 1, "time": "2026-11-25T14:00:00.000000000Z", "level": null,
            "target": "", "text": "no level, not \u{fffd} UTF-8",
        })
    );
    assert_eq!(lines.len(), 2);
    assert!(
        !text.contains('\x1b'),
        "no terminal gets an escape sequence"
    );

    let mut tail = Tail::open(&site.url("?format=sse&follow"), &[]);
    assert_eq!(tail.event().id, None, "that is the retry");
    for line in &lines {
        let event = tail.event();
        assert_eq!((&event.data, event.id), (line, Some(id(line))));
    }
    let live = tail.event();
    assert_eq!(
        (live.name.as_str(), live.data),
        ("live", json!({"live": true, "alive_ms": 15_000}))
    );
}

#[test]
fn text_shows_control_characters_and_raw_has_the_bytes() {
    let site = Site::new();
    let text = "\x1b]0;x\x07 \x1b[31mred\x1b[0m \u{9b}2J\ta\rb\n";
    site.record(Meta::new(), text);
    let shown = "\\x1b]0;x\\x07 \x1b[31mred\x1b[0m \\xc2\\x9b2J\ta\\x0db\n";
    assert_eq!(site.get(""), shown);
    assert_eq!(site.get("?raw=0"), shown);
    assert_eq!(site.get("?raw=1"), text);
    assert_eq!(site.get("?raw"), text);
}

#[test]
fn a_record_without_a_line_end_gets_one_in_text() {
    let site = Site::new();
    site.record(Meta::new(), "one");
    site.record(Meta::new(), "two\n");
    assert_eq!(site.get(""), "one\ntwo\n");
    assert_eq!(site.get("?raw"), "onetwo\n");
}

#[test]
fn a_quiet_stream_shows_that_it_lives() {
    let site = Site::with(1 << 16, options().keep_alive(Duration::from_millis(50)));
    site.write(0..3);
    // Nothing passes, and yet the client knows how far it is.
    let mut tail = Tail::open(&site.url("?format=sse&follow&level=error"), &[]);
    tail.event();
    let live = tail.event();
    assert_eq!(
        (live.name.as_str(), &live.data["alive_ms"]),
        ("live", &50.into())
    );
    for _ in 0..3 {
        let event = tail.event();
        assert_eq!(
            (event.name.as_str(), &event.data["alive"]),
            ("alive", &true.into())
        );
        assert!(event.id.unwrap().split('.').nth(1) == Some("3"));
    }
    let mut tail = Tail::open(&site.url("?format=ndjson&follow&level=error"), &[]);
    for _ in 0..3 {
        let line: serde_json::Value = serde_json::from_str(&tail.line()).unwrap();
        assert_eq!(line["alive"], true);
        assert!(line["id"].as_str().unwrap().split('.').nth(1) == Some("3"));
    }
}

#[test]
fn json_tells_what_is_a_part_of_a_long_record() {
    let site = Site::with(4096, options());
    site.record(Meta::new(), &("x".repeat(3_000) + "\n"));
    let whole: Value = serde_json::from_str(site.get("?format=ndjson").trim()).unwrap();
    assert!(whole.get("part").is_none(), "{whole}");

    let mut tail = Tail::open(&site.url("?format=ndjson&follow&tail=0"), &[]);
    until("it looks", || {
        (site.stats()["viewers"]["now"] == 1).then_some(())
    });
    site.record(
        Meta::new(),
        &("y".repeat(2_500) + "\nz" + &"y".repeat(2_500)),
    );
    let mut parts = Vec::new();
    while parts.last().is_none_or(|part| part != "last") {
        let json: Value = serde_json::from_str(&tail.line()).unwrap();
        // What a small ring has overwritten meanwhile is told.
        if let Some(part) = json["part"].as_str() {
            parts.push(part.to_owned());
        }
    }
    assert!(
        parts[..parts.len() - 1]
            .iter()
            .all(|part| part == "first" || part == "middle"),
        "{parts:?}"
    );
}
