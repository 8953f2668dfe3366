//! A small server on a thread of its own, which answers when the program's own runtime does not.
//!
//! Invariants: it never has more sockets than [`CONNECTIONS`] and the viewers that there may be, so it
//! cannot take the program's last one; and a connection that asks for nothing makes place for one that
//! comes.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::io;
use std::mem;
use std::net::{self, SocketAddr};
use std::pin::pin;
use std::process;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak, mpsc};
use std::task::Poll;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time;

use crate::site::listen::{self, Listen};
use crate::site::options::Options;
use crate::site::route::Site;
use crate::viewer::connection::{Connection, Socket};
use crate::viewer::sources::Sources;
use crate::viewer::viewers::{LAST_CALL, Viewers};

/// How many connections there may be that show no log.
const CONNECTIONS: usize = 256;

/// What hyper keeps of what a client has not taken, beside the system.
const HYPER_BUFFER: usize = 16 << 10;

/// How long responses get to end when the server stops; those who follow a little less, for a last word.
const GRACE: Duration = LAST_CALL.saturating_add(Duration::from_millis(300));

/// How long that last word has at least, if the thread was busy.
const LEAST_GRACE: Duration = Duration::from_millis(200);

/// How long its end is waited for at most: it may be in a user's hook, which hangs.
const PATIENCE: Duration = Duration::from_secs(2);

/// After an accept that failed, as a rule because the process has too many files open.
const ACCEPT_BACKOFF: Duration = Duration::from_millis(20);

/// Shows a log, or several on one page, on a thread and a runtime of its own, until the [`Server`] is
/// dropped: of a [`Handle`](circular_core::Handle), or what else becomes [`Sources`]. It has joined when this returns: the address is bound. A child that is forked afterwards has no such thread:
/// a program that becomes a daemon does that first.
///
/// ```
/// use circular_core::Ring;
/// use circular_http::Options;
///
/// let ring = Ring::new(1 << 20)?;
/// let server = circular_http::serve(ring.handle(), Options::new().addr(([127, 0, 0, 1], 0)))?;
/// println!("the log is at {}", server.url());
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// `PermissionDenied` for an address that is not a loopback one, without a token; `InvalidInput` for one that
/// is none; `BrokenPipe` in a forked child, where a ring that was made before the fork has nothing to show. Else why
/// the address cannot be had, or the thread not be started.
pub fn serve(
    sources: impl Into<Sources>,
    options: impl Into<Options<Listen>>,
) -> io::Result<Server> {
    let sources = sources.into();
    if sources.is_forked() {
        return Err(io::Error::new(
            io::ErrorKind::BrokenPipe,
            "cannot show the log: this process was forked from the one that made the ring, which is dead here: \
             make the ring after the fork",
        ));
    }
    let (options, listening) = options.into().split();
    let addr = listening.addr.get()?;
    options.check_addr(addr)?;
    let listener = listen::bind(addr)?;
    let path = options.path.clone();
    let addr = listener.local_addr()?;
    let (stop, stopped) = watch::channel(None);
    let connections = Arc::new(Connections::default());
    let acceptor = Acceptor {
        limit: CONNECTIONS.saturating_add(options.viewers),
        header_timeout: listening.header_timeout,
        keep_alive: options.keep_alive,
        site: Site::new(sources, options),
        connections: Arc::clone(&connections),
        stopped,
    };
    let viewers = Arc::clone(acceptor.site.viewers());
    let (tell, told) = mpsc::channel();
    // The runtime is made and dropped there: where a program's own runtime is, neither may be done.
    let thread = thread::Builder::new()
        .name("circular-http".into())
        .spawn(move || run(listener, acceptor, &tell))?;
    let ended = |_| Err(io::Error::other("the server's thread has panicked"));
    told.recv().unwrap_or_else(ended)?;
    Ok(Server {
        addr,
        path,
        running: Some(Running {
            stop,
            viewers,
            connections,
            thread,
            ended: Mutex::new(told),
        }),
        process: process::id(),
    })
}

