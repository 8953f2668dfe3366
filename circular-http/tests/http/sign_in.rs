//! Signing in and out in a browser: the form, the session, its cookie.

use std::collections::BTreeSet;

use crate::support::{Reply, Site, Tail, curl, line, options};

const HTML: [&str; 2] = ["--header", "accept: text/html"];
const TOKEN: &str = "s3\"c;r=t";

fn site() -> Site {
    // With characters that a cookie cannot have.
    let site = Site::with(1 << 16, options().token(TOKEN).expect("a token"));
    site.write(0..1);
    site
}

/// Sends the form with the right token to where it was shown.
fn sign_in(site: &Site, rest: &str, more: &[&str]) -> Reply {
    let token = format!("token={TOKEN}");
    let arguments = [&["--data-urlencode", &token], more].concat();
    site.curl(rest, &arguments)
}

/// What is kept of a response's cookie, to be sent as a header.
fn cookie(reply: &Reply) -> String {
    let cookie = reply.header("set-cookie").expect("it sets a cookie");
    let (cookie, _) = cookie.split_once(';').expect("it has attributes");
    format!("cookie: {cookie}")
}

#[test]
fn the_form_is_sent_to_where_it_is_shown_and_leads_to_what_was_asked_for() {
    let site = site();
    for (rest, location) in [
        ("", "?"),
        ("?level=error&q=x%20y", "?level=error&q=x%20y"),
        ("/", "?"),
        ("/?q=%22%3Cb%3E", "?q=%22%3Cb%3E"),
    ] {
        let form = site.curl(rest, &HTML);
        let kind = form.header("content-type");
        assert_eq!((form.status, kind), (401, Some("text/html; charset=utf-8")));
        assert!(
            form.body.contains("<form method=\"post\">"),
            "no other address"
        );
        assert!(form.body.contains("name=\"token\""));
        let policy = form
            .header("content-security-policy")
            .expect("there is one");
        assert!(policy.contains("form-action 'self'"), "{policy}");
        // Any number of attempts.
        for wrong in ["token=wrong", "token=", "x=y", ""] {
            let again = site.curl(rest, &["--data", wrong]);
            assert_eq!((again.status, again.header("set-cookie")), (403, None));
            assert!(again.body.contains("<form method=\"post\">"), "{wrong}");
            assert!(again.body.contains("role=\"alert\""), "{wrong}");
        }
        let right = sign_in(&site, rest, &[]);
        assert_eq!(
            (right.status, right.header("location")),
            (303, Some(location)),
            "{rest}"
        );
        let shown = site.curl(rest, &["--header", &cookie(&right)]);
        assert_eq!(shown.status, 200, "{rest}");
    }
    let long = format!("token={}", "x".repeat(5000));
    assert_eq!(site.curl("", &["--data", &long]).status, 400);
    // It is for pages of its own, and where there is no token there is no form.
    let evil = ["--header", "origin: http://evil.example.com"];
    assert_eq!(sign_in(&site, "", &evil).status, 403);
    let open = Site::new();
    assert_eq!(open.curl("", &["--data", "token=x"]).status, 405);
    assert_eq!(open.curl("/logout", &["--data", ""]).status, 404);
}

/// A browser keeps the cookie to itself where another site's link leads here. The form asks once more by itself.
#[test]
fn who_is_led_here_by_another_site_is_asked_for_a_session_first() {
    let site = site();
    for (from, is_led) in [
        ("cross-site", true),
        ("none", false),
        ("same-origin", false),
    ] {
        let from = format!("sec-fetch-site: {from}");
        let dest = ["--header", "sec-fetch-dest: document", "--header", &from];
        let form = site.curl("?level=warn", &[&HTML[..], &dest].concat());
        assert_eq!(form.status, 401, "{from}");
        assert_eq!(form.body.contains("<script data-led "), is_led, "{from}");
    }
}

#[test]
fn nothing_of_the_token_leaves_with_the_cookie() {
    let site = site();
    let mut seen = BTreeSet::new();
    let hex: String = TOKEN.bytes().map(|byte| format!("{byte:02x}")).collect();
    for _ in 0..20 {
        let reply = sign_in(&site, "", &[]);
        let cookie = reply.header("set-cookie").expect("it sets one").to_owned();
        let (name, rest) = cookie.split_once('=').expect("a name and a value");
        let (value, attributes) = rest.split_once(';').expect("attributes");
        // By what everybody knows.
        let port = site.server.local_addr().port();
        assert_eq!(name, format!("circular_session_{port}"));
        assert!(value.len() * 4 >= 128, "{value}");
        assert!(
            value.bytes().all(|digit| digit.is_ascii_hexdigit()),
            "{value}"
        );
        assert!(!cookie.contains(&hex) && !cookie.contains("s3"), "{cookie}");
        for attribute in [" HttpOnly", " SameSite=Strict"] {
            assert!(attributes.split(';').any(|it| it == attribute), "{cookie}");
        }
        assert!(!attributes.contains("Secure"), "{cookie}");
        seen.insert(value.to_owned());
    }
    assert_eq!(seen.len(), 20, "each is another");
    // Of another start of the same program it is nothing.
    let next = self::site();
    for value in seen {
        let port = next.server.local_addr().port();
        let header = format!("cookie: circular_session_{port}={value}");
        assert_eq!(next.curl("", &["--header", &header]).status, 401);
    }
}

