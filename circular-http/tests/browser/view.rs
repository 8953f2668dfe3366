//! What is shown, and what a viewer does about it: pause, follow, clear, wrap, dark and light.

use serde_json::json;

use crate::page::{Page, new_ring};
use circular_core::Level;
use circular_http::Options;

const FOLLOWING: &str = "document.getElementById('newest').ariaPressed === 'true'";
const AT_BOTTOM: &str = "log.scrollTop + log.clientHeight >= log.scrollHeight - 1";

#[test]
fn what_was_there_is_shown_and_then_what_comes() {
    let Some(mut page) = Page::open_with(&["one", "two"], new_ring(1 << 20), Options::new()) else {
        return;
    };
    page.until_rows(&["one", "two"]);
    page.say("three");
    page.until_rows(&["one", "two", "three"]);
    page.say("two\nlines");
    page.until_rows(&["one", "two", "three", "two\nlines"]);
    page.until("document.getElementById('count').textContent.startsWith('4 rows')");
    page.assert_quiet();
}

#[test]
fn a_row_says_level_time_and_target_once_each() {
    let Some(mut page) = Page::open() else { return };
    page.say_as(Level::Warn, "app::db", "pool is empty");
    page.say_as(
        Level::Warn,
        "app::db",
        "2026-11-25T14:00:00.123456Z  WARN app::db: pool is empty",
    );
    page.until_row_count(2);
    let bare = page.get("document.querySelectorAll('.row')[0].textContent");
    let bare = bare.as_str().expect("a row is text");
    assert!(bare.ends_with(" WARN app::db:pool is empty"), "{bare}");
    assert_eq!(bare.find(' '), Some("14:00:00.123Z".len()), "{bare}");
    let whole = page.get("document.querySelectorAll('.row')[1].textContent");
    assert_eq!(
        whole,
        "2026-11-25T14:00:00.123456Z  WARN app::db: pool is empty"
    );
    assert_eq!(
        page.get("[...document.querySelectorAll('.row .level')].map(level => level.textContent)"),
        json!(["WARN", "WARN"])
    );
    page.assert_quiet();
}

#[test]
fn what_only_looks_like_level_time_or_target_does_not_stand_for_them() {
    let Some(mut page) = Page::open() else { return };
    page.say_as(Level::Trace, "db", "TRACEID=5 feedback mydb::x db::y");
    page.say_as(Level::Info, "app", "00:11:22:33:44:55 is a MAC address");
    page.say_as(
        Level::Info,
        "app",
        "\x1b[32mINFO\x1b[0m \x1b[2mapp\x1b[0m: 14:00:00 says it",
    );
    page.say_as(Level::Info, "a+b", "INFO a+b: 14:00:00 [x");
    page.until_row_count(4);
    let rows = page.get("[...document.querySelectorAll('.row')].map(row => row.textContent)");
    let row = |number: usize| rows[number].as_str().expect("a row is text");
    assert!(
        row(0).ends_with("Z TRACE db:TRACEID=5 feedback mydb::x db::y"),
        "{}",
        row(0)
    );
    let (time, rest) = row(1).split_once(' ').expect("a time comes first");
    assert_eq!((time.len(), time.ends_with('Z')), (13, true), "{}", row(1));
    assert_eq!(rest, "INFO app:00:11:22:33:44:55 is a MAC address");
    assert_eq!(row(2), "INFO app: 14:00:00 says it");
    assert_eq!(row(3), "INFO a+b: 14:00:00 [x");
    page.assert_quiet();
}

