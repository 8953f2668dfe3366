//! Programs that end, that are added and that are started again: rows, a banner, and a tab that nobody sees.

use circular_core::{Level, Ring};
use circular_http::Sources;
use serde_json::json;

use super::{BANNER, ESCAPE, Two, numbers, to_the_top, until_chips};
use crate::page::{Page, new_ring, say};

#[test]
fn a_program_that_is_added_has_a_chip_and_rows_and_its_end_and_its_next_start_are_told() {
    let sources = Sources::new();
    let mut shop = new_ring(1 << 20);
    sources.add(("shop", shop.handle()));
    say(&mut shop, Level::Info, "app", "one");
    let Some(page) = Page::open_over(sources.clone()) else {
        return;
    };
    page.until_rows(&["one"]);
    page.until_live();
    let mut worker = new_ring(1 << 20);
    say(&mut worker, Level::Info, "app", "before it was added");
    sources.add(("a worker's name", worker.handle()));
    page.until_rows(&["one", "a worker's name: started", "before it was added"]);
    until_chips(
        &page,
        &json!([["shop", "true"], ["a worker's name", "true"]]),
    );
    // Rows that were there have made room for the longer name.
    page.until(
        "new Set([...document.querySelectorAll('.row .level')].map(node => Math.round(node.getBoundingClientRect().left))).size === 1",
    );
    assert_eq!(page.get(BANNER), "");
    worker.handle().close();
    page.until_last_row("a worker\\'s name: closed");
    assert_eq!(page.get(BANNER), "ended: a worker's name ended: closed");
    say(&mut shop, Level::Info, "app", "two");
    page.until_last_row("two");
    let next = new_ring(1 << 20);
    sources.add(("a worker's name", next.handle()));
    page.until(&format!(
        "{BANNER}.startsWith('restarted: a worker\\'s name was started again (seen ')"
    ));
    page.until_last_row("a worker\\'s name: started");
    page.click("#banner-close");
    assert_eq!(page.get(BANNER), "");
    assert_eq!(
        page.get("document.querySelectorAll('#sources button').length"),
        2
    );
    page.assert_quiet();
}

#[test]
fn an_end_is_told_once_however_often_one_comes_back_and_marks_a_tab_that_nobody_sees() {
    let sources = Sources::new();
    let mut shop = new_ring(1 << 20);
    let mut db = new_ring(1 << 20);
    sources.add(("shop", shop.handle()));
    sources.add(("db", db.handle()));
    say(&mut shop, Level::Info, "app", "one");
    let Some(mut page) = Page::open_over(sources) else {
        return;
    };
    page.until_rows(&["one"]);
    page.until_live();
    let title = page.get("document.title");
    page.run(
        "Object.defineProperty(document, 'hidden', { get: () => window.isAway, configurable: true }); window.isAway = true;",
        &json!([]),
    );
    shop.handle().close();
    page.until(&format!("document.title === '(1) ' + {title}"));
    page.run("window.isAway = false", &json!([]));
    page.until_rows(&["one", "shop: closed"]);
    for round in 0..2 {
        page.stop_server();
        page.until("document.getElementById('state').textContent.startsWith('Connection lost')");
        say(&mut db, Level::Info, "app", &format!("round {round}"));
        page.start_server();
        page.until_last_row(&format!("round {round}"));
        page.until_live();
    }
    page.until_rows(&["one", "shop: closed", "round 0", "round 1"]);
    assert_eq!(page.get(BANNER), "ended: shop ended: closed");
    // Who comes later is told as well, where its records end.
    page.reload();
    page.until_rows(&["one", "shop: closed", "round 0", "round 1"]);
    page.until(&format!("{BANNER} === 'ended: shop ended: closed'"));
    page.click("#banner-close");
    say(&mut db, Level::Info, "app", "round 2");
    page.until_last_row("round 2");
    assert_eq!(page.get(BANNER), "", "somebody has seen it");
}

#[test]
fn an_end_of_long_ago_is_told_where_it_was_when_one_has_gone_back_to_it() {
    let mut two = Two::with(10, 1 << 20);
    two.shop.handle().close();
    for number in 0..3_000 {
        say(&mut two.db, Level::Info, "app", &format!("later {number}"));
    }
    let Some(page) = Page::open_over(two.sources()) else {
        return;
    };
    page.until_row_count(2_001);
    page.until("document.querySelector('.row').textContent === 'shop: closed'");
    page.press(ESCAPE);
    to_the_top(&page);
    page.until_row_count(3_011);
    // The shop's last record is the number 6.
    assert_eq!(numbers(&page)[..12], [0, 1, 2, 3, 4, 5, 6, -1, 7, 8, 9, -1]);
    assert_eq!(page.rows()[7], "shop: closed");
    page.assert_quiet();
}

