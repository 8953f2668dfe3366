//! From an event to a record, without `fmt` in between: the layer, and what a program sets of it. What it does when
//! `tracing` calls it is in `callbacks`.

mod callbacks;

use std::fmt;
use std::sync::Arc;

use circular_core::{DumpTrigger, Ring};
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::registry::Extensions;

use crate::format::{Format, Parts};
use crate::json::Json;
use crate::span_events::SpanEvents;
use crate::spans::Spans;
use crate::text::Text;

/// A [`Layer`](tracing_subscriber::Layer) that records each event in a [`Ring`], as the line that
/// `tracing_subscriber::fmt::layer().with_ansi(false)` would write, for a fraction of what that costs.
///
/// ```
/// use circular_core::Ring;
/// use circular_tracing::RingLayer;
/// use tracing_subscriber::prelude::*;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let ring = Ring::new(1 << 20)?;
/// let handle = ring.handle();
/// tracing_subscriber::registry().with(RingLayer::new(ring).without_time()).init();
///
/// let span = tracing::info_span!("order", id = 17);
/// let _in_it = span.enter();
/// tracing::info!(target: "shop", sku = 4711, "item added");
/// assert_eq!(handle.snapshot().bytes(), b" INFO order{id=17}: shop: item added sku=4711\n");
/// # Ok(())
/// # }
/// ```
///
/// # What is recorded
///
/// One event is one record, with the event's level and target and the time that stands in the line. An
/// event that was a log record before `tracing-log` made an event of it has the log record's own target,
/// file and line; the fields that tell of them, `log.target` and the like, are left out of text then. The
/// program's own fields of such names are kept. (`fmt` drops them too, where `tracing-subscriber` has its
/// feature `tracing-log`.)
///
/// The layer filters nothing. Put a filter on it like on any other: `.with_filter(LevelFilter::DEBUG)`,
/// an `EnvFilter`, one inside a `reload::Layer`. Among several layers, put it last: [why](crate#the-recorder-last).
///
/// # What it has of `fmt`
///
/// | of `fmt::Layer` | here |
/// |---|---|
/// | the full format, which is `fmt`'s own by default | the same, byte for byte |
/// | `json` | the same keys and values |
/// | `without_time`, `with_level`, `with_target`, `with_file`, `with_line_number`, `with_thread_ids`, `with_thread_names` | the same |
/// | of JSON: `flatten_event`, `with_current_span`, `with_span_list` | the same |
/// | `with_ansi`, `set_ansi`: colours | not in the ring; [`TerminalWriter`](circular_core::TerminalWriter) colours what it prints |
/// | `with_ansi_sanitization(false)`: terminal escapes are let through | no, they are always escaped, as `fmt` does by default |
/// | `compact`, `pretty`, `event_format`, `fmt_fields`, and their `map_…` | no |
/// | `with_timer` | no: the time is UTC, with microseconds |
/// | `with_span_events`: lines when a span is opened, entered, left, closed | the same |
/// | `with_writer`, `map_writer`, `writer_mut`, `with_test_writer` | no: it writes to the ring, and readers write |
/// | `log_internal_errors` | no: nothing here fails but what the [ring counts](#when-the-ring-is-closed) |
///
/// For what it has not, hand the ring, or a [`RingWriter`](crate::RingWriter), to `fmt`. What it says differently: [values that
/// fail](#values-that-fail); `log.` fields, see above; and in JSON, what is recorded later into a span that has a
/// field whose name must be escaped is there, where `fmt` loses it.
///
/// # What it costs
///
/// No event allocates, once its thread's buffer has grown to the longest line. Exceptions are an event of more
/// than 64 KiB, one inside a `Display` that is being recorded, and one in more than 16 spans.
///
/// A span does not allocate either, if its thread has opened one as long, and as many as are open now, with about
/// as long fields, were open before and are closed: their memory is used again. That holds for up to 1,024
/// spans at once; of more, the memory is given back when they are closed. Exceptions are a span with more than
/// 2 KiB of fields, and one that is opened inside a `Display` of another's field.
///
/// An open span holds its text, seldom more than a fifth beyond it, and up to 200 bytes; one that got a closed
/// one's memory may hold four times its text, or its text and 256 bytes.
///
/// The global allocator may log: the layer allocates and frees nothing while it keeps anything locked. `tracing`'s registry
/// does, see the [crate's page](crate#hard-places).
///
/// # Spans
///
/// The fields of a span that was opened before the layer was there, such as one that a `reload` brings in,
/// are not known to it. When it hears that a span is closed, it forgets the fields: a layer that logs an
/// event of a span as that is closed is to be put in before this one, so that it hears of it first. A field
/// that is recorded again and again makes the text of its span longer each time, as in `fmt`; in JSON it
/// does not.
///
/// # Values that fail
///
/// Where the `Debug` or `Display` of a field returns an error, the line says `<error>` after what it had
/// written, and goes on with the next field. Where one panics, the line says `<panic>` instead of the rest
/// of the fields; it is recorded, and then the panic goes on to the one who logged. A span whose value panics
/// while it is opened is not there.
///
/// # When the ring is closed
///
/// The event is dropped, and counted in the ring's statistics as refused.
pub struct RingLayer<F: Format = Text> {
    ring: Ring,
    trigger: Option<DumpTrigger>,
    parts: Parts,
    format: F,
    spans: Spans<F::Fields>,
    span_events: SpanEvents,
    /// What is said of the span that an event is in.
    suffix: Option<Arc<Suffix>>,
}

