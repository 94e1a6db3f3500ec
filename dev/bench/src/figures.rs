//! Medians and units for the tables.

use std::time::Duration;

/// Milliseconds.
pub(crate) fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Microseconds.
pub(crate) fn us(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// Megabytes, of a million bytes each.
#[expect(clippy::cast_precision_loss, reason = "a size to be read by people")]
pub(crate) fn mb(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// Half of the values are below this one.
pub(crate) fn median(values: &[f64]) -> f64 {
    percentile(values, 50)
}

/// `percent` of the values are below this one.
pub(crate) fn percentile(values: &[f64], percent: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get((sorted.len() * percent / 100).min(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}

/// The median of the values that `of` returns.
pub(crate) fn median_of<T>(items: &[T], of: impl Fn(&T) -> f64) -> f64 {
    median(&items.iter().map(of).collect::<Vec<_>>())
}
