//! Events where a logger is easily caught off guard, through `fmt` and a global subscriber.
//!
//! One subscriber for all tests here; each test finds its own records by their target, which must
//! be its name.

use std::cell::RefCell;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::OnceLock;
use std::thread;

use circular_core::{Handle, Ring};
use circular_tracing::RingWriter;
use tracing::subscriber::set_global_default;

/// The ring behind the global subscriber, set up by whichever test comes first.
fn handle() -> &'static Handle {
    static HANDLE: OnceLock<Handle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let ring = Ring::new(1 << 20).unwrap();
        let handle = ring.handle();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .without_time()
            .with_writer(RingWriter::new(ring))
            .finish();
        set_global_default(subscriber).unwrap();
        handle
    })
}

/// The records of `target`, as text.
fn recorded(target: &str) -> Vec<String> {
    let snapshot = handle().snapshot();
    let of_target = snapshot
        .records()
        .filter(|record| record.target() == target);
    of_target
        .map(|record| String::from_utf8(record.bytes().to_vec()).unwrap())
        .collect()
}

/// Logs while it is being logged.
struct Chatty;

impl fmt::Display for Chatty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<")?;
        tracing::warn!(target: "display", "inner");
        f.write_str(">")
    }
}

#[test]
fn inside_a_display() {
    handle();
    tracing::info!(target: "display", field = %Chatty, "outer {Chatty} end");
    assert_eq!(
        recorded("display"),
        [
            " WARN display: inner\n",
            " WARN display: inner\n",
            " INFO display: outer <> end field=<>\n",
        ],
        "once for each time that it was formatted, before the outer event"
    );
}

#[test]
fn in_drop_while_unwinding() {
    struct Logs;
    impl Drop for Logs {
        fn drop(&mut self) {
            tracing::info!(target: "unwinding", "dropped");
        }
    }

    handle();
    let result = panic::catch_unwind(|| {
        let _logs = Logs;
        panic::resume_unwind(Box::new("on purpose"));
    });
    assert!(result.is_err());
    tracing::info!(target: "unwinding", "next");
    assert_eq!(
        recorded("unwinding"),
        [" INFO unwinding: dropped\n", " INFO unwinding: next\n"]
    );
}

/// The two cases that `fmt` has an answer to: its own buffer is still there, or was never made.
#[test]
fn in_a_thread_locals_destructor() {
    struct Logs;
    impl Drop for Logs {
        fn drop(&mut self) {
            let _span = tracing::info_span!(target: "destructor", "leaving").entered();
            tracing::info!(target: "destructor", "dropped");
        }
    }
    thread_local!(static LOCAL: RefCell<Option<Logs>> = const { RefCell::new(None) });

    handle();
    // Thread-locals go in the reverse order of their first use.
    thread::spawn(|| {
        tracing::info!(target: "destructor", "first");
        LOCAL.with(|local| *local.borrow_mut() = Some(Logs));
    })
    .join()
    .unwrap();
    thread::spawn(|| LOCAL.with(|local| *local.borrow_mut() = Some(Logs)))
        .join()
        .unwrap();
    assert_eq!(
        recorded("destructor"),
        [
            " INFO destructor: first\n",
            " INFO leaving: destructor: dropped\n",
            " INFO leaving: destructor: dropped\n",
        ]
    );
}

/// `fmt` keeps the half line and puts it before the thread's next event: late, but nothing is lost.
#[test]
fn a_display_that_panics() {
    struct Panics;
    impl fmt::Display for Panics {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("half")?;
            panic::resume_unwind(Box::new("in a display"));
        }
    }

    handle();
    // A thread of its own, whose buffer no other test sees.
    thread::spawn(|| {
        let result = panic::catch_unwind(AssertUnwindSafe(|| {
            tracing::info!(target: "panics", "before {Panics} after");
        }));
        assert_eq!(result.unwrap_err().downcast_ref(), Some(&"in a display"));
        tracing::info!(target: "panics", "next");
        tracing::info!(target: "panics", "last");
    })
    .join()
    .unwrap();

    let recorded = recorded("panics").concat();
    assert!(recorded.contains("before half"), "{recorded}");
    assert!(recorded.contains(" INFO panics: next\n"), "{recorded}");
    assert!(recorded.ends_with(" INFO panics: last\n"), "{recorded}");
}

/// `tracing_subscriber::fmt()` names an event that it could not format, so that it does not vanish.
#[test]
fn a_display_that_gives_up() {
    struct GivesUp;
    impl fmt::Display for GivesUp {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            Err(fmt::Error)
        }
    }

    handle();
    tracing::info!(target: "gives-up", "before {GivesUp} after");
    tracing::info!(target: "gives-up", "next");
    let recorded = recorded("gives-up");
    assert_eq!(recorded.len(), 2, "{recorded:?}");
    assert!(
        recorded[0].contains("hard_places.rs"),
        "says which event: {recorded:?}"
    );
    assert_eq!(recorded[1], " INFO gives-up: next\n");
}
