//! What the records of the queues hold.

use serde::{Deserialize, Serialize};

use crate::domain::{ChallengeId, ChatroomId, MessageId, NoticeId};

/// A reply to make. A job only wakes its room; the rows say what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyJob {
    /// The room. It is also the message group, so its turns are never processed in parallel.
    pub chatroom_id: ChatroomId,
    /// The reply.
    pub reply_id: MessageId,
}

/// A code to deliver. It names only the challenge, so nobody can read a code from the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtpJob {
    /// The challenge.
    pub challenge_id: ChallengeId,
}

/// A notice to deliver. It names neither the number nor the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeJob {
    /// The notice.
    pub notice_id: NoticeId,
}

/// What the queue of text messages holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SmsJob {
    /// A code.
    Code(OtpJob),
    /// A notice.
    Notice(NoticeJob),
}
