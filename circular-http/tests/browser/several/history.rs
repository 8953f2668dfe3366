//! What is held of two programs: going back, what was lost, a time, a row and its neighbours, Find, errors, counts.

use std::time::{Duration, SystemTime};

use circular_core::{Level, Meta};

use super::{
    APART, BANNER, ESCAPE, FOLLOWING, OLDER, SOURCES, Two, assert_all, numbers, to_the_top,
};
use crate::page::{Page, say};

#[test]
fn scrolling_up_over_two_programs_leaves_no_gap_and_doubles_nothing() {
    let mut two = Two::with(6_000, 16 << 20);
    let Some(page) = Page::open_over(two.sources()) else {
        return;
    };
    page.until_row_count(2_000);
    page.until(&format!("{OLDER} === '4,000 older records: load'"));
    page.press(ESCAPE);
    to_the_top(&page);
    two.say(6_000);
    page.until("document.getElementById('new').textContent === '1 new'");
    page.click("#newest");
    page.until_row_count(6_001);
    assert_all(&numbers(&page), 0..6_001);
    page.assert_quiet();
}

#[test]
fn older_records_of_one_of_them_are_counted_without_those_of_the_other() {
    let mut two = Two::with(6_000, 16 << 20);
    let Some(page) = Page::open_over(two.sources()) else {
        return;
    };
    // Which is the oldest is answered when the other one has written more than that.
    page.before_each_page(
        "const ask = window.fetch;
         window.fetch = async (address, ...rest) => {
            if (/limit=1&/.test(address)) await new Promise(done => window.goOn = done);
            return ask(address, ...rest);
         };",
    );
    page.go_to(&page.url("?source=shop"));
    page.until_row_count(2_000);
    page.until("window.goOn");
    for _ in 0..1_000 {
        two.say(6_002);
    }
    page.get("goOn()");
    page.until(&format!(
        "{OLDER} === 'Up to 400 older records that may match: load'"
    ));
    page.wheel(-100);
    page.until(&format!("!({FOLLOWING})"));
    page.get("document.getElementById('older').click()");
    page.until_row_count(2_400);
    page.until(&format!("{OLDER} === 'Nothing older that is held matches'"));
    assert!(numbers(&page).iter().all(|number| number % 5 < 2));
    page.assert_quiet();
}

#[test]
fn what_both_have_lost_is_counted_at_the_oldest() {
    let two = Two::with(6_000, 64 << 10);
    let lost: u64 = [&two.shop, &two.db]
        .map(|ring| ring.handle().stats().overwritten)
        .iter()
        .sum();
    let Some(page) = Page::open_over(two.sources()) else {
        return;
    };
    page.until_row_count(2_000);
    page.until(&format!("{OLDER}.endsWith('older records: load')"));
    page.press(ESCAPE);
    to_the_top(&page);
    assert_eq!(
        page.get(OLDER),
        format!(
            "This is the oldest record that is held: {},{:03} before it are overwritten",
            lost / 1_000,
            lost % 1_000
        )
    );
    page.until_row_count(usize::try_from(6_000 - lost).expect("few"));
    page.assert_quiet();
}

#[test]
fn a_time_a_row_its_neighbours_find_and_errors_are_found_in_both() {
    let two = Two::with(6_000, 16 << 20);
    let Some(page) = Page::open_over(two.sources()) else {
        return;
    };
    page.until_row_count(2_000);
    // An error that is not on the page, of the shop: 4,500 is, and 3,500 is not.
    page.press(&format!("{ESCAPE}E"));
    page.until("document.querySelector('.marked')?.textContent.includes('number 5500.')");
    page.press("E");
    page.until("document.querySelector('.marked')?.textContent.includes('number 4500.')");
    page.press("E");
    page.until("document.querySelector('.marked')?.textContent.includes('number 3500.')");
    page.until(APART);
    page.press("e");
    page.until("document.querySelector('.marked')?.textContent.includes('number 4500.')");
    // The neighbours of a row that the chips and a filter have left.
    page.go_to(&page.url("?source=db&q=number+1234."));
    page.until_row_count(1);
    page.click(".row");
    page.press("x");
    page.until("document.querySelector('.marked')?.textContent.includes('number 1234.')");
    page.until_row_count(700);
    assert_all(&numbers(&page), 1_034..1_734);
    assert_eq!(
        page.get("document.querySelectorAll('#sources [aria-pressed=true]').length"),
        2
    );
    page.click("#close-context");
    page.until_row_count(1);
    assert_eq!(page.get("location.search.includes('source=db')"), true);
    // What Find does not see on the page.
    page.go_to(&page.url(""));
    page.until_row_count(2_000);
    page.press(&format!("{ESCAPE}/number 2345."));
    page.until("document.getElementById('found').textContent.includes('Enter goes there')");
    page.press("\u{e007}");
    page.until("document.querySelector('.found')?.textContent.includes('number 2345.')");
    // A time, and what is before it.
    let time = page.run_async(
        "fetch('log?format=ndjson&limit=1&q=number+1000.').then(answer => answer.json()).then(({ time }) => arguments[0](time))",
    );
    page.go_to(&page.url(&format!("#at={}", time.as_str().expect("text"))));
    page.reload();
    page.until("document.querySelector('.row')?.textContent.includes('number 800.')");
    page.until_row_count(700);
    assert_all(&numbers(&page), 800..1_500);
    assert!(
        page.get(SOURCES)
            .as_array()
            .is_some_and(|list| list.len() > 10)
    );
    page.assert_quiet();
}

