//! Events and spans of every kind that `tracing`'s macros can say.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::num::{NonZeroI128, NonZeroU8, Wrapping};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::thread;

use tracing::field::{Empty, debug, display};
use tracing::{Instrument, Level, Span, dispatcher};

/// What must be the same with all settings.
pub(crate) fn all() {
    plain_values();
    wrapped_values();
    names();
    messages();
    errors();
    nested_spans();
    recorded_later();
    parents();
    odd_orders();
    threads();
    tasks();
}

/// What no setting has to do with, and takes longer.
pub(crate) fn all_values() {
    floats();
    long_messages();
    control_characters();
}

/// Its `Debug` looks at what it is asked for.
pub(crate) struct Picky<'a>(pub(crate) &'a str);

impl fmt::Debug for Picky<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (alternate, width, plus) = (f.alternate(), f.width(), f.sign_plus());
        let piece = self.0;
        write!(
            f,
            "alternate {alternate} width {width:?} plus {plus} {piece}"
        )?;
        f.debug_map()
            .entry(&piece, &Some(piece))
            .entry(&1.5, &[(); 2])
            .finish()
    }
}

impl fmt::Display for Picky<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}", f.precision(), self.0)?;
        self.0
            .chars()
            .try_for_each(|c| fmt::Write::write_char(f, c))
    }
}

fn plain_values() {
    tracing::error!(yes = true, no = false, "bools");
    tracing::warn!(
        a = i8::MIN,
        b = i16::MIN,
        c = i32::MIN,
        d = i64::MIN,
        e = isize::MIN
    );
    tracing::info!(
        a = u8::MAX,
        b = u16::MAX,
        c = u32::MAX,
        d = u64::MAX,
        e = usize::MAX
    );
    tracing::debug!(
        a = i128::MIN,
        b = i128::MAX,
        c = u128::MAX,
        zero = 0_u128,
        one = 0_i128
    );
    tracing::trace!(
        zero = 0,
        minus = -1,
        nine = 9,
        ten = 10,
        ninety_nine = 99,
        hundred = 100
    );
    tracing::info!(
        text = "a str",
        owned = String::from("a String"),
        empty = "",
        "strs"
    );
    tracing::info!(shown = %'c', debugged = ?'c', quote = ?'"', unit = ?(), "chars");
    tracing::info!(
        bytes = &b"\x00\x7f\xff ab"[..],
        none = &[][..] as &[u8],
        "bytes"
    );
    tracing::info!(list = ?[1, 2, 3], picky = ?Picky("p"), shown = %Picky("p"), "structs");
    let (local, picky) = (1, Picky("short"));
    tracing::info!(local, ?picky, %picky, "by their names");
    // Spans keep them in their own ways.
    let plain = tracing::info_span!("plain", a = true, b = i64::MIN, c = u64::MAX, d = -1_i8);
    let wide = tracing::info_span!("wide", a = i128::MIN, b = u128::MAX, c = "str", d = ?'"');
    let bytes = tracing::info_span!("bytes", a = &b"\x00\x7f\xff"[..], b = &[][..] as &[u8]);
    let picky = tracing::info_span!("picky", a = ?Picky("in a\nspan"), b = %Picky("\t"));
    for span in [plain, wide, bytes, picky] {
        span.in_scope(|| tracing::info!("inside"));
    }
}

fn floats() {
    let values = [
        0.0,
        -0.0,
        1.0,
        -1.5,
        0.1,
        1e-4,
        9.9e-5,
        1e15,
        1e16,
        123_456_789.125,
        1e300,
        5e-324,
        f64::MAX,
        f64::MIN_POSITIVE,
        f64::EPSILON,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
        // Half-way between two texts of the same length.
        1.0 + 1.0 / 131_072.0,
        23_356_360_473_239.0 + 9.0 / 16.0,
    ];
    for value in values {
        tracing::info!(value, single = 0.1_f32, "float");
    }
    for value in [
        0.0,
        -0.0,
        1.0,
        -1.5,
        0.25,
        1e15,
        1e16,
        1e20,
        f64::NAN,
        f64::INFINITY,
    ] {
        tracing::info_span!("float", value).in_scope(|| tracing::info!(value));
    }
}