#[test]
fn when_all_have_ended_the_log_has_and_the_next_ones_are_other_programs() {
    let mut two = Two::with(3, 1 << 20);
    let Some(mut page) = Page::open_over(two.sources()) else {
        return;
    };
    page.until_row_count(3);
    page.until_live();
    two.shop.handle().close();
    page.until_last_row("shop: closed");
    two.db.handle().close();
    page.until_rows(&[
        "number 0.",
        "number 1.",
        "number 2.",
        "shop: closed",
        "db: closed",
        "the log has ended",
    ]);
    page.until("document.getElementById('state').textContent === 'Ended: waits for a new start'");
    assert_eq!(
        page.get(BANNER),
        "ended: shop ended: closed; db ended: closed"
    );
    page.click("#banner-close");
    two = Two::new(1 << 20);
    two.say(3);
    two.say(4);
    page.start_over(two.sources());
    page.until_last_row("number 4.");
    page.until_live();
    page.until_row_count(9);
    assert_eq!(
        page.rows()[6..],
        ["the program was restarted", "number 3.", "number 4."]
    );
    page.until(&format!(
        "{BANNER}.startsWith('restarted: The program was started again')"
    ));
    assert_eq!(
        page.get("document.querySelectorAll('#sources button').length"),
        2
    );
}

#[cfg(target_os = "linux")]
mod files {
    use std::{
        fs,
        path::{Path, PathBuf},
        process,
    };

    use circular_core::RingFile;

    use super::*;

    /// A directory for rings, which goes with the test.
    struct Dir(PathBuf);

    impl Dir {
        fn new(name: &str) -> Self {
            let name = format!("several-{name}-{}", process::id());
            let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
            fs::create_dir_all(&path).expect("there is room");
            Self(path)
        }

        fn ring(&self, program: &str) -> (Ring, RingFile) {
            let builder = Ring::builder().capacity(1 << 20).keep(8);
            let ring = builder.mapped_in(&self.0, program).build();
            let ring = ring.expect("there is room");
            let file = ring.handle().path().map(RingFile::open);
            let file = file.expect("it is in a file").expect("it can be read");
            (ring, file)
        }
    }

    impl Drop for Dir {
        fn drop(&mut self) {
            _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_program_whose_ring_is_in_a_file_ends_and_is_started_again() {
        let dir = Dir::new("runs");
        let sources = Sources::new();
        let (mut shop, file) = dir.ring("shop");
        sources.add(file);
        let (mut db, other) = dir.ring("db");
        sources.add(other);
        say(&mut shop, Level::Info, "app", "one");
        let Some(page) = Page::open_over(sources.clone()) else {
            return;
        };
        page.until_rows(&["one"]);
        page.until_live();
        drop(shop);
        page.until_rows(&["one", "shop: closed"]);
        page.until(&format!("{BANNER} === 'ended: shop ended: closed'"));
        assert_eq!(
            page.get("document.querySelector('.notice .source').textContent"),
            "shop"
        );
        say(&mut db, Level::Info, "app", "two");
        page.until_last_row("two");
        let (mut shop, file) = dir.ring("shop");
        sources.add(file);
        let started = format!("shop: started, pid {}", process::id());
        page.until_last_row(&started);
        page.until(&format!(
            "{BANNER}.startsWith('restarted: shop was started again')"
        ));
        say(&mut shop, Level::Info, "app", "three");
        page.until_rows(&["one", "shop: closed", "two", &started, "three"]);
        // Who comes now is told nothing of a start that was before, and that it runs.
        page.reload();
        page.until_rows(&["one", "shop: closed", "two", "three"]);
        page.until_live();
        assert_eq!(page.get(BANNER), "");
        page.assert_quiet();
    }

    #[test]
    fn of_one_file_without_a_name_it_is_the_program_that_has_ended() {
        let dir = Dir::new("alone");
        let (mut shop, file) = dir.ring("shop");
        say(&mut shop, Level::Info, "app", "one");
        let Some(page) = Page::open_over(file) else {
            return;
        };
        page.until_rows(&["one"]);
        page.until_live();
        drop(shop);
        page.until_rows(&["one", "the program: closed", "the log has ended"]);
        page.until(&format!("{BANNER} === 'ended: The program ended: closed'"));
        assert_eq!(page.get("document.getElementById('sources').hidden"), true);
        page.reload();
        page.until_rows(&["one", "the program: closed", "the log has ended"]);
        page.until(&format!("{BANNER} === 'ended: The program ended: closed'"));
    }
}

/// Of two runs of a program the later one runs, and has said nothing so far.
#[test]
fn a_program_that_was_started_again_and_is_silent_has_not_ended() {
    let sources = Sources::new();
    let mut first = new_ring(1 << 20);
    say(&mut first, Level::Info, "app", "last words");
    first.handle().close();
    let second = new_ring(1 << 20);
    sources.add(("shop", first.handle()));
    sources.add(("shop", second.handle()));
    let Some(page) = Page::open_over(sources.clone()) else {
        return;
    };
    page.until_rows(&["last words", "shop: closed"]);
    page.until_live();
    assert_eq!(page.get(BANNER), "");
    second.handle().close();
    page.until(&format!("{BANNER} === 'ended: shop ended: closed'"));
    page.assert_quiet();
}
