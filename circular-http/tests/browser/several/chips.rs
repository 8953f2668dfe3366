//! Chips: which programs are shown, chosen by hand, by keyboard and on a phone, and kept in the address.

use circular_core::{Level, Meta, Ring};
use circular_http::{Options, Sources};
use serde_json::json;

use super::{Two, until_chips};
use crate::{
    accessibility::assert_nothing_serious,
    page::{KEEP_SOURCES, Page, new_ring},
};

#[test]
fn a_chip_takes_its_rows_away_and_brings_them_back_and_stands_in_the_address() {
    let mut two = Two::with(20, 1 << 20);
    let Some(page) = Page::open_over(two.sources()) else {
        return;
    };
    page.until_row_count(20);
    page.click("#sources button:nth-child(1)");
    page.until_row_count(12);
    assert_eq!(page.get("location.search"), "?source=db");
    until_chips(&page, &json!([["shop", "false"], ["db", "true"]]));
    assert_eq!(page.get("document.getElementById('rest').hidden"), true);
    two.say(20);
    two.say(22);
    page.until_last_row("number 22.");
    page.until_row_count(13);
    page.reload();
    page.until_row_count(13);
    until_chips(&page, &json!([["shop", "false"], ["db", "true"]]));
    let links = page.get("['shown', 'all'].map(name => new URL(document.getElementById(`download-${name}`).href).search)");
    assert_eq!(
        links,
        json!(["?source=db&tail=all&format=text", "?tail=all&format=text"])
    );
    page.until("document.getElementById('counts').textContent === 'INFO 13'");
    // The last one that is taken away brings all back.
    page.click("#sources button:nth-child(2)");
    page.until_row_count(22);
    assert_eq!(page.get("location.search"), "");
    page.until("document.getElementById('counts').textContent === 'INFO 22'");
    page.assert_quiet();
}

#[test]
fn only_one_is_chosen_by_a_second_click_by_alt_and_by_the_menu() {
    let two = Two::with(20, 1 << 20);
    let third = new_ring(1 << 20);
    let sources: Sources = [
        ("shop", two.shop.handle()),
        ("db", two.db.handle()),
        ("mail", third.handle()),
    ]
    .into();
    let Some(page) = Page::open_over(sources) else {
        return;
    };
    page.until_row_count(20);
    let only_db = json!([["shop", "false"], ["db", "true"], ["mail", "false"]]);
    let all = json!([["shop", "true"], ["db", "true"], ["mail", "true"]]);
    let center = page.get(
        "(box => [Math.round(box.x + box.width / 2), Math.round(box.y + box.height / 2)])
         (document.querySelector('#sources button:nth-child(2)').getBoundingClientRect())",
    );
    let at_the_chip = |actions: &[serde_json::Value]| {
        let mut all = vec![json!({ "type": "pointerMove", "x": center[0], "y": center[1] })];
        all.extend_from_slice(actions);
        page.act(&json!({ "type": "pointer", "id": "mouse", "actions": all }));
    };
    let press = |button: u8| {
        [
            json!({ "type": "pointerDown", "button": button }),
            json!({ "type": "pointerUp", "button": button }),
        ]
    };
    at_the_chip(&[press(0), press(0)].concat());
    until_chips(&page, &only_db);
    page.until_row_count(12);
    assert_eq!(page.get("location.search"), "?source=db");
    page.go_to(&page.url(""));
    page.until_row_count(20);
    until_chips(&page, &all);
    at_the_chip(&press(2));
    page.until("document.getElementById('menu').matches(':popover-open')");
    page.until("document.activeElement.id === 'only-this'");
    page.click("#only-this");
    until_chips(&page, &only_db);
    page.until_row_count(12);
    page.run(
        "document.querySelector('#sources button:nth-child(1)').dispatchEvent(new MouseEvent('click', { altKey: true, detail: 1 }))",
        &json!([]),
    );
    until_chips(
        &page,
        &json!([["shop", "true"], ["db", "false"], ["mail", "false"]]),
    );
    page.until_row_count(8);
    page.assert_quiet();
}

#[test]
fn the_keyboard_reaches_chips_and_stays_at_them() {
    let two = Two::with(20, 1 << 20);
    let Some(page) = Page::open_over(two.sources()) else {
        return;
    };
    page.until_row_count(20);
    page.run(
        "document.querySelector('#sources button:nth-child(2)').focus()",
        &json!([]),
    );
    page.press(" ");
    page.until_row_count(8);
    page.press(" ");
    page.until_row_count(20);
    assert_eq!(page.get("document.activeElement.textContent"), "db");
    assert_eq!(
        page.get("[document.getElementById('sources').role, document.getElementById('sources').ariaLabel]"),
        json!(["group", "Sources"])
    );
    page.assert_quiet();
}

