//! A way to a server on which every byte takes as long as to another zone.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// A round trip between two zones of a region. AWS promises single-digit milliseconds; one is taken here.
/// Source: <https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/availability-zones.html>.
pub(crate) const ROUND_TRIP: Duration = Duration::from_millis(1);

/// Listens on a port of its own and passes everything on to `server` and back, each way in half of [`ROUND_TRIP`]. Ends
/// with the process. Threads do it, since they sleep more exactly than tokio's timers, which count milliseconds.
pub(super) fn relay(server: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            thread::spawn(move || {
                // The kernel has taken the connection at once; a distant one would have taken a round trip.
                thread::sleep(ROUND_TRIP);
                let server = TcpStream::connect(server).expect("the server");
                for end in [&client, &server] {
                    end.set_nodelay(true).expect("an option");
                }
                let (back, forth) = (client.try_clone().expect("a socket"), server.try_clone().expect("a socket"));
                thread::spawn(move || pass(forth, back));
                pass(client, server);
            });
        }
    });
    address
}

/// Passes bytes on, each of them so long after it came.
fn pass(mut from: TcpStream, mut to: TcpStream) {
    let (came, leaves) = mpsc::channel::<(Instant, Vec<u8>)>();
    let writer = thread::spawn(move || {
        for (at, bytes) in leaves {
            thread::sleep((at + ROUND_TRIP / 2).saturating_duration_since(Instant::now()));
            if to.write_all(&bytes).is_err() {
                break;
            }
        }
        // The other side may have closed it.
        let _ = to.shutdown(Shutdown::Write);
    });
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        if came.send((Instant::now(), bytes.iter().take(count).copied().collect())).is_err() {
            break;
        }
    }
    drop(came);
    let _ = writer.join();
}