/// A log that is being shown, by [`serve`]. Dropping it ends that within a second.
///
/// Those who follow still get what is in the ring at that moment, half a second long, and with JSON lines
/// and event streams a last word: `{"id":…,"closed":true,"stopped":true}`, or `{"closed":true}` if the ring
/// is closed. Who is too slow for that is told what is missing, or cut off, so that no client takes what it
/// has for all (`curl` then ends with an error). A [redaction hook](Options::redact) that hangs is waited
/// for two seconds, and then left alone.
#[derive(Debug)]
#[must_use = "the log is shown until this is dropped"]
pub struct Server {
    addr: SocketAddr,
    /// Of the page.
    path: String,
    /// `None` once it was stopped.
    running: Option<Running>,
    process: u32,
}

/// What it takes to stop it.
#[derive(Debug)]
struct Running {
    /// Is told until when responses may go on.
    stop: watch::Sender<Option<Instant>>,
    viewers: Arc<Viewers>,
    connections: Arc<Connections>,
    thread: JoinHandle<()>,
    /// Disconnected when the thread is about to end. It is shared with nobody, but a server may be.
    ended: Mutex<mpsc::Receiver<io::Result<()>>>,
}

impl Server {
    /// Returns where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.addr
    }

    /// Returns where to look at the log from this machine.
    pub fn url(&self) -> String {
        let mut addr = self.addr;
        // "Any address" can be bound, but not everywhere visited.
        if addr.ip().is_unspecified() {
            addr.set_ip(match addr {
                SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
                SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
            });
        }
        format!("http://{addr}{}", self.path)
    }

    /// Ends every stream, with what there is, and every connection, and waits for that: less than a second.
    /// Dropping it does the same.
    pub fn stop(self) {}
}

impl Drop for Server {
    fn drop(&mut self) {
        let running = self.running.take();
        // A forked child has no such thread, and what is shared with it may be locked for ever.
        if self.process != process::id() {
            mem::forget(running);
            return;
        }
        if let Some(running) = running {
            running.stop();
        }
    }
}

impl Running {
    fn stop(self) {
        // From here, as the thread may be busy: what is in the ring now is what they get.
        self.viewers.end();
        self.stop.send_replace(Some(Instant::now() + GRACE));
        match lock(&self.ended).recv_timeout(PATIENCE) {
            Err(mpsc::RecvTimeoutError::Timeout) => {
                // If the process ends now, nobody must take that for the end of the log.
                for connection in lock(&self.connections).iter().filter_map(Weak::upgrade) {
                    connection.doom();
                }
            }
            // If it panicked, the hook has told that.
            _ => drop(self.thread.join()),
        }
    }
}

/// All that there are, the oldest first.
type Connections = Mutex<VecDeque<Weak<Connection>>>;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Serves until it is stopped; tells first whether it can, and by dropping `tell` that it has ended.
fn run(listener: net::TcpListener, acceptor: Acceptor, tell: &mpsc::Sender<io::Result<()>>) {
    let begin = || {
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let inside = runtime.enter();
        let listener = TcpListener::from_std(listener)?;
        drop(inside);
        Ok((runtime, listener))
    };
    let (runtime, listener) = match begin() {
        Ok(begun) => begun,
        Err(error) => {
            // Whoever called waits for it.
            let _ = tell.send(Err(error));
            return;
        }
    };
    let _ = tell.send(Ok(()));
    runtime.block_on(async {
        let connections = Arc::clone(&acceptor.connections);
        let mut stopped = acceptor.stopped.clone();
        let mut tasks = acceptor.accept_until_stopped(&listener).await;
        let least = Instant::now() + LEAST_GRACE;
        let deadline = stopped_until(&mut stopped).await.max(least);
        let ended = async { while tasks.join_next().await.is_some() {} };
        if time::timeout_at(deadline.into(), ended).await.is_err() {
            // What is not done by then ends with the runtime.
            for connection in lock(&connections).iter().filter_map(Weak::upgrade) {
                connection.doom();
            }
        }
    });
}

struct Acceptor {
    limit: usize,
    header_timeout: Duration,
    keep_alive: Duration,
    site: Arc<Site>,
    connections: Arc<Connections>,
    stopped: watch::Receiver<Option<Instant>>,
}

