//! A proxy to a server. It counts the exchanges, and can stop at one of them.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

/// How long the proxy waits for the server's answer; half a request gets none.
const NO_ANSWER: Duration = Duration::from_millis(150);

/// On which side of an exchange the proxy stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The server never gets the request.
    Before,
    /// The server has answered, but the client never gets the answer.
    After,
}

/// Counts the exchanges of all proxies that share it, in the order in which they begin.
#[derive(Debug, Default)]
pub struct Tap {
    count: AtomicU64,
    stop: Option<(u64, Side)>,
    stopped: Notify,
}

impl Tap {
    /// Counts exchanges and stops none.
    pub fn open() -> Arc<Self> {
        Arc::default()
    }

    /// Stops everything at the exchange `number`, counted from 1.
    pub fn stopping_at(number: u64, side: Side) -> Arc<Self> {
        Arc::new(Self { stop: Some((number, side)), ..Self::default() })
    }

    /// Exchanges so far.
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::SeqCst)
    }

    /// Returns when the exchange to stop at is reached.
    pub async fn stopped(&self) {
        self.stopped.notified().await;
    }

    /// Begins an exchange and returns the side on which to stop it, if it is the one to stop.
    fn begin(&self) -> Option<Side> {
        let number = self.count.fetch_add(1, Ordering::SeqCst) + 1;
        self.stop.filter(|(at, _)| *at == number).map(|(_, side)| side)
    }

    async fn stop(&self) -> io::Result<()> {
        self.stopped.notify_one();
        std::future::pending().await
    }
}

/// A listener that forwards all bytes. When it is dropped, its connections are closed on both sides.
#[derive(Debug)]
pub struct Proxy {
    address: String,
    server: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Proxy {
    /// Starts a proxy to the host and port of `url`.
    pub async fn to(url: &str, tap: Arc<Tap>) -> io::Result<Self> {
        let upstream = authority(url).to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let server = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let (upstream, tap) = (upstream.clone(), tap.clone());
                connections.spawn(async move {
                    // A connection may break, so an error here is ignored.
                    let _ = pass(client, &upstream, &tap).await;
                });
            }
        });
        Ok(Self { address, server })
    }

    /// `url` with the address of this proxy.
    pub fn instead_of(&self, url: &str) -> String {
        url.replacen(authority(url), &self.address, 1)
    }
}

/// The host and port of a URL.
fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let whole = rest.split(['/', '?']).next().unwrap_or(rest);
    whole.rsplit_once('@').map_or(whole, |(_, host)| host)
}

async fn pass(mut client: TcpStream, upstream: &str, tap: &Tap) -> io::Result<()> {
    let mut server = TcpStream::connect(upstream).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut asked, mut answered) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let length = read?;
                if length == 0 {
                    return Ok(());
                }
                let side = tap.begin();
                if side == Some(Side::Before) {
                    return tap.stop().await;
                }
                server.write_all(&asked[..length]).await?;
                if side == Some(Side::After) {
                    let _ = timeout(NO_ANSWER, server.read(&mut answered)).await;
                    return tap.stop().await;
                }
            }
            read = server.read(&mut answered) => {
                let length = read?;
                if length == 0 {
                    return Ok(());
                }
                client.write_all(&answered[..length]).await?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::authority;

    #[test]
    fn host_and_port_are_found_in_every_kind_of_url() {
        for url in ["postgres://me:secret@127.0.0.1:5/db?x=@", "redis://127.0.0.1:5", "http://127.0.0.1:5/1/q"] {
            assert_eq!(authority(url), "127.0.0.1:5", "{url}");
        }
    }
}
