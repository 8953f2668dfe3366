//! Events and spans where a layer is easily caught off guard, in text and in JSON.
//!
//! One global subscriber for all tests here, as `tracing` drops an event inside an event while there is a
//! scoped one. Each test finds its own records by their target, which must be its name.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Barrier, OnceLock};
use std::thread;

use circular_core::{Handle, Ring};
use circular_tracing::{Json, RingLayer};
use serde_json::Value;
use tracing::field::{Empty, display};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::set_global_default;
use tracing::{Event, Span, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry::LookupSpan;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    Text,
    Json,
}

const FORMS: [Form; 2] = [Form::Text, Form::Json];

thread_local! {
    /// What this thread's events are recorded as. Has no destructor: it is there to a thread's end.
    static FORM: Cell<Form> = const { Cell::new(Form::Text) };
}

/// Tells the layer of the thread's form. Filters would not do: an event inside an event leaves those of
/// `tracing-subscriber` confused about the outer one.
struct OneOf {
    text: RingLayer,
    json: RingLayer<Json>,
}

macro_rules! tell {
    ($layers:ident.$method:ident($($argument:expr),*)) => {
        match FORM.get() {
            Form::Text => $layers.text.$method($($argument),*),
            Form::Json => $layers.json.$method($($argument),*),
        }
    };
}

impl<S> Layer<S> for OneOf
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        tell!(self.on_new_span(attributes, id, context));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        tell!(self.on_record(id, values, context));
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        tell!(self.on_event(event, context));
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        tell!(self.on_close(id, context));
    }
}

/// The ring of one form, set up by whichever test comes first.
fn handle(form: Form) -> &'static Handle {
    static HANDLES: OnceLock<[Handle; 2]> = OnceLock::new();
    let handles = HANDLES.get_or_init(|| {
        let [text, json] = [(); 2].map(|()| Ring::new(4 << 20).unwrap());
        let handles = [text.handle(), json.handle()];
        let layer = OneOf {
            text: RingLayer::new(text).without_time(),
            json: RingLayer::new(json).json().without_time(),
        };
        set_global_default(tracing_subscriber::registry().with(layer)).unwrap();
        handles
    });
    &handles[form as usize]
}

/// What `events` says, which must be of that target, as text: a line of JSON is shown as text is.
fn said(form: Form, target: &str, events: impl FnOnce()) -> Vec<String> {
    let handle = handle(form);
    let before = recorded(handle, target).len();
    FORM.set(form);
    events();
    let lines = recorded(handle, target).split_off(before);
    match form {
        Form::Text => lines,
        Form::Json => lines.iter().map(|line| as_text(line)).collect(),
    }
}

fn recorded(handle: &Handle, target: &str) -> Vec<String> {
    let snapshot = handle.snapshot();
    let of_target = snapshot
        .records()
        .filter(|record| record.target() == target);
    let lines = of_target.map(|record| String::from_utf8(record.bytes().to_vec()).unwrap());
    lines.collect()
}

/// `spans{fields}: message fields`, with the fields in the order of their names.
fn as_text(line: &str) -> String {
    let line: Value = serde_json::from_str(line).unwrap();
    let fields = |object: &Value, but: &str| {
        let fields = object.as_object().unwrap().iter();
        let fields = fields.filter(|(name, _)| *name != but);
        let fields = fields.map(|(name, value)| match value {
            Value::String(text) => format!("{name}={text}"),
            other => format!("{name}={other}"),
        });
        fields.collect::<Vec<_>>().join(" ")
    };
    let mut text = format!("{:>5} ", line["level"].as_str().unwrap());
    let spans = line["spans"].as_array();
    for span in spans.into_iter().flatten() {
        text.push_str(span["name"].as_str().unwrap());
        match fields(span, "name").as_str() {
            "" => text.push(':'),
            fields => text.push_str(&format!("{{{fields}}}:")),
        }
    }
    if spans.is_some() {
        text.push(' ');
    }
    let message = line["fields"]["message"].as_str().unwrap();
    text.push_str(&format!("{}: {message}", line["target"].as_str().unwrap()));
    match fields(&line["fields"], "message").as_str() {
        "" => text + "\n",
        fields => format!("{text} {fields}\n"),
    }
}

