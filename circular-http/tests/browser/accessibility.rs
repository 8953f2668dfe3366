//! The page for people who do not see it as others do: axe-core finds nothing serious, in light and dark.

use std::{fs, path::Path};

use circular_core::Level;
use circular_http::Options;
use serde_json::{Value, json};

use crate::{
    driver::Browser,
    left_out,
    page::{Page, new_ring},
};

/// `ci/browser.sh` has the same.
const AXE: &str = "axe-core-4.14.1.min.js";

/// What axe passes over where it is not sure what is behind a text: the text of every element that has some,
/// on the nearest background that is not transparent. Gives those below 4.5:1, as WCAG counts.
const LOW_CONTRAST: &str = "
    const rgba = color => color.match(/[\\d.]+/g).map(Number);
    const light = color => {
        const [r, g, b] = rgba(color).map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = element => {
        const color = getComputedStyle(element).backgroundColor;
        return (rgba(color)[3] ?? 1) === 1 ? color : behind(element.parentElement);
    };
    return [...document.body.querySelectorAll('*')]
        .filter(element => element.checkVisibility())
        .filter(element => [...element.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim()))
        .map(element => {
            const [a, b] = [light(getComputedStyle(element).color), light(behind(element))];
            return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), element.textContent.slice(0, 80), element.className];
        })
        .filter(([ratio]) => ratio < 4.5);";

#[test]
fn axe_finds_nothing_serious_in_light_and_dark() {
    let Some(mut page) = Page::open() else { return };
    page.until_live();
    for level in [
        Level::Error,
        Level::Warn,
        Level::Info,
        Level::Debug,
        Level::Trace,
    ] {
        page.say_as(level, "app", "a bare line");
        page.say_as(
            level,
            "app",
            &format!("2026-11-25T14:00:00.123456Z {level} app: a whole line"),
        );
    }
    for code in (30..38).chain(40..48).chain(90..98).chain(100..108) {
        page.say(&format!(
            "\x1b[{code}mcolour {code}\x1b[7m inverse\x1b[0;2m dim \x1b[{code};1m\x07"
        ));
    }
    page.say(&"x".repeat(17_000));
    page.until_row_count(43);
    // Notices, a problem, and what is folded.
    page.start_program(new_ring(1 << 20));
    page.until_row_count(44);
    page.press(" ");
    page.say("one that waits");
    page.until("document.getElementById('new').textContent === '1 new'");
    page.wheel(-100_000);
    page.press("/");
    page.press("whole");
    page.until("document.getElementById('found').textContent === '1 of 5'");
    for scheme in ["light", "dark"] {
        page.prefer(scheme);
        assert_nothing_serious(&page, scheme);
    }
    page.go_to(&page.url("?since=1h&until=1h&re=("));
    page.until(
        "!document.getElementById('problem').hidden && !document.getElementById('rest').hidden",
    );
    for scheme in ["light", "dark"] {
        page.prefer(scheme);
        assert_nothing_serious(&page, scheme);
    }
}

#[test]
fn axe_finds_nothing_serious_in_the_form_for_the_token() {
    let options = Options::new().token("sesame").expect("a token");
    let Some(page) = Page::open_with(&[], new_ring(1 << 20), options) else {
        return;
    };
    for scheme in ["light", "dark"] {
        page.prefer(scheme);
        assert_nothing_serious(&page, scheme);
    }
    page.press("open\u{e007}");
    page.until("document.querySelector('[role=alert]')");
    assert_nothing_serious(&page, "dark, with a wrong token");
}

#[test]
fn axe_finds_nothing_serious_in_what_opens() {
    let Some(mut page) = Page::open() else { return };
    page.say("it panicked with=this\n  and that");
    page.say_as(
        Level::Error,
        "app",
        r#"{"message":"json","n":1,"s":"text","inner":{"a":[1,null]}}"#,
    );
    page.until_row_count(2);
    page.click(".fold");
    page.click(".tree");
    page.until("document.querySelector('.detail')");
    for scheme in ["light", "dark"] {
        page.prefer(scheme);
        assert_nothing_serious(&page, scheme);
    }
    page.run(
        "document.querySelector('.detail .value').click()",
        &json!([]),
    );
    page.until("document.getElementById('menu').matches(':popover-open')");
    assert_nothing_serious(&page, "the menu");
    page.press("\u{e00c}");
    page.until("!document.getElementById('menu').matches(':popover-open')");
    page.get("log.focus()");
    page.press("?");
    page.until("document.getElementById('keys').open");
    assert_nothing_serious(&page, "the keys");
}

#[test]
fn what_comes_slowly_is_read_out_and_a_flood_is_not() {
    let Some(mut page) = Page::open_with(&["one", "two"], new_ring(1 << 20), Options::new()) else {
        return;
    };
    assert_eq!(
        page.get("[log.getAttribute('role'), log.ariaLabel]"),
        json!(["log", "Log records"])
    );
    // What was there before is not read out: it turns polite only when that has come.
    page.until("log.ariaLive === 'polite' && log.childElementCount > 0");
    page.run(
        "window.told = [];
         new MutationObserver(() => told.push(log.ariaLive)).observe(log, { attributeFilter: ['aria-live'] });",
        &json!([]),
    );
    for number in 0..2_000 {
        page.say(&format!("number {number}"));
    }
    page.until("told.includes('off') && told.at(-1) === 'polite'");
    page.assert_quiet();
}

