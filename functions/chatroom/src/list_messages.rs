//! `GET /chatroom/{chatroom}/message`

use axum::extract::State;
use serde::Deserialize;
use shared::chat::MessageView;
use shared::db::Db;
use shared::db::messages::{self, Turns};
use shared::domain::{ChatroomId, MessageId};
use shared::http::{Caller, Error, FieldCode, FieldError, Json, Path, Query, Result, limit};
use utoipa::IntoParams;

use crate::paging::{listed, read_cursor};
use crate::views::Listed;
use crate::wait::{Wait, Waiter};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Messages of the page, 1 to 100; 20 by default.
    #[serde(default, deserialize_with = "limit")]
    #[param(value_type = Option<i32>, minimum = 1, maximum = 100, default = 20, example = 20)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// The id of a message: only later messages are returned.
    after: Option<MessageId>,
    /// How many seconds to wait until the messages after `after` are final.
    #[serde(default)]
    #[param(value_type = Option<u8>, minimum = 0, maximum = 20)]
    wait: Wait,
}

/// List the messages of a room
///
/// Returns a page of messages, the oldest first: the newest page, unless a cursor or `after` is given. With `wait`, the
/// response comes when all messages after `after` are final or the time is over, or as soon as more of the user's
/// requests wait than are allowed (three, unless the deployment sets another number). A page of long messages has fewer
/// than `limit`; `next_cursor` leads to the others.
#[utoipa::path(
    get, path = "/chatroom/{chatroom}/message", tag = "Messages", security(("bearer" = [])),
    params(("chatroom" = ChatroomId, Path, description = "The room."), Wanted),
    responses((status = 200, body = Listed<MessageView>, description = "A page of messages.")),
)]
pub(crate) async fn list_messages(
    State(db): State<Db>,
    State(waiter): State<Waiter>,
    caller: Caller,
    Path(room): Path<ChatroomId>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Listed<MessageView>>> {
    let turns = match (wanted.cursor.as_deref(), wanted.after) {
        (Some(_), Some(_)) => return Err(refused("/after", "Give a cursor or after, not both.")),
        (_, None) if wanted.wait.is_wanted() => return Err(refused("/wait", "Can only be given with after.")),
        (Some(cursor), None) => read_cursor(room, cursor)?,
        (None, None) => Turns::Newest,
        (None, Some(after)) => {
            let after = messages::find(&db, caller.user, room, after).await?;
            Turns::After(after.ok_or_else(|| Error::not_found("message"))?.seq)
        }
    };
    let mut waiting = waiter.begin(caller.user, room, wanted.wait);
    loop {
        waiting.look().await;
        let page = messages::list(&db, caller.user, room, turns, wanted.limit.unwrap_or(20)).await?;
        let page = page.ok_or_else(|| Error::not_found("chatroom"))?;
        if page.items.iter().all(|turn| turn.state.is_final()) || waiting.is_over().await {
            return Ok(Json(listed(room, turns, page)));
        }
    }
}

fn refused(pointer: &str, detail: &str) -> Error {
    Error::Invalid(vec![FieldError { pointer: pointer.into(), code: FieldCode::Invalid, detail: detail.into() }])
}
