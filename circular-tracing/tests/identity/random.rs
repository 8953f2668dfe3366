//! Programs made at random: spans are opened, entered, recorded into and left, events said, with values of
//! every type.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tracing::field::Empty;
use tracing::span::EnteredSpan;

use crate::pair::{JsonSettings, Pair, Settings};
use crate::values::Picky;

/// What a callsite may say.
#[derive(Clone, Debug)]
struct Values {
    text: String,
    other: String,
    signed: i64,
    unsigned: u64,
    wide: i128,
    huge: u128,
    float: f64,
    /// Few digits, so that `fmt` reads it back as it was.
    short_float: f64,
    single: f32,
    small: i8,
    flag: bool,
    maybe: Option<u32>,
}

#[derive(Clone, Debug)]
enum Step {
    Say(u8, Values),
    Enter(u8, Values),
    Record(u8, Values),
    Leave,
}

/// Mostly what lines are made of, with what must be escaped in one form or the other.
fn text() -> impl Strategy<Value = String> {
    let special = "\0\t\n\r\x07\x08\x0c\x1b\x7f\u{80}\u{9b}\u{a0}\u{2028}\"\\{}=,: ü🦀";
    let character = prop_oneof![
        8 => prop::char::range(' ', '~'),
        4 => select(special.chars().collect::<Vec<_>>()),
        1 => any::<char>(),
    ];
    vec(character, 0..24).prop_map(String::from_iter)
}

prop_compose! {
    fn values()(
        text in text(),
        other in text(),
        signed: i64,
        unsigned: u64,
        wide: i128,
        huge: u128,
        (bits, near) in (any::<u64>(), -1e6..1e6),
        eighths: i32,
        single: f32,
        small: i8,
        flag: bool,
        maybe: Option<u32>,
    ) -> Values {
        Values {
            text,
            other,
            signed,
            unsigned,
            wide,
            huge,
            float: if flag { near } else { f64::from_bits(bits) },
            short_float: f64::from(eighths) / 8.0,
            single,
            small,
            flag,
            maybe,
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..6_u8, values()).prop_map(|(site, values)| Step::Say(site, values)),
        2 => (0..4_u8, values()).prop_map(|(site, values)| Step::Enter(site, values)),
        1 => (0..4_u8, values()).prop_map(|(field, values)| Step::Record(field, values)),
        1 => Just(Step::Leave),
    ]
}

fn say(site: u8, values: &Values) {
    let Values {
        text,
        other,
        signed,
        unsigned,
        wide,
        huge,
        float,
        flag,
        maybe,
        ..
    } = values;
    match site {
        0 => tracing::error!("{text}"),
        1 => tracing::warn!(signed, unsigned, wide, huge, float, flag, maybe),
        2 => tracing::info!(target: "elsewhere", text, %other, "{text}{other:?}"),
        3 => tracing::debug!(text = ?text, picky = ?Picky(other), picky2 = %Picky(text), "p"),
        4 => tracing::trace!(message = %text, maybe, float, single = values.single, other),
        _ => tracing::info!(r#type = other, list = ?[float], small = values.small, ?maybe),
    }
}

fn enter(site: u8, values: &Values) -> EnteredSpan {
    let Values {
        text,
        other,
        signed,
        unsigned,
        wide,
        huge,
        short_float,
        flag,
        maybe,
        ..
    } = values;
    // Those that `record` knows are everywhere, in different places.
    match site {
        0 => tracing::info_span!("empty", a = Empty, text = Empty, r#type = Empty, z = Empty),
        1 => tracing::warn_span!(
            "numbers",
            z = signed,
            unsigned,
            wide,
            huge,
            a = short_float,
            flag,
            maybe,
            text = Empty
        ),
        2 => tracing::error_span!("texts", text, a = %other, r#type = ?other, z = ?Picky(text)),
        _ => tracing::trace_span!("message", message = text, z = Empty, a = flag, text = other),
    }
    .entered()
}

fn record(field: u8, values: &Values, span: &EnteredSpan) {
    match field {
        0 => span.record("a", values.short_float),
        1 => span.record("text", &values.text),
        2 => span.record("type", tracing::field::debug(Picky(&values.other))),
        _ => span.record("z", values.maybe.filter(|_| values.flag)),
    };
}

fn run(steps: &[Step]) {
    let mut spans: Vec<EnteredSpan> = Vec::new();
    for step in steps {
        match step {
            Step::Say(site, values) => say(*site, values),
            Step::Enter(site, values) => spans.push(enter(*site, values)),
            Step::Record(field, values) => {
                if let Some(span) = spans.last() {
                    record(*field, values, span);
                }
            }
            Step::Leave => drop(spans.pop()),
        }
    }
    tracing::info!("the end");
    // The innermost first.
    while spans.pop().is_some() {}
}

/// All but the names of threads, whose width depends on what other tests log.
fn settings() -> impl Strategy<Value = Settings> {
    (0..Settings::COUNT).prop_map(|number| Settings {
        thread_names: false,
        ..Settings::number(number)
    })
}

proptest! {
    #[test]
    fn text_is_the_same(steps in vec(step(), 0..40), settings in settings()) {
        let pair = Pair::text(settings);
        pair.run(|| run(&steps));
        pair.same_lines(&"random");
    }

    #[test]
    fn json_is_the_same(
        steps in vec(step(), 0..40),
        settings in settings(),
        json in (0..JsonSettings::COUNT).prop_map(JsonSettings::number),
    ) {
        let pair = Pair::json(settings, json);
        pair.run(|| run(&steps));
        pair.same_objects(&"random");
    }
}
