//! How much of which level is held, and when it came: counts, bars, and a time chosen by a click or a drag.

use std::time::{Duration, SystemTime};

use circular_core::{Level, Meta, Ring};
use circular_http::Options;
use serde_json::json;

use crate::page::{Page, new_ring};

const COUNTS: &str =
    "[...document.getElementById('counts').children].map(count => count.textContent)";
const SINCE: &str = "new URLSearchParams(location.search).get('since')";
const UNTIL: &str = "new URLSearchParams(location.search).get('until')";

/// A record a second, of ten minutes: each hundredth is an error.
fn ten_minutes() -> Ring {
    let ring = new_ring(4 << 20);
    let begin = SystemTime::now() - Duration::from_secs(600);
    for number in 0..600 {
        let level = if number % 100 == 50 {
            Level::Error
        } else {
            Level::Info
        };
        let time = begin + Duration::from_secs(number);
        let meta = Meta::new().level(level).target("app").time(time);
        ring.record(meta, format!("second {number}.\n").as_bytes())
            .expect("the ring is open");
    }
    ring.record(Meta::new(), b"without a level\n")
        .expect("the ring is open");
    ring
}

#[test]
fn what_is_held_is_counted_by_level_and_drawn_over_time() {
    let Some(mut page) = Page::open_with(&[], ten_minutes(), Options::new()) else {
        return;
    };
    page.until(&format!(
        "JSON.stringify({COUNTS}) === '[\"ERROR 6\",\"INFO 594\",\"no level 1\"]'"
    ));
    // Sixty stretches of time, with some of it in each; and each error is to be seen.
    assert_eq!(
        page.get("document.querySelectorAll('#bars .error').length"),
        6
    );
    let bars = page.get("document.querySelectorAll('#bars .info').length");
    assert!(
        bars.as_u64().is_some_and(|bars| (55..=60).contains(&bars)),
        "{bars}"
    );
    let label = page.get("document.getElementById('bars').getAttribute('aria-label')");
    assert!(
        label
            .as_str()
            .is_some_and(|label| label.starts_with("601 records over time, 6 of level error")),
        "{label}"
    );
    // What comes is counted as well, and what the filter leaves is.
    page.say_as(Level::Warn, "app", "one more");
    page.until(&format!("{COUNTS}.includes('WARN 1')"));
    page.click("input[value=warn]");
    page.until(&format!(
        "JSON.stringify({COUNTS}) === '[\"ERROR 6\",\"WARN 1\",\"no level 1\"]'"
    ));
    page.assert_quiet();
}

/// The middle of a bar, on the screen.
fn bar(page: &Page, share: f64) -> (i64, i64) {
    let place = page.get(&format!(
        "(box => [Math.round(box.left + box.width * {share}), Math.round(box.top + box.height / 2)])
         (document.getElementById('bars').getBoundingClientRect())"
    ));
    let at = |index: usize| place[index].as_i64().expect("a number");
    (at(0), at(1))
}

fn drag(page: &Page, from: f64, to: f64) {
    let ((x, y), (to_x, to_y)) = (bar(page, from), bar(page, to));
    page.act(&json!({ "type": "pointer", "id": "mouse", "parameters": { "pointerType": "mouse" }, "actions": [
        { "type": "pointerMove", "duration": 0, "x": x, "y": y },
        { "type": "pointerDown", "button": 0 },
        { "type": "pointerMove", "duration": 10, "x": to_x, "y": to_y },
        { "type": "pointerUp", "button": 0 },
    ] }));
}

/// How many seconds there are between two times in the address.
fn seconds(page: &Page) -> f64 {
    let seconds = page.get(&format!(
        "(Date.parse({UNTIL}) - Date.parse({SINCE})) / 1_000"
    ));
    seconds.as_f64().expect("both are times")
}

#[test]
fn a_drag_and_a_click_choose_the_time() {
    let Some(page) = Page::open_with(&[], ten_minutes(), Options::new()) else {
        return;
    };
    page.until_row_count(601);
    page.until("document.querySelectorAll('#bars .info').length > 50");
    // From a quarter to the half: 150 s of the 600.
    drag(&page, 0.255, 0.495);
    page.until(UNTIL);
    let chosen = seconds(&page);
    assert!((140.0..=162.0).contains(&chosen), "{chosen} s");
    page.until("(rows => rows > 130 && rows < 170)(document.querySelectorAll('.row').length)");
    let rows = page.rows();
    assert!(
        rows.len() >= 140 && rows.iter().any(|row| row == "second 200."),
        "{} rows",
        rows.len()
    );
    // The bars are of what is chosen now; one of them is a smaller part.
    page.until(&format!(
        "{COUNTS}.some(count => /^INFO 1[3-6]\\d$/.test(count))"
    ));
    drag(&page, 0.5, 0.5);
    page.until(&format!(
        "(Date.parse({UNTIL}) - Date.parse({SINCE})) / 1_000 < 5"
    ));
    page.until("document.querySelectorAll('.row').length < 6");
    page.assert_quiet();
}

#[test]
fn a_drag_to_the_end_goes_on_with_what_comes() {
    let Some(mut page) = Page::open_with(&[], ten_minutes(), Options::new()) else {
        return;
    };
    page.until("document.querySelectorAll('#bars .info').length > 50");
    drag(&page, 0.9, 0.999);
    page.until(SINCE);
    assert_eq!(page.get(UNTIL), json!(null));
    page.until("document.querySelectorAll('.row').length < 100");
    page.say("and on it goes");
    page.until_last_row("and on it goes");
    page.assert_quiet();
}
