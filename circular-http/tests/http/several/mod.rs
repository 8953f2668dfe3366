//! Several rings on one page: by time, each record with its source, and no record twice or not at all.

#[cfg(target_os = "linux")]
mod files;

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use circular_core::{Level, Meta, Ring};
use circular_http::{Options, Server, Sources, serve};
use serde_json::Value;

use crate::support::{Tail, curl, options};

/// Rings with a name each, and a server that shows them.
struct Several {
    rings: Vec<Ring>,
    server: Server,
}

impl Several {
    fn new<const N: usize>(names: [&str; N], capacity: usize) -> Self {
        let rings = names.map(|_| Ring::new(capacity).unwrap());
        let sources: Vec<_> = names
            .into_iter()
            .zip(rings.iter().map(Ring::handle))
            .collect();
        Self {
            server: serve(sources, options()).unwrap(),
            rings: rings.into(),
        }
    }

    /// Writes to one ring what is said to be so many milliseconds old.
    fn write(&self, ring: usize, millis: u64, text: &str) {
        let meta = Meta::new().level(Level::Info).time(at(millis));
        self.rings[ring].record(meta, text.as_bytes()).unwrap();
    }

    fn get(&self, query: &str) -> String {
        let reply = curl(&(self.server.url() + query), &[]);
        assert_eq!(reply.status, 200, "{query}: {}", reply.body);
        reply.body
    }

    fn objects(&self, query: &str) -> Vec<Value> {
        self.get(&format!("?format=ndjson{query}"))
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Source and text of each record.
    fn texts(&self, query: &str) -> Vec<String> {
        let named =
            |object: &Value| format!("{} {}", string(object, "source"), string(object, "text"));
        self.objects(query).iter().map(named).collect()
    }
}

fn at(millis: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_615_200) + Duration::from_millis(millis)
}

fn string(object: &Value, field: &str) -> String {
    object[field]
        .as_str()
        .unwrap_or_else(|| panic!("{field} of {object}"))
        .to_owned()
}

#[test]
fn records_are_shown_by_time_each_with_its_source() {
    let site = Several::new(["shop", "d\"b"], 1 << 20);
    for (ring, millis, text) in [
        (0, 10, "a"),
        (0, 30, "c"),
        (0, 50, "e"),
        (1, 20, "b"),
        (1, 40, "d"),
    ] {
        site.write(ring, millis, text);
    }
    let all = ["shop a", "d\"b b", "shop c", "d\"b d", "shop e"];
    assert_eq!(site.texts(""), all);
    assert_eq!(site.texts("&tail=3"), all[2..]);
    assert_eq!(site.texts("&tail=3&q=c"), ["shop c"]);
    assert_eq!(site.texts("&limit=2"), all[..2]);
    assert_eq!(site.texts("&source=d%22b"), ["d\"b b", "d\"b d"]);
    assert_eq!(site.texts("&source=d%22b&source=shop&tail=2"), all[3..]);
    assert_eq!(site.get("?tail=2"), "d\"b: d\nshop: e\n");
    assert_eq!(site.get("?tail=2&raw"), "de");
}

#[test]
fn of_one_that_is_named_each_record_tells_it_and_of_one_that_is_not_none_does() {
    let ring = Ring::new(4096).unwrap();
    ring.record(Meta::new(), b"hello\n").unwrap();
    let named = serve([("shop", ring.handle())], options()).unwrap();
    let reply = curl(&(named.url() + "?format=ndjson"), &[]);
    assert!(
        reply
            .body
            .ends_with(",\"text\":\"hello\",\"source\":\"shop\"}\n"),
        "{}",
        reply.body
    );
    let alone = serve(ring.handle(), options()).unwrap();
    let reply = curl(&(alone.url() + "?format=ndjson"), &[]);
    assert!(
        reply.body.ends_with(",\"text\":\"hello\"}\n"),
        "{}",
        reply.body
    );
    assert!(!reply.body.contains(','.to_string().repeat(2).as_str()));
}

