//! The token: asked for in a form, and kept in a cookie that no script can read.

use circular_http::Options;

use crate::page::{Page, new_ring};

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
    page.until("document.querySelector('[role=alert]')?.textContent === 'That is not the token.'");
    page.press(&format!("sesame{ENTER}"));
    page.until_rows(&["one"]);
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
fn an_open_page_asks_when_there_is_a_new_token() {
    let Some(mut page) = Page::open_with(&["one"], new_ring(1 << 20), Options::new()) else {
        return;
    };
    page.until_rows(&["one"]);
    page.stop_server();
    page.options = page.options.clone().token("sesame").expect("a token");
    page.start_server();
    page.until("document.title === 'Log: token needed'");
    page.press(&format!("sesame{ENTER}"));
    page.until_rows(&["one"]);
}
