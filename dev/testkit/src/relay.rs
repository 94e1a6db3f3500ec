//! The way to a server: it can lead elsewhere, lose an answer, or go silent.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// A listener that forwards all bytes. When it is dropped, its connections are closed.
#[derive(Debug)]
pub struct Relay {
    address: String,
    state: Arc<State>,
    server: JoinHandle<()>,
}

#[derive(Debug)]
struct State {
    upstream: Mutex<String>,
    until_lost: AtomicUsize,
    opened: AtomicUsize,
    silent: AtomicUsize,
}

impl State {
    fn loses_this(&self) -> bool {
        let counted = |left: usize| left.checked_sub(1);
        self.until_lost.fetch_update(Ordering::SeqCst, Ordering::SeqCst, counted) == Ok(1)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Relay {
    /// Starts a relay to a host and port.
    pub async fn to(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let state = Arc::new(State {
            upstream: Mutex::new(upstream.to_owned()),
            until_lost: AtomicUsize::new(0),
            opened: AtomicUsize::new(0),
            silent: AtomicUsize::new(0),
        });
        let shared = state.clone();
        let server = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let state = shared.clone();
                // A connection may break, so an error here is ignored.
                connections.spawn(async move { drop(pass(client, &state).await) });
            }
        });
        Self { address, state, server }
    }

    /// Its host and port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Leads new connections to another host and port. Open ones stay where they are, as those of TCP do.
    pub fn lead_to(&self, upstream: &str) {
        upstream.clone_into(&mut self.state.upstream.lock().expect("no panic"));
    }

    /// Closes a connection instead of passing on an answer, counted from 1: the server has done what it was asked.
    pub fn lose_answer(&self, number: usize) {
        self.state.until_lost.store(number, Ordering::SeqCst);
    }

    /// Whether the answer that was to be lost has been lost.
    pub fn has_lost(&self) -> bool {
        self.state.until_lost.load(Ordering::SeqCst) == 0
    }

    /// Passes nothing on any more on the connections that are open now, and does not close them.
    pub fn go_silent(&self) {
        self.state.silent.store(self.opened(), Ordering::SeqCst);
    }

    /// Connections that were opened so far.
    pub fn opened(&self) -> usize {
        self.state.opened.load(Ordering::SeqCst)
    }
}

async fn pass(mut client: TcpStream, state: &State) -> std::io::Result<()> {
    let number = state.opened.fetch_add(1, Ordering::SeqCst);
    let upstream = state.upstream.lock().expect("no panic").clone();
    let mut server = TcpStream::connect(upstream).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut asked, mut answered) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        let (read, is_answer) = tokio::select! {
            read = client.read(&mut asked) => (read?, false),
            read = server.read(&mut answered) => (read?, true),
        };
        if read == 0 || (is_answer && state.loses_this()) {
            return Ok(());
        }
        if number < state.silent.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        if is_answer { client.write_all(&answered[..read]).await? } else { server.write_all(&asked[..read]).await? }
    }
}
