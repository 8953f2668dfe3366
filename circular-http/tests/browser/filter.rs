//! Choosing what is shown: chips, text, regex, target; in the address, and in a download.

use circular_core::Level;
use serde_json::json;

use crate::page::Page;

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
fn text_a_regex_and_a_target_choose_and_a_reload_keeps_them() {
    let Some(page) = open() else { return };
    page.type_into("#text", "22");
    page.until_rows(&["debug 22", "warn 22"]);
    assert_eq!(page.get("location.search"), "?q=22");
    page.reload();
    page.until_rows(&["debug 22", "warn 22"]);
    assert_eq!(page.get("document.getElementById('text').value"), "22");

    page.set("#text", r"/^\w+ \d$/");
    page.until_rows(&["trace 1", "error 1"]);
    page.reload();
    page.until_rows(&["trace 1", "error 1"]);
    assert_eq!(
        page.get("document.getElementById('text').value"),
        r"/^\w+ \d$/"
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
    page.set("#text", "/(/");
    page.until("!document.getElementById('problem').hidden");
    let problem = page.get("document.getElementById('problem').textContent");
    assert!(
        problem.as_str().expect("text").contains("re"),
        "it names the parameter: {problem}"
    );
    // So it does in a page that is loaded with it.
    page.reload();
    page.until("!document.getElementById('problem').hidden");
    assert_eq!(page.get("document.getElementById('text').value"), "/(/");
    page.set("#text", "/(22|333)/");
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
