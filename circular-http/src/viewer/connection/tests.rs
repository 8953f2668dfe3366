//! What can be seen at a socket of a client that is slow.

use std::future::poll_fn;
use std::io::Read;
use std::net;
use std::thread;

use tokio::net::TcpListener;
use tokio::{runtime, time};

use super::*;

/// A connection whose socket has no room any more, with the client's end.
fn blocked() -> (runtime::Runtime, Arc<Connection>, net::TcpStream) {
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (connection, client) = runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        // Small pieces, as of a server of ours.
        SockRef::from(&listener)
            .set_send_buffer_size(64 << 10)
            .unwrap();
        SockRef::from(&listener).set_tcp_mss(SEGMENT).unwrap();
        let client = net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (Connection::new(listener.accept().await.unwrap().0), client)
    });
    client
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    let mut socket = Socket(Arc::clone(&connection));
    // As long as the client's system takes something there is room again, after a moment.
    let fill = poll_fn(|context| {
        while Pin::new(&mut socket)
            .poll_write(context, &[b'-'; 4096])
            .is_ready()
        {}
        Poll::<()>::Pending
    });
    runtime
        .block_on(async { time::timeout(Duration::from_millis(300), fill).await })
        .unwrap_err();
    (runtime, connection, client)
}

#[test]
fn one_that_takes_less_than_makes_room_is_seen_to_take_something() {
    let (_runtime, connection, mut client) = blocked();
    // The system may still be handing over.
    while connection.stuck_for().unwrap() < Duration::from_millis(100) {
        thread::yield_now();
    }
    let before = untaken::bytes(&connection.stream).unwrap();
    while untaken::bytes(&connection.stream).unwrap() == before {
        client.read_exact(&mut [0; 1024]).unwrap();
    }
    let blocked = connection.blocked_for().unwrap();
    assert!(connection.stuck_for().unwrap() < blocked - Duration::from_millis(90));
}

#[test]
fn one_that_takes_nothing_is_not() {
    let (_runtime, connection, _client) = blocked();
    while connection.stuck_for().unwrap() < Duration::from_millis(200) {
        thread::yield_now();
    }
}
