//! A ring, a server that shows it, and a browser that looks at it.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    ops::Deref,
    thread,
    time::{Duration, Instant},
};

use circular_core::{Level, Meta, Ring};
use circular_http::{Listen, Options, Server, Sources};
use serde_json::{Value, json};

use crate::driver::Browser;
use crate::firefox::Firefox;

/// What each row says, without its columns and what opens in it.
const ROWS: &str = "[...document.querySelectorAll('.row')].map(row => [...row.childNodes]
    .filter(node => !['meta', 'fold', 'tree', 'detail'].includes(node.className)).map(node => node.textContent).join(''))";

/// Run before the page: keeps its event streams in `sources`.
pub(crate) const KEEP_SOURCES: &str = "
    window.sources = [];
    window.EventSource = class extends EventSource {
        constructor(url) { super(url); sources.push(this); }
    };";

/// What every browser can do with a page.
pub(crate) trait Look {
    fn go_to(&self, url: &str);

    /// What an expression is, in the page.
    fn get(&self, expression: &str) -> Value;

    /// Waits until an expression is true in the page.
    fn until(&self, expression: &str);

    /// What a keyboard, a pointer or a wheel does, as WebDriver says it.
    fn act(&self, device: &Value);

    /// What the console has had since it was last asked.
    fn console(&self) -> Vec<String>;
}

/// Acts as its browser, Chromium unless another one is said.
pub(crate) struct Page<B = Browser> {
    /// Where what is said goes.
    pub(crate) ring: Ring,
    /// What is shown: that ring, wherever it went, or several.
    sources: Sources,
    pub(crate) browser: B,
    /// `None` while it is stopped.
    server: Option<Server>,
    pub(crate) options: Options<Listen>,
    pub(crate) addr: SocketAddr,
}

impl Page {
    /// With an empty ring of a mebibyte. `None` if there is to be no browser.
    pub(crate) fn open() -> Option<Self> {
        Self::open_with(&[], new_ring(1 << 20), Options::new())
    }

    /// With these records in the ring before the page is opened.
    pub(crate) fn open_with(
        before: &[&str],
        ring: Ring,
        options: impl Into<Options<Listen>>,
    ) -> Option<Self> {
        let browser = Browser::start()?;
        Some(Self::show(browser, before, ring, options.into()))
    }

    /// Over several rings, or one in a file; what is said goes to a ring of its own, which nobody is shown.
    pub(crate) fn open_over(sources: impl Into<Sources>) -> Option<Self> {
        Self::open_over_with(sources, Options::new())
    }

    /// The same with these options.
    pub(crate) fn open_over_with(
        sources: impl Into<Sources>,
        options: impl Into<Options<Listen>>,
    ) -> Option<Self> {
        let browser = Browser::start()?;
        let page = Self::start(browser, new_ring(4096), sources.into(), options.into());
        page.browser.go_to(&page.url(""));
        Some(page)
    }
}

impl Page<Firefox> {
    /// With these records in the ring before the page is opened, in Firefox. `None` if there is to be no browser.
    pub(crate) fn in_firefox(before: &[&str], ring: Ring, options: Options) -> Option<Self> {
        let browser = Firefox::start()?;
        Some(Self::show(browser, before, ring, options.into()))
    }
}

impl<B: Look> Page<B> {
    fn show(browser: B, before: &[&str], ring: Ring, options: Options<Listen>) -> Self {
        let sources = ring.handle().into();
        let mut page = Self::start(browser, ring, sources, options);
        for text in before {
            page.say(text);
        }
        page.browser.go_to(&page.url(""));
        page
    }

    /// Before the page is gone to.
    fn start(browser: B, ring: Ring, sources: Sources, options: Options<Listen>) -> Self {
        let options = options.addr((Ipv4Addr::LOCALHOST, 0));
        let server =
            circular_http::serve(sources.clone(), options.clone()).expect("a port is free");
        let addr = server.local_addr();
        Self {
            ring,
            sources,
            browser,
            server: Some(server),
            options: options.addr(addr),
            addr,
        }
    }

    /// The page's address, with a query if it has one.
    pub(crate) fn url(&self, query: &str) -> String {
        format!("http://{}/debug/log{query}", self.addr)
    }

    /// Until it shows what comes.
    pub(crate) fn until_live(&self) {
        self.until("document.getElementById('state').textContent === 'Live'");
    }

    /// Logs a line at INFO, of the target `app`.
    pub(crate) fn say(&mut self, text: &str) {
        self.say_as(Level::Info, "app", text);
    }

    pub(crate) fn say_as(&mut self, level: Level, target: &str, text: &str) {
        say(&mut self.ring, level, target, text);
    }

    pub(crate) fn rows(&self) -> Vec<String> {
        let rows = self.get(ROWS);
        let rows = rows.as_array().expect("rows are a list").iter();
        rows.map(|row| row.as_str().expect("a row is text").to_owned())
            .collect()
    }

    /// Waits for these rows, and no others.
    pub(crate) fn until_rows(&self, expected: &[&str]) {
        let expected = serde_json::to_string(expected).expect("text is JSON");
        self.until(&format!(
            "JSON.stringify({ROWS}) === JSON.stringify({expected})"
        ));
    }

    pub(crate) fn until_row_count(&self, count: usize) {
        self.until(&format!(
            "document.querySelectorAll('.row').length === {count}"
        ));
    }

    /// Waits until the newest row ends so.
    pub(crate) fn until_last_row(&self, end: &str) {
        self.until(&format!(
            "[...document.querySelectorAll('.row')].at(-1)?.textContent.endsWith('{end}')"
        ));
    }

    pub(crate) fn stop_server(&mut self) {
        self.server = None;
    }

    /// Starts it again, on the same port.
    pub(crate) fn start_server(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(30);
        let server = loop {
            match circular_http::serve(self.sources.clone(), self.options.clone()) {
                // The connections of the one before may still hold it.
                Err(error)
                    if error.kind() == io::ErrorKind::AddrInUse && Instant::now() < deadline =>
                {
                    thread::sleep(Duration::from_millis(20));
                }
                server => break server.expect("its port is free again"),
            }
        };
        self.server = Some(server);
    }

    /// As a new start of the program does: the server is another one, and its ring as well.
    pub(crate) fn start_program(&mut self, ring: Ring) {
        self.start_over(ring.handle());
        self.ring = ring;
    }

    /// The same of several.
    pub(crate) fn start_over(&mut self, sources: impl Into<Sources>) {
        self.stop_server();
        self.sources = sources.into();
        self.start_server();
    }

    /// Turns the wheel over the log: up if `pixels` are negative.
    pub(crate) fn wheel(&self, pixels: i32) {
        self.act(&json!({ "type": "wheel", "id": "wheel", "actions": [
            { "type": "scroll", "x": 300, "y": 300, "deltaX": 0, "deltaY": pixels },
        ] }));
    }

    /// Nothing on the console: no error, and nothing that the CSP had to forbid.
    pub(crate) fn assert_quiet(&self) {
        assert_eq!(self.console(), [""; 0], "the console has something to say");
    }
}

impl<B> Deref for Page<B> {
    type Target = B;

    fn deref(&self) -> &B {
        &self.browser
    }
}

pub(crate) fn new_ring(capacity: usize) -> Ring {
    Ring::new(capacity).expect("there is memory for a ring")
}

/// One record, as a program writes it.
pub(crate) fn say(ring: &mut Ring, level: Level, target: &str, text: &str) {
    let meta = Meta::new().level(level).target(target);
    ring.record(meta, format!("{text}\n").as_bytes())
        .expect("the ring is open");
}