/// A generator of numbers that look random, and are the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// Whatever the clocks of the programs said: they may have been set back.
#[test]
fn pages_forth_and_back_have_each_record_once() {
    let site = Several::new(["a", "b", "c"], 1 << 20);
    let mut numbers = Numbers(7);
    let mut clock = 10_000;
    for number in 0..300 {
        clock = match numbers.below(10) {
            0 => clock - numbers.below(300),
            _ => clock + numbers.below(40),
        };
        let ring = usize::try_from(numbers.below(3)).unwrap();
        site.write(ring, clock, &format!("number {number}"));
    }
    let all: Vec<String> = site
        .objects("")
        .iter()
        .map(|object| string(object, "id"))
        .collect();
    let sorted = |mut texts: Vec<String>| {
        texts.sort();
        texts
    };
    let wanted = sorted(site.texts(""));
    assert_eq!(wanted.len(), 300);

    let (mut forth, mut after) = (Vec::new(), None::<String>);
    loop {
        let after_it = after
            .as_ref()
            .map_or(String::new(), |id| format!("&after={id}"));
        let query = format!("&limit={}{after_it}", 1 + numbers.below(20));
        let page = site.objects(&query);
        let Some(last) = page.last() else { break };
        after = Some(string(last, "id"));
        forth.extend(page.iter().map(|object| string(object, "id")));
    }
    assert_eq!(forth, all, "pages forth are the whole");

    let (mut back, mut first) = (Vec::new(), None::<String>);
    loop {
        let before = first
            .as_ref()
            .map_or(String::new(), |id| format!("&before={id}"));
        let page = site.objects(&format!("&tail={}{before}", 1 + numbers.below(20)));
        let Some(oldest) = page.first() else { break };
        first = Some(string(oldest, "id"));
        back.extend(
            page.iter()
                .map(|object| format!("{} {}", string(object, "source"), string(object, "text"))),
        );
    }
    assert_eq!(sorted(back), wanted, "and so are pages back");

    // Around a record: it, what is before it and what is behind it.
    let middle = &all[150];
    let older = site.objects(&format!("&before={middle}"));
    let newer = site.objects(&format!("&from={middle}"));
    assert_eq!((older.len(), newer.len()), (150, 150));
    assert_eq!(&string(&newer[0], "id"), middle);
}

#[test]
fn what_comes_is_shown_in_the_order_in_which_it_was_written() {
    let site = Several::new(["a", "b"], 1 << 20);
    let mut tail = Tail::open(&(site.server.url() + "?follow&format=ndjson"), &[]);
    let began = SystemTime::now();
    for number in 0..2_000_u32 {
        let ring = usize::try_from(number % 7 % 2).unwrap();
        // Of the clock that records have otherwise, many have the same time.
        let meta = Meta::new().time(began + Duration::from_micros(number.into()));
        site.rings[ring]
            .record(meta, number.to_string().as_bytes())
            .unwrap();
    }
    for number in 0..2_000 {
        let object: Value = serde_json::from_str(&tail.line()).unwrap();
        assert_eq!(string(&object, "text"), number.to_string());
    }
}

#[test]
fn who_comes_back_goes_on_in_each() {
    let site = Several::new(["a", "b"], 1 << 20);
    for number in 0..40_u64 {
        site.write(
            usize::try_from(number % 2).unwrap(),
            number,
            &number.to_string(),
        );
    }
    let mut tail = Tail::open(&(site.server.url() + "?follow&format=sse"), &[]);
    let mut id = None;
    for _ in 0..25 {
        let event = tail.event();
        id = event.id.or(id);
    }
    drop(tail);
    for number in 40..50_u64 {
        site.write(
            usize::try_from(number % 2).unwrap(),
            number,
            &number.to_string(),
        );
    }
    let header = format!("last-event-id: {}", id.unwrap());
    let mut tail = Tail::open(
        &(site.server.url() + "?follow&format=sse&tail=3"),
        &["--header", &header],
    );
    let mut texts = Vec::new();
    while texts.last().is_none_or(|text| text != "49") {
        let event = tail.event();
        assert_ne!(event.name, "missed");
        if event.seq().is_some() {
            texts.push(string(&event.data, "text"));
        }
    }
    // `retry` and `sources` were two of the 25 events.
    let wanted: Vec<String> = (23..50).map(|number| number.to_string()).collect();
    assert_eq!(texts, wanted);
}

#[test]
fn an_id_that_no_ring_knows_begins_anew_and_one_that_some_know_goes_on() {
    let site = Several::new(["a", "b"], 1 << 20);
    site.write(0, 1, "one");
    site.write(1, 2, "two");
    let unknown = "00000000000000ab.7.8";
    let body = site.get(&format!("?format=ndjson&after={unknown}"));
    assert!(body.starts_with("{\"restarted\":true}\n"), "{body}");
    assert_eq!(body.lines().count(), 3);
    let ids: Vec<String> = site
        .objects("")
        .iter()
        .map(|object| string(object, "id"))
        .collect();
    let (own, _) = ids[0].split_once(',').unwrap();
    // As of before the other was added: all of that is new.
    assert_eq!(site.texts(&format!("&after={own}")), ["b two"]);
    // Of a ring that is not here any more, nobody knows what was not shown.
    let body = site.get(&format!("?format=ndjson&after={own},{unknown}"));
    let lines: Vec<&str> = body.lines().collect();
    assert_eq!(lines[0], "{\"restarted\":true}");
    assert!(
        lines.len() == 2 && lines[1].contains("\"text\":\"two\""),
        "{body}"
    );
}