#[test]
fn a_pause_keeps_what_comes_and_counts_it() {
    let Some(mut page) = Page::open_with(&["before"], new_ring(1 << 20), Options::new()) else {
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

    page.press(" ");
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
fn it_follows_until_somebody_scrolls_up_and_g_follows_again() {
    let Some(mut page) = Page::open() else { return };
    for number in 0..500 {
        page.say(&format!("number {number}"));
    }
    page.until_row_count(500);
    page.until(AT_BOTTOM);

    page.wheel(-700);
    page.until(&format!("!({FOLLOWING})"));
    // What is looked at stays where it is.
    page.until("(window.before === log.scrollTop) || void (window.before = log.scrollTop)");
    for number in 0..10 {
        page.say(&format!("more {number}"));
    }
    page.until("document.getElementById('new').textContent === '10 new'");
    assert_eq!(page.get("window.before === log.scrollTop"), true);

    page.press("g");
    page.until(AT_BOTTOM);
    page.until(FOLLOWING);
    page.until("document.getElementById('new').hidden");
    page.say("the last");
    page.until_row_count(511);
    page.until(AT_BOTTOM);
    page.assert_quiet();
}

#[test]
fn it_follows_rows_of_every_height_while_the_window_changes() {
    let Some(mut page) = Page::open() else { return };
    page.until_live();
    for round in 0..20 {
        for number in 0..300 {
            page.say(&"word ".repeat(number * 7 % 200));
        }
        page.say(&format!("round {round}"));
        let width = 400 + round * 131 % 800;
        page.devtools(
            "Emulation.setDeviceMetricsOverride",
            &json!({ "width": width, "height": 600, "deviceScaleFactor": 1, "mobile": false }),
        );
        page.until_last_row(&format!("round {round}"));
        page.until(AT_BOTTOM);
        assert_eq!(page.get(FOLLOWING), true, "round {round}");
    }
    page.assert_quiet();
}

/// Rows that turn out to be lower than was thought, and then others that are higher: the position was moved up, and is
/// not at the end when that is told.
#[test]
fn a_layout_that_moves_it_is_nobody_who_scrolls() {
    let Some(mut page) = Page::open() else { return };
    for number in 0..300 {
        page.say(&format!("number {number}"));
    }
    page.until_row_count(300);
    page.until(AT_BOTTOM);
    page.run(
        "const rows = log.lastChild.style; const before = log.scrollTop;
         window.moved = new Promise((done) => log.addEventListener('scroll', done, { once: true }));
         rows.display = 'none'; const moved = log.scrollTop; rows.display = '';
         if (!(moved < before - 100)) throw new Error(`only from ${before} to ${moved}`);",
        &json!([]),
    );
    page.run_async("window.moved.then(arguments[0])");
    page.until(AT_BOTTOM);
    assert_eq!(page.get(FOLLOWING), true);
    page.assert_quiet();
}

#[test]
fn a_window_that_grows_or_is_turned_is_nobody_who_scrolls() {
    let Some(mut page) = Page::open() else { return };
    for number in 0..60 {
        page.say(&format!("number {number} {}", "word ".repeat(12)));
    }
    page.until_row_count(60);
    for (width, height, mobile) in [
        (320, 256, false),
        (360, 640, true),
        (640, 360, true),
        (1200, 760, false),
    ] {
        page.devtools(
            "Emulation.setDeviceMetricsOverride",
            &json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile }),
        );
        page.until(&format!("innerWidth === {width}"));
        page.until(AT_BOTTOM);
        assert_eq!(page.get(FOLLOWING), true, "{width} x {height}");
    }
    page.assert_quiet();
}

#[test]
fn what_is_read_stays_while_more_comes_than_the_page_holds() {
    /// The text and the place of a row that is looked at.
    const SEEN: &str = "(box => (row => [row.lastChild.textContent.slice(0, 20), row.getBoundingClientRect().top])
        (document.elementFromPoint(box.left + 20, box.top + 100).closest('.row')))(log.getBoundingClientRect())";
    let Some(mut page) = Page::open_with(&[], new_ring(16 << 20), Options::new()) else {
        return;
    };
    let line = |number: usize| format!("number {number}. {}", "word ".repeat(number * 7 % 90));
    page.until_live();
    for number in 0..9_000 {
        page.say(&line(number));
    }
    page.until_row_count(9_000);
    page.until(AT_BOTTOM);
    page.wheel(-20_000);
    page.until(&format!("!({FOLLOWING})"));
    page.until("(window.before === log.scrollTop) || void (window.before = log.scrollTop)");
    page.until_painted();
    let (seen, high) = (page.get(SEEN), page.get("log.clientHeight"));
    // First below it, then in the queue, and then not even there.
    for number in 9_000..24_000 {
        page.say(&line(number));
    }
    page.until("document.getElementById('new').textContent === '15,000 new'");
    assert_eq!(page.get("log.clientHeight"), high, "the button has room");
    page.until_row_count(10_000);
    page.until_painted();
    assert_eq!(page.get(SEEN), seen);

    page.run("log.scrollTop = log.scrollHeight", &json!([]));
    page.until(FOLLOWING);
    page.until("document.getElementById('new').hidden");
    page.until(&format!(
        "[...document.querySelectorAll('.row')].at(-1).textContent.includes('number {}.')",
        23_999
    ));
    page.until(AT_BOTTOM);
    let rows = page.rows();
    assert!(rows.len() <= 10_000, "{} rows", rows.len());
    let told = |row: &String| row.ends_with("not shown: more came than this page holds");
    let notice = rows.iter().position(told);
    let newest = &rows[notice.map_or(0, |at| at + 1)..];
    assert!(
        (0..24_000)
            .rev()
            .zip(newest.iter().rev())
            .all(|(number, row)| *row == line(number)),
        "the newest, with nothing in between"
    );
    page.assert_quiet();
}

