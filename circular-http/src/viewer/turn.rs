//! How long one viewer is worked for before others have their turn.
//!
//! All viewers of a server share one thread, with its timers and its end. What a client searches for may
//! be expensive: an expression can cost a microsecond for a byte.

use std::future::Future as _;
use std::pin::pin;
use std::task::Context;
use std::time::{Duration, Instant};

use circular_view::Selection;
use tokio::task;

const TURN: Duration = Duration::from_millis(2);

#[derive(Clone, Copy, Debug)]
pub(crate) struct Turn {
    /// `None` if what is done is cheap, and bounded by itself.
    began: Option<Instant>,
}

impl Turn {
    pub(crate) fn begin(selection: &Selection) -> Self {
        Self {
            began: selection.is_expensive().then(Instant::now),
        }
    }

    /// For what goes through much, whatever is wanted of it.
    pub(crate) fn of_search() -> Self {
        Self {
            began: Some(Instant::now()),
        }
    }

    pub(crate) fn is_over(self) -> bool {
        self.began.is_some_and(|began| began.elapsed() > TURN)
    }
}

/// Has the task polled again when the runtime has looked at everything else that there is.
///
/// Tokio puts a task that yields behind its next look at sockets and timers. One that wakes itself it would poll
/// some sixty times before that, and each may have taken a turn.
pub(crate) fn come_back(context: &mut Context<'_>) {
    // It is ready, or has seen to it.
    let _ = pin!(task::yield_now()).poll(context);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use std::io::Write as _;
    use std::net;
    use std::task::Poll;
    use tokio::net::TcpStream;
    use tokio::runtime;

    /// Without the first a search keeps every other viewer waiting, without the second it never ends.
    #[test]
    fn who_comes_back_lets_sockets_be_looked_at_and_is_polled_again() {
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let polls = runtime.block_on(async {
            let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
            let client = net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            client.set_nonblocking(true).unwrap();
            let client = TcpStream::from_std(client).unwrap();
            let (mut server, _) = listener.accept().unwrap();
            let other = tokio::spawn(async move { client.readable().await.unwrap() });
            // It has looked at its socket, and waits.
            task::yield_now().await;
            let mut polls = 0;
            // A task as well: what the runtime was given to block on it polls in between.
            let coming_back = poll_fn(move |context| {
                if polls == 0 {
                    server.write_all(b"x").unwrap();
                }
                polls += 1;
                if other.is_finished() {
                    return Poll::Ready(polls);
                }
                come_back(context);
                Poll::Pending
            });
            tokio::spawn(coming_back).await.unwrap()
        });
        assert!(polls < 10, "{polls} turns before the other's");
    }
}
