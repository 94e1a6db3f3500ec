//! The stores that the whole service needs.

use crate::domain::words;

words!(
    /// A store that the whole service needs.
    Store {
        /// Holds what must not be lost.
        Postgres = "postgres",
        /// Holds what may be lost.
        Redis = "redis",
    }
);
