//! A web service that records itself: its log streams out of memory to terminals and browsers.
//!
//! ```text
//! cargo run --release --example service
//! curl -N 'http://127.0.0.1:6060/debug/log?follow'   # in a second terminal, and in a third
//! curl http://127.0.0.1:6060/hello/world             # something to watch
//! curl -X POST http://127.0.0.1:6060/panic           # leaves a dump of the last minutes in a file
//! ```
//!
//! You see INFO and above on stderr, DEBUG and above in `/debug/log`, from the first second on: a
//! background job works and logs. In a browser that address is a page. Press Ctrl-C, and every stream
//! ends with the line that says so.
//!
//! `ADDR` says where to listen (127.0.0.1:6060; port 0 takes a free one). On an address that other
//! machines can reach it wants a token for the log, in `LOG_TOKEN`, and in `LOG_HOST` the name that it
//! is reached by. `LOG_DIR` says where the daily file goes, `DUMP_DIR` where a panic's dump goes (both:
//! `.local/state/circular-service` at home). The ring itself is in a file, which is still there when the
//! service was killed; `CIRCULAR_DIR` says where (a directory in memory by default).
//!
//! One rule makes it robust: after the start, nothing here writes to stdout or stderr, except the
//! ring's own reader thread. A stuck terminal stops that thread, and nothing else. (But for
//! `tracing-appender`, which complains on stderr if it cannot begin a new day's file.)
//!
//! The log's pages are routes of the service's own server, so that there is one address for everything.
//! `circular_http::serve` would be a server beside it, which answers when this one's runtime does not.
//!
//! | file | what it holds |
//! |---|---|
//! | `main.rs` | start, and a stop that is bounded whatever clients do |
//! | `telemetry.rs` | the ring and everything that writes to it or reads from it |
//! | `routes.rs` | the service's pages |
//! | `job.rs` | the background job |

mod job;
mod routes;
mod telemetry;

use std::{
    env,
    future::Future,
    io::{self, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener},
    process::ExitCode,
    time::Duration,
};

use circular_core::{SECRET_KEYS, redact_keys};
use circular_http::Options;
use tokio::{runtime::Runtime, sync::oneshot, time};
use tracing::info;

use telemetry::Telemetry;

const DEFAULT_ADDR: &str = "127.0.0.1:6060";

/// How long clients get, after the signal, to take the end of what they asked for. Longer than what
/// `circular-http` gives them when the ring closes (0.3 s): who is too slow is then told what is missing.
const GRACE: Duration = Duration::from_millis(500);

/// How long the readers get after that: stderr, and clients that do not read.
const LAST_FLUSH: Duration = Duration::from_millis(200);

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Not `eprintln!`: that panics if stderr is closed.
            let _ = writeln!(io::stderr(), "service: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> io::Result<()> {
    let listener = listen()?;
    let addr = listener.local_addr()?;
    let log_options = log_options(addr)?;
    let urls = Urls::of(addr);
    let telemetry = telemetry::start()?;
    let runtime = Runtime::new()?;

    let served = runtime.block_on(serve(listener, &urls, &telemetry, log_options));

    // Drops what is left of slow clients, without waiting for it.
    runtime.shutdown_background();
    telemetry.handle.join_timeout(LAST_FLUSH);
    served
}

/// Serves until a signal comes.
async fn serve(
    listener: TcpListener,
    urls: &Urls,
    telemetry: &Telemetry,
    log_options: Options,
) -> io::Result<()> {
    // Before the addresses are printed: who has read them may stop us.
    let stop = stop_signal()?;
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let job = job::start(urls.to(""))?;
    announce(urls, telemetry);
    info!(addr = %urls.addr, "listening");

    let handle = telemetry.handle.clone();
    let (stopping, stopped) = oneshot::channel();
    // A service that strangers can reach wants a header time-out, which `axum::serve` does not have.
    let server = axum::serve(listener, routes::router(handle.clone(), log_options))
        .with_graceful_shutdown(async move {
            let signal = stop.await;
            drop(job);
            info!(signal, "stopping");
            // A graceful stop waits for every response, and a stream that follows the ring ends
            // when the ring closes. The other way round it would wait for ever.
            handle.close();
            let _ = stopping.send(());
        })
        .into_future();
    tokio::select! {
        result = server => result,
        // A client that does not read keeps its response from ending: leave it.
        () = async { let _ = stopped.await; time::sleep(GRACE).await } => Ok(()),
    }
}

/// Binds `ADDR`; the error says what to do.
fn listen() -> io::Result<TcpListener> {
    let addr = env::var_os("ADDR").filter(|addr| !addr.is_empty());
    let addr = addr.unwrap_or_else(|| DEFAULT_ADDR.into());
    let addr = addr.to_string_lossy();
    TcpListener::bind(&*addr).map_err(|error| {
        let what_to_do = match error.kind() {
            io::ErrorKind::AddrInUse => {
                "stop the program that has it, or set ADDR to another, such as ADDR=127.0.0.1:0 \
                 for any free port"
            }
            _ => "set ADDR to an address and port of this machine, such as ADDR=127.0.0.1:6060",
        };
        io::Error::new(
            error.kind(),
            format!("cannot listen on {addr}: {error}; {what_to_do}"),
        )
    })
}

/// Who may see the log: on the loopback address, whoever is on this machine.
fn log_options(addr: SocketAddr) -> io::Result<Options> {
    let mut options = Options::new()
        .token_from_env("LOG_TOKEN")?
        .redact(redact_keys(SECRET_KEYS));
    if let Ok(host) = env::var("LOG_HOST") {
        options = options.host(&host);
    }
    options.check_addr(addr)?;
    Ok(options)
}

/// Resolves to the name of the signal that asks us to stop; registered when this returns.
#[cfg(unix)]
fn stop_signal() -> io::Result<impl Future<Output = &'static str>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => "SIGINT",
            _ = terminate.recv() => "SIGTERM",
        }
    })
}

#[cfg(windows)]
fn stop_signal() -> io::Result<impl Future<Output = &'static str>> {
    let mut ctrl_c = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        ctrl_c.recv().await;
        "Ctrl-C"
    })
}

/// Says on stdout where everything is. Nobody need read it: the service runs without.
fn announce(urls: &Urls, telemetry: &Telemetry) {
    let ring = match (telemetry.handle.path(), telemetry.handle.mapping_error()) {
        (Some(path), _) => path.display().to_string(),
        (None, Some(error)) => format!("memory only: {error}"),
        (None, None) => "memory only".into(),
    };
    let text = format!(
        "{}\n{}\n{}\n{}\nlog file in {}\ndumps in    {}\nring in     {ring}\n",
        urls.to("/"),
        urls.to("/debug/log"),
        urls.to("/debug/log?follow"),
        urls.to("/debug/log/stats"),
        telemetry.log_dir.display(),
        telemetry.dump_dir.display(),
    );
    let mut stdout = io::stdout();
    let _ = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
}

/// The addresses that a client on this machine can use.
struct Urls {
    addr: SocketAddr,
}

impl Urls {
    fn of(mut bound: SocketAddr) -> Self {
        // "Any address" can be bound, but not everywhere visited.
        match bound.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => bound.set_ip(Ipv4Addr::LOCALHOST.into()),
            IpAddr::V6(ip) if ip.is_unspecified() => bound.set_ip(Ipv6Addr::LOCALHOST.into()),
            _ => {}
        }
        Self { addr: bound }
    }

    fn to(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }
}