#[test]
fn what_lies_between_two_records_that_are_known_is_no_other_log() {
    let site = Several::new(["a", "b"], 1 << 20);
    for number in 0..10_u64 {
        site.write(
            usize::try_from(number % 2).unwrap(),
            number,
            &number.to_string(),
        );
    }
    let ids: Vec<String> = site
        .objects("")
        .iter()
        .map(|object| string(object, "id"))
        .collect();
    let query = format!("&after={}&before={}", ids[2], ids[6]);
    assert_eq!(site.texts(&query), ["b 3", "a 4", "b 5"]);
}

#[test]
fn a_source_that_is_none_is_refused_where_there_is_no_name() {
    let ring = Ring::new(4096).unwrap();
    ring.record(Meta::new(), b"hello\n").unwrap();
    let alone = serve(ring.handle(), options()).unwrap();
    for query in ["?source=shop", "/counts?source=shop"] {
        let reply = curl(&(alone.url() + query), &[]);
        assert_eq!(reply.status, 400, "{}", reply.body);
        assert!(reply.body.contains("it has no name"), "{}", reply.body);
    }
    assert_eq!(curl(&(alone.url() + "?source="), &[]).body, "hello\n");
}

#[test]
fn a_source_that_is_not_there_is_refused_with_those_that_are() {
    let (shop, db) = (Ring::new(4096).unwrap(), Ring::new(4096).unwrap());
    db.record(Meta::new(), b"hello\n").unwrap();
    let both = [("shop", shop.handle()), ("d b", db.handle())];
    let fixed = serve(both, options()).unwrap();
    let growing = Sources::new();
    let grown = serve(growing.clone(), options()).unwrap();
    let none = curl(&(grown.url() + "?source=shop"), &[]);
    assert_eq!(
        (none.status, none.body.as_str()),
        (400, "there is no source \"shop\": there is none so far\n")
    );
    growing.add(("shop", shop.handle()));
    growing.add(("d b", db.handle()));
    for url in [fixed.url(), grown.url()] {
        for query in ["?source=shp", "?source=shop&source=shp&format=ndjson"] {
            let reply = curl(&(url.clone() + query), &[]);
            assert_eq!(
                (reply.status, reply.body.as_str()),
                (
                    400,
                    "there is no source \"shp\": there are \"shop\", \"d b\"\n"
                ),
                "{query}"
            );
        }
        assert_eq!(curl(&(url + "?source=d+b"), &[]).body, "d b: hello\n");
    }
    // One that never comes is not waited for.
    for query in [
        "?source=shp&follow",
        "?source=shp&format=sse",
        "/counts?source=shp",
    ] {
        assert_eq!(curl(&(fixed.url() + query), &[]).status, 400, "{query}");
    }
}

/// Somebody may look before it runs.
#[test]
fn a_source_that_comes_later_is_waited_for() {
    let sources = Sources::new();
    let server = serve(sources.clone(), options()).unwrap();
    let mut tail = Tail::open(&(server.url() + "?source=late&follow"), &[]);
    let ring = Ring::new(4096).unwrap();
    ring.record(Meta::new(), b"hello\n").unwrap();
    sources.add(("other", ring.handle()));
    sources.add(("late", {
        let late = Ring::new(4096).unwrap();
        late.record(Meta::new(), b"here\n").unwrap();
        late.handle()
    }));
    assert_eq!(tail.line(), "late: here");
}

