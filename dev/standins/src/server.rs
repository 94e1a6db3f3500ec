//! An HTTP server on a thread and runtime of its own.
//!
//! Its own runtime makes a drop final: the port is free and every connection is gone, as when a real
//! server dies.

use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::thread::{self, JoinHandle};

use axum::Router;
use axum::serve::ListenerExt;
use tokio::sync::oneshot;

/// A running server; dropping it stops it.
pub(crate) struct Server {
    addr: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Binds `addr` (port 0 takes a free one) and serves what `app` makes of the bound address.
    pub(crate) fn start<A, F>(addr: A, app: F) -> io::Result<Self>
    where
        A: ToSocketAddrs,
        F: FnOnce(SocketAddr) -> Router + Send + 'static,
    {
        let listener = TcpListener::bind(addr)?;
        listener.set_nonblocking(true)?;
        let addr = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new().name("standin".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    result = serve(listener, addr, app) => {
                        if let Err(error) = result {
                            eprintln!("the stand-in at {addr} failed: {error}");
                        }
                    }
                    _ = stopped => {}
                }
            });
            runtime.shutdown_background();
        })?;
        Ok(Self { addr, stop: Some(stop), thread: Some(thread) })
    }

    /// Scheme, host and port, without a trailing slash.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.addr)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panicked server thread has already said so on standard error.
            let _ = thread.join();
        }
    }
}

async fn serve(listener: TcpListener, addr: SocketAddr, app: impl FnOnce(SocketAddr) -> Router) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?.tap_io(|stream| {
        // Small chunks must leave at once; without it they still leave, only later.
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, app(addr)).await
}
