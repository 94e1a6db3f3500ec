//! `GET /chatroom/{chatroom}/message/{message}`

use axum::extract::State;
use serde::Deserialize;
use shared::db::{Db, messages};
use shared::domain::{ChatroomId, MessageId};
use shared::http::{Caller, Error, Json, Path, Query, Result};
use utoipa::IntoParams;

use crate::wait::{Wait, Waiter};
use shared::chat::MessageView;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// How many seconds to wait until the message is final.
    #[serde(default)]
    #[param(value_type = Option<u8>, minimum = 0, maximum = 20)]
    wait: Wait,
}

/// Read a message or reply
///
/// Returns one message. With `wait`, the response comes when the message is final or the time is over, or as soon as more
/// of the user's requests wait than are allowed (three, unless the deployment sets another number).
#[utoipa::path(
    get, path = "/chatroom/{chatroom}/message/{message}", tag = "Messages", security(("bearer" = [])),
    params(
        ("chatroom" = ChatroomId, Path, description = "The room."),
        ("message" = MessageId, Path, description = "The message or reply."),
        Wanted,
    ),
    responses((status = 200, body = MessageView, description = "The message.")),
)]
pub(crate) async fn get_message(
    State(db): State<Db>,
    State(waiter): State<Waiter>,
    caller: Caller,
    Path((room, id)): Path<(ChatroomId, MessageId)>,
    Query(Wanted { wait }): Query<Wanted>,
) -> Result<Json<MessageView>> {
    let mut waiting = waiter.begin(caller.user, room, wait);
    loop {
        waiting.look().await;
        let message = messages::find(&db, caller.user, room, id).await?;
        let message = message.ok_or_else(|| Error::not_found("message"))?;
        if message.state.is_final() || waiting.is_over().await {
            return Ok(Json(message.into()));
        }
    }
}
