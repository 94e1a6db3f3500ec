//! The cause of some work: a request and its trace. Both travel with the records of the queues, and are in the lines of
//! whoever works on them.

use std::future::Future;

use tracing::{Instrument, Span};

tokio::task_local! {
    static CURRENT: Origin;
}

/// The cause of some work.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// The id of the request, or the name of a task that works by itself.
    pub request_id: Option<String>,
    /// The trace as X-Ray's header has it: `Root=1-…;Parent=…;Sampled=1`.
    pub trace: Option<String>,
}

impl Origin {
    /// The cause of what runs now. Nothing is known outside of [`within`], or in a task that was spawned there.
    pub fn current() -> Self {
        CURRENT.try_with(Self::clone).unwrap_or_default()
    }

    /// The id of the whole trace, by which X-Ray finds it.
    pub fn trace_id(&self) -> Option<&str> {
        self.trace.as_deref()?.split(';').find_map(|part| part.trim().strip_prefix("Root="))
    }
}

/// Does work with this cause: its lines have the span, and what it sends to queues has the cause.
pub fn within<F: Future>(origin: Origin, span: Span, work: F) -> impl Future<Output = F::Output> {
    // In a box: the compiler computes the layout of nested futures only so deep.
    CURRENT.scope(origin, Box::pin(work).instrument(span))
}
