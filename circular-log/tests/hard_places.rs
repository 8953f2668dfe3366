//! Log calls where a logger is easily caught off guard. Each is recorded, none panics, nothing is
//! lost.
//!
//! One logger for all tests here, as a program has one; each test finds its own records by their
//! target.

use std::cell::RefCell;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::OnceLock;
use std::thread;

use circular_core::{Handle, Ring};

/// The program's logger, set up by whichever test comes first.
fn handle() -> &'static Handle {
    static HANDLE: OnceLock<Handle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let ring = Ring::new(1 << 20).unwrap();
        let handle = ring.handle();
        log::set_boxed_logger(Box::new(circular_log::RingLogger::new(ring))).unwrap();
        log::set_max_level(log::LevelFilter::Trace);
        handle
    })
}

/// What was recorded for `target`: each record from behind its target on.
fn recorded(target: &str) -> Vec<String> {
    let snapshot = handle().snapshot();
    let of_target = snapshot
        .records()
        .filter(|record| record.target() == target);
    of_target
        .map(|record| {
            let line = String::from_utf8(record.bytes().to_vec()).unwrap();
            let (_, message) = line.split_once(&format!(" {target}: ")).unwrap();
            message.to_owned()
        })
        .collect()
}

/// Logs while it is being logged, `depth` times over.
struct Chatty {
    target: &'static str,
    depth: u32,
}

impl fmt::Display for Chatty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}", self.depth)?;
        if let Some(depth) = self.depth.checked_sub(1) {
            let inner = Chatty {
                target: self.target,
                depth,
            };
            log::debug!(target: self.target, inner:%; "inside {}", self.depth);
        }
        write!(f, ">")
    }
}

#[test]
fn inside_a_display() {
    handle();
    log::info!(target: "display", "outer {} end", Chatty { target: "display", depth: 3 });
    assert_eq!(
        recorded("display"),
        [
            "inside 1 inner=<0>\n",
            "inside 2 inner=<1>\n",
            "inside 3 inner=<2>\n",
            "outer <3> end\n",
        ],
        "each a record of its own, the inner ones first"
    );
}

/// Logs as it goes.
struct LogsOnDrop(&'static str);

impl Drop for LogsOnDrop {
    fn drop(&mut self) {
        log::warn!(target: self.0, "dropped {}", Chatty { target: self.0, depth: 1 });
    }
}

/// What a `LogsOnDrop` leaves behind.
const DROPPED: [&str; 2] = ["inside 1 inner=<0>\n", "dropped <1>\n"];

#[test]
fn in_a_thread_locals_destructor() {
    thread_local!(static LOCAL: RefCell<Option<LogsOnDrop>> = const { RefCell::new(None) });

    // Thread-locals go in the reverse order of their first use, so whether the logger's own buffer
    // is still there when this one goes depends on which was used first.
    let local = |target| LOCAL.with(|local| *local.borrow_mut() = Some(LogsOnDrop(target)));
    handle();
    thread::spawn(move || {
        local("destroyed-first");
        log::info!(target: "destroyed-first", "alive");
    })
    .join()
    .unwrap();
    thread::spawn(move || {
        log::info!(target: "destroyed-last", "alive");
        local("destroyed-last");
    })
    .join()
    .unwrap();
    thread::spawn(move || local("never-logged")).join().unwrap();

    assert_eq!(
        recorded("destroyed-first"),
        ["alive\n", DROPPED[0], DROPPED[1]]
    );
    assert_eq!(
        recorded("destroyed-last"),
        ["alive\n", DROPPED[0], DROPPED[1]]
    );
    assert_eq!(recorded("never-logged"), DROPPED);
}

#[test]
fn in_drop_while_unwinding() {
    handle();
    let result = panic::catch_unwind(|| {
        let _logs = LogsOnDrop("unwinding");
        panic::resume_unwind(Box::new("on purpose"));
    });
    assert_eq!(result.unwrap_err().downcast_ref(), Some(&"on purpose"));
    assert_eq!(recorded("unwinding"), DROPPED);
}

/// Panics in the middle of its text, with something on its stack that logs as it goes.
struct Panics(&'static str);

impl fmt::Display for Panics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let _logs = LogsOnDrop(self.0);
        f.write_str("half")?;
        panic::resume_unwind(Box::new("in a display"));
    }
}

#[test]
fn a_display_that_panics() {
    handle();
    let result = panic::catch_unwind(AssertUnwindSafe(|| {
        log::info!(target: "panics", "before {} after", Panics("panics"));
    }));
    // The panic is the caller's, as with any logger.
    assert_eq!(result.unwrap_err().downcast_ref(), Some(&"in a display"));
    log::info!(target: "panics", "next");

    let [inside, dropped] = DROPPED;
    assert_eq!(
        recorded("panics"),
        [inside, dropped, "before half<panic>\n", "next\n"],
        "what was said while unwinding, what had been written, and the thread logs on"
    );
}

/// Key-values panic like messages do. Those before the one that panics are recorded.
#[test]
fn a_value_that_panics() {
    handle();
    let result = panic::catch_unwind(AssertUnwindSafe(|| {
        log::info!(target: "value-panics", a = 1, b:% = Panics("value-panics"), c = 3; "message");
    }));
    assert_eq!(result.unwrap_err().downcast_ref(), Some(&"in a display"));
    let [inside, dropped] = DROPPED;
    assert_eq!(
        recorded("value-panics"),
        [inside, dropped, "message a=1 b=half<panic>\n"]
    );
}
