//! What is shown, and what a viewer does about it: pause, follow, clear, wrap, dark and light.

use serde_json::json;

use crate::page::{Page, new_ring};
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
fn it_follows_until_somebody_scrolls_up_and_shift_g_follows_again() {
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
    page.run(
        "const row = document.querySelectorAll('.row')[470];
         window.where = () => row.getBoundingClientRect().top;
         window.before = where();",
        &json!([]),
    );
    for number in 0..10 {
        page.say(&format!("more {number}"));
    }
    page.until("document.getElementById('new').textContent === '10 new'");
    assert_eq!(page.get("where() === before"), true);

    page.press("g");
    page.until("log.scrollTop < 60");
    page.press("G");
    page.until(AT_BOTTOM);
    page.until(FOLLOWING);
    page.until("document.getElementById('new').hidden");
    page.say("the last");
    page.until_row_count(511);
    page.until(AT_BOTTOM);
    page.assert_quiet();
}

/// The browser tells of a move in its next frame, when there may be another wish already.
#[test]
fn the_last_key_counts_however_fast_they_come() {
    let Some(mut page) = Page::open() else { return };
    for number in 0..500 {
        page.say(&format!("number {number}"));
    }
    page.until_row_count(500);
    page.until(AT_BOTTOM);
    page.run(
        "for (const key of ['g', 'G']) document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));",
        &json!([]),
    );
    page.until_painted();
    page.until(AT_BOTTOM);
    assert_eq!(page.get(FOLLOWING), true);
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

/// What is not shown, as more came at once than is kept, has come all the same.
#[test]
fn what_came_below_is_counted_whether_it_is_shown_or_not() {
    let Some(mut page) = Page::open_with(&[], new_ring(16 << 20), Options::new()) else {
        return;
    };
    page.until_live();
    for number in 0..1_000 {
        page.say(&format!("number {number}"));
    }
    page.until_row_count(1_000);
    page.wheel(-5_000);
    page.until(&format!("!({FOLLOWING})"));
    for number in 1_000..31_000 {
        page.say(&format!("number {number}"));
    }
    page.until("document.getElementById('new').textContent === '30,000 new'");
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
