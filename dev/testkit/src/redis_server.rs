//! A Redis of the test's own, for what no other test may see: a failover, refusals, cluster mode.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use uuid::Uuid;

/// A server that ends with the test.
#[derive(Debug)]
pub struct RedisServer {
    process: Child,
    folder: PathBuf,
    port: u16,
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // The server may have ended by itself.
        let _ = (self.process.kill(), self.process.wait());
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl RedisServer {
    /// Starts a server with these options beside the usual ones.
    pub async fn start(options: &[&str]) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
        let folder = std::env::temp_dir().join(format!("redis-{}", Uuid::new_v4().simple()));
        std::fs::create_dir(&folder).expect("a folder");
        let process = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port"])
            .arg(port.to_string())
            .arg("--dir")
            .arg(&folder)
            .args(options)
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server is installed");
        let mut server = Self { process, folder, port };
        while server.connect().await.is_err() {
            assert!(server.process.try_wait().is_ok_and(|ended| ended.is_none()), "redis-server ended");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        server
    }

    /// Starts a cluster of one node, which holds every slot.
    pub async fn start_cluster() -> Self {
        let server = Self::start(&["--cluster-enabled", "yes"]).await;
        server.command("CLUSTER ADDSLOTSRANGE 0 16383").await;
        while !server.command("CLUSTER INFO").await.contains("cluster_state:ok") {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        server
    }

    /// Its address.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("redis://{}", self.address())
    }

    /// Runs a command of words, on a connection of its own. Returns the answer as text.
    pub async fn command(&self, words: &str) -> String {
        let mut connection = self.connect().await.expect("Redis answers");
        let mut command = redis::Cmd::new();
        command.arg(words.split(' ').collect::<Vec<_>>());
        let answer: redis::Value = command.query_async(&mut connection).await.expect("Redis does it");
        redis::from_redis_value(answer).unwrap_or_default()
    }

    /// Makes it a read-only replica of `primary`, as a failover does.
    pub async fn follow(&self, primary: &Self) {
        self.command(&format!("REPLICAOF 127.0.0.1 {}", primary.port)).await;
    }

    async fn connect(&self) -> redis::RedisResult<MultiplexedConnection> {
        redis::Client::open(self.url())?.get_multiplexed_async_connection().await
    }
}
