//! Going back in time: older rows come as somebody scrolls up, what is read stays where it is, and one comes forth again.

use circular_core::{Level, Ring};
use circular_http::Options;
use serde_json::json;

use crate::page::{Page, new_ring, say};

const FOLLOWING: &str = "document.getElementById('newest').ariaPressed === 'true'";
const APART: &str = "document.getElementById('state').textContent.includes('looking back')";
const OLDER: &str = "document.getElementById('older')?.textContent";
/// Which row is at a place of the screen, and where exactly it begins.
const SEEN: &str = "(box => (row => [row?.lastChild.textContent.split('.')[0], row?.getBoundingClientRect().top])
    (document.elementFromPoint(box.left + 20, box.top + 100).closest('.row')))(log.getBoundingClientRect())";
const NUMBERS: &str = "[...document.querySelectorAll('.row')].map(row => Number(/number (\\d+)/.exec(row.textContent)?.[1] ?? -1))";

/// Lines of every height.
fn line(number: usize) -> String {
    format!("number {number}.{}", " word".repeat(number * 7 % 90))
}

fn filled(count: usize, capacity: usize) -> Ring {
    let mut ring = new_ring(capacity);
    for number in 0..count {
        say(&mut ring, Level::Info, "app", &line(number));
    }
    ring
}

fn numbers(page: &Page) -> Vec<i64> {
    let numbers = page.get(NUMBERS);
    let numbers = numbers.as_array().expect("a list").iter();
    numbers
        .map(|number| number.as_i64().expect("a number"))
        .collect()
}

/// All from the first to the last, once each and in order.
fn assert_without_gaps(numbers: &[i64]) {
    for pair in numbers.windows(2) {
        assert_eq!(pair[0] + 1, pair[1], "a gap");
    }
}

#[test]
fn scrolling_up_loads_older_rows_until_the_oldest_that_is_held() {
    let Some(page) = Page::open_with(&[], filled(5_000, 16 << 20), Options::new()) else {
        return;
    };
    page.until_row_count(2_000);
    page.until(&format!("{OLDER} === '3,000 older records: load'"));
    page.press("\u{e00c}");
    for _ in 0..8 {
        page.wheel(-500_000);
        page.until_painted();
        page.until("document.getElementById('older').textContent !== 'Older records: loading'");
    }
    page.until_row_count(5_000);
    page.until(&format!("{OLDER} === 'This is the first record'"));
    let numbers = numbers(&page);
    assert_eq!((numbers[0], numbers.len()), (0, 5_000));
    assert_without_gaps(&numbers);
    page.assert_quiet();
}

#[test]
fn who_is_at_the_very_top_before_a_page_has_come_gets_the_next_one_too() {
    let Some(page) = Page::open_with(&[], filled(5_000, 16 << 20), Options::new()) else {
        return;
    };
    page.until_row_count(2_000);
    page.until(&format!("{OLDER} === '3,000 older records: load'"));
    page.wheel(-100);
    page.until(&format!("!({FOLLOWING})"));
    // As by a scroll bar that is held there: at the top whenever rows are put in, so that it never gets there afterwards.
    page.run(
        "new MutationObserver(() => log.scrollTop = 0).observe(log, { childList: true });
         log.scrollTop = 0;",
        &json!([]),
    );
    page.until(&format!("{OLDER} === 'This is the first record'"));
    assert_without_gaps(&numbers(&page));
    page.assert_quiet();
}

#[test]
fn what_is_read_stays_to_the_pixel_while_older_rows_are_put_in_above() {
    let Some(page) = Page::open_with(&[], filled(5_000, 16 << 20), Options::new()) else {
        return;
    };
    page.until_row_count(2_000);
    page.until(&format!("{OLDER} === '3,000 older records: load'"));
    page.wheel(-100);
    page.until(&format!("!({FOLLOWING})"));
    // Near the end of what is loaded, and not so near that more is.
    page.run("log.scrollTop = 2_000", &json!([]));
    page.until("(window.before === log.scrollTop) || void (window.before = log.scrollTop)");
    page.until_painted();
    for round in 1..=3 {
        let seen = page.get(SEEN);
        page.get("document.getElementById('older').click()");
        page.until_row_count(2_000 + round * 500);
        page.until(&format!("{OLDER} !== 'Older records: loading'"));
        page.until_painted();
        page.until_painted();
        assert_eq!(page.get(SEEN), seen, "round {round}");
    }
    page.assert_quiet();
}

