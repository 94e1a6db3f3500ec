//! An HTTP server on its own thread and runtime.
//!
//! With its own runtime, a drop is complete: the port is free and every connection is closed, as when a real
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
    /// Binds `addr` (port 0 picks a free port) and serves the router that `app` makes for the bound address.
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
            // If the server thread panicked, its message is already on standard error.
            let _ = thread.join();
        }
    }
}

async fn serve(listener: TcpListener, addr: SocketAddr, app: impl FnOnce(SocketAddr) -> Router) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?.tap_io(|stream| {
        // Small chunks must be sent at once. If this fails, they are still sent, only later.
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, app(addr)).await
}