type Suffix = dyn Fn(&Extensions<'_>, &mut String) + Send + Sync;

impl RingLayer {
    /// Makes a layer that records in `ring`, and keeps it open. Its lines have the time, the level, the spans,
    /// the target, the message and the fields.
    pub fn new(ring: Ring) -> RingLayer {
        RingLayer {
            spans: Spans::new(ring.clone()),
            ring,
            trigger: None,
            parts: Parts::default(),
            format: Text,
            span_events: SpanEvents::default(),
            suffix: None,
        }
    }

    /// Appends to the line of each event in a span, behind a space, what `suffix` writes of that span's
    /// extensions: the ids that `tracing-opentelemetry` keeps there as `OtelData`, say. If it writes nothing, the
    /// line stays as it is.
    ///
    /// It is called with the span's extensions locked, for reading: it must not log.
    ///
    /// ```
    /// use circular_core::Ring;
    /// use circular_tracing::RingLayer;
    /// use tracing_subscriber::{Layer, layer::Context, prelude::*, registry::LookupSpan};
    ///
    /// /// As a layer that gives spans their ids does.
    /// struct Numbers;
    /// struct Number(u64);
    ///
    /// impl<S: tracing::Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Numbers {
    ///     fn on_new_span(
    ///         &self,
    ///         _: &tracing::span::Attributes<'_>,
    ///         id: &tracing::span::Id,
    ///         context: Context<'_, S>,
    ///     ) {
    ///         let span = context.span(id).expect("it is new");
    ///         span.extensions_mut().insert(Number(7));
    ///     }
    /// }
    ///
    /// let ring = Ring::new(1 << 20)?;
    /// let handle = ring.handle();
    /// let record = RingLayer::new(ring).without_time().with_suffix(|extensions, text| {
    ///     if let Some(Number(number)) = extensions.get::<Number>() {
    ///         *text += &format!("trace_id={number}");
    ///     }
    /// });
    /// tracing_subscriber::registry().with(Numbers).with(record).init();
    /// tracing::info_span!("order").in_scope(|| tracing::info!(target: "shop", "sold"));
    /// assert_eq!(handle.snapshot().bytes(), b" INFO order: shop: sold trace_id=7\n");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn with_suffix(
        mut self,
        suffix: impl Fn(&Extensions<'_>, &mut String) + Send + Sync + 'static,
    ) -> Self {
        self.suffix = Some(Arc::new(suffix));
        self
    }

    /// Writes JSON instead: one object a line, with the keys that `fmt`'s `json()` has. A [suffix](Self::with_suffix)
    /// is left out.
    ///
    /// ```
    /// use circular_core::Ring;
    /// use circular_tracing::RingLayer;
    /// use tracing_subscriber::prelude::*;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let ring = Ring::new(1 << 20)?;
    /// let handle = ring.handle();
    /// tracing_subscriber::registry().with(RingLayer::new(ring).json().without_time()).init();
    ///
    /// tracing::info!(target: "shop", sku = 4711, "item added");
    /// let line = r#"{"level":"INFO","fields":{"message":"item added","sku":4711},"target":"shop"}"#;
    /// assert_eq!(handle.snapshot().bytes(), format!("{line}\n").as_bytes());
    /// # Ok(())
    /// # }
    /// ```
    pub fn json(self) -> RingLayer<Json> {
        RingLayer {
            spans: Spans::new(self.ring.clone()),
            ring: self.ring,
            trigger: self.trigger,
            parts: self.parts,
            format: Json::default(),
            span_events: self.span_events,
            suffix: None,
        }
    }
}

impl RingLayer<Json> {
    /// Sets whether the event's fields are members of the line's object, and not of one called `fields`; `false`
    /// by default.
    pub fn flatten_event(mut self, flatten_event: bool) -> Self {
        self.format.flatten_event = flatten_event;
        self
    }

    /// Sets whether the innermost span is told, as `span`; `true` by default.
    pub fn with_current_span(mut self, current_span: bool) -> Self {
        self.format.current_span = current_span;
        self
    }

    /// Sets whether all spans are told, as `spans`; `true` by default.
    pub fn with_span_list(mut self, span_list: bool) -> Self {
        self.format.span_list = span_list;
        self
    }
}

impl<F: Format> RingLayer<F> {
    /// Dumps what the ring holds when an event of `trigger`'s level comes: see [`DumpTrigger`]. A second
    /// trigger takes the place of the first.
    ///
    /// ```
    /// use circular_core::{DumpTrigger, Ring};
    /// use circular_tracing::RingLayer;
    /// use tracing_subscriber::prelude::*;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let ring = Ring::new(1 << 20)?;
    /// let trigger = DumpTrigger::builder(&ring.handle()).sink(std::io::stderr()).start()?;
    /// tracing_subscriber::registry().with(RingLayer::new(ring).dump_on(trigger)).init();
    /// # Ok(())
    /// # }
    /// ```
    pub fn dump_on(mut self, trigger: DumpTrigger) -> Self {
        self.trigger = Some(trigger);
        self
    }

    /// Adds a line when a span is opened, entered, left or closed, for each that `kinds` says, as `fmt` does; there is
    /// none by default. If lines have a time, that of a closed span says how long it was entered and how long not;
    /// for that, each span allocates.
    ///
    /// ```
    /// use circular_core::Ring;
    /// use circular_tracing::RingLayer;
    /// use tracing_subscriber::{fmt::format::FmtSpan, prelude::*};
    ///
    /// let ring = Ring::new(1 << 20)?;
    /// let handle = ring.handle();
    /// let record = RingLayer::new(ring).without_time().with_span_events(FmtSpan::NEW | FmtSpan::CLOSE);
    /// tracing_subscriber::registry().with(record).init();
    /// drop(tracing::info_span!(target: "shop", "order", id = 17));
    /// assert_eq!(
    ///     handle.snapshot().bytes(),
    ///     b" INFO order{id=17}: shop: new\n INFO order{id=17}: shop: close\n"
    /// );
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn with_span_events(mut self, kinds: FmtSpan) -> Self {
        self.span_events = kinds.into();
        self
    }

    /// Leaves the time out of the line. The record still has it.
    pub fn without_time(mut self) -> Self {
        self.parts.time = false;
        self
    }

    /// Sets whether the line has the level; `true` by default.
    pub fn with_level(mut self, level: bool) -> Self {
        self.parts.level = level;
        self
    }

    /// Sets whether the line has the target; `true` by default.
    pub fn with_target(mut self, target: bool) -> Self {
        self.parts.target = target;
        self
    }

    /// Sets whether the line has the number of the thread; `false` by default.
    pub fn with_thread_ids(mut self, thread_ids: bool) -> Self {
        self.parts.thread_id = thread_ids;
        self
    }

    /// Sets whether the line has the name of the thread, or its number if it has none; `false` by default.
    pub fn with_thread_names(mut self, thread_names: bool) -> Self {
        self.parts.thread_name = thread_names;
        self
    }

    /// Sets whether the line has the path of the source file; `false` by default.
    pub fn with_file(mut self, file: bool) -> Self {
        self.parts.file = file;
        self
    }

    /// Sets whether the line has the number of the source line; `false` by default.
    pub fn with_line_number(mut self, line_number: bool) -> Self {
        self.parts.line_number = line_number;
        self
    }
}

impl<F: Format> fmt::Debug for RingLayer<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RingLayer")
            .field("ring", &self.ring)
            .field("parts", &self.parts)
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}