/// Runs a piece of the program when it is shown.
struct Runs<F>(F);

impl<F: Fn()> fmt::Display for Runs<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<")?;
        (self.0)();
        f.write_str(">")
    }
}

#[test]
fn an_event_inside_a_display() {
    let inner = Runs(|| tracing::warn!(target: "inside", "inner"));
    let deep = Runs(|| tracing::info!(target: "inside", deep = %inner, "middle"));
    for form in FORMS {
        let lines = said(form, "inside", || {
            tracing::info!(target: "inside", field = %inner, "outer {inner} end");
            let _span = tracing::info_span!("span", a = 1).entered();
            tracing::info!(target: "inside", "outer {deep} end");
        });
        assert_eq!(
            lines,
            [
                " WARN inside: inner\n",
                " WARN inside: inner\n",
                " INFO inside: outer <> end field=<>\n",
                " WARN span{a=1}: inside: inner\n",
                " INFO span{a=1}: inside: middle deep=<>\n",
                " INFO span{a=1}: inside: outer <> end\n",
            ],
            "{form:?}"
        );
    }
}

/// While the fields of a span are being written, it and others are written to and read.
#[test]
fn an_event_inside_a_display_of_a_spans_field() {
    for form in FORMS {
        let lines = said(form, "field", || {
            let logs = Runs(|| tracing::warn!(target: "field", "inner"));
            let span =
                tracing::info_span!(target: "field", "span", a = %logs, b = Empty, c = Empty);
            let _inside = span.enter();
            tracing::info!(target: "field", "opened");
            span.record("b", display(&logs));
            tracing::info!(target: "field", "recorded");
            // What records into the span that is being recorded into comes first.
            let records = Runs(|| {
                span.record("c", 3);
                tracing::info_span!(target: "field", "other", c = %logs)
                    .in_scope(|| tracing::info!(target: "field", "in another"));
            });
            tracing::info!(target: "field", d = %records, "said");
        });
        // Spans stand before the message in text, and behind it in JSON.
        let while_recording = match form {
            Form::Text => " INFO span{a=<> b=<>}: field: said d=<>\n",
            Form::Json => " INFO span{a=<> b=<> c=3}: field: said d=<>\n",
        };
        assert_eq!(
            lines,
            [
                " WARN field: inner\n",
                " INFO span{a=<>}: field: opened\n",
                " WARN span{a=<>}: field: inner\n",
                " INFO span{a=<> b=<>}: field: recorded\n",
                " WARN span{a=<> b=<> c=3}: field: inner\n",
                " INFO span{a=<> b=<> c=3}:other{c=<>}: field: in another\n",
                while_recording,
            ],
            "{form:?}"
        );

        let lines = said(form, "field", || {
            let span = tracing::info_span!(target: "field", "span", a = Empty, b = Empty);
            let records = Runs(|| {
                span.record("b", 2);
                span.in_scope(|| tracing::info!(target: "field", "inner"));
            });
            span.record("a", display(&records));
            span.in_scope(|| tracing::info!(target: "field", "outer"));
        });
        let in_order = match form {
            Form::Text => " INFO span{b=2 a=<>}: field: outer\n",
            Form::Json => " INFO span{a=<> b=2}: field: outer\n",
        };
        assert_eq!(lines, [" INFO span{b=2}: field: inner\n", in_order]);
    }
}

/// The hook is called in the midst of a line.
#[test]
fn an_event_in_the_panic_hook() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        match panic.payload().downcast_ref() {
            Some(&"on purpose") => tracing::error!(target: "hook", "panicked"),
            _ => usual(panic),
        }
    }));
    for form in FORMS {
        let lines = said(form, "hook", || {
            let panics = Runs(|| panic!("on purpose"));
            let _span = tracing::info_span!(target: "hook", "span", a = 1).entered();
            let says = AssertUnwindSafe(|| tracing::info!(target: "hook", "{panics}"));
            panic::catch_unwind(says).unwrap_err();
            let opens = AssertUnwindSafe(|| tracing::info_span!(target: "hook", "b", %panics));
            panic::catch_unwind(opens).unwrap_err();
        });
        assert_eq!(
            lines,
            [
                "ERROR span{a=1}: hook: panicked\n",
                " INFO span{a=1}: hook: <<panic>\n",
                "ERROR span{a=1}: hook: panicked\n",
            ],
            "{form:?}"
        );
    }
}

