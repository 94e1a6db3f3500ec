//! The users of the functions: a paying user with rooms, one who only reads, and one who signs in with a password.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use serde_json::{Value, json};
use shared::auth::RefreshToken;
use shared::db::sessions::NewSession;
use shared::db::users::{self, Profile};
use shared::domain::{Mobile, Password, SessionId};
use testkit::{Stack, TestApi, User};

/// Rooms that messages are spread over.
pub(crate) const ROOMS: usize = 40;
/// The password of every user who has one.
pub(crate) const PASSWORD: &str = "a pastel de nata at nine";

/// The people.
#[derive(Debug)]
pub(crate) struct People {
    /// `chatroom` in this process; the users call it where nothing is measured.
    pub(crate) api: TestApi,
    /// `auth` in this process, for the same purpose.
    auth: Router,
    /// A user on the paid plan.
    pub(crate) ada: User,
    /// The ids of her rooms: rooms that she only writes to, and (`answered`) rooms whose replies are made.
    pub(crate) rooms: Vec<String>,
    pub(crate) answered: Vec<String>,
    /// A user who only reads.
    pub(crate) bob: User,
    /// A user with a password, who signs in again and again: the oldest of many sessions ends.
    pub(crate) carol: User,
}

impl People {
    pub(super) async fn meet(stack: Stack) -> Self {
        let api = TestApi::on(stack, chatroom::router);
        let auth = api.router_of(auth::router);
        let ada = api.signed_in().await;
        api.make_pro(&ada).await;
        let password = Password::try_from(PASSWORD.to_owned()).expect("a password");
        let hash = shared::auth::hash(password).await.expect("a hash");
        let carol = api.signed_in().await;
        let sql = api.stack.sql().await;
        sql.execute("update users set password_hash = $1 where id = $2", &[&hash, &carol.id])
            .await
            .expect("Postgres answers");
        let bob = api.signed_in().await;
        open(&bob, 20).await;
        Self { rooms: open(&ada, ROOMS).await, answered: open(&ada, ROOMS).await, api, auth, ada, bob, carol }
    }

    /// Creates a new user on the paid plan.
    pub(crate) async fn another(&self) -> User {
        let user = self.api.signed_in().await;
        self.api.make_pro(&user).await;
        user
    }

    /// Requests a code for an unused number. Returns the challenge and its code.
    pub(crate) async fn challenge(&self) -> (String, String) {
        let stranger = self.api.anyone().at(self.auth.clone());
        let opened = stranger.post("/auth/send-otp", json!({ "mobile": new_mobile() })).await.body();
        (text(&opened, "challenge_id"), text(&opened, "otp"))
    }

    /// Opens a session of a new user. Returns its refresh token.
    pub(crate) async fn refresh_token(&self) -> String {
        let (refresh, now) = (RefreshToken::generate().expect("randomness"), self.api.stack.clock.now());
        let session = NewSession {
            id: SessionId::generate(),
            refresh_hash: &refresh.hash(),
            user_agent: None,
            expires_at: now + Duration::from_hours(24),
        };
        let mobile = Mobile::parse(&new_mobile()).expect("a number");
        let db = self.api.stack.db();
        users::sign_in(&db, &mobile, &Profile::default(), &session, &[], now).await.expect("Postgres answers");
        refresh.expose()
    }
}

/// Sends a message. Returns its reply's job, as the worker receives it.
pub(crate) async fn send(user: &User, room: &str, content: &str) -> Value {
    let sent = user.post(&format!("/chatroom/{room}/message"), json!({ "content": content })).await;
    assert_eq!(sent.status(), 202, "{}", sent.body());
    json!({ "chatroom_id": room, "reply_id": sent.body()["reply"]["id"] })
}

/// Creates rooms. Returns their ids.
pub(crate) async fn open(user: &User, count: usize) -> Vec<String> {
    let mut rooms = Vec::new();
    for number in 0..count {
        rooms.push(user.post("/chatroom", json!({ "title": format!("Room {number}") })).await.id());
    }
    rooms
}

/// An unused number.
pub(crate) fn new_mobile() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("+1212{:07}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The text of a field.
fn text(body: &Value, field: &str) -> String {
    body[field].as_str().unwrap_or_else(|| panic!("no {field} in {body}")).to_owned()
}
