//! What a row says: columns, fields, what is folded and what opens, and times.

use std::time::{Duration, SystemTime};

use circular_core::{Level, Meta, Timestamp};
use circular_http::Options;
use serde_json::{Value, json};

use crate::page::{Page, new_ring};

/// Time, level and target of each row, as they stand in their columns.
const COLUMNS: &str =
    "[...document.querySelectorAll('.row')].map(row => ['time', 'level', 'target']
    .map(name => row.querySelector(`.meta > .${name}`).textContent.trim()))";

/// Where messages begin, each place once.
const MESSAGES: &str = "[...new Set([...document.querySelectorAll('.row')].map(row => {
    const range = new Range();
    range.selectNodeContents(row.childNodes[1]);
    return Math.round(range.getBoundingClientRect().left);
}))].length";

fn say_at(page: &mut Page, time: SystemTime, level: Level, target: &str, text: &str) {
    let meta = Meta::new().level(level).target(target).time(time);
    page.ring
        .record(meta, format!("{text}\n").as_bytes())
        .expect("the ring is open");
}

/// 12:30:45.123456789 on a day long ago.
fn long_ago() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::new(1_773_923_445, 123_456_789)
}

#[test]
fn time_level_and_target_are_the_records_whatever_its_text_looks_like() {
    let Some(mut page) = Page::open() else { return };
    page.until_live();
    page.devtools(
        "Emulation.setTimezoneOverride",
        &json!({ "timezoneId": "UTC" }),
    );
    let now = SystemTime::now();
    let whole = Timestamp::new(now).to_string();
    for text in [
        "pool is empty",
        &format!("{whole}  WARN app::db: pool is empty"),
        &format!(
            "\x1b[2m{whole}\x1b[0m \x1b[33m WARN\x1b[0m \x1b[2mapp::db\x1b[0m\x1b[2m:\x1b[0m pool is empty"
        ),
        "WARN app::db: pool is empty",
        // Not its own.
        "it was 03:00:00, says INFO of app::db",
        "warn 22",
        "2020-01-01T00:00:00Z WARN app::db: an old line",
        "WARNING app::db: pool",
    ] {
        say_at(&mut page, now, Level::Warn, "app::db", text);
    }
    page.until_rows(&[
        "pool is empty",
        "pool is empty",
        "pool is empty",
        "pool is empty",
        "it was 03:00:00, says INFO of app::db",
        "warn 22",
        "2020-01-01T00:00:00Z WARN app::db: an old line",
        "WARNING app::db: pool",
    ]);
    let columns = page.get(COLUMNS);
    for row in columns.as_array().expect("a list") {
        assert_eq!(row[0], whole[11..23], "{row}");
        assert_eq!((&row[1], &row[2]), (&json!("WARN"), &json!("app::db")));
    }
    page.assert_quiet();
}

#[test]
fn columns_line_up_and_other_lines_hang_in() {
    let Some(mut page) = Page::open() else { return };
    page.until_live();
    page.say_as(Level::Info, "a", "one");
    page.say_as(Level::Error, "app::db::pool", "two");
    page.say_as(Level::Debug, &"long::".repeat(10), "three");
    say_at(&mut page, long_ago(), Level::Warn, "app", "four");
    let forged = "user said\n2026-11-25T14:00:00.000Z ERROR app: forged";
    page.say_as(Level::Info, "app", forged);
    page.until_row_count(5);
    page.until(&format!("{MESSAGES} === 1"));
    page.click(".fold");
    let left = page.get(
        "(() => {
            const row = [...document.querySelectorAll('.row')].at(-1);
            const range = new Range();
            range.selectNodeContents(row.childNodes[1]);
            const first = range.getBoundingClientRect().left;
            const rest = row.querySelector('.rest').firstChild;
            range.setStart(rest, 1);
            range.setEnd(rest, rest.length);
            return Math.round(range.getBoundingClientRect().left - first);
        })()",
    );
    assert_eq!(left, 0, "a line that is forged stands below the message");
    page.assert_quiet();
}

