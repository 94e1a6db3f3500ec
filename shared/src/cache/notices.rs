//! Notices: which number must be told that it is not an account's any more. So no queue holds a number.

use std::time::Duration;

use redis::{Cmd, Value};

use super::Cache;
use crate::Fault;
use crate::domain::{Mobile, NoticeId};

/// How long a notice waits for its delivery: longer than its queue and the dead letters of it keep a record.
const LIFETIME: Duration = Duration::from_hours(24 * 19);

impl Cache {
    /// Keeps a notice until it is delivered.
    pub async fn keep_notice(&self, id: NoticeId, mobile: &Mobile) -> Result<(), Fault> {
        let command = Cmd::set_ex(self.key("notice", id), mobile.as_str(), LIFETIME.as_secs());
        self.run::<Value>(command).await.map(drop)
    }

    /// The number of a notice; `None` after it was delivered.
    pub async fn notice(&self, id: NoticeId) -> Result<Option<Mobile>, Fault> {
        let mobile: Option<String> = self.run(Cmd::get(self.key("notice", id))).await?;
        Ok(mobile.and_then(|mobile| Mobile::parse(&mobile).ok()))
    }

    /// Forgets a notice that was delivered.
    pub async fn drop_notice(&self, id: NoticeId) -> Result<(), Fault> {
        self.delete(self.key("notice", id)).await.map(drop)
    }
}
