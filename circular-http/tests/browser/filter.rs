//! Choosing what is shown: chips, text, regex, target; in the address, and in a download.

use std::time::{Duration, SystemTime};

use circular_core::{Level, Timestamp};
use circular_http::Options;
use serde_json::json;

use crate::page::{KEEP_SOURCES, Page, new_ring};

const ESCAPE: &str = "\u{e00c}";

/// What the address asks for and no field shows.
const REST: &str = "[...document.querySelectorAll('#rest button')].map(chip => chip.textContent)";

/// A ring with one record of each level, alternating between two targets.
fn open() -> Option<Page> {
    let mut page = Page::open()?;
    page.say_as(Level::Trace, "app::db", "trace 1");
    page.say_as(Level::Debug, "app::web", "debug 22");
    page.say_as(Level::Info, "app::db", "info 333");
    page.say_as(Level::Warn, "app::web", "warn 22");
    page.say_as(Level::Error, "app::db", "error 1");
    page.until_rows(&["trace 1", "debug 22", "info 333", "warn 22", "error 1"]);
    Some(page)
}

#[test]
fn a_chip_shows_its_level_and_above_and_a_reload_keeps_it() {
    let Some(mut page) = open() else { return };
    page.click("input[value=warn]");
    page.until_rows(&["warn 22", "error 1"]);
    assert_eq!(page.get("location.search"), "?level=warn");
    page.say_as(Level::Info, "app::db", "more info");
    page.say_as(Level::Error, "app::db", "more error");
    page.until_rows(&["warn 22", "error 1", "more error"]);

    page.reload();
    page.until_rows(&["warn 22", "error 1", "more error"]);
    assert_eq!(
        page.get("document.querySelector('input[name=level]:checked').value"),
        "warn"
    );

    page.click("input[value='']");
    page.until_row_count(7);
    assert_eq!(page.get("location.search"), "");
    page.assert_quiet();
}

#[test]
fn text_an_expression_and_a_target_choose_and_a_reload_keeps_them() {
    let Some(page) = open() else { return };
    page.type_into("#text", "22");
    page.until_rows(&["debug 22", "warn 22"]);
    assert_eq!(page.get("location.search"), "?q=22");
    page.reload();
    page.until_rows(&["debug 22", "warn 22"]);
    assert_eq!(page.get("document.getElementById('text').value"), "22");

    page.set("#text", r"^\w+ \d$");
    page.until_rows(&[]);
    page.click("#text-re");
    page.until_rows(&["trace 1", "error 1"]);
    assert_eq!(page.get("location.search"), r"?re=%5E%5Cw%2B+%5Cd%24");
    page.reload();
    page.until_rows(&["trace 1", "error 1"]);
    assert_eq!(
        page.get("[document.getElementById('text').value, document.getElementById('text-re').ariaPressed]"),
        json!([r"^\w+ \d$", "true"])
    );

    page.set("#text", "");
    page.set("#target", "app::web");
    page.until_rows(&["debug 22", "warn 22"]);
    page.click("input[value=info]");
    page.until_rows(&["warn 22"]);
    page.reload();
    page.until_rows(&["warn 22"]);
    assert_eq!(
        page.get("document.getElementById('target').value"),
        "app::web"
    );
    page.assert_quiet();
}

#[test]
fn a_filter_that_is_none_is_told_and_mended() {
    let Some(page) = open() else { return };
    page.click("#text-re");
    page.set("#text", "(");
    page.until("!document.getElementById('problem').hidden");
    let problem = page.get("document.getElementById('problem').textContent");
    assert!(
        problem.as_str().expect("text").contains("re"),
        "it names the parameter: {problem}"
    );
    // The same question would get the same answer.
    page.until("document.getElementById('state').textContent === 'Not connected'");
    // So it does in a page that is loaded with it.
    page.reload();
    page.until("!document.getElementById('problem').hidden");
    assert_eq!(page.get("document.getElementById('text').value"), "(");
    page.set("#text", "(22|333)");
    page.until_rows(&["debug 22", "info 333", "warn 22"]);
    page.until("document.getElementById('problem').hidden");
    // The browser itself tells of answers that are no success; nothing else may.
    assert!(
        page.console()
            .iter()
            .all(|line| line.contains("status of 400"))
    );
}

