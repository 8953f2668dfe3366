//! Everything by keyboard: shortcuts, finding, and a focus that reaches every control and can be seen.

use std::collections::BTreeSet;

use circular_core::Level;
use circular_http::Options;
use serde_json::json;

use crate::page::{Page, new_ring, say};

const ENTER: &str = "\u{e007}";
const SHIFT_ENTER: &str = "\u{e008}\u{e007}\u{e000}";
const ESCAPE: &str = "\u{e00c}";
const PAGE_UP: &str = "\u{e00e}";
const TAB: &str = "\u{e004}";

const FOUND: &str = "document.querySelector('.found').lastChild.textContent";
const PLACE: &str = "document.getElementById('found').textContent";

#[test]
fn find_goes_from_match_to_match_and_round_the_end() {
    let lines = ["an apple", "a pear", "another Apple", "a plum", "apple pie"];
    let Some(page) = Page::open_with(&lines, new_ring(1 << 20), Options::new()) else {
        return;
    };
    page.until_row_count(5);
    page.press("/");
    page.press("apple");
    page.until(&format!("{PLACE} === '1 of 3'"));
    assert_eq!(page.get(FOUND), "an apple");
    page.press(ENTER);
    assert_eq!(
        (page.get(FOUND), page.get(PLACE)),
        (json!("another Apple"), json!("2 of 3"))
    );
    page.press(ENTER);
    page.press(ENTER);
    assert_eq!(
        (page.get(FOUND), page.get(PLACE)),
        (json!("an apple"), json!("1 of 3"))
    );
    page.type_into("#needle", SHIFT_ENTER);
    assert_eq!(
        (page.get(FOUND), page.get(PLACE)),
        (json!("apple pie"), json!("3 of 3"))
    );
    let highlighted = page.get("[...CSS.highlights.get('found')].map(range => range.toString())");
    assert_eq!(highlighted, json!(["apple"]));
    page.press("!");
    assert_eq!(page.get(PLACE), "Not found");
    page.press(ESCAPE);
    assert_eq!(page.get("document.getElementById('find').hidden"), true);
    assert_eq!(page.get("document.querySelectorAll('.found').length"), 0);
    assert_eq!(page.get("document.activeElement.id"), "log");
    page.assert_quiet();
}

#[test]
fn find_takes_a_row_from_far_above_into_view() {
    let Some(mut page) = Page::open() else { return };
    for number in 0..1_500 {
        page.say(&format!("number {number}."));
    }
    page.until_row_count(1_500);
    page.until("log.scrollTop > 20_000");
    page.press("/");
    page.press("number 7.");
    page.until(&format!("{PLACE} === '1 of 1'"));
    page.until(
        "(box => box.top > log.getBoundingClientRect().top && box.bottom < log.getBoundingClientRect().bottom)
         (document.querySelector('.found').getBoundingClientRect())",
    );
    // And there it stays, whatever comes.
    page.say("number 1500");
    page.until("document.getElementById('new').textContent === '1 new'");
    page.assert_quiet();
}

#[test]
fn keys_that_are_typed_into_a_field_are_text() {
    let Some(page) = Page::open_with(&["a g c w / row"], new_ring(1 << 20), Options::new()) else {
        return;
    };
    page.until_row_count(1);
    page.type_into("#text", "g c w / ");
    page.until("location.search === '?q=g+c+w+%2F+'");
    page.until_rows(&["a g c w / row"]);
    assert_eq!(
        page.get("document.getElementById('pause').ariaPressed"),
        "false"
    );
    assert_eq!(
        page.get("document.getElementById('wrap').ariaPressed"),
        "true"
    );
    page.assert_quiet();
}

