//! What a hook hides or drops is in no dump, wherever that goes.

use circular_core::{
    DumpTo, DumpTrigger, Level, Meta, PanicDump, Policy, Record, Redacted, Redaction, Ring,
    SECRET_KEYS, redact_keys,
};
use std::io::{self, Write};
use std::panic;
use std::thread;
use std::time::Duration;

#[path = "common/child.rs"]
mod child;
#[path = "common/dumped.rs"]
mod dumped;
#[path = "common/dumps.rs"]
mod dumps;
#[path = "common/watchdog.rs"]
mod watchdog;

use dumps::{Dumps, PROGRAM};

const SECRET: &str = "hunter2";

/// Drops the audit's records, and of the others hides the secrets.
fn hook() -> impl Fn(&Record<'_>) -> Redacted + Send + Sync + 'static {
    let hide = redact_keys(SECRET_KEYS);
    move |record| match record.target() {
        "audit" => Redacted::Drop,
        _ => hide(record),
    }
}

/// Records with and without something to hide, in all orders: at the beginning, in a row, at the end.
fn write_secrets(ring: &Ring) {
    for (target, line) in [
        ("shop", "password=hunter2 is first\n"),
        ("shop", "started\n"),
        ("shop", "listening\n"),
        ("audit", "ann said hunter2\n"),
        ("audit", "bob said hunter2\n"),
        ("shop", "served\n"),
        ("shop", "{\"token\":\"hunter2\"}\n"),
        ("shop", "token=hunter2\n"),
    ] {
        let meta = Meta::new().level(Level::Info).target(target);
        ring.record(meta, line.as_bytes()).unwrap();
    }
}

const LEFT: &str = "password=[redacted] is first\nstarted\nlistening\nserved\n\
                    {\"token\":\"[redacted]\"}\ntoken=[redacted]\n";

#[test]
fn as_child() {
    let Some(role) = child::role() else { return };
    panic::set_hook(Box::new(|_| {}));
    let ring = Ring::new(1 << 20).unwrap();
    write_secrets(&ring);
    let builder = PanicDump::builder(&ring.handle()).redact(hook());
    let builder = builder.program(PROGRAM);
    match role.as_str() {
        "dumps to both" => builder.dir(dumps::dir()).stderr(true).install(),
        "has no such directory" => builder.dir(dumps::dir().join("missing\x1b[2J")).install(),
        "drops it all" => PanicDump::builder(&ring.handle())
            .dir(dumps::dir())
            .program(PROGRAM)
            .redact(|_| Redacted::Drop)
            .install(),
        "is written to all the time" => {
            // A ring so small that the panic's own record is overwritten before it is dumped: then it is
            // appended.
            let small = Ring::new(4096).unwrap();
            PanicDump::builder(&small.handle())
                .dir(dumps::dir())
                .program(PROGRAM)
                .redact(hook())
                .install();
            for _ in 0..2 {
                let mut small = small.clone();
                thread::spawn(move || while small.write_all(b"token=hunter2\n").is_ok() {});
            }
            while small.handle().stats().overwritten == 0 {
                thread::yield_now();
            }
        }
        _ => unreachable!("no such role: {role}"),
    }
    panic!("token={SECRET} is wrong");
}

#[test]
fn a_panics_dump_and_its_own_text_are_redacted() {
    let _watchdog = watchdog::minutes(2);
    let dumps = Dumps::new();
    let ended = dumps.run("dumps to both");
    assert_eq!(ended.status.code(), Some(101));
    let [text] = &dumps.texts()[..] else {
        panic!("not one dump")
    };
    let panic = text.strip_prefix(LEFT).unwrap();
    assert!(panic.ends_with("token=[redacted] is wrong\n"), "{panic}");
    assert!(ended.stderr.contains(text), "{}", ended.stderr);
    assert!(!ended.stderr.contains(SECRET), "{}", ended.stderr);
    // What was dropped is counted as dumped: the numbers are the ring's.
    assert_eq!(ended.dumps(), 1);
}

#[test]
fn a_panic_that_is_told_on_stderr_for_lack_of_a_file_is_redacted() {
    let _watchdog = watchdog::minutes(2);
    let ended = Dumps::new().run("has no such directory");
    let stderr = &ended.stderr;
    assert!(stderr.starts_with("circular: no dump: "), "{stderr}");
    assert!(stderr.contains("token=[redacted] is wrong"), "{stderr}");
    // What a terminal would obey is shown there.
    assert!(stderr.contains(r"missing\x1b[2J"), "{stderr}");
    assert!(!stderr.contains(SECRET), "{stderr}");
}

#[test]
fn a_hook_may_drop_the_panic_too() {
    let _watchdog = watchdog::minutes(2);
    let dumps = Dumps::new();
    dumps.run("drops it all");
    assert_eq!(dumps.texts(), [""]);
}

#[test]
fn a_panic_that_is_appended_is_redacted() {
    let _watchdog = watchdog::minutes(2);
    let dumps = Dumps::new();
    dumps.run("is written to all the time");
    let text = &dumps.texts()[0];
    assert!(text.contains("token=[redacted] is wrong\n"), "{text}");
    assert!(!text.contains(SECRET), "{text}");
}

#[test]
fn a_triggers_dumps_are_redacted() {
    let _watchdog = watchdog::minutes(2);
    let dumps = Dumps::new();
    let ring = Ring::new(1 << 20).unwrap();
    let (sink, received) = dumped::sink();
    let builder = || DumpTrigger::builder(&ring.handle()).redact(hook());
    let to_sink = builder().sink(sink).interval(Duration::ZERO).start();
    let to_dir = builder().dir(&dumps.0).program(PROGRAM).start();
    write_secrets(&ring);
    for trigger in [to_sink.unwrap(), to_dir.unwrap()] {
        trigger.observe(Level::Error);
    }
    ring.handle().close();
    assert!(ring.handle().join_timeout(Duration::from_secs(3600)));
    assert_eq!(received.iter().collect::<String>(), LEFT);
    assert_eq!(dumps.texts(), [LEFT]);
}

/// As many records as a dump takes in several pieces, for their number and for their length.
#[test]
fn a_ring_full_of_secrets_is_redacted_to_the_last() {
    let _watchdog = watchdog::minutes(2);
    let ring = Ring::new(1 << 20).unwrap();
    let (sink, received) = dumped::sink();
    let trigger = DumpTrigger::builder(&ring.handle()).redact(hook());
    let trigger = trigger.sink(sink).start().unwrap();
    let mut expected = String::new();
    let long = "x".repeat(100_000);
    for number in 0..5_000 {
        let rest = if number == 2_000 { &long } else { "" };
        for (text, secret) in [("token=hunter2", "token=[redacted]"), ("plain", "plain")] {
            ring.record_fmt(Meta::new(), format_args!("{number} {text} {rest}\n"))
                .unwrap();
            expected.push_str(&format!("{number} {secret} {rest}\n"));
        }
    }
    trigger.observe(Level::Error);
    ring.handle().close();
    assert!(received.iter().collect::<String>() == expected);
}

#[test]
fn the_next_record_is_a_line_of_its_own_whatever_a_hook_leaves() {
    let _watchdog = watchdog::minutes(2);
    let ring = Ring::new(1 << 16).unwrap();
    let (sink, received) = dumped::sink();
    let hook = |record: &Record<'_>| match record.bytes() {
        b"first\n" => Redacted::Text(b"hidden".to_vec()),
        b"part" => Redacted::Text(b"of ".to_vec()),
        b"none\n" => Redacted::Text(Vec::new()),
        _ => Redacted::Keep,
    };
    let trigger = DumpTrigger::builder(&ring.handle()).redact(hook);
    let trigger = trigger.sink(sink).start().unwrap();
    for text in ["first\n", "second\n", "none\n", "part", "third\n"] {
        ring.record(Meta::new(), text.as_bytes()).unwrap();
    }
    trigger.observe(Level::Error);
    ring.handle().close();
    let text = received.iter().collect::<String>();
    assert_eq!(text, "hidden\nsecond\nof third\n");
}

