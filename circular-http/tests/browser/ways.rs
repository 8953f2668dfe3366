//! The main ways to use the page, in Firefox: what its engine might do in another way than Chromium's.

use circular_core::Level;
use circular_http::Options;
use serde_json::json;

use crate::firefox::Firefox;
use crate::page::{Look as _, Page, new_ring, say};

const ENTER: &str = "\u{e007}";
const ESCAPE: &str = "\u{e00c}";

const FOLLOWING: &str = "document.getElementById('newest').ariaPressed === 'true'";
const LOST: &str = "document.getElementById('state').textContent.startsWith('Connection lost')";
const OLDER: &str = "document.getElementById('older')?.textContent";
const PLACE: &str = "document.getElementById('found').textContent";
const FOUND: &str = "document.querySelector('.found')?.textContent";

/// Waits until it is told how many records of which level are held. That comes a while after the rows, and moves them.
fn until_counted(page: &Page<Firefox>, counts: &str) {
    page.until(&format!(
        "document.getElementById('counts').textContent === '{counts}'"
    ));
}

/// With these records in the ring before the page is opened.
fn open_with(before: &[&str]) -> Option<Page<Firefox>> {
    Page::in_firefox(before, new_ring(1 << 20), Options::new())
}

/// A page with a record of each of three levels and targets.
fn shop() -> Option<Page<Firefox>> {
    let mut page = open_with(&[])?;
    page.until_live();
    page.say_as(Level::Info, "shop::db", "query took=12 user=ann");
    page.say_as(Level::Warn, "shop::web", "slow took=123 user=ann");
    page.say_as(Level::Error, "shop::mail", "not sent");
    page.until_rows(&[
        "query took=12 user=ann",
        "slow took=123 user=ann",
        "not sent",
    ]);
    until_counted(&page, "ERROR 1WARN 1INFO 1");
    Some(page)
}

#[test]
fn rows_are_shown_as_they_come() {
    let Some(mut page) = open_with(&["one", "two"]) else {
        return;
    };
    page.until_rows(&["one", "two"]);
    page.until_live();
    page.say("three");
    page.until_rows(&["one", "two", "three"]);
    page.say_as(
        Level::Warn,
        "app",
        "\x1b[31mred\x1b[0m <b>&amp;</b>\nand another line",
    );
    page.until_last_row("and another line");
    let last = page.rows().pop();
    assert_eq!(last.as_deref(), Some("red <b>&amp;</b>\nand another line"));
    page.until("document.getElementById('count').textContent.startsWith('4 rows')");
    page.assert_quiet();
}

#[test]
fn a_pause_keeps_what_comes_and_counts_it() {
    let Some(mut page) = open_with(&["before"]) else {
        return;
    };
    page.until_rows(&["before"]);
    page.press(" ");
    page.until("document.getElementById('pause').ariaPressed === 'true'");
    for number in 0..1_234 {
        page.say(&format!("number {number}"));
    }
    page.until("document.getElementById('new').textContent === '1,234 new'");
    assert_eq!(page.rows(), ["before"]);
    page.click("#pause");
    page.until_row_count(1_235);
    let rows = page.rows();
    assert!(
        (0..1_234).all(|number| rows[number + 1] == format!("number {number}")),
        "in order, and once each"
    );
    page.until("document.getElementById('new').hidden");
    page.assert_quiet();
}

#[test]
fn a_text_and_a_level_choose_and_a_reload_keeps_them() {
    let Some(mut page) = shop() else { return };
    page.click("#text");
    page.press("TOOK=12");
    page.until_rows(&[]);
    page.set("#text", "took=12");
    page.until_rows(&["query took=12 user=ann", "slow took=123 user=ann"]);
    page.click("input[value=warn]");
    page.until_rows(&["slow took=123 user=ann"]);
    assert_eq!(
        page.get("new URLSearchParams(location.search).get('level')"),
        "warn"
    );
    page.reload();
    page.until_rows(&["slow took=123 user=ann"]);
    page.say_as(Level::Info, "shop::db", "took=12, and not severe");
    page.say_as(Level::Error, "shop::db", "took=12, and severe");
    page.until_rows(&["slow took=123 user=ann", "took=12, and severe"]);
    page.set("#text", "");
    page.click("input[value='']");
    page.until_row_count(5);
    assert_eq!(page.get("location.search"), "");
    page.assert_quiet();
}