#[test]
fn space_presses_what_has_the_focus_and_pauses_elsewhere() {
    let Some(page) = Page::open() else { return };
    page.until_live();
    let pressed = |id: &str| page.get(&format!("document.getElementById('{id}').ariaPressed"));
    page.get("document.getElementById('wrap').focus()");
    page.press(" ");
    assert_eq!(
        (pressed("wrap"), pressed("pause")),
        (json!("false"), json!("false"))
    );
    page.get("document.getElementById('pause').focus()");
    page.press(" ");
    assert_eq!(pressed("pause"), "true", "once, not twice");
    page.get("log.focus()");
    page.press(" ");
    assert_eq!(pressed("pause"), "false");
    page.click("input[value=warn]");
    page.press(" ");
    assert_eq!(
        pressed("pause"),
        "true",
        "a chip that was clicked has nothing to do for Space"
    );
    page.assert_quiet();
}

#[test]
fn a_click_does_not_leave_space_with_what_was_clicked() {
    let Some(mut page) = Page::open_with(&["one"], new_ring(1 << 20), Options::new()) else {
        return;
    };
    let paused = || {
        page.browser
            .get("document.getElementById('pause').ariaPressed")
    };
    page.until_rows(&["one"]);
    page.click("#clear");
    page.until_rows(&[]);
    say(&mut page.ring, Level::Info, "app", "two");
    page.until_rows(&["two"]);
    page.press(" ");
    assert_eq!(paused(), "true");
    page.until_rows(&["two"]);
    page.click("#download-all");
    page.press(" ");
    assert_eq!(paused(), "false");
    page.get("document.getElementById('download-all').focus()");
    page.press(" ");
    assert_eq!(paused(), "true", "a link has nothing to do for Space");
    page.click("#open-find");
    assert_eq!(page.get("document.activeElement.id"), "needle");
    page.assert_quiet();
}

#[test]
fn a_key_that_is_held_does_it_once() {
    let Some(page) = Page::open() else { return };
    page.until_live();
    for repeat in [false, true] {
        let key = json!({ "type": "keyDown", "key": " ", "code": "Space", "text": " ", "autoRepeat": repeat });
        page.devtools("Input.dispatchKeyEvent", &key);
    }
    assert_eq!(
        page.get("document.getElementById('pause').ariaPressed"),
        "true"
    );
    page.assert_quiet();
}

#[test]
fn the_log_has_the_focus_at_first_and_after_the_button_for_what_is_new() {
    let Some(mut page) = Page::open() else { return };
    for number in 0..100 {
        page.say(&format!("number {number}"));
    }
    page.until_row_count(100);
    page.press(PAGE_UP);
    page.until("document.getElementById('newest').ariaPressed === 'false'");
    page.say("number 100");
    page.until("!document.getElementById('new').hidden");
    page.get("document.getElementById('new').focus()");
    page.press(ENTER);
    page.until("document.getElementById('new').hidden");
    assert_eq!(page.get("document.activeElement.id"), "log");
    page.assert_quiet();
}

#[test]
fn the_tab_key_reaches_every_control_and_one_sees_where_it_is() {
    let Some(page) = Page::open_with(&["one"], new_ring(1 << 20), Options::new()) else {
        return;
    };
    page.until_row_count(1);
    let controls = "[...document.querySelectorAll('button, a, select, input[type=search], #log, input:checked')]
        .filter(control => control.tabIndex >= 0 && control.checkVisibility()).map(control => control.id || control.name || control.localName)";
    let controls = names(&page.get(controls));
    let mut reached = BTreeSet::new();
    for _ in 0..controls.len() + 1 {
        page.press(TAB);
        let focus = page.get(
            "(here => [here.id || here.name || here.localName,
                getComputedStyle(here.matches('.chip input') ? here.nextElementSibling : here).outlineStyle])
             (document.activeElement)",
        );
        if focus[0] != "body" {
            assert_eq!(focus[1], "solid", "the focus can be seen: {focus}");
            reached.insert(focus[0].as_str().expect("a name").to_owned());
        }
    }
    assert_eq!(reached, controls);
    page.assert_quiet();
}

fn names(list: &serde_json::Value) -> BTreeSet<String> {
    let list = list.as_array().expect("a list").iter();
    list.map(|name| name.as_str().expect("a name").to_owned())
        .collect()
}
