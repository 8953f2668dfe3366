//! The pictures in the README: made anew by a run with `SCREENSHOTS=<directory>`.

use std::{env, fs, path::Path};

use circular_core::Level::{self, Debug, Error, Info, Warn};
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

#[test]
fn pictures_for_the_readme() {
    let Some(directory) = env::var_os("SCREENSHOTS") else {
        return;
    };
    // Relative to the workspace, as whoever says it sees it.
    let directory = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(directory);
    let Some(mut page) = Page::open_with(&[], new_ring(1 << 20), Options::new()) else {
        return;
    };
    page.until_live();
    page.devtools(
        "Emulation.setDeviceMetricsOverride",
        &json!({ "width": 1000, "height": 470, "deviceScaleFactor": 1, "mobile": false }),
    );
    for (number, (level, target, text)) in LINES.iter().enumerate() {
        let line = format!(
            "2026-11-25T14:00:{number:02}.{:06}Z {level:>5} {target}: {text}",
            number * 70_717 % 1_000_000
        );
        page.say_as(*level, target, &line);
    }
    page.until_row_count(LINES.len());
    page.press(" ");
    page.until("document.getElementById('pause').ariaPressed === 'true'");
    for _ in 0..1_234 {
        page.say_as(Debug, "shop::cache", "hit");
    }
    page.until("document.getElementById('new').textContent === '1,234 new'");
    // What the keyboard is at has a frame.
    page.run("document.activeElement.blur()", &json!([]));
    for scheme in ["light", "dark"] {
        page.prefer(scheme);
        let picture = page.devtools("Page.captureScreenshot", &json!({ "format": "png" }));
        let picture = decoded(picture["data"].as_str().expect("a picture is base64"));
        let file = directory.join(format!("page-{scheme}.png"));
        fs::write(&file, picture)
            .unwrap_or_else(|error| panic!("cannot write {}: {error}", file.display()));
    }
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