#[test]
fn whoever_goes_far_back_is_apart_from_what_comes_and_newest_comes_back() {
    let Some(mut page) = Page::open_with(&[], filled(13_000, 32 << 20), Options::new()) else {
        return;
    };
    page.until_row_count(2_000);
    page.until(&format!("{OLDER} === '11,000 older records: load'"));
    page.wheel(-100);
    page.until(&format!("!({FOLLOWING})"));
    // As one does, at the top.
    while page.get(&format!("{NUMBERS}[0] > 2_000")) == true {
        page.run("log.scrollTop = 0", &json!([]));
        page.until_painted();
        page.until(&format!("{OLDER} !== 'Older records: loading'"));
    }
    page.until(APART);
    let read = numbers(&page);
    assert!(read.len() <= 10_000, "{} rows", read.len());
    assert_without_gaps(&read);
    // What comes is counted.
    for number in 13_000..13_007 {
        page.say(&line(number));
    }
    page.until("document.getElementById('new').textContent === '7 new'");
    assert_eq!(numbers(&page), read, "what is read stays");
    page.click("#newest");
    page.until_last_row(&line(13_006));
    page.until(FOLLOWING);
    page.until(&format!("!({APART})"));
    assert_without_gaps(&numbers(&page));
    page.assert_quiet();
}

#[test]
fn one_comes_forth_by_scrolling_down_until_nothing_is_between() {
    let Some(mut page) = Page::open_with(&[], filled(5_000, 16 << 20), Options::new()) else {
        return;
    };
    page.until_row_count(2_000);
    let id = id_of(&page, "number 3100.");
    page.go_to(&page.url(&format!("?from={id}")));
    page.reload();
    page.until(APART);
    page.until("document.querySelector('.marked')?.textContent.includes('number 3100.')");
    page.until(
        "(box => box.top > log.getBoundingClientRect().top && box.bottom < log.getBoundingClientRect().bottom)
         (document.querySelector('.marked').getBoundingClientRect())",
    );
    page.say(&line(5_000));
    page.until("document.getElementById('new').textContent === '1 new'");
    for _ in 0..12 {
        page.wheel(500_000);
        page.until_painted();
        page.until("document.getElementById('newer')?.textContent !== 'Newer records: loading'");
    }
    page.until(&format!("!({APART})"));
    page.wheel(500_000);
    page.until(FOLLOWING);
    page.say(&line(5_001));
    page.until_last_row(&line(5_001));
    let numbers = numbers(&page);
    assert_without_gaps(&numbers);
    assert_eq!(numbers.last(), Some(&5_001));
    assert_eq!(page.get("location.search"), "", "it is left");
    page.assert_quiet();
}

/// The `id` of the record that has this in it.
fn id_of(page: &Page, text: &str) -> String {
    let id = page.run_async(&format!(
        "fetch('log?format=ndjson&limit=1&q={}').then(answer => answer.json()).then(({{ id }}) => arguments[0](id))",
        text.replace(' ', "%20")
    ));
    id.as_str().expect("it is held").to_owned()
}

#[test]
fn what_was_overwritten_meanwhile_is_told_in_place() {
    let Some(mut page) = Page::open_with(&[], filled(5_000, 2 << 20), Options::new()) else {
        return;
    };
    page.until_row_count(2_000);
    page.until(&format!("{OLDER}.endsWith('older records: load')"));
    page.wheel(-100);
    page.until(&format!("!({FOLLOWING})"));
    let first = page.get(&format!("{NUMBERS}[0]"));
    for number in 5_000..20_000 {
        page.say(&line(number));
    }
    page.get("document.getElementById('older').click()");
    page.until(&format!(
        "document.querySelector('.row').textContent === '{} records before this one: overwritten by now'",
        first.as_u64().map(|first| format!("{},{:03}", first / 1_000, first % 1_000)).expect("a number")
    ));
    assert_eq!(page.get(&format!("{NUMBERS}[1]")), first);
    page.assert_quiet();
}