#[test]
fn a_target_is_clicked_to_see_only_it_or_to_mute_it() {
    let Some(page) = shop() else { return };
    for (choice, count, counts, search) in [
        ("only-this", 1, "INFO 1", "?filter=shop%3A%3Adb"),
        ("not-this", 2, "ERROR 1WARN 1", "?filter=shop%3A%3Adb%3Doff"),
    ] {
        page.click(".row .target");
        page.until("document.getElementById('menu').matches(':popover-open')");
        page.click(&format!("#{choice}"));
        page.until(&format!("location.search === '{search}'"));
        page.until_row_count(count);
        until_counted(&page, counts);
        page.set("#target", "");
        page.until_row_count(3);
        until_counted(&page, "ERROR 1WARN 1INFO 1");
    }
    page.assert_quiet();
}

#[test]
fn scrolling_up_loads_older_rows_until_the_first() {
    let mut ring = new_ring(16 << 20);
    for number in 0..5_000 {
        say(&mut ring, Level::Info, "app", &format!("number {number}."));
    }
    let Some(page) = Page::in_firefox(&[], ring, Options::new()) else {
        return;
    };
    page.until_row_count(2_000);
    page.until(FOLLOWING);
    page.until(&format!("{OLDER} === '3,000 older records: load'"));
    while page.get(OLDER) != "This is the first record" {
        page.wheel(-500_000);
        page.until_painted();
        page.until(&format!("{OLDER} !== 'Older records: loading'"));
    }
    page.until_row_count(5_000);
    let expected: Vec<String> = (0..5_000)
        .map(|number| format!("number {number}."))
        .collect();
    assert!(page.rows() == expected, "all, in order, and once each");
    assert_eq!(page.get(FOLLOWING), false);
    page.press("G");
    page.until(FOLLOWING);
    page.assert_quiet();
}

#[test]
fn what_is_found_is_gone_to_by_keys() {
    let Some(mut page) = open_with(&[]) else {
        return;
    };
    for number in 0..300 {
        page.say(&format!("number {number}."));
    }
    page.until_row_count(300);
    page.press("/");
    page.press("Number 7");
    page.until(&format!("{PLACE} === 'Not found'"));
    page.set("#needle", "number 7");
    // It begins at what is in sight, which is the end.
    page.until(&format!("/^\\d+ of 11$/.test({PLACE})"));
    page.press(ESCAPE);
    let place = |end: &str| format!("({FOUND} ?? '').endsWith('number {end}.')");
    page.press("g");
    page.press("n");
    page.until(FOUND);
    let first = page.get(FOUND);
    page.press("n");
    page.until(&format!("{FOUND} !== {first}"));
    page.press("N");
    page.until(&format!("{FOUND} === {first}"));
    // Round the end to the other one.
    for (key, end) in [("n", "79"), ("n", "7"), ("N", "79")] {
        for _ in 0..11 {
            if page.get(&place(end)) == true {
                break;
            }
            let before = page.get(FOUND);
            page.press(key);
            page.until(&format!("{FOUND} !== {before}"));
        }
        assert_eq!(page.get(&place(end)), true, "{key} to {end}");
    }
    page.assert_quiet();
}

#[test]
fn a_link_to_a_row_opens_there() {
    let Some(page) = shop() else { return };
    page.run(
        "window.copied = [];
         navigator.clipboard.writeText = async (text) => { copied.push(text); };",
    );
    page.press("kk");
    page.click("#copy-link");
    page.until("copied.length === 1");
    let link = page.get("copied[0]");
    page.go_to("about:blank");
    page.go_to(link.as_str().expect("text"));
    page.until(
        "document.querySelector('.row.marked')?.textContent.endsWith('slow took=123 user=ann')",
    );
    page.until_row_count(3);
    page.assert_quiet();
}