#[test]
fn neither_a_flood_nor_what_was_there_is_read_out() {
    let Some(mut page) = Page::open_with(&["one", "two"], new_ring(1 << 20), Options::new()) else {
        return;
    };
    // What is decided each second is decided ten times as often.
    page.before_each_page(
        "const timer = setInterval; window.setInterval = (what, wait) => timer(what, wait / 10);",
    );
    page.reload();
    page.until("log.ariaLive === 'polite' && log.childElementCount > 0");
    page.run(
        "window.read = [];
         new MutationObserver(changes => {
            if (log.ariaLive === 'off') return;
            const nodes = changes.flatMap(({ addedNodes }) => [...addedNodes]);
            read.push(...nodes.filter(node => node.matches?.('.row')).map(row => row.lastChild.textContent));
         }).observe(log, { childList: true, subtree: true });",
        &json!([]),
    );
    for number in 0..2_000 {
        page.say(&format!("number {number}"));
    }
    page.until_last_row("number 1999");
    // Its first ones may have been read before it was one.
    let read = page.get("read.splice(0).length");
    assert!(read.as_u64() < Some(10), "a flood is read out: {read}");

    page.until("log.ariaLive === 'polite'");
    page.set("#text", "number 1999");
    page.until_rows(&["number 1999"]);
    page.until("log.ariaLive === 'polite'");
    page.set("#text", "number 19");
    page.until_row_count(111);
    page.until("log.ariaLive === 'polite'");
    assert_eq!(page.get("read"), json!([]), "what was there is not");

    page.until("log.ariaLive === 'polite'");
    page.stop_server();
    for number in 0..100 {
        page.say(&format!("number 19, away {number}"));
    }
    page.start_server();
    page.until_last_row("away 99");
    assert_eq!(page.get("read"), json!([]), "what came meanwhile is not");

    page.until("log.ariaLive === 'polite'");
    page.say("number 19, slowly");
    page.until_last_row("slowly");
    assert_eq!(page.get("read"), json!(["number 19, slowly"]));
}

/// 1280 x 1024 at 400 % are 320 x 256: without scrolling to the side, and with a log that shows some rows.
#[test]
fn a_small_window_still_shows_the_log() {
    let Some(mut page) = Page::open() else { return };
    let word = "w".repeat(60);
    for number in 0..50 {
        page.say(&format!("{word} number {number}"));
    }
    page.until_row_count(50);
    page.go_to(&page.url(&format!("?since=1h&re=w&q={word}")));
    page.until_row_count(50);
    page.run(
        "const problem = document.getElementById('problem');
         problem.textContent = `It is said why: ${arguments[0]}`;
         problem.hidden = false;",
        &json!([word]),
    );
    page.press("\u{e00c}/");
    page.until("!document.getElementById('find').hidden");
    for (width, height) in [(640, 400), (480, 320), (360, 640), (320, 256)] {
        page.devtools(
            "Emulation.setDeviceMetricsOverride",
            &json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false }),
        );
        page.until(&format!("innerWidth === {width}"));
        let sizes = page.get("[document.documentElement.scrollWidth, log.clientHeight]");
        let [wide, high] = [0, 1].map(|index| sizes[index].as_u64().expect("a number"));
        assert!(wide <= width, "{width} x {height}: it is {wide} wide");
        assert!(
            high >= 190.min(height * 2 / 3),
            "{width} x {height}: the log is {high} high"
        );
        page.run(
            "[...document.querySelectorAll('.row')].at(-1).scrollIntoView()",
            &json!([]),
        );
        page.until(
            "(box => document.elementFromPoint(box.left + 9, box.top + 9)?.closest('.row')?.textContent.endsWith('number 49'))
             ([...document.querySelectorAll('.row')].at(-1).getBoundingClientRect())",
        );
    }
}

pub(crate) fn assert_nothing_serious(browser: &Browser, what: &str) {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(AXE);
    let Ok(axe) = fs::read_to_string(&path) else {
        left_out::for_want_of("axe-core, which is fetched from the npm registry");
        return;
    };
    browser.run(&axe, &json!([]));
    let found =
        browser.run_async("axe.run(document, { resultTypes: ['violations'] }).then(arguments[0])");
    assert!(
        found["passes"]
            .as_array()
            .is_some_and(|passes| !passes.is_empty()),
        "it has looked: {found}"
    );
    let rules = found["violations"].as_array().expect("a list").iter();
    let serious = rules.filter(|rule| rule["impact"] == "serious" || rule["impact"] == "critical");
    let serious: Vec<String> = serious
        .map(|rule| format!("{}: {} {}", rule["id"], rule["help"], places(rule)))
        .collect();
    assert_eq!(serious, [""; 0], "{what}");
    assert_eq!(
        browser.run(LOW_CONTRAST, &json!([])),
        json!([]),
        "contrast below 4.5:1, {what}"
    );
}

fn places(rule: &Value) -> String {
    let nodes = rule["nodes"].as_array().expect("a list").iter();
    nodes
        .map(|node| format!("\n  {}: {}", node["html"], node["failureSummary"]))
        .collect()
}
