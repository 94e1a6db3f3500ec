//! Who takes part, and what Postgres holds.

use gemini_worker::live::Live;
use shared::cache::LiveId;

/// What Postgres holds of the reply.
#[derive(Debug, Default)]
pub(crate) struct Row {
    pub(crate) attempt: usize,
    pub(crate) end: Option<String>,
    /// Whether somebody has still to tell the end.
    pub(crate) is_untold: bool,
}

/// An attempt's worker. It does not know that it was overtaken, until its stream tells it.
pub(crate) struct Writer<'a> {
    pub(crate) live: Live<'a>,
    pub(crate) text: String,
    /// How much of the text was read so far, in bytes.
    pub(crate) read: usize,
    pub(crate) is_stopped: bool,
}

/// Who watches.
#[derive(Debug, Default)]
pub(crate) struct Client {
    pub(crate) text: String,
    pub(crate) last: Option<LiveId>,
    /// Where its connection goes on; `None` while it has none.
    pub(crate) seen: Option<LiveId>,
    pub(crate) ends: usize,
}