#[test]
fn the_cookie_is_for_tls_where_that_is_what_the_browser_has() {
    let site = site();
    let port = site.server.local_addr().port();
    let own = format!("origin: https://localhost:{port}");
    let host = format!("host: localhost:{port}");
    for (headers, secure) in [
        (&[][..], false),
        (&["x-forwarded-proto: https"], true),
        (&["x-forwarded-proto: http"], false),
        (&["forwarded: for=192.0.2.1;proto=https"], true),
        (&[&*own, &*host], true),
    ] {
        let mut arguments = Vec::new();
        for header in headers {
            arguments.extend(["--header", header]);
        }
        let reply = sign_in(&site, "", &arguments);
        let cookie = reply.header("set-cookie").expect("it sets one");
        assert_eq!(cookie.ends_with("; Secure"), secure, "{headers:?} {cookie}");
    }
}

/// As the page is known to its browser: what a proxy puts before it counts.
#[test]
fn the_cookie_is_for_the_page_where_its_browser_says_which_that_is() {
    let site = site();
    for (referer, path) in [
        (site.url(""), Some("/debug/log")),
        (site.url("?level=warn"), Some("/debug/log")),
        (
            "https://log.example.com/a/debug/log".to_owned(),
            Some("/a/debug/log"),
        ),
        // There it has another name: so it is for all that is beside it.
        ("https://log.example.com/shop".to_owned(), None),
        (String::new(), None),
    ] {
        let reply = sign_in(&site, "", &["--referer", &referer]);
        let cookie = reply.header("set-cookie").expect("it sets one");
        let found = cookie
            .split("; ")
            .find_map(|part| part.strip_prefix("Path="));
        assert_eq!(found, path, "{referer}");
    }
}

#[test]
fn a_session_is_good_until_somebody_signs_out() {
    let site = site();
    let (one, other) = (
        cookie(&sign_in(&site, "", &[])),
        cookie(&sign_in(&site, "", &[])),
    );
    let status = |rest: &str, header: &str| site.curl(rest, &["--header", header]).status;
    for header in [&one, &other] {
        assert!(
            site.curl("", &["--header", header])
                .body
                .starts_with("line 0")
        );
        assert_eq!(status("/stats", header), 200);
        let among = format!("{header}; c=d").replace("cookie: ", "cookie: a=b; ");
        assert_eq!(status("", &among), 200);
        assert_eq!(status("", &header[..header.len() - 1]), 401);
        // It is no token.
        let (_, value) = header.split_once('=').expect("a value");
        assert_eq!(status("", &format!("authorization: Bearer {value}")), 401);
        assert_eq!(
            site.curl("", &["--data", &format!("token={value}")]).status,
            403
        );
    }
    let page = site.curl("", &[&HTML[..], &["--header", &one]].concat());
    assert!(
        page.body.contains("data-session"),
        "the page can offer to end it"
    );

    // Not by a link, and not by another page.
    assert_eq!(status("/logout", &one), 405);
    for header in [
        "origin: http://evil.example.com",
        "sec-fetch-site: cross-site",
    ] {
        let out = ["--header", &one, "--header", header, "--data", ""];
        assert_eq!(site.curl("/logout", &out).status, 403);
    }
    assert_eq!(status("", &one), 200);

    let out = site.curl("/logout", &["--header", &one, "--data", ""]);
    assert_eq!((out.status, out.header("location")), (303, Some("./")));
    let forgotten = out.header("set-cookie").expect("it is taken away");
    let (name, _) = one["cookie: ".len()..].split_once('=').expect("a name");
    assert!(forgotten.starts_with(&format!("{name}=;")), "{forgotten}");
    assert!(forgotten.contains("Max-Age=0"), "{forgotten}");
    assert_eq!(status("", &one), 401);
    // Others stay, and who has none may say so again.
    assert_eq!(status("", &other), 200);
    assert_eq!(
        site.curl("/logout", &["--header", &one, "--data", ""])
            .status,
        303
    );
    let bearer = format!("authorization: Bearer {TOKEN}");
    let page = site.curl("", &[&HTML[..], &["--header", &bearer]].concat());
    assert!(!page.body.contains("data-session"), "there is none to end");
}

/// Whoever signs out at one place leaves nothing behind that goes on.
#[test]
fn what_a_session_looks_at_ends_with_it() {
    let site = site();
    let (one, other) = (
        cookie(&sign_in(&site, "", &[])),
        cookie(&sign_in(&site, "", &[])),
    );
    let bearer = format!("authorization: Bearer {TOKEN}");
    let open = |header: &str, format: &str| {
        let url = site.url(&format!("?follow&tail=1&format={format}"));
        let mut tail = Tail::open(&url, &["--header", header]);
        while !tail.line().contains("line 0") {}
        tail
    };
    let ended = ["text", "ndjson", "sse"].map(|format| open(&one, format));
    let mut staying = [open(&other, "text"), open(&bearer, "text")];
    site.curl("/logout", &["--header", &one, "--data", ""]);
    for tail in ended {
        let (rest, is_whole) = tail.rest();
        assert!(!is_whole, "it is cut, and not at its end: {rest}");
    }
    site.write(1..2);
    for tail in &mut staying {
        assert_eq!(tail.line() + "\n", line(1));
    }
    let stats = site.curl("/stats", &["--header", &bearer]).body;
    assert!(stats.contains("\"stalled\":0"), "{stats}");
}

#[test]
fn sessions_of_two_logs_do_not_get_in_each_others_way() {
    let (one, other) = (site(), site());
    let cookies = [&one, &other].map(|site| cookie(&sign_in(site, "", &[])));
    let [first, second] = &cookies;
    // As a browser sends them: all that it has of the machine.
    let both = format!("{first}; {}", &second["cookie: ".len()..]);
    for site in [&one, &other] {
        let reply = curl(&site.url(""), &["--header", &both]);
        assert_eq!((reply.status, reply.body), (200, line(0)));
    }
    assert_eq!(one.curl("", &["--header", second]).status, 401);
}
