//! The pictures in the README: made anew by a run with `SCREENSHOTS=<directory>`.

use std::{
    env, fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use circular_core::{
    Level::{self, Debug, Error, Info, Warn},
    Meta, Timestamp,
};
use serde_json::json;

use crate::page::{Page, new_ring};
use circular_http::Options;

/// Level, target and the rest of the line.
const LINES: &[(Level, &str, &str)] = &[
    (Info, "shop", "listening on 127.0.0.1:8080"),
    (Debug, "shop::db", "pool opened min=4 max=16"),
    (
        Info,
        "shop::orders",
        "order{id=4711}: accepted items=3 total=59.70",
    ),
    (
        Debug,
        "hyper::client",
        "connected to 10.0.3.17:443 in 8.1ms",
    ),
    (Warn, "shop::db", "slow query took=412ms rows=18230"),
    (Info, "shop::orders", "order{id=4711}: paid by=card"),
    (
        Debug,
        "shop::cache",
        "\x1b[32mhit\x1b[0m key=\"price:1138\" \x1b[31mmiss\x1b[0m key=\"price:2001\"",
    ),
    (
        Error,
        "shop::mail",
        "order{id=4711}: not sent: connection reset by peer (attempt 1 of 5)",
    ),
    (
        Info,
        "shop::orders",
        "order{id=4712}: accepted items=1 total=8.00",
    ),
    (
        Warn,
        "shop::web",
        "a header that tries it on: <img src=x onerror=alert(1)> \x1b]0;x\x07",
    ),
    (Info, "shop::mail", "order{id=4711}: sent (attempt 2 of 5)"),
    (
        Debug,
        "shop::orders",
        "order{id=4712}: reserved\n  shelf 12: 1 of 7\n  shelf 40: 0 of 2",
    ),
    (Info, "shop::orders", "order{id=4712}: paid by=invoice"),
];

/// Lines of JSON, as `RingLayer::json` writes them.
const JSON_LINES: &[(Level, &str, &str, &str)] = &[
    (
        Info,
        "shop::orders",
        r#""message":"accepted","items":3,"total":59.70,"customer":"ann@example.com""#,
        r#","span":{"id":4711,"name":"order"},"spans":[{"method":"POST","path":"/orders","name":"request"},{"id":4711,"name":"order"}]"#,
    ),
    (
        Debug,
        "shop::db",
        r#""message":"query","took_ms":8.1,"rows":12,"statement":"SELECT * FROM orders WHERE id = $1""#,
        "",
    ),
    (
        Warn,
        "shop::db",
        r#""message":"slow query","took_ms":412,"rows":18230"#,
        "",
    ),
    (
        Error,
        "shop::mail",
        r#""message":"not sent: connection reset by peer\n   0: shop::mail::send\n   1: shop::mail::retry\n   2: tokio::runtime::task","attempt":1,"of":5,"id":9007199254740993"#,
        r#","span":{"id":4711,"name":"order"}"#,
    ),
    (
        Info,
        "shop::web",
        r#""message":"answered","status":200,"path":"/orders/4711","peer":{"ip":"10.0.3.17","port":50122}"#,
        "",
    ),
];

/// The newest is this old, and they are this far apart.
const APART: Duration = Duration::from_millis(717);

fn say_lines(page: &mut Page, times: u32) {
    let count = u32::try_from(LINES.len()).expect("few") * times;
    let began = SystemTime::now() - APART * count;
    for (number, (level, target, text)) in (0..count).zip(LINES.iter().cycle()) {
        let time = began + APART * number;
        let line = format!("{:.6} {level:>5} {target}: {text}\n", Timestamp::new(time));
        let meta = Meta::new().level(*level).target(target).time(time);
        page.ring
            .record(meta, line.as_bytes())
            .expect("the ring is open");
    }
}

fn say_json(page: &mut Page, times: u32) {
    let count = u32::try_from(JSON_LINES.len()).expect("few") * times;
    let began = SystemTime::now() - APART * count;
    for (number, (level, target, fields, spans)) in (0..count).zip(JSON_LINES.iter().cycle()) {
        let time = began + APART * number;
        let line = format!(
            r#"{{"timestamp":"{:.6}","level":"{level}","fields":{{{fields}}},"target":"{target}"{spans}}}"#,
            Timestamp::new(time)
        );
        let meta = Meta::new().level(*level).target(target).time(time);
        page.ring
            .record(meta, format!("{line}\n").as_bytes())
            .expect("the ring is open");
    }
}

fn size(page: &Page, width: u32, height: u32) {
    page.devtools(
        "Emulation.setDeviceMetricsOverride",
        &json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 700 }),
    );
    page.until(&format!("innerWidth === {width}"));
}