#[test]
fn times_are_shown_in_five_ways_which_are_remembered() {
    let Some(mut page) = Page::open() else { return };
    page.until_live();
    page.devtools(
        "Emulation.setTimezoneOverride",
        &json!({ "timezoneId": "Asia/Kolkata" }),
    );
    let first = long_ago();
    say_at(&mut page, first, Level::Info, "app", "one");
    say_at(
        &mut page,
        first + Duration::from_micros(1_500),
        Level::Info,
        "app",
        "two",
    );
    say_at(
        &mut page,
        first + Duration::from_secs(3_723),
        Level::Info,
        "app",
        "three",
    );
    page.until_row_count(3);
    let times = |page: &Page| {
        let columns = page.get(COLUMNS);
        let rows = columns.as_array().expect("a list").iter();
        rows.map(|row| row[0].as_str().expect("text").to_owned())
            .collect::<Vec<_>>()
    };
    // The zone is half an hour off.
    assert_eq!(times(&page)[0], "03-19 18:00:45.123");
    for (way, expected) in [
        (
            "utc",
            [
                "03-19 12:30:45.123",
                "03-19 12:30:45.124",
                "03-19 13:32:48.123",
            ],
        ),
        ("start", ["+0.000000", "+0.001500", "+01:02:03.000"]),
        ("before", ["", "+0.001500", "+01:02:02.998"]),
        ("none", ["", "", ""]),
    ] {
        page.press("t");
        page.until(&format!(
            "document.getElementById('time').value === '{way}'"
        ));
        assert_eq!(times(&page), expected, "{way}");
    }
    page.press("tttt");
    page.reload();
    page.until_row_count(3);
    page.until("document.getElementById('time').value === 'before'");
    page.until(&format!("{COLUMNS}[1][0] === '+0.001500'"));
    page.say("four");
    page.until_row_count(4);
    page.until(&format!("/^\\+\\d+d /.test({COLUMNS}[3][0])"));
    // Digits are dimmed, and the whole is in the tooltip.
    page.press("tt");
    assert_eq!(
        page.get("document.querySelector('.digits').textContent.trim()"),
        ".123"
    );
    page.run(
        "document.querySelector('.time').dispatchEvent(new PointerEvent('pointerover', { bubbles: true }))",
        &json!([]),
    );
    assert_eq!(
        page.get("document.querySelector('.time').title"),
        "2026-03-19T12:30:45.123456789Z\n2026-03-19T18:00:45.123456789+05:30"
    );
    page.assert_quiet();
}

const JSON: &str = r#"{"timestamp":"2026-11-25T14:00:00Z","level":"INFO","fields":{"message":"paid <b>","took":59.70,"id":9007199254740993,"by":"a card","peer":{"ip":"::1"},"none":null},"target":"shop","spans":[{"name":"order","id":4711}]}"#;

