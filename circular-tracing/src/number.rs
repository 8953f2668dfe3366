//! Numbers, as `Debug` and as JSON write them, without the standard library's formatting machinery, which
//! takes several times as long.

use std::fmt::Write as _;

pub(crate) fn push_integer(text: &mut String, value: impl itoa::Integer) {
    text.push_str(itoa::Buffer::new().format(value));
}

/// Appends a number as its `Debug` writes it.
pub(crate) fn push_float(text: &mut String, value: f64) {
    // There it writes all digits, and a fraction; elsewhere, an exponent or a word.
    if value == 0.0 || (1e-4..1e16).contains(&value.abs()) {
        text.push_str(zmij::Buffer::new().format_finite(value));
    } else {
        // Writing to a string does not fail.
        let _ = write!(text, "{value:?}");
    }
}

/// Appends a number as JSON has it, which knows no infinity and nothing that is not a number.
pub(crate) fn push_json_float(text: &mut String, value: f64) {
    if value.is_finite() {
        text.push_str(zmij::Buffer::new().format_finite(value));
    } else {
        text.push_str("null");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn debug(value: f64) -> String {
        let mut text = String::new();
        push_float(&mut text, value);
        text
    }

    /// What a reader of the JSON has; `None` for null.
    fn read_json(value: f64) -> Option<f64> {
        let mut text = String::new();
        push_json_float(&mut text, value);
        assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
        (text != "null").then(|| text.parse().unwrap())
    }

    #[test]
    fn special_floats() {
        let bounds = [
            1e-5,
            1e-4,
            1e15,
            1e16,
            1e17,
            1.0,
            f64::MAX,
            f64::MIN_POSITIVE,
            f64::EPSILON,
        ];
        let others = [0.0, f64::INFINITY, f64::NAN, 5e-324, 0.1 + 0.2];
        for value in bounds.into_iter().chain(others) {
            for value in [value, value.next_up(), value.next_down()] {
                for value in [value, -value] {
                    assert_eq!(debug(value), format!("{value:?}"));
                    assert_eq!(read_json(value), value.is_finite().then_some(value));
                }
            }
        }
    }

    proptest! {
        #[test]
        fn every_float(bits: u64, near in -1e18..1e18) {
            for value in [f64::from_bits(bits), near, near / 1e18] {
                prop_assert_eq!(debug(value), format!("{value:?}"));
                prop_assert_eq!(read_json(value), value.is_finite().then_some(value));
            }
        }
    }
}
