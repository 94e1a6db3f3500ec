//! Whether the model answers: what became of the attempts of the last minutes.

use std::time::Duration;

use shared::Fault;
use shared::db::{Db, attempts};
use shared::domain::Timestamp;

/// Attempts that began longer ago say nothing about now.
const LATELY: Duration = Duration::from_mins(5);

/// Whether attempts failed lately and none led to an answer. No attempts are no failure.
pub(crate) async fn is_down(db: &Db, now: Timestamp) -> Result<bool, Fault> {
    attempts::only_fail(db, now - LATELY).await
}