#[test]
fn what_is_unknown_in_the_address_is_told() {
    let Some(page) = open() else { return };
    page.go_to(&page.url("?fellow=1"));
    page.until("!document.getElementById('problem').hidden");
    let problem = page.get("document.getElementById('problem').textContent");
    let problem = problem.as_str().expect("text");
    assert!(problem.contains("\"fellow\""), "{problem}");
    // And can be taken away.
    page.click("#rest button");
    page.until_row_count(5);
    assert_eq!(page.get("location.search"), "");
    page.go_to(&page.url("?tail=many"));
    page.until("!document.getElementById('problem').hidden");
    page.click("#rest button");
    page.until_row_count(5);
    page.go_to(&page.url("?level=loud"));
    page.until("!document.getElementById('problem').hidden");
    page.type_into("#text", "22");
    page.until("location.search === '?level=loud&q=22'");
    page.click("#rest button");
    page.until_rows(&["debug 22", "warn 22"]);
}

#[test]
fn what_no_field_shows_is_kept_and_can_be_taken_away() {
    let Some(page) = open() else { return };
    page.go_to(&page.url("?since=1h&until=2100-01-01T00:00:00Z"));
    page.until_row_count(5);
    assert_eq!(
        page.get(REST),
        json!(["since 1h ×", "until 2100-01-01T00:00:00Z ×"])
    );
    assert_eq!(
        page.get("document.querySelector('#rest button').ariaLabel"),
        "Remove since 1h"
    );
    page.click("input[value=warn]");
    page.until_row_count(2);
    page.reload();
    page.until_row_count(2);
    assert_eq!(
        page.get("location.search"),
        "?since=1h&until=2100-01-01T00%3A00%3A00Z&level=warn"
    );
    let link = page.get("document.getElementById('download-shown').search");
    let link = link.as_str().expect("text");
    assert!(link.contains("since=1h&until=2100"), "{link}");

    page.click("#rest button");
    page.until(&format!("{REST}.length === 1"));
    assert_eq!(
        page.get("location.search"),
        "?until=2100-01-01T00%3A00%3A00Z&level=warn"
    );
    page.until_row_count(2);
    assert_eq!(page.get("document.activeElement.id"), "log");
    page.click("#rest button");
    page.until("document.getElementById('rest').hidden");
    page.assert_quiet();
}

#[test]
fn what_is_over_has_ended_and_is_not_asked_for_again() {
    let Some(mut page) = open() else { return };
    page.before_each_page(KEEP_SOURCES);
    let until = Timestamp::new(SystemTime::now() + Duration::from_secs(1));
    page.go_to(&page.url(&format!("?level=warn&until={until}")));
    let end = format!("the log ends here: until {until}");
    page.until_rows(&["warn 22", "error 1", &end]);
    assert_eq!(
        page.get("document.getElementById('state').textContent"),
        "Ended"
    );
    assert_eq!(
        page.get("sources.map(source => source.readyState === EventSource.CLOSED)"),
        json!([true])
    );
    page.click("#rest button");
    page.say_as(Level::Error, "app::db", "later");
    page.until_rows(&["warn 22", "error 1", "later"]);
    page.until_live();
    page.assert_quiet();
}