fn wrapped_values() {
    tracing::info!(
        small = NonZeroU8::MAX,
        wide = NonZeroI128::MIN,
        wrapping = Wrapping(7_u16),
        boxed = Box::new(3),
        boxed_text = Box::new("text") as Box<dyn tracing::Value>,
        some = Some(1),
        none = None::<u32>,
        some_text = Some("text"),
        nested = Some(Some(1.5)),
        reference = &&5,
        empty = Empty,
        arguments = format_args!("{}-{:?}", 1, "two"),
        "wrapped"
    );
    // Nothing at all to show.
    tracing::info!(none = None::<u32>, empty = Empty);
    tracing::info!(none = None::<u32>, "only the message");
    tracing::info!(first = None::<u32>, second = 2, "not the first");
    let span = tracing::info_span!(
        "wrapped",
        none = None::<&str>,
        empty = Empty,
        some = Some(1)
    );
    span.in_scope(|| tracing::info!("inside"));
    let span = tracing::info_span!("nothing", none = None::<&str>, empty = Empty);
    span.in_scope(|| tracing::info!("inside"));
}

/// Fields that are called what a line or a macro calls something else.
fn names() {
    const NAME: &str = "a constant";
    tracing::info!(user.name = "ann", user.id = 7, "dotted");
    tracing::info!(
        "a name" = 1,
        "quo\"ted" = 2,
        "back\\slash" = 3,
        "líne\nbreak" = 4
    );
    tracing::info!({ NAME } = 1, "constant");
    tracing::info!(r#type = 1, r#match = "text", r#fn = ?'d', r#move = %"shown", "raw");
    // The macros take the prefix away, if it is not in quotes.
    tracing::info!("r#type" = 1, "r#match" = "text", "r#fn" = ?'d', "r#" = %"shown", "raw");
    tracing::info!(twice = 1, twice = "again", "twice");
    tracing::info!(
        log.target = "kept from text",
        log.other = 1,
        seen = 2,
        "log"
    );
    tracing::info!(log.line = ?3, "log");
    tracing::info!(
        timestamp = 1,
        level = "2",
        fields = 3,
        target = 4,
        span = 5,
        spans = 6,
        name = 7,
        "taken"
    );
    tracing::info!(
        filename = 1,
        line_number = 2,
        threadName = 3,
        threadId = 4,
        "taken, too"
    );
    tracing::info!(target: "", "an empty target");
    tracing::info!(target: "odd \"target\"\u{1b}\n\\", "an odd target");
    tracing::event!(name: "named", Level::INFO, "a named event");
    let spans = [
        tracing::info_span!(""),
        tracing::info_span!("odd \"span\"\u{1b}\n\\"),
        tracing::info_span!(target: "a target", "with a target", level = 1),
        tracing::info_span!("name", name = "the field's", zeta = 1, alpha = 2),
        tracing::info_span!("dotted", user.name = "ann", user.id = 7, "a name" = 1),
        tracing::info_span!("raw", r#type = 1, r#match = "text", r#fn = ?'d', r#move = %"shown"),
        tracing::info_span!("raw", "r#type" = 1, "r#fn" = ?'d', "r#" = %"shown", "type" = 2),
        tracing::info_span!("twice", twice = 1, twice = "again"),
        tracing::info_span!("log", log.target = "kept from text", log.line = ?3, seen = 2),
        tracing::info_span!("only log", log.line = ?3),
        tracing::info_span!("message", message = "a span's", other = 1),
        tracing::info_span!("message", other = 1, message = ?"a span's"),
    ];
    for span in spans {
        span.in_scope(|| tracing::info!("inside"));
    }
}

fn messages() {
    tracing::info!("");
    tracing::info!(field = 1, "");
    tracing::info!("plain");
    tracing::info!("{} of {:>4} {:#?}", 1, "two", Some(3));
    tracing::info!("several\nlines\r\n\tof text\n");
    tracing::info!("{}", "\n");
    tracing::info!("braces {{}} and \"quotes\" and \\");
    tracing::info!("ümläute, 日本語, 🦀, \u{202e}\u{feff}\u{fffd}");
    tracing::info!(message = "as a field");
    tracing::info!(before = 1, message = "between", after = 2);
    tracing::info!(message = 5);
    tracing::info!(message = 5.5, other = 1);
    tracing::info!(message = true);
    tracing::info!(message = u128::MAX);
    tracing::info!(message = ?"debugged\u{1b}");
    tracing::info!(message = %"displayed\u{1b}");
    tracing::info!(message = None::<&str>, other = 1);
    tracing::info!(message = &b"bytes"[..]);
    tracing::info!(no_message = 1);
}

fn long_messages() {
    for length in [4096, (64 << 10) - 1, 64 << 10, (64 << 10) + 1] {
        let plain = "x".repeat(length);
        tracing::info!("{plain}");
        tracing::info!(field = plain, shown = %plain, "long fields");
    }
    let escaped = "\u{1b}\"\\ü\n".repeat(64 << 7);
    tracing::info!("{escaped}");
    tracing::info!(field = escaped, "{escaped}");
    let span = tracing::info_span!("long", field = escaped);
    span.in_scope(|| tracing::info!("in a long span"));
    tracing::info!("short again");
}

/// Each of them alone, and in each place.
fn control_characters() {
    let specials = [
        '"',
        '\\',
        '\'',
        '\u{ad}',
        '\u{2028}',
        '\u{10ffff}',
        '\u{301}',
    ];
    for character in ('\0'..=' ').chain('\x7f'..='\u{a0}').chain(specials) {
        let text = format!("a{character}b");
        tracing::info!("{text}");
        tracing::info!("{character}");
        tracing::info!(text, shown = %text, debugged = ?text, character = ?character);
        tracing::info!(error = &Failed::new(&[&text]) as &dyn Error);
        let span = tracing::info_span!("span", text, shown = %text, debugged = ?text);
        span.in_scope(|| tracing::info!("inside"));
    }
}

/// An error, and what it came from.
#[derive(Debug)]
struct Failed(String, Option<Box<Failed>>);

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} failed", self.0)
    }
}

