//! The corpus's values: in events, and, as far as spans keep them in another way, in spans.

use std::error::Error;
use std::fmt;
use std::num::{NonZeroI128, NonZeroU8, Wrapping};

use tracing::Level;
use tracing::field::Empty;

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

pub(crate) fn plain() {
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

pub(crate) fn floats() {
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

pub(crate) fn wrapped() {
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
pub(crate) fn names() {
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
        tracing::info_span!("message", message = "a span's", other = 1),
        tracing::info_span!("message", other = 1, message = ?"a span's"),
    ];
    for span in spans {
        span.in_scope(|| tracing::info!("inside"));
    }
}

pub(crate) fn messages() {
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

pub(crate) fn long_messages() {
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
pub(crate) fn control_characters() {
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

pub(crate) fn errors() {
    let lone = Failed::new(&["alone"]);
    let two = Failed::new(&["first", "second"]);
    let four = Failed::new(&["with \"quotes\"", "second\nline", "third\u{1b}[31m", ""]);
    for error in [&lone, &two, &four] {
        let error = error as &(dyn Error + 'static);
        tracing::error!(error, "went wrong");
        tracing::error!(before = 1, error, after = 2, "went wrong");
        tracing::error!(message = error);
        tracing::error!(r#try = error, "r#try" = error);
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
