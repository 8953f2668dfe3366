//! Several programs on one page: whose each row is, chips that choose, what has ended and was started again, and all else that the
//! page does with one, done with two.

use std::time::{Duration, SystemTime};

use circular_core::{Level, Meta, Ring};
use circular_http::Sources;
use serde_json::json;

use crate::page::{Page, new_ring, say};

mod chips;
mod ends;
mod history;

const CHIPS: &str = "[...document.querySelectorAll('#sources button')].map(chip => [chip.textContent, chip.ariaPressed])";
/// Whose each row is, as its column says.
const SOURCES: &str =
    "[...document.querySelectorAll('.row .source')].map(node => node.textContent)";
const BANNER: &str = "(banner => banner.hidden ? '' : banner.dataset.kind + ': ' + document.getElementById('banner-text').textContent)
    (document.getElementById('banner'))";
const OLDER: &str = "document.getElementById('older')?.textContent";
const FOLLOWING: &str = "document.getElementById('newest').ariaPressed === 'true'";
const APART: &str = "document.getElementById('state').textContent.includes('looking back')";
const NUMBERS: &str = "[...document.querySelectorAll('.row')].map(row => Number(/number (\\d+)/.exec(row.textContent)?.[1] ?? -1))";

const ESCAPE: &str = "\u{e00c}";

/// A shop and its database.
struct Two {
    shop: Ring,
    db: Ring,
}

impl Two {
    fn new(capacity: usize) -> Self {
        Self {
            shop: new_ring(capacity),
            db: new_ring(capacity),
        }
    }

    /// These records, turn by turn, a millisecond apart: `number 0.`, `number 1.` and so on. Each thousandth, from the number 500 on, is
    /// an error.
    fn with(records: u64, capacity: usize) -> Self {
        let two = Self::new(capacity);
        // What is written then has a later time, by a clock that may be some milliseconds behind.
        let began = SystemTime::now() - Duration::from_millis(1_000 + records);
        for number in 0..records {
            let level = if number % 1_000 == 500 {
                Level::Error
            } else {
                Level::Info
            };
            let time = began + Duration::from_millis(number);
            let meta = Meta::new().level(level).target("app").time(time);
            two.ring(number)
                .record(meta, format!("number {number}.\n").as_bytes())
                .expect("the ring is open");
        }
        two
    }

    /// Of each five records two are the shop's.
    fn ring(&self, number: u64) -> &Ring {
        if number % 5 < 2 { &self.shop } else { &self.db }
    }

    fn sources(&self) -> Sources {
        [("shop", self.shop.handle()), ("db", self.db.handle())].into()
    }

    fn say(&mut self, number: u64) {
        let ring = if number % 5 < 2 {
            &mut self.shop
        } else {
            &mut self.db
        };
        say(ring, Level::Info, "app", &format!("number {number}."));
    }
}

fn numbers(page: &Page) -> Vec<i64> {
    let numbers = page.get(NUMBERS);
    let numbers = numbers.as_array().expect("a list").iter();
    numbers
        .map(|number| number.as_i64().expect("a number"))
        .collect()
}

fn until_chips(page: &Page, expected: &serde_json::Value) {
    page.until(&format!(
        "JSON.stringify({CHIPS}) === JSON.stringify({expected})"
    ));
}

/// Each from the first to the last, once and in order.
fn assert_all(numbers: &[i64], expected: std::ops::Range<i64>) {
    let wrong = numbers.iter().zip(expected.clone());
    let wrong = wrong
        .enumerate()
        .find(|(_, (seen, number))| *seen != number);
    assert_eq!(wrong, None, "at the first that is another");
    assert_eq!(numbers.len(), expected.count());
}

/// As a hand at the wheel that goes on until there is no more.
fn to_the_top(page: &Page) {
    page.wheel(-100);
    page.until(&format!("!({FOLLOWING})"));
    for _ in 0..40 {
        page.wheel(-500_000);
        page.until_painted();
        page.until(&format!("{OLDER} !== 'Older records: loading'"));
        if page.get(&format!("{OLDER}.startsWith('This is the ')")) == true {
            return;
        }
    }
    panic!("no end: {}", page.get(OLDER));
}

#[test]
fn two_programs_are_merged_by_time_each_with_its_name_and_its_colour() {
    let two = Two::with(20, 1 << 20);
    let Some(page) = Page::open_over(two.sources()) else {
        return;
    };
    page.until_row_count(20);
    page.until_live();
    assert_all(&numbers(&page), 0..20);
    let sources = page.get(SOURCES);
    let whose: Vec<_> = sources.as_array().expect("a list").iter().collect();
    assert_eq!(whose[..5], ["shop", "shop", "db", "db", "db"]);
    until_chips(&page, &json!([["shop", "true"], ["db", "true"]]));
    // The name, the chip and the edge have one colour, and each program has its own.
    let colors = page.get(
        "[...document.querySelectorAll('#sources button')].map(chip => [
            getComputedStyle(chip).color,
            ...new Set([...document.querySelectorAll('.row .source')].filter(node => node.textContent === chip.textContent)
                .flatMap(node => [getComputedStyle(node).color, getComputedStyle(node.closest('.row')).backgroundImage])),
         ])",
    );
    let [shop, db] = [0, 1].map(|index| colors[index].as_array().expect("a list"));
    for its in [shop, db] {
        let [chip, name, edge] = &its[..] else {
            panic!("more than one colour: {its:?}");
        };
        assert_eq!(chip, name);
        assert!(
            edge.as_str()
                .is_some_and(|edge| edge.contains(chip.as_str().expect("text")))
        );
    }
    assert_ne!(shop[0], db[0]);
    // Columns line up, whoever's they are.
    let columns = page.get(
        "['.source', '.level', '.target'].map(column =>
            new Set([...document.querySelectorAll(`.row ${column}`)].map(node => Math.round(node.getBoundingClientRect().left))).size)",
    );
    assert_eq!(columns, json!([1, 1, 1]));
    page.assert_quiet();
}