impl Error for Failed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.1.as_deref().map(|source| source as _)
    }
}

impl Failed {
    /// Each of them because of the next.
    fn new(chain: &[&str]) -> Self {
        let (what, rest) = chain.split_first().unwrap();
        let source = (!rest.is_empty()).then(|| Box::new(Self::new(rest)));
        Self((*what).to_owned(), source)
    }
}

fn errors() {
    let lone = Failed::new(&["alone"]);
    let two = Failed::new(&["first", "second"]);
    let four = Failed::new(&["with \"quotes\"", "second\nline", "third\u{1b}[31m", ""]);
    for error in [&lone, &two, &four] {
        let error = error as &(dyn Error + 'static);
        tracing::error!(error, "went wrong");
        tracing::error!(before = 1, error, after = 2, "went wrong");
        tracing::error!(message = error);
        tracing::error!(r#try = error, "r#try" = error);
        tracing::error!(log.error = error, "left out of text");
        tracing::error!(%error, ?error, "shown and debugged");
        tracing::error!(some = Some(error), "wrapped");
        let span = tracing::error_span!("span", error, "r#try" = error, other = 1);
        span.record("other", 2);
        span.in_scope(|| tracing::error!(error));
    }
    let sent: Box<dyn Error + Send + Sync> = "from a text".into();
    tracing::error!(error = &*sent, "boxed");
    let io = std::io::Error::other(Failed::new(&["outer", "inner"]));
    tracing::error!(error = &io as &dyn Error, "of the standard library");
}

/// Four deep, and every level in between says something.
fn nested_spans() {
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

fn recorded_later() {
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
        message = Empty,
        log.x = Empty
    );
    let _inside = late.enter();
    late.record("log.x", 1);
    tracing::info!("nothing but what text leaves out");
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

fn parents() {
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

fn odd_orders() {
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

fn threads() {
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
fn tasks() {
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
