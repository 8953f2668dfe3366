//! What is done with a row or a value in it: to filter by it, to copy it, to link to it; marks; sign-out.

use circular_core::Level;
use circular_http::Options;
use serde_json::json;

use crate::page::{Page, new_ring};

const REST: &str = "[...document.querySelectorAll('#rest button')].map(chip => chip.textContent)";

/// Run before the page: what is copied is in `copied`.
const COPIES: &str = "
    window.copied = [];
    navigator.clipboard.writeText = async (text) => { copied.push(text); };";

fn open() -> Option<Page> {
    let mut page = Page::open()?;
    page.say_as(Level::Info, "shop::db", "query took=12 user=ann");
    page.say_as(Level::Warn, "shop::web", "slow took=123 user=ann");
    page.say_as(
        Level::Error,
        "shop::mail",
        r#"{"message":"not sent","took":12,"user":"Ann Lee"}"#,
    );
    page.until_rows(&[
        "query took=12 user=ann",
        "slow took=123 user=ann",
        r#"not sent took=12 user="Ann Lee""#,
    ]);
    page.until("document.querySelectorAll('.value').length === 6");
    Some(page)
}

/// Clicks a part of a row, and then what the menu offers.
fn choose(page: &Page, row: usize, part: &str, choice: &str) {
    page.click(&format!(".chunk > .row:nth-child({row}) {part}"));
    page.until("document.getElementById('menu').matches(':popover-open')");
    page.click(&format!("#{choice}"));
    page.until("!document.getElementById('menu').matches(':popover-open')");
}