#[test]
fn the_form_takes_the_right_token_and_signing_out_asks_again() {
    let options = Options::new().token("sesame").expect("a token");
    let Some(page) = Page::in_firefox(&["one"], new_ring(1 << 20), options) else {
        return;
    };
    page.until("document.title === 'Log: token needed'");
    page.until("document.activeElement.name === 'token'");
    page.press(&format!("open{ENTER}"));
    page.until("document.querySelector('[role=alert]')?.textContent === 'That is not the token.'");
    page.until("document.activeElement.name === 'token'");
    page.press(&format!("sesame{ENTER}"));
    page.until_rows(&["one"]);
    page.until_live();
    assert_eq!(page.get("document.cookie"), "", "no script can read it");
    page.reload();
    page.until_rows(&["one"]);
    page.click("#sign-out button");
    page.until("document.title === 'Log: token needed'");
    page.go_to(&page.url(""));
    page.until("document.querySelector('input[name=token]')");
}

#[test]
fn a_download_is_what_is_shown_or_all_there_is() {
    let Some(mut page) = open_with(&[]) else {
        return;
    };
    page.until_live();
    let lines: Vec<String> = (0..3_000)
        .map(|number| format!("number {number}\n"))
        .collect();
    for line in &lines {
        page.say(line.trim_end());
    }
    page.until_last_row("number 2999");
    // They come compressed, and what is kept of them is not.
    let coding = "fetch(document.getElementById('download-all').href)
        .then(answer => answer.headers.get('content-encoding'))";
    assert_eq!(page.get(coding), "gzip");
    page.click("#download-all");
    page.until_downloaded("-log.txt", &lines.concat());
    page.set("#text", "7");
    page.until("location.search === '?q=7'");
    page.click("#download-shown");
    let sevens: String = lines
        .iter()
        .filter(|line| line.contains('7'))
        .map(String::as_str)
        .collect();
    page.until_downloaded("-log-filtered.txt", &sevens);
    page.assert_quiet();
}

#[test]
fn a_server_that_starts_again_loses_and_doubles_no_row() {
    let Some(mut page) = open_with(&["one"]) else {
        return;
    };
    page.until_rows(&["one"]);
    page.until_live();
    page.stop_server();
    page.until(LOST);
    page.say("two");
    page.start_server();
    page.until_rows(&["one", "two"]);
    page.until_live();
    page.say("three");
    page.until_rows(&["one", "two", "three"]);
}

#[test]
fn it_is_dark_when_somebody_chooses_that_and_fits_a_phone() {
    const COLOR: &str = "getComputedStyle(document.body).backgroundColor";
    let Some(mut page) = open_with(&[]) else {
        return;
    };
    page.until_live();
    page.until(&format!("{COLOR} === 'rgb(255, 255, 255)'"));
    page.click("#theme");
    page.until(&format!("{COLOR} === 'rgb(15, 18, 22)'"));
    page.reload();
    page.until_live();
    page.until(&format!("{COLOR} === 'rgb(15, 18, 22)'"));

    page.resize(390, 780);
    page.until("innerWidth === 390");
    page.say_as(Level::Error, &"shop::".repeat(20), &"w".repeat(500));
    page.say(&format!(
        r#"{{"message":"json","key":"{}"}}"#,
        "w".repeat(60)
    ));
    page.until_row_count(2);
    let narrow = "document.documentElement.scrollWidth <= 390 && log.scrollWidth <= 390";
    page.until(narrow);
    page.click("#more");
    page.until("document.getElementById('text').checkVisibility()");
    page.until(narrow);
    page.click("#text");
    page.press("json");
    page.until_row_count(1);
    assert_eq!(
        page.get("[innerWidth, document.documentElement.clientWidth]"),
        json!([390, 390])
    );
    page.assert_quiet();
}
