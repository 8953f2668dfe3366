//! Going on where one left off, and being told what is missing.

use std::io::{BufRead, BufReader};
use std::thread;

use serde_json::{Value, json};

use crate::support::{Event, Site, Tail, line};

/// What a client of an event stream has had.
#[derive(Default)]
struct Client {
    id: Option<String>,
    /// The number of the first record, which was the oldest when it first came.
    first: Option<u64>,
    /// The number of the record that comes next.
    next: u64,
    received: u64,
    missed: u64,
}

impl Client {
    fn take(&mut self, event: Event) {
        match event.name.as_str() {
            "missed" => {
                let records = event.data["missed"]["records"].as_u64().expect("a number");
                assert!(self.first.is_some(), "what was before it came is no loss");
                self.missed += records;
                self.next += records;
            }
            "" if event.seq().is_some() => {
                if self.first.is_none() {
                    self.first = event.seq();
                    self.next = event.seq().unwrap_or(0);
                }
                assert_eq!(event.seq(), Some(self.next), "a gap, or a double");
                assert_eq!(event.data["text"], line(self.next).trim_end());
                self.next += 1;
                self.received += 1;
            }
            "" | "live" => {}
            name => panic!("{name}"),
        }
        self.id = event.id.or(self.id.take());
    }

    /// Connects, takes about `count` events, and goes without a word. As `EventSource` does, it counts
    /// an event when its empty line has come.
    fn visit(&mut self, site: &Site, count: usize) {
        let mut request =
            "GET /debug/log?format=sse&follow&tail=all HTTP/1.0\nhost: localhost".to_owned();
        if let Some(id) = &self.id {
            request += &format!("\nlast-event-id: {id}");
        }
        let stream = BufReader::new(site.open(&request));
        let mut lines = stream.lines().map(|line| line.expect("it is text"));
        assert_eq!(lines.next().as_deref(), Some("HTTP/1.0 200 OK"));
        lines
            .by_ref()
            .find(String::is_empty)
            .expect("the head ends");
        for _ in 0..count {
            let mut event = Event::default();
            for line in lines.by_ref().take_while(|line| !line.is_empty()) {
                event.add(&line);
            }
            self.take(event);
            if self.next == site.ring.handle().stats().written {
                return;
            }
        }
    }
}

/// A client that keeps losing its connection while there are writers.
fn visits(capacity: usize, records: u64) -> Client {
    let site = Site::with(capacity, crate::support::options());
    let mut client = Client::default();
    site.write(0..1);
    while client.received == 0 {
        client.visit(&site, 3);
    }
    thread::scope(|scope| {
        let writer = scope.spawn(|| site.write(1..records));
        let mut count = 1;
        while !writer.is_finished() || client.next < records {
            client.visit(&site, count);
            count = (count * 3) % 500;
        }
    });
    let since_first = records - client.first.expect("it got one");
    assert_eq!(client.received + client.missed, since_first);
    client
}

#[test]
fn nothing_is_lost_or_doubled_where_the_ring_holds_it_all() {
    let client = visits(8 << 20, 20_000);
    assert_eq!(client.missed, 0);
}

#[test]
fn what_was_overwritten_meanwhile_is_counted() {
    let client = visits(16 << 10, 20_000);
    assert!(client.missed > 0, "the ring holds a hundredth of it");
}

#[test]
fn who_comes_back_gets_what_was_written_long_ago() {
    let site = Site::new();
    site.write(0..3);
    // As time goes on, what since= says is later than what was written after the visit before.
    let query = "?format=sse&follow&since=2999-01-01T00:00:00Z";
    let text = site.get("?format=ndjson");
    let first: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    let header = format!("last-event-id: {}", first["id"].as_str().unwrap());
    let mut tail = Tail::open(&site.url(query), &["--header", &header]);
    tail.event();
    assert_eq!(tail.event().seq(), Some(1));
    assert_eq!(tail.event().seq(), Some(2));
    assert_eq!(site.get("?since=2999-01-01T00:00:00Z"), "");
}