#[test]
fn a_level_is_clicked_to_see_only_it_or_not_it() {
    let Some(page) = open() else { return };
    choose(&page, 2, ".level", "only-this");
    page.until_rows(&["slow took=123 user=ann"]);
    assert_eq!(page.get("location.search"), "?levels=warn");
    assert_eq!(page.get(REST), json!(["levels warn ×"]));
    page.click("#rest button");
    page.until_row_count(3);
    choose(&page, 2, ".level", "not-this");
    page.until_rows(&[
        "query took=12 user=ann",
        r#"not sent took=12 user="Ann Lee""#,
    ]);
    choose(&page, 1, ".level", "not-this");
    page.until_rows(&[r#"not sent took=12 user="Ann Lee""#]);
    page.reload();
    page.until_row_count(1);
    page.assert_quiet();
}

#[test]
fn a_target_is_clicked_to_see_only_it_or_to_mute_it() {
    let Some(page) = open() else { return };
    choose(&page, 1, ".target", "not-this");
    page.until_row_count(2);
    choose(&page, 1, ".target", "not-this");
    page.until_rows(&[r#"not sent took=12 user="Ann Lee""#]);
    assert_eq!(
        page.get("document.getElementById('target').value"),
        "shop::db=off,shop::web=off"
    );
    choose(&page, 1, ".target", "only-this");
    page.until("location.search === '?filter=shop%3A%3Amail'");
    page.until_row_count(1);
    page.assert_quiet();
}

#[test]
fn a_value_is_clicked_to_see_only_it_or_not_it() {
    let Some(page) = open() else { return };
    // Just that number, and not one that begins with it.
    choose(&page, 1, ".value", "only-this");
    page.until_rows(&["query took=12 user=ann"]);
    assert_eq!(page.get(REST), json!(["took=12 ×"]));
    page.click("#rest button");
    page.until_row_count(3);
    page.until("document.querySelectorAll('.value').length === 6");
    choose(&page, 3, ".value", "not-this");
    page.until_rows(&["query took=12 user=ann", "slow took=123 user=ann"]);
    assert_eq!(page.get(REST), json!(["not took=12 ×"]));
    page.reload();
    page.until_row_count(2);
    page.click("#rest button");
    page.until_row_count(3);
    // In a tree, by keyboard.
    page.press("ko");
    page.until("document.querySelector('.detail')");
    page.run(
        "[...document.querySelectorAll('.detail .value')].find(value => value.textContent === 'Ann Lee').focus()",
        &json!([]),
    );
    page.press("\u{e007}");
    page.until("document.activeElement.id === 'only-this'");
    page.press("\u{e007}");
    page.until_rows(&[r#"not sent took=12 user="Ann Lee""#]);
    assert_eq!(page.get(REST), json!([r#"user="Ann Lee" ×"#]));
    page.assert_quiet();
}

#[test]
fn a_row_is_copied_as_text_or_as_json() {
    let Some(page) = open() else { return };
    page.run(COPIES, &json!([]));
    page.press("kkk");
    page.press("y");
    page.until("copied.length === 1");
    let text = page.get("copied[0]");
    let text = text.as_str().expect("text");
    assert!(
        text.starts_with("20") && text.ends_with("Z  INFO shop::db: query took=12 user=ann"),
        "{text}"
    );
    page.press("jj");
    page.click("#copy-json");
    page.until("copied.length === 2");
    let record = page.get("JSON.parse(copied[1])");
    assert_eq!(record["level"], "ERROR");
    assert_eq!(
        record["record"],
        json!({"message": "not sent", "took": 12, "user": "Ann Lee"})
    );
    choose(&page, 2, ".value", "copy-value");
    page.until("copied.at(-1) === '123'");
    page.assert_quiet();
}

#[test]
fn a_row_has_a_link_that_opens_the_page_at_it() {
    let Some(page) = open() else { return };
    page.run(COPIES, &json!([]));
    page.press("kk");
    page.click("#copy-link");
    page.until("copied.length === 1");
    let link = page.get("copied[0]");
    page.go_to(link.as_str().expect("text"));
    page.until(
        "document.querySelector('.row.marked')?.textContent.endsWith('slow took=123 user=ann')",
    );
    page.until_row_count(3);
    page.assert_quiet();
}

#[test]
fn matches_of_the_filter_and_of_find_are_marked() {
    let Some(mut page) = Page::open() else { return };
    for number in 0..200 {
        page.say(&format!("apple {number} and Apple pie"));
    }
    page.until_row_count(200);
    let marks = |name: &str| {
        format!("[...CSS.highlights.get('{name}') ?? []].map(range => range.toString())")
    };
    page.set("#text", "apple");
    page.until(&format!("{}.includes('Apple')", marks("filter")));
    page.until(&format!("{}.length % 2 === 0", marks("filter")));
    // Those in sight only.
    let count = page.get(&format!("{}.length", marks("filter")));
    assert!(count.as_u64() < Some(100), "{count}");
    // An expression too, and one that this engine could take for ever over is none.
    page.click("#text-re");
    page.set("#text", r"apple \d+7\b");
    page.until(&format!(
        "{}.some(text => text === 'apple 197')",
        marks("filter")
    ));
    page.set("#text", "(a+)+ 1");
    page.until(&format!("{}.length === 0", marks("filter")));
    page.set("#text", "");
    page.until_row_count(200);
    page.press("\u{e00c}/pie");
    page.until(&format!("{}.length > 10", marks("match")));
    page.until("document.getElementById('found').textContent.endsWith('of 200')");
    page.press("\u{e00c}");
    page.until(&format!("{}.length === 0", marks("match")));
    page.assert_quiet();
}

#[test]
fn n_goes_through_the_matches_of_find_or_else_of_the_filter() {
    let lines = ["an apple", "a pear", "another apple", "a plum", "apple pie"];
    let Some(page) = Page::open_with(&lines, new_ring(1 << 20), Options::new()) else {
        return;
    };
    const PLACE: &str = "document.getElementById('found').textContent";
    page.until_row_count(5);
    page.press("/apple");
    page.until(&format!("{PLACE} === '1 of 3'"));
    page.run("log.focus()", &json!([]));
    page.press("n");
    page.until(&format!("{PLACE} === '2 of 3'"));
    page.press("N");
    page.until(&format!("{PLACE} === '1 of 3'"));
    page.press("\u{e00c}");
    page.run("document.getElementById('needle').value = ''", &json!([]));
    page.set("#text", "pear");
    page.until_rows(&["a pear"]);
    page.press("\u{e00c}n");
    page.until(&format!("{PLACE} === '1 of 1'"));
    page.assert_quiet();
}

#[test]
fn a_question_mark_shows_the_keys() {
    let Some(page) = Page::open() else { return };
    page.until_live();
    page.press("?");
    page.until("document.getElementById('keys').open");
    // No key of the page's does anything below it.
    page.press("cw");
    assert_eq!(
        page.get("document.getElementById('wrap').ariaPressed"),
        "true"
    );
    page.press("\u{e00c}");
    page.until("!document.getElementById('keys').open");
    page.click("#show-keys");
    page.until("document.getElementById('keys').open");
    page.assert_quiet();
}

#[test]
fn what_is_selected_does_not_run_away_while_it_follows() {
    let Some(mut page) = Page::open() else { return };
    for number in 0..300 {
        page.say(&format!("number {number}"));
    }
    page.until_row_count(300);
    page.until("log.scrollTop + log.clientHeight >= log.scrollHeight - 1");
    page.run(
        "const row = [...document.querySelectorAll('.row')].at(-3);
         getSelection().selectAllChildren(row);
         window.where = () => row.getBoundingClientRect().top;
         window.before = where();",
        &json!([]),
    );
    page.say("it comes all the same");
    page.until_row_count(301);
    page.until_painted();
    page.until_painted();
    assert_eq!(page.get("where() === before"), true);
    page.run("getSelection().removeAllRanges()", &json!([]));
    page.until("log.scrollTop + log.clientHeight >= log.scrollHeight - 1");
    // So it is while a button is down.
    let pointer = |kind: &str| {
        page.devtools(
            "Input.dispatchMouseEvent",
            &json!({ "type": kind, "x": 400, "y": 400, "button": "left", "buttons": 1, "clickCount": 1 }),
        )
    };
    pointer("mousePressed");
    page.run("window.before = where()", &json!([]));
    crate::page::say(&mut page.ring, Level::Info, "app", "one more");
    page.until_row_count(302);
    page.until_painted();
    assert_eq!(page.get("where() === before"), true);
    let pointer =
        json!({ "type": "mouseReleased", "x": 400, "y": 400, "button": "left", "clickCount": 1 });
    page.devtools("Input.dispatchMouseEvent", &pointer);
    page.until("log.scrollTop + log.clientHeight >= log.scrollHeight - 1");
    page.assert_quiet();
}

#[test]
fn on_a_phone_the_tools_are_one_line_and_nothing_is_wider() {
    let Some(mut page) = Page::open() else { return };
    page.until_live();
    page.devtools(
        "Emulation.setTouchEmulationEnabled",
        &json!({ "enabled": true }),
    );
    page.devtools(
        "Emulation.setDeviceMetricsOverride",
        &json!({ "width": 390, "height": 780, "deviceScaleFactor": 2, "mobile": true }),
    );
    page.until("innerWidth === 390");
    page.say_as(Level::Error, &"shop::".repeat(20), &"w".repeat(500));
    page.say_as(
        Level::Info,
        "shop",
        r#"{"message":"json","key":"wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww"}"#,
    );
    page.until_row_count(2);
    let high = "document.querySelector('header').getBoundingClientRect().height";
    assert_eq!(page.get(&format!("{high} < 60")), true, "one line");
    let wide = "document.documentElement.scrollWidth <= 390 && log.scrollWidth <= 390";
    page.until(wide);
    page.click("#more");
    page.until(&format!("{high} > 100"));
    page.until(wide);
    let small = "[...document.querySelectorAll('header button, header select, header a, header input[type=search], footer button')]
        .filter(control => control.checkVisibility() && control.getBoundingClientRect().height < 40)
        .map(control => control.id)";
    assert_eq!(page.get(small), json!([]), "for fingers");
    page.run("document.querySelector('.tree').click()", &json!([]));
    page.until("document.querySelector('.detail')");
    page.until(wide);
    page.type_into("#text", "json");
    page.until_row_count(1);
    page.click("#more");
    page.until(&format!("{high} < 60"));
    // What is not seen is told.
    assert_eq!(
        page.get("document.getElementById('more').textContent"),
        "Filters (1)"
    );
    page.assert_quiet();
}