fn take(page: &Page, file: &Path) {
    page.until_painted();
    let picture = page.devtools("Page.captureScreenshot", &json!({ "format": "png" }));
    let picture = decoded(picture["data"].as_str().expect("a picture is base64"));
    fs::write(file, picture)
        .unwrap_or_else(|error| panic!("cannot write {}: {error}", file.display()));
}

/// Relative to the workspace, as whoever says it sees it.
fn directory(variable: &str) -> Option<PathBuf> {
    let said = env::var_os(variable)?;
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(said);
    fs::create_dir_all(&directory).expect("a directory for pictures");
    Some(directory)
}

#[test]
fn pictures_for_the_readme() {
    let Some(directory) = directory("SCREENSHOTS") else {
        return;
    };
    let Some(mut page) = Page::open_with(&[], new_ring(1 << 20), Options::new()) else {
        return;
    };
    page.until_live();
    size(&page, 1200, 700);
    say_lines(&mut page, 1);
    say_json(&mut page, 1);
    page.until_row_count(LINES.len() + JSON_LINES.len());
    page.run(
        "[...document.querySelectorAll('.tree')].at(1).click()",
        &json!([]),
    );
    page.press(" ");
    page.until("document.getElementById('pause').ariaPressed === 'true'");
    for _ in 0..1_234 {
        page.say_as(Debug, "shop::cache", "hit");
    }
    page.until("document.getElementById('new').textContent === '1,234 new'");
    // Nobody is at a row, and what the keyboard is at has a frame.
    page.press("\u{e00c}");
    page.run(
        "document.activeElement.blur(); log.scrollTop = log.scrollHeight",
        &json!([]),
    );
    for scheme in ["light", "dark"] {
        page.prefer(scheme);
        take(&page, &directory.join(format!("page-{scheme}.png")));
    }
    page.press(" ");
    page.go_to(&page.url("?level=info&not=accepted"));
    page.until_live();
    size(&page, 390, 780);
    page.prefer("dark");
    take(&page, &directory.join("page-phone.png"));
}

/// Every state in every width, for whoever designs it: `LOOKS=<directory>`.
#[test]
fn looks() {
    let Some(directory) = directory("LOOKS") else {
        return;
    };
    let Some(mut page) = Page::open_with(&[], new_ring(1 << 20), Options::new()) else {
        return;
    };
    let all = |page: &Page, state: &str| {
        for width in [1440, 1024, 390] {
            size(page, width, if width < 700 { 780 } else { 720 });
            for scheme in ["light", "dark"] {
                page.prefer(scheme);
                take(
                    page,
                    &directory.join(format!("{state}-{width}-{scheme}.png")),
                );
            }
        }
    };
    page.until_live();
    all(&page, "empty");
    say_lines(&mut page, 4);
    page.until_row_count(4 * LINES.len());
    all(&page, "text");
    page.run("document.getElementById('fold').click()", &json!([]));
    all(&page, "unfolded");
    page.run("document.getElementById('fold').click()", &json!([]));
    page.go_to(&page.url("?level=info&q=order&not=shelf&nre=\\bconnection\\b"));
    page.until_live();
    page.press("/");
    page.press("paid");
    page.until("document.getElementById('found').textContent.includes('of')");
    all(&page, "filtered");
    page.press("\u{e00c}");
    page.run(
        "document.querySelector('header').classList.add('open')",
        &json!([]),
    );
    all(&page, "open");
    page.go_to(&page.url("?re=("));
    page.until("!document.getElementById('problem').hidden");
    all(&page, "error");
    page.go_to(&page.url(""));
    page.until_live();
    say_json(&mut page, 3);
    page.until_row_count(4 * LINES.len() + 3 * JSON_LINES.len());
    all(&page, "json");
    page.run("for (const button of [...document.querySelectorAll('.tree')].slice(-5, -3)) button.click()", &json!([]));
    page.run(
        "[...document.querySelectorAll('.fold')].at(-1).click()",
        &json!([]),
    );
    all(&page, "tree");
    page.run(
        "[...document.querySelectorAll('.row > .value')].at(-3).click()",
        &json!([]),
    );
    all(&page, "menu");
    page.press("\u{e00c}");
    page.press("?");
    all(&page, "keys");
}

/// From base64.
fn decoded(text: &str) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits: Vec<usize> = text
        .bytes()
        .filter_map(|byte| DIGITS.iter().position(|&digit| digit == byte))
        .collect();
    let groups = digits.chunks(4).flat_map(|group| {
        let bits = group.iter().fold(0, |bits, digit| bits << 6 | digit) << (6 * (4 - group.len()));
        [16, 8, 0]
            .into_iter()
            .take(group.len() - 1)
            .map(move |shift| u8::try_from(bits >> shift & 0xff).expect("a byte"))
    });
    groups.collect()
}