#[test]
fn every_format_tells_what_was_missed() {
    let site = Site::with(4096, crate::support::options());
    let first = |site: &Site| {
        let json: Value = serde_json::from_str(site.get("?format=ndjson&tail=1").trim()).unwrap();
        json["id"].as_str().unwrap().to_owned()
    };
    site.write(0..1);
    let id = first(&site);
    site.write(1..1000);
    let held = site.get("");
    let oldest: u64 = held.split(' ').nth(1).unwrap().parse().unwrap();
    let records = oldest - 1;
    let bytes: usize = (1..oldest).map(|number| line(number).len()).sum();
    let missed = json!({"records": records, "bytes": bytes});

    let text = site.get(&format!("?after={id}"));
    let notice = format!("--- missed {records} records ({bytes} bytes): reader too slow ---\n");
    assert_eq!(text, notice + &held);
    let ndjson = site.get(&format!("?format=ndjson&after={id}"));
    let told: Value = serde_json::from_str(ndjson.lines().next().unwrap()).unwrap();
    assert_eq!(told["missed"], missed);
    // Whoever leaves now is not told a second time.
    let behind = told["id"].as_str().unwrap();
    assert_eq!(site.get(&format!("?after={behind}")), held);

    let header = format!("last-event-id: {id}");
    let mut tail = Tail::open(&site.url("?format=sse&follow"), &["--header", &header]);
    tail.event();
    let event = tail.event();
    assert_eq!(
        (event.name.as_str(), &event.data["missed"]),
        ("missed", &missed)
    );
    // Whoever leaves now is not told a second time.
    let behind = event.id.unwrap();
    assert_eq!(site.get(&format!("?after={behind}")), held);
    assert_eq!(tail.event().seq(), Some(oldest));

    // Without the bytes in the cursor, they are not counted.
    let (short, _) = id.rsplit_once('.').unwrap();
    let text = site.get(&format!("?after={short}"));
    assert!(
        text.starts_with(&format!("--- missed {records} records (0 bytes)")),
        "{text}"
    );
}

#[test]
fn another_rings_cursor_begins_at_the_oldest_and_says_so() {
    let (old, new) = (Site::new(), Site::new());
    old.write(0..5);
    new.write(0..3);
    let json = old.get("?format=ndjson&tail=1");
    let json: Value = serde_json::from_str(json.trim()).unwrap();
    let id = json["id"].as_str().unwrap();
    let held: String = (0..3).map(line).collect();

    let text = new.get(&format!("?after={id}&tail=1"));
    assert_eq!(
        text,
        format!(
            "--- restarted: the cursor is not of this ring, reading from the oldest ---\n{held}"
        )
    );
    for id in [id, "nonsense", "0123456789abcdef.7", ""] {
        let header = if id.is_empty() {
            "last-event-id;".to_owned()
        } else {
            format!("last-event-id: {id}")
        };
        let ndjson = new
            .curl("?format=ndjson&tail=1", &["--header", &header])
            .body;
        let lines: Vec<Value> = ndjson
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines[0], json!({"restarted": true}), "{id}");
        assert_eq!((lines.len(), &lines[1]["seq"]), (4, &json!(0)), "{id}");
    }
    let header = format!("last-event-id: {id}");
    let mut tail = Tail::open(
        &new.url("?format=sse&follow&tail=1"),
        &["--header", &header],
    );
    tail.event();
    let event = tail.event();
    assert_eq!(
        (event.name.as_str(), event.data),
        ("restarted", json!({"restarted": true}))
    );
    assert_eq!(tail.event().seq(), Some(0));
}

#[test]
fn whoever_comes_back_gets_no_tail_but_all() {
    let site = Site::new();
    site.write(0..1);
    let json: Value = serde_json::from_str(site.get("?format=ndjson").trim()).unwrap();
    site.write(1..10);
    let header = format!("last-event-id: {}", json["id"].as_str().unwrap());
    let text = site.curl("?tail=2", &["--header", &header]).body;
    assert_eq!(text, (1..10).map(line).collect::<String>());
}
