//! Medians, quartiles, percentiles, and ratios round by round.

/// The middle of some values, and how far they spread.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Summary {
    pub(crate) q1: f64,
    pub(crate) median: f64,
    pub(crate) q3: f64,
}

impl Summary {
    /// Of no values there is none.
    pub(crate) fn of(values: &[f64]) -> Option<Summary> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        Some(Summary {
            q1: quantile(&sorted, 0.25)?,
            median: quantile(&sorted, 0.5)?,
            q3: quantile(&sorted, 0.75)?,
        })
    }
}

/// The ratio of the two values of each round. What slows a whole round down is in both, and so not in
/// their ratio.
pub(crate) fn ratios(values: &[f64], to: &[f64]) -> Vec<f64> {
    values.iter().zip(to).map(|(a, b)| a / b).collect()
}

/// Between two values, the straight line from one to the other.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "an index, from 0 to the number of values"
)]
fn quantile(sorted: &[f64], part: f64) -> Option<f64> {
    let place = part * sorted.len().checked_sub(1)? as f64;
    let below = sorted[place.floor() as usize];
    let above = sorted[place.ceil() as usize];
    Some(below + (above - below) * place.fract())
}

/// The smallest value that at least so many per mille of all are not above.
///
/// # Panics
///
/// If there are no values.
pub(crate) fn per_mille(sorted: &[u32], per_mille: usize) -> u32 {
    let rank = (sorted.len() * per_mille).div_ceil(1000).max(1);
    sorted[rank - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(values: &[f64]) -> (f64, f64, f64) {
        let found = Summary::of(values).unwrap();
        (found.q1, found.median, found.q3)
    }

    #[test]
    fn quartiles_of_few_and_of_many_values() {
        assert_eq!(Summary::of(&[]), None);
        assert_eq!(summary(&[7.0]), (7.0, 7.0, 7.0));
        assert_eq!(summary(&[2.0, 1.0]), (1.25, 1.5, 1.75));
        assert_eq!(summary(&[5.0, 1.0, 4.0, 2.0, 3.0]), (2.0, 3.0, 4.0));
        assert_eq!(summary(&[4.0, 3.0, 2.0, 1.0]), (1.75, 2.5, 3.25));
    }

    #[test]
    fn one_slow_round_moves_no_median() {
        assert_eq!(summary(&[1.0, 1.0, 1.0, 1.0, 900.0]), (1.0, 1.0, 1.0));
    }

    #[test]
    fn a_ratio_is_of_two_values_of_a_round() {
        // The second round was slow for both.
        assert_eq!(
            ratios(&[2.0, 20.0, 3.0], &[4.0, 40.0, 2.0]),
            [0.5, 0.5, 1.5]
        );
    }

    #[test]
    fn percentiles_are_values_that_were_there() {
        let values: Vec<u32> = (1..=1000).collect();
        assert_eq!(per_mille(&values, 500), 500);
        assert_eq!(per_mille(&values, 990), 990);
        assert_eq!(per_mille(&values, 999), 999);
        assert_eq!(per_mille(&values, 1000), 1000);
        assert_eq!(per_mille(&[3, 9], 0), 3);
        assert_eq!(per_mille(&[3, 9], 999), 9);
    }
}
