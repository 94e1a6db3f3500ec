//! The edge: what every router wears and every handler speaks.

mod account;
mod body;
mod code;
mod cursor;
mod edge;
mod error;
mod etag;
mod patch;
mod path;
mod query;
mod rate_limit;

pub use account::Account;
pub use body::Json;
pub use code::Code;
pub use cursor::{Cursor, Page, limit};
pub use edge::{ClientAddress, edge};
pub use error::{Error, FieldError, Problem, Result};
pub use etag::revalidated;
pub use patch::given;
pub use path::Path;
pub use query::Query;
pub use rate_limit::rate_limit;