#[test]
fn a_hook_that_panics_lets_nothing_out() {
    let _watchdog = watchdog::minutes(2);
    let dumps = Dumps::new();
    let ring = Ring::new(1 << 16).unwrap();
    let hook = |_: &Record<'_>| {
        // Unwinds without the panic hook, which would print.
        panic::resume_unwind(Box::new("in a hook"))
    };
    let trigger = DumpTrigger::builder(&ring.handle()).redact(hook);
    let trigger = trigger.dir(&dumps.0).program(PROGRAM).start().unwrap();
    write_secrets(&ring);
    trigger.observe(Level::Error);
    ring.handle().close();
    assert!(ring.handle().join_timeout(Duration::from_secs(3600)));
    // Not even a hidden file.
    assert_eq!(dumps.texts(), [""; 0]);
    let stats = trigger.stats();
    assert_eq!((stats.dumps, stats.failed), (0, 1));
    let error = stats.last_error.unwrap();
    assert!(error.contains("redaction hook"), "{error}");
    // The ring goes on to be read.
    let mut text = Vec::new();
    ring.handle().write_to(&mut text).unwrap();
    assert!(text.starts_with(b"password=hunter2"));
}

/// A sink that fails amid a redacted piece gets all of that piece again, and nothing that was hidden.
#[test]
fn a_sink_that_fails_gets_nothing_that_was_hidden() {
    struct FailsOnce(dumped::Dumped, bool);
    impl Write for FailsOnce {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if !std::mem::replace(&mut self.1, true) {
                return Err(io::ErrorKind::Other.into());
            }
            self.0.write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            self.0.flush()
        }
    }
    let _watchdog = watchdog::minutes(2);
    let ring = Ring::new(1 << 16).unwrap();
    let (sink, received) = dumped::sink();
    let trigger = DumpTrigger::builder(&ring.handle()).redact(hook());
    let trigger = trigger.interval(Duration::ZERO);
    let trigger = trigger.sink(FailsOnce(sink, false)).start().unwrap();
    write_secrets(&ring);
    trigger.observe(Level::Error);
    while trigger.stats().failed == 0 {
        thread::yield_now();
    }
    ring.record(Meta::new(), b"again\n").unwrap();
    trigger.observe(Level::Error);
    assert_eq!(received.recv().unwrap(), LEFT.to_owned() + "again\n");
}

