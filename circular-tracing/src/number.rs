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
        let mut buffer = zmij::Buffer::new();
        let shortest = buffer.format_finite(value);
        if !is_half_way(value, shortest) {
            text.push_str(shortest);
            return;
        }
    }
    // Writing to a string does not fail.
    let _ = write!(text, "{value:?}");
}

/// Whether `value` is just between two texts as short as `shortest`. Of them `Debug` takes the one
/// further from zero, and other algorithms the even one.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "a number that is changed by it has no fraction of that length"
)]
fn is_half_way(value: f64, shortest: &str) -> bool {
    // It is so only where floats are as dense as texts: at 16 digits.
    if shortest.len() < 17 {
        return false;
    }
    let Some((_, decimals)) = shortest.split_once('.') else {
        return false;
    };
    // Then it has one decimal more, a 5, and is an odd number of 1 / 2^(decimals + 1).
    let parts = value.abs() * (2_u64 << decimals.len()) as f64;
    let whole = parts as u64;
    whole as f64 == parts && whole % 2 == 1
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
            // Those beside it; of zero, infinity and what is no number, whatever these bits are.
            let beside =
                [-1, 1].map(|step| f64::from_bits(value.to_bits().wrapping_add_signed(step)));
            for value in beside.into_iter().chain([value]) {
                for value in [value, -value] {
                    assert_eq!(debug(value), format!("{value:?}"));
                    assert_eq!(read_json(value), value.is_finite().then_some(value));
                }
            }
        }
    }

    /// Half-way between two texts: the number of 1 / 2^17 is odd, and there are 16 decimals.
    #[test]
    fn floats_with_two_shortest_texts() {
        for value in [
            1.0 + 1.0 / 131_072.0,
            23_356_360_473_239.0 + 9.0 / 16.0,
            562_949_953_421_312.0 + 1.0 / 4.0,
        ] {
            for value in [value, -value] {
                assert_eq!(debug(value), format!("{value:?}"));
            }
        }
    }

    proptest! {
        /// What binary fractions of few digits are, and numbers that are sums of such.
        #[test]
        fn binary_fractions(whole in 0..1_u64 << 53, places in 0..70_i32) {
            for whole in [whole, whole >> 20, whole >> 40, whole >> 45] {
                let value = whole as f64 / 2_f64.powi(places);
                prop_assert_eq!(debug(value), format!("{value:?}"));
            }
        }

        #[test]
        fn every_float(bits: u64, near in -1e18..1e18) {
            for value in [f64::from_bits(bits), near, near / 1e18] {
                prop_assert_eq!(debug(value), format!("{value:?}"));
                prop_assert_eq!(read_json(value), value.is_finite().then_some(value));
            }
        }
    }
}
