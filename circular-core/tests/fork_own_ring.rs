//! What a forked child can do with a ring of its own: everything. One test, so that no other starts a thread
//! while this one forks.

#![cfg(unix)]
#![expect(unsafe_code, reason = "the standard library cannot fork")]

use circular_core::{Policy, Ring};
use std::io::Write;
use std::thread;
use std::time::Duration;

#[path = "common/busy.rs"]
mod busy;
#[path = "common/collected.rs"]
mod collected;
#[path = "common/in_child.rs"]
mod in_child;
#[path = "common/watchdog.rs"]
mod watchdog;

use busy::while_everything_is_in_use;
use collected::Collected;
use in_child::{check, in_child};

const FORKS: usize = 200;
const LONG: Duration = Duration::from_secs(3600);

/// Everything that a ring of the child's own does with threads of its own.
fn childs_ring_works() -> Result<(), &'static str> {
    let ring = Ring::new(4096).map_err(|_| "new")?;
    let handle = ring.handle();
    let sink = Collected::default();
    let reader = handle.reader().policy(Policy::Block).spawn(sink.clone());
    let reader = reader.map_err(|_| "spawn")?;
    let (mut skipping, own) = (handle.reader().open(), handle.clone());
    let viewer = thread::spawn(move || while skipping.recv().is_ok() {});
    let flusher = thread::spawn(move || (0..100).for_each(|_| own.flush()));
    let mut expected = String::new();
    for number in 0..1000 {
        let line = format!("line {number}\n");
        expected.push_str(&line);
        (&ring).write_all(line.as_bytes()).map_err(|_| "write")?;
    }
    handle.flush();
    check(sink.text() == expected, "what flush promises")?;
    handle.close();
    check(handle.join_timeout(LONG), "join_timeout")?;
    reader.join().map_err(|_| "join")?.map_err(|_| "the sink")?;
    viewer.join().map_err(|_| "the viewer")?;
    flusher.join().map_err(|_| "the flusher")?;
    Ok(())
}

/// A child of a child is no different.
fn grandchilds_ring_works() -> Result<(), &'static str> {
    let ring = Ring::new(4096).map_err(|_| "new")?;
    in_child(|| check((&ring).write_all(b"refused").is_err(), "a write"));
    in_child(childs_ring_works);
    childs_ring_works()
}

#[test]
fn a_childs_own_ring_works() {
    let _watchdog = watchdog::minutes(10);
    while_everything_is_in_use(|_| {
        (0..FORKS).for_each(|_| in_child(childs_ring_works));
        in_child(grandchilds_ring_works);
    });
}
