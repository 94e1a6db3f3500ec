//! Pages of a room's messages, and their cursors.

use serde::{Deserialize, Serialize};
use shared::chat::MessageView;
use shared::db::Page;
use shared::db::messages::{Message, Turns};
use shared::domain::ChatroomId;
use shared::http::{Cursor, Result};

use crate::views::Listed;

/// A place in a room and the direction to go from there.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
enum Place {
    Before(i64),
    After(i64),
}

fn cursors(room: ChatroomId) -> Cursor {
    Cursor::of(&[&"messages", &room])
}

/// The turns that a cursor leads to.
pub(crate) fn read_cursor(room: ChatroomId, cursor: &str) -> Result<Turns> {
    Ok(match cursors(room).read(cursor)? {
        Place::Before(seq) => Turns::Before(seq),
        Place::After(seq) => Turns::After(seq),
    })
}

/// A page with the cursor of the next one in the same direction.
pub(crate) fn listed(room: ChatroomId, turns: Turns, page: Page<Message>) -> Listed<MessageView> {
    let next = match turns {
        Turns::After(_) => page.items.last().map(|turn| Place::After(turn.seq)),
        Turns::Newest | Turns::Before(_) => page.items.first().map(|turn| Place::Before(turn.seq)),
    };
    let next_cursor = next.filter(|_| page.has_more).map(|place| cursors(room).write(&place));
    Listed { data: page.items.into_iter().map(MessageView::from).collect(), next_cursor }
}
