//! Ten thousand records a second: what is kept stays bounded, and the page stays at hand.
//!
//! For `FLOOD_SECONDS`, 8 by default. The longest tasks are reported, and asserted only if somebody said so and
//! has a quiet machine for it: with other work they measure that.

use std::{
    env, thread,
    time::{Duration, Instant},
};

use circular_core::Level;
use circular_http::Options;
use serde_json::json;

use crate::page::{Page, new_ring, say};

const PER_SECOND: u32 = 10_000;
/// In milliseconds.
const LONGEST_TASK: f64 = 100.0;
/// What the heap may have grown by since the page was full. Garbage does not count; the last chunk of rows and the
/// queue differ a little.
const GROWTH: f64 = 8e6;
/// How many nodes may be there that no document has: what the page just took out, and did not forget yet.
const DETACHED: f64 = 5_000.0;
/// The page is full: it takes out the oldest rows for what comes. How soon it is depends on what else the machine does.
const FULL: &str = "mostRows > 9000";
/// How many nodes the document has, attributes aside.
const ATTACHED: &str = "(() => {
    const walker = document.createTreeWalker(document, NodeFilter.SHOW_ALL);
    let nodes = 1;
    while (walker.nextNode()) nodes += 1;
    return nodes;
})()";

#[test]
fn rows_and_memory_stay_bounded_under_a_flood() {
    let said = env::var("FLOOD_SECONDS").ok();
    let seconds = said
        .as_ref()
        .map_or(8, |value| value.parse().expect("FLOOD_SECONDS is a number"));
    let Some(mut page) = Page::open_with(&[], new_ring(16 << 20), Options::new()) else {
        return;
    };
    page.until_live();
    page.run(
        "window.tasks = [];
         new PerformanceObserver(list => tasks.push(...list.getEntries().map(task => task.duration)))
            .observe({ type: 'longtask' });
         window.mostRows = 0;
         new MutationObserver(() => {
            mostRows = Math.max(mostRows, log.getElementsByClassName('row').length);
         }).observe(log, { childList: true });",
        &json!([]),
    );

    let began = Instant::now();
    let whole = Duration::from_secs(seconds);
    let early = thread::scope(|scope| {
        let ring = &mut page.ring;
        scope.spawn(move || write(ring, began, whole));
        page.browser.until(FULL);
        page.browser.memory()
    });
    let last = u128::from(PER_SECOND) * whole.as_millis() / 1_000 - 1;
    page.until_last_row(&format!("number {last} of the flood took 17 ms user=ann"));
    let behind = began.elapsed().saturating_sub(whole);
    let late = page.browser.memory();
    let attached = page.get(ATTACHED).as_f64().expect("a number");

    let most = page.get("mostRows").as_u64().expect("a number");
    let tasks = page.get("tasks.sort((a, b) => b - a)");
    let tasks: Vec<f64> = tasks
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(serde_json::Value::as_f64)
        .collect();
    let told = page.get("[...document.querySelectorAll('.notice')].map(row => row.textContent)");
    eprintln!(
        "{PER_SECOND} records a second for {seconds} s: longest tasks {:.0?} ms, {} over 100 ms; most rows {most}; heap \
         {:.1} MB when the page was full, {:.1} MB late; nodes {} and {}, of which {attached} are shown; the last row was \
         there {} ms after it was written; {told}",
        &tasks[..tasks.len().min(5)],
        tasks.iter().filter(|&&task| task > 100.0).count(),
        early.0 / 1e6,
        late.0 / 1e6,
        early.1,
        late.1,
        behind.as_millis(),
    );
    if said.is_some() {
        assert!(
            tasks.iter().all(|&task| task <= LONGEST_TASK),
            "tasks of {tasks:?} ms"
        );
    }
    assert!((1_000..=10_000).contains(&most), "{most} rows");
    assert!(
        late.0 < early.0 + GROWTH,
        "the heap grew from {} to {} bytes",
        early.0,
        late.0
    );
    assert!(
        late.1 < attached + DETACHED,
        "there are {} nodes, of which {attached} are shown",
        late.1
    );
    page.assert_quiet();
}

#[test]
fn a_pause_under_a_flood_keeps_the_newest_and_says_what_it_does_not() {
    let Some(mut page) = Page::open_with(&["before"], new_ring(16 << 20), Options::new()) else {
        return;
    };
    page.until_row_count(1);
    page.press(" ");
    page.until("document.getElementById('pause').ariaPressed === 'true'");
    for number in 0..25_000 {
        page.say(&format!("number {number}"));
    }
    page.until("document.getElementById('new').textContent === '25,000 new'");
    page.press(" ");
    page.until_last_row("number 24999");
    page.until("document.getElementById('new').hidden");
    let rows = page.rows();
    assert!(rows.len() <= 10_000, "{} rows", rows.len());
    let newest = rows.iter().rev().zip((0..25_000).rev());
    assert!(
        newest
            .take(9_900)
            .all(|(row, number)| *row == format!("number {number}")),
        "the newest, with nothing in between"
    );
    page.assert_quiet();
}