#[test]
fn older_rows_pass_the_filter_and_what_was_cleared_stays_away() {
    let Some(page) = Page::open_with(&[], filled(9_000, 16 << 20), Options::new()) else {
        return;
    };
    page.until_row_count(2_000);
    page.go_to(&page.url("?re=%5B02468%5D%5C."));
    page.until_row_count(2_000);
    page.until(&format!(
        "{OLDER} === 'Up to 5,000 older records that may match: load'"
    ));
    page.wheel(-100);
    page.until(&format!("!({FOLLOWING})"));
    page.get("document.getElementById('older').click()");
    page.until_row_count(2_500);
    let even = numbers(&page);
    assert!(
        even.windows(2).all(|pair| pair[0] + 2 == pair[1]),
        "{even:?}"
    );
    // Of what was cleared nothing is older.
    let id = id_of(&page, "number 8990.");
    page.go_to(&page.url(&format!("?after={id}")));
    page.until_row_count(9);
    page.until(&format!(
        "{OLDER} === 'Nothing older is shown: it was cleared'"
    ));
    page.assert_quiet();
}

#[test]
fn what_is_put_in_above_is_not_read_out() {
    let Some(page) = Page::open_with(&[], filled(3_000, 16 << 20), Options::new()) else {
        return;
    };
    page.until_row_count(2_000);
    page.until(&format!("{OLDER} === '1,000 older records: load'"));
    page.wheel(-100);
    page.until("log.ariaLive === 'polite'");
    page.run(
        "window.read = 0;
         new MutationObserver(() => { if (log.ariaLive !== 'off') read += 1; }).observe(log, { childList: true });",
        &json!([]),
    );
    page.get("document.getElementById('older').click()");
    page.until_row_count(2_500);
    page.until("log.ariaLive === 'polite'");
    assert_eq!(page.get("read"), 0);
    page.assert_quiet();
}

#[test]
fn a_place_that_cannot_be_had_at_once_is_asked_for_again() {
    let Some(page) = Page::open_with(&[], filled(3_000, 16 << 20), Options::new()) else {
        return;
    };
    page.until_row_count(2_000);
    let id = id_of(&page, "number 500.");
    page.before_each_page(
        "const ask = window.fetch;
         let refused = 0;
         window.fetch = (address, ...rest) =>
            String(address).includes('from=') && refused++ === 0 ? Promise.reject(new Error('no')) : ask(address, ...rest);",
    );
    page.go_to(&page.url(&format!("?from={id}")));
    page.until("document.querySelector('.marked')?.textContent.includes('number 500.')");
    assert_eq!(page.get("location.search"), format!("?from={id}"));
    page.assert_quiet();
}

#[test]
fn what_was_the_first_row_is_not_when_the_page_has_let_it_go() {
    let Some(mut page) = Page::open_with(&[], filled(2_600, 16 << 20), Options::new()) else {
        return;
    };
    page.until_row_count(2_000);
    page.until(&format!("{OLDER} === '600 older records: load'"));
    page.wheel(-100);
    page.until(&format!("!({FOLLOWING})"));
    for rows in [2_500, 2_600] {
        page.get("document.getElementById('older').click()");
        page.until_row_count(rows);
    }
    page.until(&format!("{OLDER} === 'This is the first record'"));
    page.click("#newest");
    for number in 2_600..14_000 {
        page.say(&format!("number {number}."));
    }
    page.until_last_row("number 13999.");
    page.until(&format!(
        "{OLDER} === new Intl.NumberFormat('en').format({NUMBERS}[0]) + ' older records: load'"
    ));
    // Nor is what was cleared.
    page.press("\u{e00c}c");
    page.until_row_count(0);
    page.say("number 14000.");
    page.until_row_count(1);
    page.until(&format!(
        "{OLDER} === 'Nothing older is shown: it was cleared'"
    ));
    page.assert_quiet();
}

#[test]
fn a_page_that_is_too_short_to_scroll_loads_older_rows_by_a_click() {
    let Some(page) = Page::open_with(&[], filled(1_000, 16 << 20), Options::new()) else {
        return;
    };
    page.go_to(&page.url("?tail=2"));
    page.until_row_count(2);
    page.until(&format!("{OLDER} === '998 older records: load'"));
    page.click("#older");
    page.until_row_count(502);
    page.until_painted();
    // There it may load by itself already, and a pointer would not find a button that moves away.
    page.run(
        "log.scrollTop = 0; document.getElementById('older').click()",
        &json!([]),
    );
    page.until_row_count(1_000);
    assert_without_gaps(&numbers(&page));
    page.until(&format!("{OLDER} === 'This is the first record'"));
    page.assert_quiet();
}
