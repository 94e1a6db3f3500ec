//! Rooms as clients see them.

use serde::Serialize;
use shared::db::chatrooms::Chatroom;
use shared::domain::{ChatroomId, Timestamp};
use utoipa::ToSchema;

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Listed<T> {
    pub(crate) data: Vec<T>,
    #[schema(example = "3q2-7wABAgMEBQYH")]
    pub(crate) next_cursor: Option<String>,
}

/// A chatroom.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Chatroom)]
pub(crate) struct RoomView {
    pub(crate) id: ChatroomId,
    #[schema(example = "Weekend in Lisbon")]
    title: String,
    #[schema(example = "You know Lisbon well. Answer in three sentences at most.")]
    system_prompt: Option<String>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<Chatroom> for RoomView {
    fn from(room: Chatroom) -> Self {
        Self {
            id: room.id,
            title: room.title,
            system_prompt: room.system_prompt,
            created_at: room.created_at,
            updated_at: room.updated_at,
        }
    }
}
