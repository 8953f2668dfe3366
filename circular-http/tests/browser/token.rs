//! The token: asked for in a form, and kept in a cookie that no script can read.

use circular_core::Level;
use circular_http::Options;
use serde_json::json;

use crate::page::{Page, new_ring, say};

const ENTER: &str = "\u{e007}";

#[test]
fn the_form_takes_the_right_token_and_no_other() {
    let options = Options::new().token("sesame").expect("a token");
    let Some(page) = Page::open_with(&["one"], new_ring(1 << 20), options) else {
        return;
    };
    assert_eq!(page.get("document.title"), "Log: token needed");
    assert_eq!(page.get("document.activeElement.name"), "token");
    page.press(&format!("open{ENTER}"));
    page.until("document.querySelector('[role=alert]')?.textContent === 'That is not the token.' && document.activeElement?.name === 'token'");
    page.press(&format!("sesame{ENTER}"));
    page.until_rows(&["one"]);
    assert_eq!(page.get("location.search"), "");
    assert_eq!(page.get("document.cookie"), "");
    assert_eq!(page.get("location.pathname"), "/debug/log");
    page.reload();
    page.until_rows(&["one"]);
    // The browser itself tells of answers that are no success; nothing else may.
    let told = page.console();
    assert!(
        told.iter()
            .all(|line| line.contains("status of 401") || line.contains("status of 403")),
        "{told:?}"
    );
}

#[test]
fn what_was_asked_for_survives_the_form() {
    let options = Options::new().token("sesame").expect("a token");
    let Some(page) = Page::open_with(&[], new_ring(1 << 20), options) else {
        return;
    };
    for text in ["one of them", "two of them"] {
        say(&mut page.ring.clone(), Level::Info, "app", text);
    }
    let query = "?q=two&level=info";
    page.go_to(&page.url(query));
    for wrong in ["open", "please"] {
        page.run("window.isAsked = true;", &json!([]));
        page.press(&format!("{wrong}{ENTER}"));
        // By the next form.
        page.until("!window.isAsked && document.querySelector('[role=alert]') && document.activeElement?.name === 'token'");
    }
    page.press(&format!("sesame{ENTER}"));
    page.until_rows(&["two of them"]);
    assert_eq!(page.get("location.search"), query);
}

/// A browser keeps such a cookie to itself where another site's link leads to the page, a chat's say.
#[test]
fn who_is_signed_in_and_follows_a_link_from_elsewhere_is_not_asked_again() {
    let options = Options::new().token("sesame").expect("a token");
    let Some(page) = Page::open_with(&["one"], new_ring(1 << 20), options) else {
        return;
    };
    let elsewhere = format!("http://localhost:{}/debug/log/style.css", page.addr.port());
    let linked = format!("{}#here", page.url("?level=info"));
    let follow = |page: &Page| {
        page.go_to(&elsewhere);
        page.until("location.hostname === 'localhost'");
        page.run(
            "setTimeout(to => { location.href = to; }, 0, arguments[0])",
            &json!([linked]),
        );
        page.until("location.hostname === '127.0.0.1'");
    };
    // Who is not signed in is asked, once.
    follow(&page);
    page.until(
        "document.title === 'Log: token needed' && document.querySelector('input[name=token]')",
    );
    assert_eq!(page.get("location.href"), linked.as_str());
    page.press(&format!("sesame{ENTER}"));
    page.until_rows(&["one"]);

    follow(&page);
    page.until_rows(&["one"]);
    assert_eq!(page.get("location.href"), linked.as_str());
}

#[test]
fn who_signs_out_has_to_sign_in_again() {
    let options = Options::new().token("sesame").expect("a token");
    let Some(page) = Page::open_with(&["one"], new_ring(1 << 20), options) else {
        return;
    };
    page.press(&format!("sesame{ENTER}"));
    page.until_rows(&["one"]);
    assert_eq!(
        page.get("'session' in document.documentElement.dataset"),
        true
    );
    page.run(
        "const form = document.createElement('form');
        form.method = 'post'; form.action = 'log/logout';
        document.body.append(form); form.submit();",
        &json!([]),
    );
    page.until(
        "document.title === 'Log: token needed' && document.activeElement?.name === 'token'",
    );
    assert_eq!(page.get("location.pathname"), "/debug/log/");
    page.go_to(&page.url(""));
    assert_eq!(page.get("document.title"), "Log: token needed");
    page.press(&format!("sesame{ENTER}"));
    page.until_rows(&["one"]);
}

#[test]
fn an_open_page_asks_when_there_is_a_new_token() {
    let Some(mut page) = Page::open_with(&["one"], new_ring(1 << 20), Options::new()) else {
        return;
    };
    page.until_rows(&["one"]);
    page.stop_server();
    page.options = page.options.clone().token("sesame").expect("a token");
    page.start_server();
    page.until(
        "document.title === 'Log: token needed' && document.activeElement?.name === 'token'",
    );
    page.press(&format!("sesame{ENTER}"));
    page.until_rows(&["one"]);
}

#[test]
fn whoever_signed_in_can_sign_out_and_nobody_else_is_offered_to() {
    let options = Options::new().token("sesame").expect("a token");
    let Some(page) = Page::open_with(&["one"], new_ring(1 << 20), options) else {
        return;
    };
    page.press(&format!("sesame{ENTER}"));
    page.until_rows(&["one"]);
    page.click("#sign-out button");
    page.until("document.querySelector('input[name=token]')");
    page.go_to(&page.url(""));
    page.until(
        "document.title === 'Log: token needed' && document.activeElement?.name === 'token'",
    );
    drop(page);
    let Some(page) = Page::open() else { return };
    page.until_live();
    assert_eq!(page.get("document.getElementById('sign-out').hidden"), true);
}
