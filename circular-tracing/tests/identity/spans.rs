//! The corpus's spans: how they are nested, filled, followed and left.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::thread;

use tracing::field::{Empty, debug, display};
use tracing::{Instrument, Span, dispatcher};

/// Four deep, and every level in between says something.
pub(crate) fn nested() {
    tracing::info!("outside");
    let _one = tracing::error_span!("one", a = 1, b = "two").entered();
    tracing::error!("in one");
    let _two = tracing::warn_span!("two").entered();
    tracing::warn!("in two");
    let _three = tracing::debug_span!("three", text = "tab\there", shown = %"a b").entered();
    tracing::info!("in three");
    {
        let _four = tracing::trace_span!(
            "four",
            a = 1,
            b = 2,
            c = 3,
            d = 4,
            e = 5,
            f = 6,
            g = 7,
            h = 8
        )
        .entered();
        tracing::trace!(a = 1, b = 2, "in four");
    }
    tracing::debug!("in three again");
}

/// More than anybody keeps without asking for memory.
pub(crate) fn deep() {
    let mut entered = Vec::new();
    for depth in 1..=20 {
        entered.push(tracing::info_span!("inner", depth).entered());
        if depth >= 16 {
            tracing::info!("in {depth}");
        }
    }
    while entered.pop().is_some() {}
    tracing::info!("outside again");
}

pub(crate) fn recorded_later() {
    let span = tracing::info_span!("span", first = 1, second = Empty, third = Empty, last = "z");
    let _inside = span.enter();
    tracing::info!("before");
    span.record("third", "the third comes first");
    tracing::info!("one");
    span.record("second", 2);
    tracing::info!("two");
    span.record("second", display("twice"));
    tracing::info!("twice");
    span.record("first", debug("what was there from the beginning"));
    tracing::info!("again");
    span.record("second", Empty);
    span.record("second", None::<u8>);
    tracing::info!("nothing");
    span.record("unknown", 1);
    tracing::info!("unknown");

    let late = tracing::info_span!(
        "late",
        a = Empty,
        r#type = Empty,
        "r#fn" = Empty,
        message = Empty
    );
    let _inside = late.enter();
    tracing::info!("nothing yet");
    late.record("a", f64::NAN);
    late.record("type", 1);
    late.record("r#fn", display("raw"));
    late.record("message", "a span's message\u{1b}");
    tracing::info!("the first fields came later");

    let never = tracing::info_span!("never", a = Empty);
    never.in_scope(|| tracing::info!("no fields"));
    never.record("a", Empty);
    never.in_scope(|| tracing::info!("still none"));
    never.record("a", 1);
    never.in_scope(|| tracing::info!("one"));
}

pub(crate) fn parents() {
    let other = tracing::info_span!(parent: None, "other", x = 1);
    let child = tracing::info_span!(parent: &other, "child of other", y = 2);
    let outer = tracing::info_span!("outer", z = 3);
    let _outer = outer.enter();
    tracing::info!(parent: &child, "elsewhere");
    tracing::info!(parent: child.id(), "elsewhere by its id");
    tracing::info!(parent: None, "nowhere");
    tracing::info!(parent: &outer, "here, but said");
    let root = tracing::info_span!(parent: None, "root in outer");
    root.in_scope(|| tracing::info!("in a root"));
    let away = tracing::info_span!(parent: &child, "away");
    away.in_scope(|| {
        tracing::info!("in away");
        tracing::info!(parent: &outer, "in away, of outer");
        tracing::info!(parent: None, "in away, of none");
        tracing::info_span!("contextual").in_scope(|| tracing::info!("in both"));
    });
    away.follows_from(&outer);
    away.in_scope(|| tracing::info!("followed"));

    let gone = child.id();
    drop((away, child));
    tracing::info!(parent: gone, "of a span that was closed");
    drop(_outer);
    tracing::info!(parent: &other, "of a span while in none");
    tracing::info!(parent: Span::none().id(), "of none while in none");
}

pub(crate) fn odd_orders() {
    let (one, two, three) = (
        tracing::info_span!("one", n = 1),
        tracing::info_span!("two", n = 2),
        tracing::info_span!("three", n = 3),
    );
    let (in_one, in_two) = (one.enter(), two.enter());
    let in_three = three.enter();
    tracing::info!("in all");
    drop(in_one);
    tracing::info!("the first is left");
    drop(in_three);
    tracing::info!("the last is left");
    let again = two.enter();
    tracing::info!("twice in two");
    drop(in_two);
    tracing::info!("once in two");
    drop(again);
    tracing::info!("in none");

    let clone = two.clone();
    drop(two);
    clone.in_scope(|| tracing::info!("kept by a clone"));
    // The parent outlives its handle.
    let child = clone.in_scope(|| tracing::info_span!("child"));
    drop(clone);
    child.in_scope(|| tracing::info!("in an orphan"));
    // Spans that are used again have nothing of the earlier ones.
    for number in 0..100 {
        let span = tracing::info_span!("again", number, late = Empty);
        if number % 3 == 0 {
            span.record("late", "x".repeat(number));
        }
        span.in_scope(|| tracing::info!("again"));
    }
}

pub(crate) fn threads() {
    let span = tracing::info_span!("shared", there = Empty);
    for name in [
        None,
        Some("a"),
        Some("longer name"),
        Some("ü日本"),
        Some("b"),
        None,
    ] {
        in_thread(name, || {
            tracing::info!("in no span");
            let _inside = span.enter();
            span.record("there", name.unwrap_or("no name"));
            tracing::info!("in a span of another thread");
            let inner = tracing::info_span!("inner", n = 1).entered();
            tracing::info!("deeper");
            drop(inner);
        });
        span.in_scope(|| tracing::info!("and back"));
    }
    // It is closed there.
    in_thread(None, || drop(span));
    tracing::info!("closed");
}

fn in_thread(name: Option<&str>, events: impl FnOnce() + Send) {
    let dispatch = dispatcher::get_default(Clone::clone);
    let mut builder = thread::Builder::new();
    if let Some(name) = name {
        builder = builder.name(name.to_owned());
    }
    thread::scope(|scope| {
        let run = || dispatcher::with_default(&dispatch, events);
        builder.spawn_scoped(scope, run).unwrap().join().unwrap();
    });
}

/// Not ready when it is asked for the first time.
struct Later(bool);

impl Future for Later {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

async fn task(number: u32) {
    let inner = async move {
        tracing::info!("first of inner");
        Later(false).await;
        Span::current().record("recorded", number);
        tracing::info!("second of inner");
    };
    tracing::info!("before");
    Later(false).await;
    let span = tracing::info_span!("inner", number, recorded = Empty);
    inner.instrument(span).await;
    Later(false).await;
    tracing::info!("after");
}

/// Two at a time, and each goes on in another thread than before.
pub(crate) fn tasks() {
    let task = |number| Box::pin(task(number).instrument(tracing::info_span!("task", number)));
    let mut tasks = vec![task(1), task(2)];
    for step in 0.. {
        tasks.retain_mut(|task| {
            let mut is_pending = true;
            let mut poll = || {
                let mut context = Context::from_waker(Waker::noop());
                is_pending = task.as_mut().poll(&mut context).is_pending();
            };
            if step % 2 == 0 {
                poll();
            } else {
                in_thread(Some("worker"), poll);
            }
            tracing::info!("between them");
            is_pending
        });
        if tasks.is_empty() {
            break;
        }
    }
}