#[test]
fn what_is_missed_is_told_of_the_ring_that_has_lost_it() {
    let site = Several::new(["small", "large"], 4096);
    site.write(0, 0, "first");
    site.write(1, 1, "second");
    let id = string(&site.objects("&limit=1")[0], "id");
    for number in 0..500 {
        site.write(
            0,
            10 + number,
            &format!("number {number} ----------------------"),
        );
    }
    let objects = site.objects(&format!("&after={id}"));
    let missed: Vec<_> = objects
        .iter()
        .filter(|object| object["missed"].is_object())
        .collect();
    assert_eq!(missed.len(), 1);
    assert_eq!(string(missed[0], "source"), "small");
    let records = missed[0]["missed"]["records"].as_u64().unwrap();
    let small = objects
        .iter()
        .filter(|object| object["source"] == "small")
        .count() as u64
        - 1;
    assert_eq!(records + small, 500);
    // And goes on behind that without telling it again.
    let id = string(missed[0], "id");
    let objects = site.objects(&format!("&after={id}"));
    assert!(
        objects.iter().all(|object| object["missed"].is_null()),
        "{objects:?}"
    );
    let text = site.get(&format!(
        "?after={}",
        site.objects("&source=large")[0]["id"].as_str().unwrap()
    ));
    assert!(!text.contains("missed"), "{text}");
}

