//! From when to when, and going to a time: typed as people do, and kept in the address.

use std::time::{Duration, SystemTime};

use circular_core::{Level, Meta, Ring};
use circular_http::Options;
use serde_json::json;

use crate::page::{Page, new_ring};

const ENTER: &str = "\u{e007}";

/// A record a minute, the last one of just now.
fn of_hours(hours: u64) -> (Ring, SystemTime) {
    let ring = new_ring(4 << 20);
    let now = SystemTime::now();
    let minutes = hours * 60;
    for number in 0..minutes {
        let ago = Duration::from_secs(60 * (minutes - 1 - number));
        let meta = Meta::new().level(Level::Info).target("app").time(now - ago);
        ring.record(meta, format!("minute {number}.\n").as_bytes())
            .expect("the ring is open");
    }
    (ring, now)
}

#[test]
fn the_last_so_many_minutes_from_and_to_and_all_stand_in_the_address() {
    let (ring, _) = of_hours(3);
    let Some(page) = Page::open_with(&[], ring, Options::new()) else {
        return;
    };
    page.until_row_count(180);
    for (value, rows) in [("5m", 5), ("15m", 15), ("1h", 60)] {
        choose(&page, value);
        page.until_row_count(rows);
        assert_eq!(page.get("location.search"), format!("?since={value}"));
    }
    page.reload();
    page.until_row_count(60);
    assert_eq!(page.get("document.getElementById('last').value"), "1h");
    // From and to: minutes 100 to 109.
    let time = |minute: u64| {
        page.get(&format!(
            "(date => [date.getHours(), date.getMinutes(), date.getSeconds()].map(n => String(n).padStart(2, '0')).join(':'))
             (new Date(Date.now() - {} * 60_000))",
            179 - minute
        ))
    };
    choose(&page, "");
    page.until_row_count(180);
    let (from, to) = (time(100), time(110));
    page.set(
        "#since",
        &format!("{}{ENTER}", from.as_str().expect("text")),
    );
    page.set("#until", &format!("{}{ENTER}", to.as_str().expect("text")));
    page.until("(rows => rows > 8 && rows < 15)(document.querySelectorAll('.row').length)");
    let shown = page.rows().concat();
    assert!(
        shown.contains("minute 105.")
            && !shown.contains("minute 98.")
            && !shown.contains("minute 112."),
        "{shown}"
    );
    assert_eq!(page.get("document.getElementById('last').value"), "other");
    assert_eq!(
        page.get("['since', 'until'].map(name => /^\\d{4}-\\d\\d-\\d\\dT.*Z$/.test(new URLSearchParams(location.search).get(name)))"),
        json!([true, true])
    );
    assert_eq!(page.get("document.getElementById('since').value"), from);
    page.set("#since", &format!("soon{ENTER}"));
    page.until("document.getElementById('problem').textContent.startsWith('soon: not a time')");
    choose(&page, "");
    page.until_row_count(180);
    assert_eq!(page.get("location.search"), "");
    page.assert_quiet();
}

fn choose(page: &Page, value: &str) {
    page.run(
        "const last = document.getElementById('last');
         last.value = arguments[0];
         last.dispatchEvent(new Event('change', { bubbles: true }));",
        &json!([value]),
    );
}

#[test]
fn one_goes_to_a_time_and_nothing_is_left_out() {
    let (ring, _) = of_hours(40);
    let Some(page) = Page::open_with(&[], ring, Options::new()) else {
        return;
    };
    page.until_row_count(2_000);
    let at = page.get(
        "(date => [date.getHours(), date.getMinutes()].map(n => String(n).padStart(2, '0')).join(':'))
         (new Date(Date.now() - 20 * 3_600_000))",
    );
    page.set("#at", &format!("{}{ENTER}", at.as_str().expect("text")));
    page.until("location.hash.startsWith('#at=')");
    page.until("document.getElementById('state').textContent === 'Live, looking back'");
    // The first record since then is at the top, or nearly, and older ones are above it.
    let top = "/minute (\\d+)/.exec(document.elementFromPoint(...(box => [box.left + 20, box.top + 30])(log.getBoundingClientRect()))
        .closest('.row')?.textContent)?.[1]";
    page.until(&format!("Math.abs({top} - 1_200) <= 15"));
    page.until("log.scrollTop > 1_000");
    page.reload();
    page.until(&format!("Math.abs({top} - 1_200) <= 15"));
    page.click("#newest");
    page.until_last_row("minute 2399.");
    assert_eq!(page.get("location.hash"), "");
    page.assert_quiet();
}

#[test]
fn times_are_understood_as_people_type_them() {
    let Some(page) = Page::open() else { return };
    page.until_live();
    // In UTC, as the zone of whoever runs this is not known.
    let parsed = page.run_async(
        "import('./log/when.js').then(({ parseWhen, showWhen }) => {
            const now = new Date('2026-11-25T14:00:00Z');
            arguments[0]([
                '', '10m', '1h 30m', '13:32Z', '13:32:05.25 UTC', '15:00Z', '2026-11-24 9:05Z', '2026-11-24T09:05:06+02:00',
                '25:00Z', '13:61Z', '2026-02-30Z', 'soon', '5',
            ].map(text => parseWhen(text, now)));
         })",
    );
    assert_eq!(
        parsed,
        json!([
            "",
            "10m",
            "1h 30m",
            "2026-11-25T13:32:00.000Z",
            "2026-11-25T13:32:05.250Z",
            "2026-11-24T15:00:00.000Z",
            "2026-11-24T09:05:00.000Z",
            "2026-11-24T09:05:06+02:00",
            null,
            null,
            null,
            null,
            null,
        ])
    );
    // What is shown is what is meant when it is typed.
    let back = page.run_async(
        "import('./log/when.js').then(({ parseWhen, showWhen }) => {
            const now = new Date('2026-11-25T14:00:00Z');
            arguments[0](['2026-11-25T13:32:00.000Z', '2026-11-25T13:32:05.250Z', '2026-11-20T13:32:05.000Z', '2026-12-20T13:32:05.000Z']
                .filter(time => parseWhen(showWhen(time, now), now) !== time));
         })",
    );
    assert_eq!(back, json!([]));
    page.assert_quiet();
}
