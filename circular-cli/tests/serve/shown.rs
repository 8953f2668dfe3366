//! What leaves, to whom, and where.

use std::fs;

use circular_core::Level;

use crate::rings::{Rings, write};
use crate::served::{Served, ask};

fn with_a_secret() -> (Rings, circular_core::Ring) {
    let rings = Rings::new();
    let ring = rings.ring("shop");
    write(
        &ring,
        Level::Info,
        "shop",
        0,
        "login password=hunter2 badge=1234",
    );
    (rings, ring)
}

#[test]
fn secrets_are_hidden_unless_somebody_asks_for_them() {
    let (rings, _ring) = with_a_secret();
    for (args, expected) in [
        (&[][..], "login password=[redacted] badge=1234"),
        (&["--redact=keys"], "login password=[redacted] badge=1234"),
        (
            &["--redact-key=badge"],
            "login password=[redacted] badge=[redacted]",
        ),
        (&["--redact=none"], "login password=hunter2 badge=1234"),
    ] {
        let served = Served::start(&rings, &[&["shop"], args].concat());
        assert_eq!(served.objects()[0]["text"], expected, "{args:?}");
    }
}

#[test]
fn a_token_is_asked_for() {
    let (rings, _ring) = with_a_secret();
    let file = rings.0.join("token");
    fs::write(&file, "s3cret\n").unwrap();
    let from_file = ["--token-file", file.to_str().unwrap()];
    for (args, variable) in [(&from_file, ""), (&["--token-env", "SHOP_TOKEN"], "s3cret")] {
        let args = [&["serve", "shop", "--addr=127.0.0.1:0"][..], args].concat();
        let served = Served::spawn(rings.circular(&args).env("SHOP_TOKEN", variable));
        assert_eq!(served.ask("format=ndjson").status(), 401, "{args:?}");
        let wrong = ask(&served.url, &[("authorization", "Bearer wrong")]);
        assert_eq!(wrong.status(), 401, "{args:?}");
        let right = ask(&served.url, &[("authorization", "Bearer s3cret")]);
        assert_eq!(right.status(), 200, "{args:?}");
    }
}

#[test]
fn it_answers_to_the_names_that_it_is_told() {
    let (rings, _ring) = with_a_secret();
    let args = [
        "shop",
        "--host=log.lan",
        "--host=10.0.0.5",
        "--origin=https://log.example.com",
    ];
    let served = Served::start(&rings, &args);
    for (host, status) in [
        ("localhost", 200),
        ("log.lan", 200),
        ("10.0.0.5:6061", 200),
        ("log.example.com", 200),
        ("elsewhere.lan", 403),
    ] {
        let answer = ask(&served.url, &[("host", host)]);
        assert_eq!(answer.status(), status, "{host}");
    }
}

#[test]
fn the_page_is_where_it_is_to_be_and_has_a_title() {
    let (rings, _ring) = with_a_secret();
    let _cart = rings.ring("cart");
    for (args, path, title) in [
        (&["shop"][..], "/debug/log", "shop"),
        (&["shop", "cart"], "/debug/log", "circular"),
        (&[], "/debug/log", "circular"),
        (
            &["shop", "--name=the till", "--path=/logs/shop"],
            "/logs/shop",
            "the till",
        ),
    ] {
        let served = Served::start(&rings, args);
        assert!(served.url.ends_with(path), "{args:?}: {}", served.url);
        let page = served.text("format=html");
        let title = format!("<title>{title} – log</title>");
        assert!(page.contains(&title), "{args:?}: {page}");
    }
}

#[test]
fn there_are_so_many_viewers_and_no_more() {
    let (rings, _ring) = with_a_secret();
    let served = Served::start(&rings, &["shop", "--viewers=1"]);
    let following = served.follow();
    following.next();
    assert_eq!(served.ask("follow").status(), 429);
}