#[test]
fn text_is_text_until_the_switch_says_that_it_is_an_expression() {
    let Some(mut page) = open() else { return };
    page.say_as(Level::Info, "app", "GET /users/i");
    page.say_as(Level::Info, "app", "rotated /var/log/");
    page.set("#text", "/users/i");
    page.until_rows(&["GET /users/i"]);
    assert_eq!(page.get("location.search"), "?q=%2Fusers%2Fi");
    page.set("#text", "/var/log/");
    page.until_rows(&["rotated /var/log/"]);
    page.click("#text-re");
    page.until("location.search === '?re=%2Fvar%2Flog%2F'");
    page.until_rows(&["rotated /var/log/"]);
    // The switch stays as it was, though there is nothing that the address could say it by.
    page.set("#text", "");
    page.until("location.search === ''");
    page.reload();
    page.set("#text", "^(warn|error)");
    page.until_rows(&["warn 22", "error 1"]);
    page.click("#text-re");
    page.until_rows(&[]);
    assert_eq!(page.get("location.search"), "?q=%5E%28warn%7Cerror%29");
    page.assert_quiet();
}

#[test]
fn what_is_not_to_be_seen_is_left_out_by_text_or_by_expression() {
    let Some(page) = open() else { return };
    page.type_into("#not", "22");
    page.until_rows(&["trace 1", "info 333", "error 1"]);
    assert_eq!(page.get("location.search"), "?not=22");
    page.reload();
    page.until_rows(&["trace 1", "info 333", "error 1"]);
    page.set("#not", "^(info|debug)");
    page.click("#not-re");
    page.until_rows(&["trace 1", "warn 22", "error 1"]);
    assert_eq!(page.get("location.search"), "?nre=%5E%28info%7Cdebug%29");
    // A target is muted where targets are chosen.
    page.set("#target", "app::db=off");
    page.until_rows(&["warn 22"]);
    page.assert_quiet();
}

#[test]
fn case_is_smart_in_text_and_in_find() {
    let Some(mut page) = Page::open() else { return };
    page.say("an apple");
    page.say("an Apple");
    page.until_row_count(2);
    page.set("#text", "apple");
    page.until("location.search === '?q=apple'");
    page.until_rows(&["an apple", "an Apple"]);
    page.set("#text", "Apple");
    page.until_rows(&["an Apple"]);
    page.set("#text", "");
    page.until_row_count(2);
    page.press(ESCAPE);
    page.press("/apple");
    page.until("document.getElementById('found').textContent === '1 of 2'");
    page.set("#needle", "Apple");
    page.until("document.getElementById('found').textContent === '1 of 1'");
    page.assert_quiet();
}

#[test]
fn texts_and_expressions_in_one_address_all_survive() {
    let Some(page) = open() else { return };
    page.go_to(&page.url("?q=r&re=22|1"));
    page.until_rows(&["trace 1", "warn 22", "error 1"]);
    assert_eq!(page.get("document.getElementById('text').value"), "r");
    assert_eq!(page.get(REST), json!(["re 22|1 ×"]));
    page.click("input[value=warn]");
    page.until_rows(&["warn 22", "error 1"]);
    page.set("#text", "error");
    page.until_rows(&["error 1"]);
    // Then the field has room for the other one.
    page.set("#text", "");
    page.until_rows(&["warn 22", "error 1"]);
    assert_eq!(page.get("location.search"), "?re=22%7C1&level=warn");
    // Several of the same.
    page.go_to(&page.url("?q=r&q=1&not=trace"));
    page.until_rows(&["error 1"]);
    assert_eq!(page.get(REST), json!(["q 1 ×"]));
    page.click("#rest button");
    page.until_rows(&["warn 22", "error 1"]);
    assert_eq!(page.get("location.search"), "?not=trace&q=r");
    page.assert_quiet();
}

#[test]
fn escape_leaves_a_field_and_what_is_in_it() {
    let Some(page) = open() else { return };
    page.type_into("#text", "22");
    page.until_rows(&["debug 22", "warn 22"]);
    page.press(ESCAPE);
    assert_eq!(page.get("document.activeElement.id"), "log");
    assert_eq!(page.get("document.getElementById('text').value"), "22");
    page.type_into("#target", "app::web,app=");
    page.press(ESCAPE);
    page.until("location.search === '?q=22&filter=app%3A%3Aweb%2Capp%3D'");
}

