//! A relay in front of a server, which can lead elsewhere and can fall silent.

use std::io;
use std::sync::{Arc, Mutex};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// A relay on a port of its own. When it is dropped, its connections are closed.
#[derive(Debug)]
pub struct Relay {
    /// Its port of 127.0.0.1.
    pub port: u16,
    to: Arc<Mutex<u16>>,
    silent: watch::Sender<u64>,
    server: JoinHandle<()>,
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Relay {
    /// Starts a relay to a port of 127.0.0.1.
    pub async fn to(port: u16) -> Self {
        let to = Arc::new(Mutex::new(port));
        let (silent, _) = watch::channel(0);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let own = listener.local_addr().expect("an address").port();
        let (target, silence) = (to.clone(), silent.clone());
        let server = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let (port, heard) = (*target.lock().expect("no panic while it was held"), silence.subscribe());
                connections.spawn(pass(client, port, heard));
            }
        });
        Self { port: own, to, silent, server }
    }

    /// Leads new connections to another port; the open ones stay where they are.
    pub fn lead_to(&self, port: u16) {
        *self.to.lock().expect("no panic while it was held") = port;
    }

    /// Keeps the connections that are open, and passes nothing on them any more.
    pub fn fall_silent(&self) {
        self.silent.send_modify(|times| *times += 1);
    }
}

async fn pass(mut client: TcpStream, port: u16, mut silent: watch::Receiver<u64>) -> io::Result<()> {
    let mut server = TcpStream::connect(("127.0.0.1", port)).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    tokio::select! {
        ended = copy_bidirectional(&mut client, &mut server) => ended.map(drop),
        _ = silent.changed() => std::future::pending().await,
    }
}