#[test]
fn counts_and_numbers_are_of_all() {
    let site = Several::new(["a", "b"], 1 << 20);
    for number in 0..10 {
        site.write(0, number, "x");
    }
    for number in 5..8 {
        site.write(1, number, "y");
    }
    let counts = |query: &str| -> Value {
        serde_json::from_str(&site.get(&format!("/counts{query}"))).unwrap()
    };
    let all = counts("");
    assert_eq!(
        (&all["records"], &all["levels"]["info"]),
        (&13.into(), &13.into())
    );
    assert_eq!(all["first_id"], site.objects("&limit=1")[0]["id"]);
    assert_eq!(all["oldest"], "2026-11-25T14:00:00.000000Z");
    let bars = all["bars"].as_array().unwrap();
    let sum = bars
        .iter()
        .flat_map(|bar| bar.as_array().unwrap())
        .filter_map(Value::as_u64)
        .sum::<u64>();
    assert_eq!(sum, 13);
    assert_eq!(counts("?source=b")["records"], 3);

    let stats: Value = serde_json::from_str(&site.get("/stats?format=json")).unwrap();
    let written: HashMap<_, _> = stats["sources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|source| (string(source, "source"), source["written"].as_u64()))
        .collect();
    assert_eq!(
        written,
        HashMap::from([("a".to_owned(), Some(10)), ("b".to_owned(), Some(3))])
    );
    assert!(stats["viewers"]["now"].is_u64());
    let text = site.get("/stats?format=prometheus");
    for line in [
        "circular_records_written_total{source=\"a\"} 10",
        "circular_records_written_total{source=\"b\"} 3",
    ] {
        assert!(text.lines().any(|told| told == line), "{line}: {text}");
    }
    assert_eq!(
        text.matches("# TYPE circular_records_written_total ")
            .count(),
        1
    );
    assert!(
        text.lines()
            .any(|line| line.starts_with("circular_viewers "))
    );
}

#[test]
fn the_server_that_stops_shows_all_of_all_and_then_says_so() {
    let site = Several::new(["a", "b"], 1 << 20);
    let mut tail = Tail::open(&(site.server.url() + "?follow&format=ndjson"), &[]);
    site.write(0, 1, "one");
    assert_eq!(
        string(&serde_json::from_str(&tail.line()).unwrap(), "text"),
        "one"
    );
    site.write(0, 3, "three");
    site.write(1, 2, "two");
    let Several { server, rings } = site;
    server.stop();
    let (rest, is_whole) = tail.rest();
    assert!(is_whole, "{rest}");
    let objects: Vec<Value> = rest
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let mut texts: Vec<_> = objects[..2]
        .iter()
        .map(|object| string(object, "text"))
        .collect();
    texts.sort();
    assert_eq!(texts, ["three", "two"]);
    assert_eq!(
        (&objects[2]["closed"], &objects[2]["stopped"]),
        (&true.into(), &true.into())
    );

    // Another server goes on where that one has stopped.
    let sources: Vec<_> = ["a", "b"]
        .into_iter()
        .zip(rings.iter().map(Ring::handle))
        .collect();
    let server = serve(sources, options()).unwrap();
    rings[1].record(Meta::new(), b"four").unwrap();
    let query = format!("?format=ndjson&after={}", string(&objects[2], "id"));
    let reply = curl(&(server.url() + &query), &[]);
    assert_eq!(reply.body.lines().count(), 1, "{}", reply.body);
    assert!(reply.body.contains("four"));
}

#[test]
fn when_all_are_closed_so_is_the_stream_and_when_one_is_only_that() {
    let site = Several::new(["a", "b"], 1 << 20);
    let mut tail = Tail::open(&(site.server.url() + "?follow&format=ndjson"), &[]);
    site.write(0, 1, "last words");
    site.rings[0].handle().close();
    assert!(tail.line().contains("last words"));
    let ended: Value = serde_json::from_str(&tail.line()).unwrap();
    assert_eq!(
        (string(&ended, "ended"), string(&ended, "source")),
        ("closed".to_owned(), "a".to_owned())
    );
    site.write(1, 2, "and on");
    assert!(tail.line().contains("and on"));
    site.rings[1].handle().close();
    let (rest, is_whole) = tail.rest();
    assert!(is_whole && rest.ends_with("{\"closed\":true}\n"), "{rest}");
}

#[test]
fn a_ring_that_is_added_is_shown_to_who_looks_already() {
    let sources = Sources::new();
    let server = serve(sources.clone(), options()).unwrap();
    let mut tail = Tail::open(&(server.url() + "?follow&format=sse"), &[]);
    let mut next = || loop {
        let event = tail.event();
        if !event.name.is_empty() || event.seq().is_some() {
            return event;
        }
    };
    assert_eq!(next().data["sources"], Value::Array(Vec::new()));
    assert_eq!(next().name, "live");
    let first = Ring::new(1 << 20).unwrap();
    first.record(Meta::new(), b"before it was added").unwrap();
    sources.add(("worker", first.handle()));
    assert_eq!(next().data["sources"][0], "worker");
    let started = next();
    assert_eq!(
        (started.name.as_str(), string(&started.data, "source")),
        ("started", "worker".to_owned())
    );
    assert_eq!(string(&next().data, "text"), "before it was added");
    first.handle().close();
    assert_eq!(next().name, "ended");
    // Its next run, which is called the same, and is another ring.
    let second = Ring::new(1 << 20).unwrap();
    sources.add(("worker", second.handle()));
    sources.add(("worker", second.handle()));
    assert_eq!(next().data["sources"].as_array().unwrap().len(), 1);
    assert_eq!(next().name, "started");
    second.record(Meta::new(), b"again").unwrap();
    let again = next();
    assert_eq!(string(&again.data, "text"), "again");
    assert_eq!(again.id.unwrap().split(',').count(), 2);
}

#[test]
fn of_a_source_that_is_not_wanted_nothing_is_told() {
    let site = Several::new(["small", "large"], 4096);
    site.write(1, 1, "one");
    let id = string(&site.objects("")[0], "id");
    for number in 0..500 {
        site.write(0, 10 + number, "-----------------------------------");
    }
    site.write(1, 600, "two");
    let query = format!("&source=large&after={id}");
    assert_eq!(site.texts(&query), ["large two"]);
    assert_eq!(
        site.texts("&source=large&tail=5"),
        ["large one", "large two"]
    );
    let url = site.server.url();
    let mut tail = Tail::open(&(url + "?follow&format=ndjson" + &query), &[]);
    site.rings[0].handle().close();
    assert!(tail.line().contains("two"));
    site.rings[1].handle().close();
    assert!(
        tail.line()
            .contains("\"ended\":\"closed\",\"source\":\"large\"")
    );
    assert_eq!(tail.line(), "{\"closed\":true}");
}

#[test]
fn each_ring_that_is_added_is_announced_once() {
    let sources = Sources::new();
    let server = serve(sources.clone(), options()).unwrap();
    let mut tail = Tail::open(&(server.url() + "?follow&format=sse"), &[]);
    let mut next = |name: &str| loop {
        let event = tail.event();
        match event.name.as_str() {
            told if told == name => return event,
            "started" => panic!("{:?}", event.data),
            _ => {}
        }
    };
    next("live");
    let rings = ["a", "b", "c"].map(|name| (name, Ring::new(4096).unwrap()));
    for (name, ring) in &rings {
        sources.add((*name, ring.handle()));
        assert_eq!(string(&next("started").data, "source"), *name);
    }
    rings[0].1.handle().close();
    next("ended");
}

#[test]
fn the_options_are_for_all_of_them() {
    let (shop, db) = (Ring::new(4096).unwrap(), Ring::new(4096).unwrap());
    for ring in [&shop, &db] {
        ring.record(Meta::new(), b"password=hunter2 secret\n")
            .unwrap();
    }
    let redaction = circular_core::redact_keys(circular_core::SECRET_KEYS);
    let options = Options::new().redact(redaction).addr("127.0.0.1:0");
    let server = serve([("shop", shop.handle()), ("db", db.handle())], options).unwrap();
    let body = curl(&server.url(), &[]).body;
    assert_eq!(body.lines().count(), 2);
    assert!(!body.contains("hunter2"), "{body}");
}
