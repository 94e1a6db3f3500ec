//! A Redis of the test's own, for what no other test may see: a failover, refusals, cluster mode.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use redis::aio::MultiplexedConnection;

use crate::Server;
use crate::servers::{free_port, wait_until};

/// A server that ends with the test.
#[derive(Debug)]
pub struct RedisServer(Server);

impl RedisServer {
    /// Starts a server with these options beside the usual ones.
    pub fn start(options: &[&str]) -> Self {
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]).args(options);
        let server = Server::start(&mut command, "--port");
        wait_until(|| pong(&server.address()).is_ok_and(|pong| &pong == b"+PONG"));
        Self(server)
    }

    /// Starts a cluster of one node, which holds every slot.
    pub async fn start_cluster() -> Self {
        // Of its own, since by default it is the server's plus 10,000, and that may be no port.
        let bus = free_port().to_string();
        let server = Self::start(&["--cluster-enabled", "yes", "--cluster-port", &bus]);
        server.command("CLUSTER ADDSLOTSRANGE 0 16383").await;
        while !server.command("CLUSTER INFO").await.contains("cluster_state:ok") {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        server
    }

    /// Its address.
    pub fn address(&self) -> String {
        self.0.address()
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
        self.command(&format!("REPLICAOF 127.0.0.1 {}", primary.0.port)).await;
    }

    async fn connect(&self) -> redis::RedisResult<MultiplexedConnection> {
        redis::Client::open(self.url())?.get_multiplexed_async_connection().await
    }
}

/// The beginning of the answer to a ping.
fn pong(address: &str) -> std::io::Result<[u8; 5]> {
    let mut connection = TcpStream::connect(address)?;
    connection.set_read_timeout(Some(Duration::from_secs(1)))?;
    connection.write_all(b"PING\r\n")?;
    let mut pong = [0; 5];
    connection.read_exact(&mut pong)?;
    Ok(pong)
}
