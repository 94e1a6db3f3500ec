//! HTTP: the layers of every router, and the types that handlers take and return.

mod account;
mod body;
mod caller;
mod client_address;
mod cursor;
mod edge;
mod endpoints;
mod error;
mod event;
mod event_body;
mod event_origin;
mod event_uri;
mod fresh_caller;
mod gateway;
mod own_address;
mod patch;
mod path;
mod problem_code;
mod query;
mod rate_limit;
mod revalidated;
mod stream_event;

pub use account::{ACCOUNT_GONE, Account};
pub use body::{Json, unreadable};
pub use caller::{Auth, Bearer, Caller, Leaver, grant};
pub use client_address::{ClientAddress, TrustedProxies};
pub use cursor::{Cursor, PageRequest, limit};
pub use edge::edge;
#[doc(hidden)]
pub use endpoints::paste;
pub use endpoints::{PROBLEMS, method_filter, refusals};
pub use error::{Error, FieldError, Problem, Result};
pub use event::{Event, LARGEST_EVENT, Unusable};
pub use fresh_caller::{FreshCaller, FreshSignIn};
pub use gateway::{Buffered, Gateway, Streamed};
pub use own_address::OwnAddress;
pub use patch::given;
pub use path::Path;
pub use problem_code::ProblemCode;
pub use query::Query;
pub use rate_limit::rate_limit;
pub use revalidated::Revalidated;
pub use stream_event::StreamEvent;