impl Acceptor {
    /// Gives back what is still going on.
    async fn accept_until_stopped(self, listener: &TcpListener) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        let mut stopped = self.stopped.clone();
        let mut stopped = pin!(stopped_until(&mut stopped));
        loop {
            let accepted = poll_fn(|context| {
                if stopped.as_mut().poll(context).is_ready() {
                    return Poll::Ready(None);
                }
                listener.poll_accept(context).map(Some)
            });
            let Some(accepted) = accepted.await else {
                return tasks;
            };
            while tasks.try_join_next().is_some() {}
            match accepted {
                Ok((stream, _)) => {
                    if lock(&self.connections).len() >= self.limit {
                        make_place(&mut lock(&self.connections));
                    }
                    // Only then its socket is closed.
                    while tasks.len() >= self.limit {
                        tasks.join_next().await;
                    }
                    let connection = self.connection(stream);
                    let served = self.serve(Arc::clone(&connection));
                    connection.set_task(tasks.spawn(served));
                    lock(&self.connections).push_back(Arc::downgrade(&connection));
                }
                // The client's doing: it has gone before it was looked at.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(_) => {
                    make_place(&mut lock(&self.connections));
                    time::sleep(ACCEPT_BACKOFF).await;
                }
            }
        }
    }

    fn connection(&self, stream: TcpStream) -> Arc<Connection> {
        // Lines are to be seen when they are written.
        let _ = stream.set_nodelay(true);
        // A client whose machine has gone to sleep says no word, and nothing may be said to it for hours.
        let period = self.keep_alive.max(Duration::from_secs(1));
        let keep_alive = TcpKeepalive::new().with_time(period).with_interval(period);
        let _ = SockRef::from(&stream).set_tcp_keepalive(&keep_alive);
        Connection::new(stream)
    }

    /// Serves one connection to its end.
    fn serve(&self, connection: Arc<Connection>) -> impl Future<Output = ()> + Send + 'static {
        let mut stopped = self.stopped.clone();
        let header_timeout = self.header_timeout;
        let site = Arc::clone(&self.site);
        async move {
            let socket = Socket(Arc::clone(&connection));
            let watched = Arc::clone(&connection);
            let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
                let connection = Arc::clone(&connection);
                request.extensions_mut().insert(Arc::clone(&connection));
                connection.set_old(request.version() < hyper::Version::HTTP_11);
                let site = Arc::clone(&site);
                async move {
                    connection.set_busy(true);
                    connection.set_follows(false);
                    // Whatever is asked for, as nothing else is here.
                    let answer = site.answer(request, None).await;
                    connection.set_busy(false);
                    Ok::<_, Infallible>(answer)
                }
            });
            let served = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(header_timeout)
                .max_buf_size(HYPER_BUFFER)
                // Who ends its side behind a request, as `nc -N` does, still wants the answer.
                .half_close(true)
                .serve_connection(TokioIo::new(socket), service);
            let (mut served, mut stopped) = (pin!(served), pin!(stopped_until(&mut stopped)));
            let mut is_stopping = false;
            poll_fn(|context| {
                if !is_stopping && stopped.as_mut().poll(context).is_ready() {
                    is_stopping = true;
                    served.as_mut().graceful_shutdown();
                }
                // Why a client went is nobody's business.
                match served.as_mut().poll(context) {
                    Poll::Pending if watched.poll_left(context) => Poll::Ready(()),
                    polled => polled.map(drop),
                }
            })
            .await;
        }
    }
}

/// Waits until it is stopped, and says until when responses may go on.
async fn stopped_until(stopped: &mut watch::Receiver<Option<Instant>>) -> Instant {
    // An error is a sender that is gone, and with it the server.
    let until = stopped.wait_for(Option::is_some).await;
    until
        .ok()
        .and_then(|until| *until)
        .unwrap_or_else(Instant::now)
}

/// Forgets connections that are over; if there is none, ends the oldest that asks for nothing, or else the
/// oldest that shows no log.
fn make_place(connections: &mut VecDeque<Weak<Connection>>) {
    let before = connections.len();
    connections.retain(|connection| connection.strong_count() > 0);
    if connections.len() == before {
        let oldest = |is_spared: fn(&Connection) -> bool| {
            connections.iter().position(|connection| {
                let connection = connection.upgrade();
                connection.is_some_and(|connection| !is_spared(&connection))
            })
        };
        let oldest = oldest(|connection| connection.is_busy() || connection.is_viewing())
            .or_else(|| oldest(Connection::is_viewing));
        if let Some(oldest) = oldest.and_then(|oldest| connections.remove(oldest)?.upgrade()) {
            oldest.abort();
        }
    }
}
