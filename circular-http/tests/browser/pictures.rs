//! The pictures in the README: made anew by a run with `SCREENSHOTS=<directory>`.

use std::{
    env, fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use circular_core::{
    Level::{self, Debug, Error, Info, Warn},
    Meta, Ring, Timestamp,
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

/// What the shop's mailer says meanwhile.
const MAILS: &[(Level, &str, &str)] = &[
    (Info, "mailer", "started workers=4 queue=/var/spool/shop"),
    (Debug, "mailer::queue", "empty"),
    (
        Info,
        "mailer::queue",
        r#"{"message":"taken","order":4711,"to":"ann@example.com","waiting":1}"#,
    ),
    (
        Debug,
        "mailer::smtp",
        "connected host=mx.example.com took=38ms",
    ),
    (
        Warn,
        "mailer::smtp",
        r#"{"message":"greylisted","order":4711,"code":451,"again_in":"300s"}"#,
    ),
    (
        Error,
        "mailer::smtp",
        "order 4711: not sent: connection reset by peer\n   0: mailer::smtp::send\n   1: mailer::queue::work",
    ),
    (Debug, "mailer::queue", "put back order=4711 attempts=1"),
    (
        Info,
        "mailer::smtp",
        r#"{"message":"sent","order":4711,"attempts":2,"bytes":18220}"#,
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

/// A shop and its mailer, on one page.
#[test]
fn pictures_of_two_programs() {
    let Some(directory) = directory("SCREENSHOTS") else {
        return;
    };
    let (shop, mailer) = (new_ring(1 << 20), new_ring(1 << 20));
    let count = u32::try_from(LINES.len()).expect("few");
    let began = SystemTime::now() - APART * count;
    let record = |ring: &Ring, (level, target, text): &(Level, &str, &str), time| {
        let meta = Meta::new().level(*level).target(target).time(time);
        ring.record(meta, format!("{text}\n").as_bytes())
            .expect("the ring is open");
    };
    for (number, line) in (0..count).zip(LINES) {
        record(&shop, line, began + APART * number);
    }
    let mails = u32::try_from(MAILS.len()).expect("few");
    for (number, mail) in (0..mails).zip(MAILS) {
        record(
            &mailer,
            mail,
            began + APART * count / mails * number + APART / 3,
        );
    }
    let both = [("shop", shop.handle()), ("mailer", mailer.handle())];
    let Some(page) = Page::open_over(both) else {
        return;
    };
    size(&page, 1440, 720);
    page.until_row_count(LINES.len() + MAILS.len());
    page.until_live();
    page.until("document.getElementById('counts').textContent");
    page.press("\u{e00c}");
    page.run(
        "document.activeElement.blur(); log.scrollTop = log.scrollHeight",
        &json!([]),
    );
    for scheme in ["light", "dark"] {
        page.prefer(scheme);
        take(&page, &directory.join(format!("programs-{scheme}.png")));
    }
    size(&page, 390, 780);
    take(&page, &directory.join("programs-phone.png"));
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

/// The same of several programs.
#[test]
fn looks_of_several() {
    let Some(directory) = directory("LOOKS") else {
        return;
    };
    let names = [
        "shop",
        "mailer",
        "worker-1",
        "worker-2",
        "worker-3",
        "billing",
        "search",
        "images",
        "a-program-with-quite-a-long-name",
        "cron",
        "audit",
        "gateway",
    ];
    let rings = names.map(|name| (name, new_ring(1 << 20)));
    for (number, (_, ring)) in rings.iter().enumerate() {
        for (level, target, text) in LINES.iter().skip(number).take(4) {
            let meta = Meta::new().level(*level).target(target);
            ring.record(meta, format!("{text}\n").as_bytes())
                .expect("the ring is open");
        }
    }
    let sources: Vec<_> = rings
        .iter()
        .map(|(name, ring)| (*name, ring.handle()))
        .collect();
    let Some(page) = Page::open_over(sources) else {
        return;
    };
    let all = |page: &Page, state: &str| {
        for width in [1440, 1024, 390] {
            size(page, width, if width < 700 { 780 } else { 720 });
            for scheme in ["light", "dark"] {
                page.prefer(scheme);
                let file = format!("{state}-{width}-{scheme}.png");
                take(page, &directory.join(file));
            }
        }
    };
    page.until_live();
    all(&page, "several");
    rings[2].1.handle().close();
    rings[5].1.handle().close();
    page.until("document.querySelectorAll('.notice').length === 2");
    for chip in [2, 5, 8] {
        page.run(
            "document.querySelector(`#sources button:nth-child(${arguments[0]})`).click()",
            &json!([chip]),
        );
    }
    page.until_live();
    page.run(
        "document.querySelector('header').classList.add('open')",
        &json!([]),
    );
    all(&page, "several-chosen");
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