/// Whoever reads what is old keeps their place and their rows, and what comes meanwhile is counted.
#[test]
fn one_goes_back_under_a_flood() {
    const FIRST: &str =
        "Number(/number (\\d+) /.exec(document.querySelector('.row').textContent)[1])";
    const GAPS: &str = "[...document.querySelectorAll('.row')].map(row => Number(/number (\\d+) /.exec(row.textContent)?.[1]))
        .filter((number, at, all) => at > 0 && number !== all[at - 1] + 1).length";
    let Some(mut page) = Page::open_with(&[], new_ring(64 << 20), Options::new()) else {
        return;
    };
    page.until_live();
    let half = Duration::from_secs(2);
    write(&mut page.ring, Instant::now(), half);
    page.until_last_row("number 19999 of the flood took 17 ms user=ann");
    page.reload();
    page.until_row_count(2_000);
    page.until("document.getElementById('older')");
    page.run(
        "window.tasks = [];
         new PerformanceObserver(list => tasks.push(...list.getEntries().map(task => Math.round(task.duration))))
            .observe({ type: 'longtask' });",
        &json!([]),
    );
    thread::scope(|scope| {
        let ring = &mut page.ring;
        scope.spawn(move || write(ring, Instant::now(), 2 * half));
        let page = &page.browser;
        let deadline = Instant::now() + Duration::from_secs(60);
        let in_time = || assert!(Instant::now() < deadline, "one does not get back");
        while page.get("document.getElementById('newest').ariaPressed") == "true" {
            in_time();
            page.act(&json!({ "type": "wheel", "id": "wheel", "actions": [
                { "type": "scroll", "x": 300, "y": 300, "deltaX": 0, "deltaY": -400 },
            ] }));
            page.until_painted();
        }
        while page.get(&format!("{FIRST} > 8_000")) == true {
            in_time();
            page.run("log.scrollTop = 0", &json!([]));
            page.until_painted();
        }
    });
    eprintln!(
        "going back under {PER_SECOND} records a second: long tasks {} ms",
        page.get("tasks")
    );
    page.until("document.getElementById('state').textContent.includes('looking back')");
    page.until("document.getElementById('older').textContent !== 'Older records: loading'");
    let rows = page.get("document.querySelectorAll('.row').length");
    assert!(
        rows.as_u64().is_some_and(|rows| rows <= 10_000),
        "{rows} rows"
    );
    assert_eq!(page.get(GAPS), 0);
    page.assert_quiet();
}

/// Of a flood nearly all rows are out of sight at once, and nobody has looked how high they are.
#[test]
fn one_scrolls_up_through_what_went_by_without_a_leap() {
    const TOP: &str = "(() => {
        const { left, top } = log.getBoundingClientRect();
        const row = document.elementFromPoint(left + 20, top + 12).closest('.row');
        return Number(/number (\\d+) /.exec(row?.textContent ?? '')?.[1] ?? NaN);
    })()";
    let Some(mut page) = Page::open_with(&["before"], new_ring(16 << 20), Options::new()) else {
        return;
    };
    page.until_live();
    let long = "and on and on ".repeat(40);
    for number in 0..4_000 {
        page.say(&format!("number {number} {long}"));
    }
    page.until_last_row(&format!("number 3999 {long}"));
    page.until_painted();
    let top = || {
        page.browser.until(&format!("!Number.isNaN({TOP})"));
        page.get(TOP).as_u64().expect("a number")
    };
    let (mut before, first) = (top(), top());
    for _ in 0..60 {
        page.wheel(-400);
        for _ in 0..4 {
            page.until_painted();
        }
        let now = top();
        // A row has three lines of twenty pixels at least.
        let most = 400 / 60 + 2;
        assert!(
            now <= before && before - now <= most,
            "from row {before} to row {now}"
        );
        before = now;
    }
    assert!(first - before > 100, "from row {first} to row {before}");
    page.assert_quiet();
}

/// As fast as was said, however long a nap turns out to be.
fn write(ring: &mut circular_core::Ring, began: Instant, whole: Duration) {
    let mut number = 0;
    let levels = [
        Level::Debug,
        Level::Info,
        Level::Debug,
        Level::Warn,
        Level::Error,
    ];
    loop {
        let elapsed = began.elapsed().min(whole);
        let due = u128::from(PER_SECOND) * elapsed.as_micros() / 1_000_000;
        while number < due {
            let level = levels[usize::try_from(number % 5).expect("below 5")];
            let text = format!(
                "2026-11-25T14:00:00.{:06}Z {level} app::orders: number {number} of the flood took 17 ms user=ann",
                number % 1_000_000
            );
            say(ring, level, "app::orders", &text);
            number += 1;
        }
        if elapsed == whole {
            return;
        }
        thread::sleep(Duration::from_millis(1));
    }
}
