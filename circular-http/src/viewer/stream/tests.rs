use std::future::poll_fn;

use circular_core::{Meta, Redacted, Redaction, Ring};
use tokio::runtime;

use super::*;

/// Shows all of them as JSON lines.
fn stream_of(sources: &Sources, selection: Selection) -> Stream {
    let begin = Begin::all_that_comes(Start::Oldest);
    let open = |ring| Lane::open(ring, begin, true).unwrap();
    Stream::new(Parts {
        changes: sources.changes(),
        lanes: sources.rings().into_iter().map(open).collect(),
        sources: sources.clone(),
        only: Vec::new(),
        selection,
        follow: true,
        limit: None,
        limit_bytes: None,
        writer: BodyWriter::ndjson(),
        skip: 0,
        restarted: false,
        keep_alive: Duration::from_secs(15),
    })
}

fn block_on<T>(what: impl Future<Output = T>) -> T {
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    runtime.unwrap().block_on(what)
}

/// Else it would take the end of the server for that of the log.
#[test]
fn who_is_cut_off_while_the_rings_go_on_is_told_that_they_do() {
    let rings = [Ring::new(4096).unwrap(), Ring::new(4096).unwrap()];
    for ring in &rings {
        ring.record(Meta::new(), b"hello").unwrap();
    }
    let sources = Sources::from([("a", rings[0].handle()), ("b", rings[1].handle())]);
    let piece = block_on(async {
        let mut stream = stream_of(&sources, Selection::default());
        let passed = Instant::now() - Duration::from_millis(1);
        stream.end(&LastCall {
            ends: sources.cursors().into(),
            deadline: Some(passed),
        });
        poll_fn(|context| stream.poll_piece(context)).await.unwrap()
    });
    let text = String::from_utf8(piece.to_vec()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert_eq!(text.matches("\"missed\":{\"records\":1,").count(), 2);
    assert!(
        lines[2].ends_with("\"closed\":true,\"stopped\":true}"),
        "{text}"
    );
    // Whoever goes on there goes on behind both.
    let id = lines[2].split('"').nth(3).unwrap();
    assert!(
        id.split(',')
            .all(|place| place.split('.').nth(1) == Some("1")),
        "{text}"
    );
}

/// Whoever has taken a piece asks for the next at once, and would have all the others wait.
#[test]
fn a_piece_that_took_its_turn_is_followed_by_the_turn_of_others() {
    let ring = Ring::new(1 << 16).unwrap();
    for _ in 0..3 {
        ring.record(Meta::new(), b"hello").unwrap();
    }
    let slow = Redaction::new(|_| {
        std::thread::sleep(Duration::from_millis(5));
        Redacted::Keep
    });
    let polled = block_on(async {
        let selection = Selection::default().redaction(Some(slow));
        let mut stream = stream_of(&Sources::from(ring.handle()), selection);
        let mut polled = Vec::new();
        for _ in 0..6 {
            let is_ready =
                |context: &mut Context<'_>| Poll::Ready(stream.poll_piece(context).is_ready());
            polled.push(poll_fn(is_ready).await);
        }
        polled
    });
    assert_eq!(polled, [true, false, true, false, true, false]);
}