/// Whoever looks for a program before it runs, and comes back to a server that does not know it yet.
#[test]
fn a_source_that_is_not_there_yet_is_waited_for() {
    let sources = Sources::new();
    let other = new_ring(1 << 16);
    sources.add(("other", other.handle()));
    let Some(page) = Page::open_over(sources.clone()) else {
        return;
    };
    page.before_each_page(KEEP_SOURCES);
    page.go_to(&page.url("?source=late"));
    page.until_live();
    // As after an answer that is no stream.
    page.run(
        "sources[0].close(); sources[0].dispatchEvent(new Event('error'));",
        &json!([]),
    );
    page.until("sources.length === 2");
    page.until_live();
    let late = new_ring(1 << 16);
    late.record(Meta::new().level(Level::Info), b"here\n")
        .unwrap();
    sources.add(("late", late.handle()));
    // That it started is told before.
    page.until_row_count(2);
    page.until_last_row("here");
    page.assert_quiet();
}

#[test]
fn what_is_chosen_survives_the_sign_in() {
    let two = Two::with(20, 1 << 20);
    let options = Options::new().token("sesame").expect("it is one");
    let Some(page) = Page::open_over_with(two.sources(), options) else {
        return;
    };
    page.go_to(&page.url("?source=db"));
    page.press("sesame\u{e007}");
    page.until_row_count(12);
    assert_eq!(page.get("location.search"), "?source=db");
    until_chips(&page, &json!([["shop", "false"], ["db", "true"]]));
}

#[test]
fn axe_finds_nothing_serious_in_chips_and_names() {
    let rings: Vec<Ring> = (0..9).map(|_| new_ring(1 << 16)).collect();
    let named = rings.iter().enumerate();
    let named: Vec<_> = named
        .map(|(number, ring)| (format!("program {number}"), ring.handle()))
        .collect();
    let Some(page) = Page::open_over(named) else {
        return;
    };
    for ring in &rings {
        for level in [Level::Error, Level::Warn, Level::Info] {
            let meta = Meta::new().level(level).target("app");
            ring.record(meta, b"a line with=fields\n")
                .expect("the ring is open");
        }
    }
    page.until_row_count(27);
    rings[3].handle().close();
    page.until_row_count(28);
    page.until("document.querySelectorAll('.row .source').length === 28");
    page.click("#sources button:nth-child(2)");
    page.until_row_count(25);
    page.click(".row:nth-child(3)");
    for scheme in ["light", "dark"] {
        page.prefer(scheme);
        assert_nothing_serious(&page, scheme);
    }
}

#[test]
fn on_a_phone_chips_are_with_the_filters_and_nothing_is_wider_than_the_screen() {
    let rings: Vec<Ring> = (0..12).map(|_| new_ring(1 << 16)).collect();
    let named = rings.iter().enumerate();
    let named: Vec<_> = named
        .map(|(number, ring)| {
            let name = format!(
                "{} {number}",
                ["shop", "a-service-with-a-long-name"][number % 2]
            );
            (name, ring.handle())
        })
        .collect();
    let Some(page) = Page::open_over(named) else {
        return;
    };
    for ring in &rings {
        ring.record(Meta::new().level(Level::Info).target("app"), b"a line\n")
            .expect("the ring is open");
    }
    page.until_row_count(12);
    for (width, height) in [(390, 780), (320, 640)] {
        page.devtools(
            "Emulation.setDeviceMetricsOverride",
            &json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": true }),
        );
        page.until(&format!("innerWidth === {width}"));
        let is_shown = "document.getElementById('sources').checkVisibility()";
        assert_eq!(page.get(is_shown), false);
        let fits = "document.documentElement.scrollWidth <= innerWidth && log.scrollWidth <= log.clientWidth";
        assert_eq!(page.get(fits), true, "{width}");
        page.click("#more");
        page.until(is_shown);
        assert_eq!(page.get(fits), true, "{width}, open");
        page.click("#sources button:nth-child(2)");
        page.until_row_count(11);
        page.click("#sources button:nth-child(2)");
        page.until_row_count(12);
        page.click("#more");
    }
    page.assert_quiet();
}
