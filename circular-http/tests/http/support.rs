//! A ring that is shown, and clients that look at it.
//!
//! Every wait ends: with what is waited for, or with a panic after [`PATIENCE`].

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use circular_core::{Level, Meta, Ring};
use circular_http::{Listen, Options, Server, serve};
use serde_json::Value;

use crate::client::{self, Asked, Body};

/// What should happen has happened by then, on the slowest machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Options for a free port of this machine.
pub(crate) fn options() -> Options<Listen> {
    Options::new().addr(([127, 0, 0, 1], 0))
}

/// A ring, and a server that shows it.
pub(crate) struct Site {
    pub(crate) ring: Ring,
    pub(crate) server: Server,
}

impl Site {
    pub(crate) fn new() -> Self {
        Self::with(1 << 20, options())
    }

    pub(crate) fn with(capacity: usize, options: Options<Listen>) -> Self {
        let ring = Ring::new(capacity).expect("there is memory");
        let server = serve(ring.handle(), options).expect("there is a free port");
        Self { ring, server }
    }

    /// Records what the numbers stand for.
    pub(crate) fn write(&self, numbers: impl IntoIterator<Item = u64>) {
        for number in numbers {
            let meta = Meta::new().level(Level::Info).target("test");
            self.record(meta, &line(number));
        }
    }

    pub(crate) fn record(&self, meta: Meta<'_>, text: &str) {
        self.ring
            .record(meta, text.as_bytes())
            .expect("the ring is open");
    }

    pub(crate) fn url(&self, rest: &str) -> String {
        self.server.url() + rest
    }

    pub(crate) fn curl(&self, rest: &str, arguments: &[&str]) -> Reply {
        curl(&self.url(rest), arguments)
    }

    pub(crate) fn get(&self, rest: &str) -> String {
        let reply = self.curl(rest, &[]);
        assert_eq!(reply.status, 200, "{rest}: {}", reply.body);
        reply.body
    }

    pub(crate) fn stats(&self) -> Value {
        serde_json::from_str(&self.get("/stats")).expect("it is JSON")
    }

    /// A connection on which `request` was sent, which ends with an empty line that need not be there.
    pub(crate) fn open(&self, request: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.server.local_addr()).expect("it listens");
        stream
            .set_read_timeout(Some(PATIENCE))
            .expect("it is not zero");
        let text = request.replace('\n', "\r\n") + "\r\n\r\n";
        stream.write_all(text.as_bytes()).expect("it reads");
        stream
    }
}

/// The line that [`Site::write`] makes of a number.
pub(crate) fn line(number: u64) -> String {
    format!("line {number} ------------------------------------------------\n")
}

/// A response that has ended.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// Asks for a response that ends.
pub(crate) fn curl(url: &str, arguments: &[&str]) -> Reply {
    let mut response = client::ask(url, arguments)
        .and_then(Asked::response)
        .expect("it answers");
    let mut body = Vec::new();
    let end = response.body.read_to_end(&mut body);
    let body = String::from_utf8_lossy(&body).into_owned();
    end.unwrap_or_else(|error| panic!("{url}: {error}\n{body}"));
    let head = response.head;
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    Reply {
        status: status.expect("there is a status"),
        head,
        body,
    }
}

/// A response that goes on.
pub(crate) struct Tail {
    /// Until the first line is asked for.
    asked: Option<Asked>,
    lines: Option<BufReader<Body>>,
}

impl Tail {
    pub(crate) fn open(url: &str, arguments: &[&str]) -> Self {
        let asked = client::ask(url, arguments).expect("it listens");
        Self {
            asked: Some(asked),
            lines: None,
        }
    }

    fn lines(&mut self) -> &mut BufReader<Body> {
        if let Some(asked) = self.asked.take() {
            let response = asked.response().expect("it answers");
            self.lines = Some(BufReader::new(response.body));
        }
        self.lines.as_mut().expect("it was asked for")
    }

    /// The next line, without its end.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines().read_line(&mut line).expect("it is text");
        assert!(!line.is_empty(), "the stream ended");
        line.trim_end().to_owned()
    }

    /// The next event of an event stream: its fields.
    pub(crate) fn event(&mut self) -> Event {
        let mut event = Event::default();
        loop {
            let line = self.line();
            if line.is_empty() {
                return event;
            }
            event.add(&line);
        }
    }

    /// What is left, and whether the response came to its end.
    pub(crate) fn rest(mut self) -> (String, bool) {
        let mut rest = Vec::new();
        let end = self.lines().read_to_end(&mut rest);
        let rest = String::from_utf8(rest).expect("it is text");
        (rest, end.is_ok())
    }
}

/// A message of an event stream.
#[derive(Debug, Default)]
pub(crate) struct Event {
    pub(crate) id: Option<String>,
    pub(crate) name: String,
    pub(crate) data: Value,
}

impl Event {
    pub(crate) fn add(&mut self, line: &str) {
        let (field, value) = line.split_once(':').expect("a field and a value");
        match (field, value.trim_start()) {
            ("id", id) => self.id = Some(id.to_owned()),
            ("event", name) => self.name = name.to_owned(),
            ("data", data) => self.data = serde_json::from_str(data).expect("it is JSON"),
            ("retry", _) => {}
            (field, _) => panic!("there is no field {field:?}"),
        }
    }

    /// The number of the record, if it is one.
    pub(crate) fn seq(&self) -> Option<u64> {
        self.name
            .is_empty()
            .then(|| self.data["seq"].as_u64())
            .flatten()
    }
}

/// Asks `what` until it has an answer.
pub(crate) fn until<T>(description: &str, mut what: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = what() {
            return answer;
        }
        assert!(
            Instant::now() < deadline,
            "not within {PATIENCE:?}: {description}"
        );
        thread::sleep(Duration::from_millis(10));
    }
}
