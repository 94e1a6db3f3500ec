//! Whether a connection is one's own. Behind a pooler the next statement may meet another client's session: `s1` would be
//! that client's statement. So this is found out before the first statement.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use deadpool_postgres::PoolError;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::error::DbError;
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};
use tokio_postgres::{Client, Error, SimpleQueryMessage};

/// What to do about a connection that is shared.
pub(super) fn advice(setting: &str) -> String {
    format!("{setting} leads to a pooler that shares connections among its clients: add pgbouncer=true to the URL")
}

/// Whether a pooler refused a connection because of its options, as PgBouncer and RDS Proxy do.
/// Source: <https://github.com/pgbouncer/pgbouncer/pull/878>, <https://github.com/stac-utils/pgstac/issues/156>.
pub(super) fn refuses_options(error: &PoolError) -> bool {
    let PoolError::Backend(error) = error else { return false };
    let said = error.as_db_error().map(DbError::message).unwrap_or_default();
    said.contains("startup parameter") || said.contains("command-line options")
}

/// Whether the server's process is the one that was named when the connection was made. A pooler names itself, since
/// its clients have no process of their own. One round trip, without a prepared statement.
pub(super) async fn is_own(client: &Client) -> Result<bool, Error> {
    let promised = promised_process(client).await?;
    let messages = client.simple_query("select pg_backend_pid()").await?;
    let found = messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0)?.parse().ok(),
        _ => None,
    });
    Ok(found.is_some() && found == promised)
}

/// The process that the server named at the start of the connection. The client tells it in a request to cancel alone,
/// so such a request is written, and sent nowhere.
async fn promised_process(client: &Client) -> Result<Option<i32>, Error> {
    let paper = Paper::default();
    client.cancel_token().cancel_query_raw(paper.clone(), paper.clone()).await?;
    let written = paper.0.lock().unwrap_or_else(PoisonError::into_inner);
    // Its last eight bytes: the process and its key.
    // Source: <https://www.postgresql.org/docs/current/protocol-message-formats.html>, CancelRequest.
    let process = written.last_chunk::<8>().and_then(|tail| tail.first_chunk::<4>());
    Ok(process.map(|bytes| i32::from_be_bytes(*bytes)))
}

/// A connection that goes nowhere: it keeps what is written, and agrees to TLS without doing any.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl AsyncRead for Paper {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        into.put_slice(b"S");
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Paper {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl TlsStream for Paper {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl TlsConnect<Self> for Paper {
    type Stream = Self;
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn connect(self, stream: Self) -> Self::Future {
        ready(Ok(stream))
    }
}