#[test]
fn a_pause_is_kept_when_the_filter_changes() {
    let Some(mut page) = Page::open_with(&["a 1", "b 1", "b 2"], new_ring(1 << 20), Options::new())
    else {
        return;
    };
    page.until_rows(&["a 1", "b 1", "b 2"]);
    page.press(" ");
    page.until("document.getElementById('pause').ariaPressed === 'true'");
    page.type_into("#text", "b");
    page.until_rows(&["b 1", "b 2"]);
    page.until("document.getElementById('state').textContent === 'Live, paused'");
    page.say("b 3");
    page.until("document.getElementById('new').textContent === '1 new'");
    assert_eq!(page.rows(), ["b 1", "b 2"]);
    page.click("#new");
    page.until_rows(&["b 1", "b 2", "b 3"]);
    page.assert_quiet();
}

#[test]
fn what_is_cleared_stays_away_until_it_is_asked_for() {
    let Some(mut page) = Page::open_with(&["one", "two"], new_ring(1 << 20), Options::new()) else {
        return;
    };
    page.until_rows(&["one", "two"]);
    page.press("c");
    page.until_rows(&[]);
    page.say("three");
    page.until_rows(&["three"]);
    page.reload();
    page.until_rows(&["three"]);
    page.click("#unclear");
    page.until_rows(&["one", "two", "three"]);
    assert_eq!(page.get("location.search"), "");
    page.assert_quiet();
}

#[test]
fn long_lines_are_wrapped_or_not() {
    let long = "word ".repeat(1_000);
    let Some(page) = Page::open_with(&[&long], new_ring(1 << 20), Options::new()) else {
        return;
    };
    page.until_row_count(1);
    page.until("log.scrollWidth === log.clientWidth");
    page.press("w");
    page.until("log.scrollWidth > 3 * log.clientWidth");
    page.reload();
    page.until_row_count(1);
    page.until("log.scrollWidth > 3 * log.clientWidth");
    page.click("#wrap");
    page.until("log.scrollWidth === log.clientWidth");
    page.assert_quiet();
}

#[test]
fn whoever_reads_stays_at_their_row_when_lines_are_wrapped_or_not() {
    const TOP: &str = "(box => document.elementFromPoint(box.left + 20, box.top + 12).closest('.row').lastChild.textContent.split('.')[0])
        (log.getBoundingClientRect())";
    let Some(mut page) = Page::open_with(&[], new_ring(4 << 20), Options::new()) else {
        return;
    };
    // It begins with the newest 2,000.
    page.until_live();
    for number in 0..3_000 {
        page.say(&format!(
            "number {number}. {}",
            "word ".repeat(number * 7 % 120)
        ));
    }
    page.until_row_count(3_000);
    page.until(AT_BOTTOM);
    page.wheel(-30_000);
    page.until(&format!("!({FOLLOWING})"));
    page.until("(window.before === log.scrollTop) || void (window.before = log.scrollTop)");
    page.until_painted();
    let top = page.get(TOP);
    for wrapped in [false, true] {
        page.press("w");
        page.until(&format!("log.classList.contains('no-wrap') !== {wrapped}"));
        // What turns out to be higher or lower moves it, for a frame or two.
        page.until(&format!("{TOP} === {top}"));
    }
    assert_eq!(page.get(FOLLOWING), false);
    page.assert_quiet();
}

#[test]
fn it_is_dark_or_light_as_the_system_is_until_somebody_chooses() {
    const DARK: &str = "getComputedStyle(document.body).backgroundColor === 'rgb(15, 18, 22)'";
    const LIGHT: &str = "getComputedStyle(document.body).backgroundColor === 'rgb(255, 255, 255)'";
    let Some(page) = Page::open() else { return };
    page.until_live();
    page.prefer("light");
    page.until(LIGHT);
    page.prefer("dark");
    page.until(DARK);
    page.click("#theme");
    page.until(LIGHT);
    page.reload();
    page.until_live();
    page.until(LIGHT);
    page.assert_quiet();
}
