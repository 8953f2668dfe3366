//! The page behind nginx, Caddy and haproxy with TLS, as the README has them: at every address that they may give it.

use std::net::SocketAddr;

use circular_core::{Level, Ring};
use circular_http::{Options, Server, serve};
use serde_json::json;

use crate::driver::Browser;
use crate::page::{new_ring, say};
use crate::program::Program;
use crate::proxy::{self, NAME};

const ENTER: &str = "\u{e007}";

/// What the rows say, however they look.
const TEXT: &str = "document.getElementById('log').textContent";

fn log() -> (Ring, Server) {
    let ring = new_ring(1 << 20);
    let options = Options::new()
        .addr("127.0.0.1:0")
        .name("shop")
        .origin("https://log.example.com")
        .and_then(|options| options.token("sesame"))
        .expect("an origin and a token");
    let server = serve(ring.handle(), options).expect("a port is free");
    (ring, server)
}

/// A person comes to `path`, signs in at the second attempt, looks, downloads, signs out, and is asked again.
fn assert_works(browser: &Browser, proxy: &Program, ring: &mut Ring, path: &str) {
    let origin = format!("https://{NAME}:{}", proxy.port);
    say(ring, Level::Debug, "shop", &format!("debug-{path}"));
    say(ring, Level::Info, "shop", &format!("info-{path}"));
    browser.go_to(&format!("{origin}{path}?level=info&q={path}"));
    browser.until(
        "document.title === 'Log: token needed' && document.activeElement?.name === 'token'",
    );
    // Its looks are found.
    browser.until("[...document.styleSheets].some(sheet => sheet.cssRules.length > 0)");
    browser.press(&format!("open{ENTER}"));
    browser
        .until("document.querySelector('[role=alert]')?.textContent === 'That is not the token.' && document.activeElement?.name === 'token'");
    browser.press(&format!("sesame{ENTER}"));
    browser.until(&format!("{TEXT}.includes('info-{path}')"));
    assert_eq!(browser.get(&format!("{TEXT}.includes('debug-')")), false);
    browser.until("document.getElementById('state').textContent === 'Live'");
    let query = browser.get("new URLSearchParams(location.search).get('q')");
    assert_eq!(query, path);
    let title = browser.get("document.title");
    assert!(
        title.as_str().is_some_and(|title| title.contains("shop")),
        "{title}"
    );

    // What comes is shown when it comes.
    for number in 0..3 {
        say(ring, Level::Info, "shop", &format!("{number}-{path}"));
        browser.until(&format!("{TEXT}.includes('{number}-{path}')"));
    }
    let name = browser.get("document.getElementById('download-shown').download");
    let name = name.as_str().expect("it has a name");
    browser.click("#download-shown");
    let downloaded = browser.downloaded(name);
    assert!(
        downloaded.starts_with(&format!("info-{path}\n")),
        "{downloaded}"
    );
    assert!(downloaded.ends_with(&format!("2-{path}\n")), "{downloaded}");
    browser.remove_downloaded(name);
    assert_eq!(browser.get("document.cookie"), "", "no script sees it");

    // As a button of the page's would.
    browser.run(
        "const form = document.createElement('form');
        form.method = 'post';
        form.action = `${location.pathname.replace(/[/]$/, '')}/logout`;
        document.body.append(form); form.submit();",
        &json!([]),
    );
    browser.until(
        "document.title === 'Log: token needed' && document.activeElement?.name === 'token'",
    );
    browser.go_to(&format!("{origin}{path}"));
    browser.until(
        "document.title === 'Log: token needed' && document.activeElement?.name === 'token'",
    );
}

fn everywhere(start: fn(SocketAddr) -> Option<Program>, paths: &[&str]) {
    let Some(browser) = Browser::start() else {
        return;
    };
    let (mut ring, server) = log();
    let Some(proxy) = start(server.local_addr()) else {
        return;
    };
    for path in paths {
        assert_works(&browser, &proxy, &mut ring, path);
    }
    browser.go_to("about:blank");
}

#[test]
fn behind_nginx_as_it_comes() {
    everywhere(
        proxy::nginx,
        &[
            "/debug/log",
            "/debug/log/",
            "/shop/debug/log",
            "/admin/debug/log/",
            "/logs/",
            "/tail",
        ],
    );
}

#[test]
fn behind_caddy() {
    everywhere(proxy::caddy, &["/debug/log", "/shop/debug/log/"]);
}

#[test]
fn behind_haproxy() {
    everywhere(proxy::haproxy, &["/debug/log", "/admin/debug/log"]);
}