#[test]
fn in_drop_while_unwinding() {
    struct Logs(Span);
    impl Drop for Logs {
        fn drop(&mut self) {
            self.0.record("late", 1);
            let _inside = self.0.enter();
            let _new = tracing::info_span!("new", b = 2).entered();
            tracing::info!(target: "unwinding", "dropped");
        }
    }

    for form in FORMS {
        let lines = said(form, "unwinding", || {
            let result = panic::catch_unwind(|| {
                let _logs = Logs(tracing::info_span!("span", late = Empty));
                panic::resume_unwind(Box::new("on purpose"));
            });
            assert!(result.is_err());
            tracing::info!(target: "unwinding", "next");
        });
        assert_eq!(
            lines,
            [
                " INFO span{late=1}:new{b=2}: unwinding: dropped\n",
                " INFO unwinding: next\n",
            ],
            "{form:?}"
        );
    }
}

/// In any order: the layer's own variables of the thread are gone, still there, or were never made.
#[test]
fn in_a_thread_locals_destructor() {
    struct Logs;
    impl Drop for Logs {
        fn drop(&mut self) {
            let span = tracing::info_span!("leaving", a = 1, b = Empty).entered();
            span.record("b", 2);
            tracing::info!(target: "destructor", "dropped");
        }
    }
    thread_local!(static LOCAL: RefCell<Option<Logs>> = const { RefCell::new(None) });

    let says = || tracing::info!(target: "destructor", "said");
    let uses = || LOCAL.with(|local| *local.borrow_mut() = Some(Logs));
    for form in FORMS {
        let dropped = " INFO leaving{a=1 b=2}: destructor: dropped\n";
        let in_thread = |run: &(dyn Fn() + Sync)| {
            said(form, "destructor", || {
                thread::scope(|scope| {
                    let thread = scope.spawn(|| {
                        FORM.set(form);
                        run();
                    });
                    thread.join().unwrap();
                });
            })
        };
        let said = " INFO destructor: said\n";
        assert_eq!(in_thread(&uses), [dropped]);
        let (first, last) = (
            || {
                says();
                uses()
            },
            || {
                uses();
                says()
            },
        );
        assert_eq!(in_thread(&first), [said, dropped]);
        assert_eq!(in_thread(&last), [said, dropped]);
    }
}

/// Each event has its own spans, whatever the others do, and none is lost.
#[test]
fn many_threads_at_once() {
    const THREADS: usize = 4;
    const ROUNDS: usize = 300;
    for form in FORMS {
        let shared = OnceLock::new();
        let barrier = Barrier::new(THREADS);
        let lines = said(form, "threads", || {
            let shared = shared.get_or_init(|| tracing::info_span!("shared", s = 0));
            let work = |thread: usize| {
                FORM.set(form);
                barrier.wait();
                for round in 0..ROUNDS {
                    let own = tracing::info_span!(parent: shared, "own", thread, round, z = Empty);
                    own.record("z", round);
                    own.in_scope(|| tracing::info!(target: "threads", thread, round, "said"));
                }
            };
            thread::scope(|scope| {
                (0..THREADS).for_each(|thread| drop(scope.spawn(move || work(thread))));
            });
        });
        let expected = |thread, round| {
            let fields = match form {
                Form::Text => format!("thread={thread} round={round}"),
                Form::Json => format!("round={round} thread={thread}"),
            };
            format!(" INFO shared{{s=0}}:own{{{fields} z={round}}}: threads: said {fields}\n")
        };
        for thread in 0..THREADS {
            let of_thread = format!("thread={thread}");
            let lines: Vec<_> = lines
                .iter()
                .filter(|line| line.contains(&of_thread))
                .collect();
            let expected: Vec<_> = (0..ROUNDS).map(|round| expected(thread, round)).collect();
            assert!(
                lines.iter().eq(&expected.iter().collect::<Vec<_>>()),
                "{lines:?}"
            );
        }
    }
}
