//! The operations, carried out: by the function's router, by the statements of the worker and of `maintenance`.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use shared::auth::Grant;
use shared::db::replies::{self, Claim, Outcome};
use shared::db::sessions::NewSession;
use shared::db::users::{self, Profile};
use shared::domain::{FreeCancels, Mobile, ReplyError, ReplyState, SessionId};
use testkit::User;

use crate::operation::{Answer, Claimed, Held, Operation, Seen};
use crate::rule::FREE;
use crate::world::World;

/// More strays than there are.
const ENOUGH: i64 = 1_000_000;

impl World<'_> {
    pub(crate) async fn execute(&self, operation: &Operation) -> Seen {
        let (db, now) = (&self.lane.db, self.model.now);
        match operation {
            Operation::Create { title } => self.call(Method::POST, "", &[], json!({ "title": title })).await,
            Operation::Rename { room, title } => {
                self.call(Method::PATCH, &format!("/{room}"), &[], json!({ "title": title })).await
            }
            Operation::Delete { room } => self.call(Method::DELETE, &format!("/{room}"), &[], Value::Null).await,
            Operation::Send { room, text, key } => {
                let headers: Vec<_> = key.iter().map(|key| ("idempotency-key", key.as_str())).collect();
                self.call(Method::POST, &format!("/{room}/message"), &headers, json!({ "content": text })).await
            }
            Operation::Regenerate { room, message } => {
                self.call(Method::POST, &format!("/{room}/message/{message}/regenerate"), &[], Value::Null).await
            }
            Operation::Cancel { room, named } => {
                self.call(Method::POST, &format!("/{room}/message/{named}/cancel"), &[], Value::Null).await
            }
            Operation::List => self.call(Method::GET, "", &[], Value::Null).await,
            Operation::Read { room } => self.call(Method::GET, &format!("/{room}?limit=100"), &[], Value::Null).await,
            Operation::Claim { room, lease } => {
                Seen::Claim(match replies::claim(db, *room, *lease, now).await.unwrap() {
                    Claim::Claimed(attempt) => Claimed::Taken(
                        Held { reply: attempt.reply, number: attempt.number },
                        attempt.turns.into_iter().map(|turn| (turn.id, turn.content)).collect(),
                    ),
                    Claim::Wait(until) => Claimed::Wait(until),
                    Claim::Exhausted { reply, attempt, .. } => Claimed::Exhausted(reply, attempt),
                    Claim::Idle => Claimed::Idle,
                })
            }
            Operation::Finish { held, state, text, is_answered } => {
                let end = outcome(*state, text, *is_answered);
                Seen::Done(replies::finish(db, held.reply, held.number, &end, now).await.unwrap())
            }
            Operation::Postpone { held, until, is_answered } => {
                let failed = outcome(ReplyState::Failed, "", *is_answered);
                Seen::Done(replies::postpone(db, held.reply, held.number, &failed, *until, now).await.unwrap())
            }
            Operation::KeepPartial { held, text } => {
                let partial = outcome(ReplyState::Cancelled, text, true);
                Seen::Done(replies::keep_partial(db, held.reply, held.number, &partial).await.unwrap())
            }
            Operation::Bury { reply } => Seen::Done(replies::bury(db, *reply, now).await.unwrap().is_some()),
            Operation::Sweep { due, nudged } => {
                let strays = replies::strays(db, *due, *nudged, ENOUGH).await.unwrap();
                let mut own: Vec<_> = strays
                    .into_iter()
                    .filter(|stray| self.model.rooms.iter().any(|room| room.id == stray.chatroom_id))
                    .map(|stray| stray.id)
                    .collect();
                own.sort();
                replies::nudged(db, &own, now).await.unwrap();
                Seen::Strays(own)
            }
            Operation::Step { to } => {
                self.lane.set_clock(*to);
                Seen::Nothing
            }
            Operation::Leave => self.leave().await,
            Operation::Join => self.join().await,
            Operation::Spend { used } => {
                let Some((user, _)) = self.model.account else { return Seen::Nothing };
                let sql = "insert into allowances (user_id, day, used) values ($1, $2, $3)
                    on conflict (user_id, day) do update set used = $3";
                self.lane.sql.execute(sql, &[&user, &self.model.now.day(), used]).await.unwrap();
                Seen::Nothing
            }
            Operation::Tier { pro_until } => {
                let Some((user, _)) = self.model.account else { return Seen::Nothing };
                let sql = "insert into customers (id, user_id, created_at, pro_until) values ($1, $1, now(), $2)
                    on conflict (user_id) do update set pro_until = $2";
                self.lane.sql.execute(sql, &[&user, pro_until]).await.unwrap();
                Seen::Nothing
            }
        }
    }

    async fn call(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Value) -> Seen {
        let nobody = self.lane.nobody.at(self.lane.router.clone());
        let token = self.model.account.map(|(user, session)| Grant::Session(user, session, Some(self.model.now)));
        let token = token.map_or_else(String::new, |grant| self.lane.tokens.issue(grant, self.model.now).unwrap());
        let user: User = nobody.with_token(&token);
        let answer = user.json(method, &format!("/chatroom{path}"), headers, body).await;
        Seen::Answer(Answer { status: answer.status(), body: answer.body() })
    }

    /// Deletes the account, as its endpoint does.
    async fn leave(&self) -> Seen {
        let Some((user, _)) = self.model.account else { return Seen::Done(false) };
        let (lane, free) = (self.lane, FreeCancels(FREE));
        let marks = |mobile: &Mobile| lane.marks.of(mobile);
        let Some(deleted) = users::delete(&lane.db, user, free, marks, self.model.now).await.unwrap() else {
            return Seen::Done(false);
        };
        lane.cache.mark_revoked(&deleted.sessions).await.unwrap();
        lane.cache.rooms_written(user).await.unwrap();
        Seen::Done(true)
    }

    async fn join(&self) -> Seen {
        let (session, now) = (SessionId::generate(), self.model.now);
        let years = now + Duration::from_secs(5 * 365 * 86_400);
        let new = NewSession { id: session, refresh_hash: session.as_bytes(), user_agent: None, expires_at: years };
        let marks = self.lane.marks.of(&self.mobile);
        let profile = Profile::default();
        let user = users::sign_in(&self.lane.db, &self.mobile, &profile, &new, &marks, now).await.unwrap();
        Seen::Joined(user.id, session, user.used)
    }
}

fn outcome(state: ReplyState, text: &str, reached_model: bool) -> Outcome {
    let failed = Outcome::failed(ReplyError::EmptyAnswer);
    Outcome { state, content: text.to_owned(), error: None, reached_model, ..failed }
}
