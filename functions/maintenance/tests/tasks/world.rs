//! A stack with users, rooms and replies.

use lambda_runtime::Error;
use maintenance::{Done, Maintenance, Task};
use shared::db::messages::{self, Accept, Accepted, NewMessage};
use shared::domain::{Bounds, ChatroomId, Content, Limits, MessageId, UserId};
use testkit::Stack;
use tokio_postgres::Row;

pub(crate) struct World {
    pub(crate) stack: Stack,
    pub(crate) maintenance: Maintenance,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with("LOG_LEVEL", "").await
    }

    /// A world with an additional setting.
    pub(crate) async fn with(name: &str, value: &str) -> Self {
        let stack = Stack::start().await.with(name, value).with_stripe("http://127.0.0.1:1");
        let maintenance = Maintenance::from_env(&stack.env(), stack.clock.clock()).unwrap();
        Self { stack, maintenance }
    }

    pub(crate) async fn run(&self, task: Task) -> Result<Done, Error> {
        self.maintenance.handle(task).await
    }

    /// A new user.
    pub(crate) async fn user(&self) -> UserId {
        let user = UserId::generate();
        let sql = "insert into users (id, mobile, created_at) values ($1, $2, now())";
        self.stack.sql().await.execute(sql, &[&user, &user.to_string()]).await.unwrap();
        user
    }

    /// A new room.
    pub(crate) async fn room(&self, user: UserId) -> ChatroomId {
        let room = ChatroomId::generate();
        let sql =
            "insert into chatrooms (id, user_id, title, created_at, updated_at) values ($1, $2, 'Tea', now(), now())";
        self.stack.sql().await.execute(sql, &[&room, &user]).await.unwrap();
        room
    }

    /// Accepts a message now, without queueing it.
    pub(crate) async fn accept(&self, user: UserId, room: ChatroomId, key: Option<&str>) -> Accepted {
        let (content, limits) = (Content::try_from("hello".to_owned()).unwrap(), Limits { basic: 100, pro: 100 });
        let bounds = Bounds { unfinished_basic: 100, unfinished_pro: 100, rooms: 100 };
        let new = NewMessage { user, room, content: &content, key, limits, bounds, now: self.stack.clock.now() };
        match messages::accept(&self.stack.db(), &new).await.unwrap() {
            Accept::Stored(accepted) => *accepted,
            other => panic!("{other:?}"),
        }
    }

    /// A message of a new user in a new room.
    pub(crate) async fn accepted(&self) -> (ChatroomId, Accepted) {
        let user = self.user().await;
        let room = self.room(user).await;
        (room, self.accept(user, room, None).await)
    }

    /// The stored reply.
    pub(crate) async fn reply(&self, id: MessageId) -> Row {
        let sql = "select m.*, a.used from messages m left join allowances a using (user_id) where id = $1";
        self.stack.sql().await.query_one(sql, &[&id]).await.unwrap()
    }

    pub(crate) async fn count(&self, table: &str) -> i64 {
        let sql = format!("select count(*) from {table}");
        self.stack.sql().await.query_one(&sql, &[]).await.unwrap().get(0)
    }
}