#[test]
fn the_histogram_counts_those_that_are_chosen() {
    let two = Two::with(5_000, 16 << 20);
    let Some(page) = Page::open_over(two.sources()) else {
        return;
    };
    page.until("document.getElementById('counts').textContent === 'ERROR 5INFO 4,995'");
    page.click("#sources button:nth-child(2)");
    page.until("document.getElementById('counts').textContent === 'ERROR 5INFO 1,995'");
    page.click("#sources button:nth-child(2)");
    page.until("document.getElementById('counts').textContent === 'ERROR 5INFO 4,995'");
    page.assert_quiet();
}

#[test]
fn the_rest_of_a_long_record_is_its_own_programs() {
    let mut two = Two::new(1 << 20);
    let long = "x".repeat(20_000);
    say(&mut two.db, Level::Info, "app", &format!("{long} its end"));
    let Some(page) = Page::open_over(two.sources()) else {
        return;
    };
    page.until_row_count(1);
    // By its clock it was written before.
    let meta = Meta::new().time(SystemTime::now() - Duration::from_secs(60));
    two.shop
        .record(meta, b"another\n")
        .expect("the ring is open");
    page.until_row_count(2);
    page.click("button.more");
    page.until("document.querySelector('.row').textContent.endsWith('its end')");
    page.assert_quiet();
}

#[test]
fn what_was_cleared_of_two_stays_away() {
    let mut two = Two::with(20, 1 << 20);
    let Some(page) = Page::open_over(two.sources()) else {
        return;
    };
    page.until_row_count(20);
    page.press(&format!("{ESCAPE}c"));
    page.until_row_count(0);
    for number in 20..25 {
        two.say(number);
    }
    page.until_row_count(5);
    page.reload();
    page.until_row_count(5);
    page.until(&format!(
        "{OLDER} === 'Nothing older is shown: it was cleared'"
    ));
    page.click("#unclear");
    page.until_row_count(25);
    assert_all(&numbers(&page), 0..25);
    page.assert_quiet();
}

#[test]
fn one_comes_forth_from_a_row_until_nothing_is_between() {
    let mut two = Two::with(3_000, 16 << 20);
    let Some(page) = Page::open_over(two.sources()) else {
        return;
    };
    page.until_row_count(2_000);
    let id = page.run_async(
        "fetch('log?format=ndjson&limit=1&source=db&q=number+1009.').then(answer => answer.json()).then(({ id }) => arguments[0](id))",
    );
    page.go_to(&page.url(&format!("?from={}", id.as_str().expect("text"))));
    page.until(APART);
    page.until("document.querySelector('.marked')?.textContent.includes('number 1009.')");
    page.until_row_count(700);
    two.shop.handle().close();
    two.say(3_002);
    page.until("document.getElementById('new').textContent === '1 new'");
    for _ in 0..12 {
        page.wheel(500_000);
        page.until_painted();
        page.until("document.getElementById('newer')?.textContent !== 'Newer records: loading'");
    }
    page.until(&format!("!({APART})"));
    page.wheel(500_000);
    page.until(FOLLOWING);
    page.until(
        "[...document.querySelectorAll('.row')].at(-1)?.textContent.includes('number 3002.') ||
        [...document.querySelectorAll('.row')].at(-2)?.textContent.includes('number 3002.')",
    );
    page.until_row_count(2_193);
    let mut seen = numbers(&page);
    seen.retain(|&number| number >= 0);
    assert_eq!(seen.pop(), Some(3_002));
    assert_all(&seen, 809..3_000);
    assert_eq!(page.get("document.querySelectorAll('.notice').length"), 1);
    page.until(&format!("{BANNER} === 'ended: shop ended: closed'"));
    page.assert_quiet();
}