/// The rules for whoever has a way out of their own.
#[test]
fn what_leaves_of_a_record_is_a_line_if_the_record_is_one() {
    let ring = Ring::new(4096).unwrap();
    for record in ["a line\n", "no line"] {
        (&ring).write_all(record.as_bytes()).unwrap();
    }
    let snapshot = ring.handle().snapshot();
    let left = |redacted: Redacted| {
        let redaction = Redaction::new(move |_| redacted.clone());
        let text = |record| redaction.apply(&record).map(|text| text.into_owned());
        snapshot.records().map(text).collect::<Vec<_>>()
    };
    let some = |text: &str| Some(text.as_bytes().to_vec());
    assert_eq!(left(Redacted::Keep), [some("a line\n"), some("no line")]);
    assert_eq!(left(Redacted::Drop), [None, None]);
    let text = |text: &str| left(Redacted::Text(text.into()));
    assert_eq!(text("x"), [some("x\n"), some("x")]);
    assert_eq!(text("x\n"), [some("x\n"), some("x\n")]);
    assert_eq!(text(""), [some(""), some("")]);
}

/// A viewer is served, and a dump made, on a thread that others may wait for.
#[test]
fn nothing_waits_in_a_hook() {
    let _watchdog = watchdog::minutes(2);
    let ring = Ring::new(4096).unwrap();
    (&ring).write_all(b"a line\n").unwrap();
    // Nobody reads it, so it would be waited for for ever.
    let handle = ring.handle();
    let _lossless = handle.reader().policy(Policy::Block).open();
    let redaction = Redaction::new(move |_| {
        handle.flush();
        let long = Duration::from_secs(3600);
        assert!(!handle.flush_timeout(long) && !handle.join_timeout(long));
        Redacted::Keep
    });
    let snapshot = ring.handle().snapshot();
    let record = snapshot.records().next().unwrap();
    assert_eq!(redaction.apply(&record).unwrap(), &b"a line\n"[..]);
}

/// What a record says of itself beside its text is said to others, too.
#[test]
fn the_target_leaves_without_its_secrets() {
    let ring = Ring::new(1 << 16).unwrap();
    let long = format!("{}token=x", "a".repeat(240));
    for target in ["GET /?token=hunter2&n=1", "shop::token", &long] {
        ring.record(Meta::new().target(target), b"served\n")
            .unwrap();
    }
    let redaction = Redaction::new(redact_keys(SECRET_KEYS));
    let held = ring.handle().snapshot();
    let left = held.records().map(|record| redaction.record(&record));
    let left: Vec<_> = left.map(Option::unwrap).collect();
    let targets: Vec<&str> = left.iter().map(|left| &*left.target).collect();
    assert_eq!(targets[..2], ["GET /?token=[redacted]&n=1", "shop::token"]);
    assert!(left.iter().all(|left| &*left.text == b"served\n"));
    assert!(
        !format!("{left:?}").contains("redacted]"),
        "it shows nothing"
    );
    // As long as a target can be.
    let record = held.records().nth(2).unwrap();
    let target = record.with_target(targets[2]).target().len();
    assert_eq!(target, Meta::MAX_TARGET);

    let mut image = Vec::new();
    let dump = ring.handle().dump_to(DumpTo::sink(&mut image));
    dump.redaction(redaction).write_image().unwrap();
    let is_in = |text: &[u8]| image.windows(text.len()).any(|window| window == text);
    assert!(is_in(b"token=[redacted]&n=1") && !is_in(b"hunter2"));
}