#[test]
fn of_one_ring_without_a_name_there_is_no_source_to_see() {
    let Some(mut page) = Page::open() else { return };
    page.say("one");
    page.until_rows(&["one"]);
    page.until_live();
    assert_eq!(page.get("document.getElementById('sources').hidden"), true);
    assert_eq!(
        page.get("document.querySelectorAll('.source, .named').length"),
        0
    );
    page.assert_quiet();
    // What the address asks for of sources is refused, can be seen, and taken away.
    page.go_to(&page.url("?source=shop"));
    page.until("document.getElementById('rest').textContent === 'source shop ×'");
    page.until("document.getElementById('problem').textContent.includes('it has no name')");
    page.click("#rest button");
    page.until_rows(&["one"]);
}

#[test]
fn rows_that_come_before_their_sources_get_their_colours() {
    let two = Two::with(20, 1 << 20);
    let Some(page) = Page::open_over(two.sources()) else {
        return;
    };
    page.until_row_count(20);
    page.before_each_page(
        "const listen = EventSource.prototype.addEventListener;
         EventSource.prototype.addEventListener = function (name, what) {
            listen.call(this, name, name === 'sources' ? event => (window.later = () => what(event)) : what);
         };",
    );
    page.reload();
    page.until_row_count(20);
    assert_eq!(
        page.get("document.querySelectorAll('[class*=\"of-\"]').length"),
        0
    );
    page.get("later()");
    page.until("document.querySelectorAll('.row.of-0').length === 8 && document.querySelectorAll('.row.of-1').length === 12");
    page.until(
        "new Set([...document.querySelectorAll('.row .level')].map(node => Math.round(node.getBoundingClientRect().left))).size === 1",
    );
    page.assert_quiet();
}

#[test]
fn the_name_in_a_row_has_a_menu_and_copies_and_details_say_whose_it_is() {
    let two = Two::with(5, 1 << 20);
    let Some(page) = Page::open_over(two.sources()) else {
        return;
    };
    page.before_each_page(
        "window.copied = []; navigator.clipboard.writeText = async (text) => { copied.push(text); };",
    );
    page.reload();
    page.until_row_count(5);
    page.until("document.querySelectorAll('.row .source').length === 5");
    page.click(".row:nth-child(5)");
    page.press("oyY");
    page.until("copied.length === 2");
    let copied = page.get("copied");
    let text = copied[0].as_str().expect("text");
    assert!(
        text.starts_with("db: 20") && text.ends_with("INFO app: number 4."),
        "{text}"
    );
    let object: serde_json::Value =
        serde_json::from_str(copied[1].as_str().expect("text")).expect("it is JSON");
    assert_eq!(
        (&object["source"], &object["text"]),
        (&json!("db"), &json!("number 4."))
    );
    assert_eq!(
        page.get("[...document.querySelectorAll('.entry')].map(entry => entry.textContent).find(text => text.startsWith('source'))"),
        "source db"
    );
    page.press(ESCAPE);
    for (choice, rows, search) in [
        ("only-this", 2, "?source=shop"),
        ("not-this", 3, "?source=db"),
    ] {
        page.go_to(&page.url(""));
        page.until("document.querySelectorAll('.row .source').length === 5");
        page.click(".row:nth-child(1) .source");
        page.until("document.getElementById('menu-what').textContent === 'source: shop'");
        page.click(&format!("#{choice}"));
        page.until_row_count(rows);
        assert_eq!(page.get("location.search"), search);
    }
    page.assert_quiet();
}

#[test]
fn a_server_that_starts_again_doubles_no_row_of_either_and_loses_none() {
    let mut two = Two::new(1 << 20);
    let Some(mut page) = Page::open_over(two.sources()) else {
        return;
    };
    page.until_live();
    for round in 0..3 {
        for number in 20 * round..20 * round + 10 {
            two.say(number);
        }
        page.until_row_count(usize::try_from(20 * round + 10).expect("few"));
        page.stop_server();
        page.until("document.getElementById('state').textContent.startsWith('Connection lost')");
        for number in 20 * round + 10..20 * round + 20 {
            two.say(number);
        }
        page.start_server();
        page.until_row_count(usize::try_from(20 * round + 20).expect("few"));
        page.until_live();
    }
    let mut seen = numbers(&page);
    seen.sort_unstable();
    assert_all(&seen, 0..60);
    assert!(page.console().iter().all(|line| line.contains("net::ERR_")));
}
