//! `GET /chatroom/{chatroom}/message`

use std::time::Duration;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use shared::auth::Caller;
use shared::cache::Cache;
use shared::db::Db;
use shared::db::messages::{self, Message, Window};
use shared::domain::{ChatroomId, MessageId};
use shared::http::{Cursor, Error, FieldError, Json, Path, Query, Result, limit};
use tokio::time::Instant;
use utoipa::IntoParams;

use crate::views::{Listed, MessageView};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Rows, 1 to 100; 20 if not said.
    #[serde(default, deserialize_with = "limit")]
    #[param(minimum = 1, maximum = 100, default = 20, example = 20)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// A message: only what came later.
    after: Option<MessageId>,
    /// Seconds to wait for what is not there yet; only with `after`.
    #[serde(default)]
    #[param(value_type = Option<u8>, minimum = 0, maximum = 20)]
    wait: Wait,
}

/// Seconds to wait for what is not there yet, 0 to 20.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(try_from = "u64")]
pub(crate) struct Wait(u64);

impl TryFrom<u64> for Wait {
    type Error = &'static str;

    fn try_from(seconds: u64) -> Result<Self, Self::Error> {
        if seconds <= 20 { Ok(Self(seconds)) } else { Err("wait must be 0 to 20 seconds") }
    }
}

impl Wait {
    /// Whether there is anything to wait.
    pub(crate) fn is_wanted(self) -> bool {
        self.0 > 0
    }

    /// When to stop waiting.
    pub(crate) fn deadline(self) -> Instant {
        Instant::now() + Duration::from_secs(self.0)
    }
}

/// A place in a room and the direction to go from there.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) enum Place {
    Before(i64),
    After(i64),
}

impl Place {
    fn cursor(room: ChatroomId) -> Cursor {
        Cursor::of(&[&"messages", &room])
    }

    pub(crate) fn read(room: ChatroomId, cursor: &str) -> Result<Self> {
        Self::cursor(room).read(cursor)
    }

    pub(crate) fn window(self) -> Window {
        match self {
            Self::Before(seq) => Window::Before(seq),
            Self::After(seq) => Window::After(seq),
        }
    }
}

/// A page with the cursor of the next one in the same direction.
pub(crate) fn listed(room: ChatroomId, window: Window, (turns, more): (Vec<Message>, bool)) -> Listed<MessageView> {
    let next = match window {
        Window::After(_) => turns.last().map(|turn| Place::After(turn.seq)),
        _ => turns.first().map(|turn| Place::Before(turn.seq)),
    };
    let next_cursor = next.filter(|_| more).map(|place| Place::cursor(room).write(&place));
    Listed { data: turns.into_iter().map(MessageView::from).collect(), next_cursor }
}

/// A page of a room's messages, the oldest first; the newest page unless a cursor or `after` says otherwise. With
/// `wait`, the answer comes when something lies after `after` and all of it is final.
#[utoipa::path(
    get, path = "/chatroom/{chatroom}/message", tag = "Messages", security(("bearer" = [])),
    params(("chatroom" = ChatroomId, Path, description = "The room."), Wanted),
    summary = "List the messages of a room",
    description = "A page of messages, the oldest first; the newest page unless a cursor or `after` says otherwise. With `wait`, the answer comes when something lies after `after` and all of it is final.",
    responses((status = 200, body = Listed<MessageView>, description = "A page of messages.")),
)]
pub(crate) async fn list_messages(
    State(db): State<Db>,
    State(cache): State<Cache>,
    caller: Caller,
    Path(room): Path<ChatroomId>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Listed<MessageView>>> {
    let deadline = wanted.wait.deadline();
    let window = match (wanted.cursor.as_deref(), wanted.after) {
        (Some(_), Some(_)) => return Err(refused("/after", "A cursor and after exclude one another.")),
        (_, None) if wanted.wait.is_wanted() => return Err(refused("/wait", "Only goes with after.")),
        (Some(cursor), None) => Place::read(room, cursor)?.window(),
        (None, None) => Window::Newest,
        (None, Some(after)) => {
            let after = messages::find(&db, caller.user, room, after).await?.ok_or(Error::NotFound("message"))?;
            Window::After(after.seq)
        }
    };
    loop {
        let seen = if wanted.wait.is_wanted() { cache.room_changes(room).await.ok() } else { None };
        let page = messages::list(&db, caller.user, room, window, wanted.limit.unwrap_or(20)).await?;
        let page = page.ok_or(Error::NotFound("chatroom"))?;
        let settled = !page.0.is_empty() && page.0.iter().all(|turn| turn.state.is_final());
        let left = deadline.saturating_duration_since(Instant::now());
        if settled || left.is_zero() {
            return Ok(Json(listed(room, window, page)));
        }
        cache.wait_for_change(room, seen, left).await;
    }
}

fn refused(pointer: &str, detail: &str) -> Error {
    Error::Invalid(vec![FieldError { pointer: pointer.into(), code: "invalid", detail: detail.into() }])
}