#[test]
fn a_filter_that_lets_much_through_begins_with_the_newest() {
    let Some(mut page) = Page::open() else { return };
    page.until_live();
    for number in 0..3_000 {
        page.say(&format!("number {number}"));
    }
    page.until_last_row("number 2999");
    page.reload();
    page.until_row_count(2_000);
    let rows = page.rows();
    assert_eq!(
        (rows[0].as_str(), rows[1_999].as_str()),
        ("number 1000", "number 2999")
    );
    page.assert_quiet();
}

#[test]
fn a_download_is_what_is_shown_or_all_there_is() {
    let Some(mut page) = open() else { return };
    page.say_as(
        Level::Warn,
        "app::db",
        "22 \x1b[31mred\x1b[0m, two\nlines, a tab\t, a bell \x07 and \u{202e}back",
    );
    page.say_as(Level::Warn, "app::web", "22 <b>&amp;</b> \x1b]0;x\x07");
    page.set("#text", "22");
    page.click("input[value=warn]");
    page.until_row_count(3);
    let shown = page.rows().join("\n") + "\n";
    page.click("#download-shown");
    let red = "\x1b[31mred\x1b[0m";
    let file = page.downloaded("log-filtered.txt");
    assert!(file.contains(red), "colours stay colours: {file}");
    assert_eq!(file.replace(red, "red"), shown);

    page.click("#download-all");
    let all = page.downloaded("log.txt");
    page.set("#text", "");
    page.click("input[value='']");
    page.until_row_count(7);
    assert_eq!(all.replace(red, "red"), page.rows().join("\n") + "\n");

    // What is cleared is not what is shown.
    page.press("c");
    page.say("the only one");
    page.until_rows(&["the only one"]);
    page.click("#download-shown");
    assert_eq!(page.downloaded("log-filtered (1).txt"), "the only one\n");
    assert_eq!(page.get("log.getAttribute('role')"), json!("log"));
    page.assert_quiet();
}

#[test]
fn downloads_hold_more_than_the_page_begins_with() {
    let Some(mut page) = Page::open() else { return };
    page.until_live();
    let lines: Vec<String> = (0..5_000)
        .map(|number| format!("number {number}\n"))
        .collect();
    for line in &lines {
        page.say(line.trim_end());
    }
    page.until_last_row("number 4999");
    page.set("#text", "number");
    page.until_row_count(2_000);
    // It comes compressed, and what is kept of it is not.
    let coding = page.run_async(
        "const link = document.getElementById('download-all').href;
         fetch(link).then(answer => arguments[0](answer.headers.get('content-encoding')));",
    );
    assert_eq!(coding, json!("gzip"));
    page.click("#download-all");
    assert_eq!(page.downloaded("log.txt"), lines.concat());
    page.click("#download-shown");
    assert_eq!(page.downloaded("log-filtered.txt"), lines.concat());
    page.set("#text", "7");
    page.until("location.search === '?q=7'");
    page.click("#download-shown");
    let sevens: String = lines
        .iter()
        .filter(|line| line.contains('7'))
        .map(String::as_str)
        .collect();
    assert_eq!(page.downloaded("log-filtered (1).txt"), sevens);
    page.assert_quiet();
}

#[test]
fn a_download_that_has_no_place_is_told() {
    let Some(page) = Page::open_with(&["one"], new_ring(1 << 20), Options::new().viewers(1)) else {
        return;
    };
    page.until_rows(&["one"]);
    page.click("#download-all");
    page.until(
        "document.getElementById('problem').textContent
         === 'No place for the download: there are too many viewers.'",
    );
    assert_eq!(
        page.get("document.getElementById('state').textContent"),
        "Live"
    );
    // Nor is it kept from whoever has one, later.
    page.run(
        "Response.prototype.json = async function () { return { viewers: { now: 0, limit: 1 } }; };",
        &json!([]),
    );
    page.click("#download-all");
    page.until("document.getElementById('problem').hidden");
}