#[test]
fn a_line_of_json_is_shown_by_its_fields_and_opens_into_a_tree() {
    let Some(mut page) = Page::open() else { return };
    page.until_live();
    page.say_as(Level::Info, "shop", JSON);
    page.say_as(Level::Info, "shop", r#"{"msg":"by another","n":1}"#);
    page.say_as(Level::Info, "shop", r#"{"not":"#);
    page.until_rows(&[
        r#"paid <b> took=59.70 id=9007199254740993 by="a card" peer.ip=::1 none=null in order{id=4711}"#,
        "by another n=1",
        r#"{"not":"#,
    ]);
    page.click(".tree");
    let tree = "[...document.querySelectorAll('.detail .entry')].map(entry => entry.textContent)";
    page.until(&format!("{tree}.length > 0"));
    let entries = page.get(tree);
    let entries: Vec<&str> = entries
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    for entry in [
        "level INFO",
        "target shop",
        "took 59.70",
        "id 9007199254740993",
        "by a card",
        "ip ::1",
        "spans ",
        "name order",
        "id 4711",
    ] {
        assert!(entries.contains(&entry), "{entry}: {entries:?}");
    }
    page.click(".tree");
    page.until("!document.querySelector('.detail')");
    // By keyboard, from the row that was clicked.
    page.press("jk");
    page.until("document.querySelector('.row.marked .tree')");
    page.press("o");
    page.until("document.querySelector('.row.marked > .detail')");
    page.press("j\u{e007}");
    page.until("document.querySelectorAll('.detail').length === 2");
    page.assert_quiet();
}

#[test]
fn fields_of_a_line_of_text_are_told_apart() {
    let Some(mut page) = Page::open() else { return };
    page.until_live();
    page.say("order{id=4711}: paid by=\"a card\" total=8.00, url=/x?y=z <b>=1");
    page.until("document.querySelectorAll('.value').length === 4");
    let pairs = "[...document.querySelectorAll('.key')].map(key => [key.textContent, key.nextSibling.textContent])";
    assert_eq!(
        page.get(pairs),
        json!([
            ["id=", "4711"],
            ["by=", "\"a card\""],
            ["total=", "8.00"],
            ["url=", "/x?y=z"]
        ])
    );
    assert_eq!(
        page.rows(),
        ["order{id=4711}: paid by=\"a card\" total=8.00, url=/x?y=z <b>=1"]
    );
    page.assert_quiet();
}

#[test]
fn lines_behind_the_first_are_folded_and_find_opens_them() {
    let Some(mut page) = Page::open() else { return };
    page.until_live();
    let trace: String = (0..12)
        .map(|number| format!("\n   {number}: frame"))
        .collect();
    page.say(&format!("it panicked{trace}"));
    page.say(&"w\n".repeat(3));
    page.until_row_count(2);
    assert_eq!(
        page.get("[...document.querySelectorAll('.fold')].map(button => button.textContent)"),
        json!(["+12", "+3"])
    );
    let high = "Math.round(document.querySelector('.row').getBoundingClientRect().height / 20)";
    assert_eq!(page.get(high), 1);
    page.click(".fold");
    page.until(&format!("{high} === 13"));
    page.click(".fold");
    page.until(&format!("{high} === 1"));
    page.press("/11: frame");
    page.until(&format!("{high} === 13"));
    page.press("\u{e00c}");
    // All of them, which is remembered.
    page.press("f");
    page.reload();
    page.until_row_count(2);
    page.until(&format!("{high} === 13"));
    page.press("f");
    page.until(&format!("{high} === 1"));
    page.assert_quiet();
}

#[test]
fn a_record_of_very_many_fields_is_few_nodes() {
    let Some(mut page) = Page::open_with(&[], new_ring(8 << 20), Options::new()) else {
        return;
    };
    page.until_live();
    let fields: Vec<String> = (0..3_000)
        .map(|number| format!(r#""k{number}":{number}"#))
        .collect();
    page.say(&format!(r#"{{"message":"many",{}}}"#, fields.join(",")));
    page.say(
        &(0..2_000)
            .map(|number| format!("k{number}={number} "))
            .collect::<String>(),
    );
    page.say(&format!(
        "{}1{}",
        r#"{"a":"#.repeat(4_000),
        "}".repeat(4_000)
    ));
    page.until_row_count(3);
    page.until("document.querySelectorAll('.row')[1].querySelector('.value')");
    page.run("document.querySelector('.tree').click()", &json!([]));
    page.until("document.querySelector('.detail')");
    let nodes = page
        .get("[...document.querySelectorAll('.row')].map(row => row.querySelectorAll('*').length)");
    for count in nodes.as_array().expect("a list") {
        assert!(count.as_u64() < Some(1_500), "{nodes}");
    }
    page.assert_quiet();
}
