//! The ring, and everything that writes to it or reads from it on the service's behalf.
//!
//! What goes where:
//!
//! | | level | how | if it is slow |
//! |---|---|---|---|
//! | ring | DEBUG | memory, in a file that a kill leaves | cannot be |
//! | stderr | INFO | a thread that reads the ring | a log call waits a second, once |
//! | daily file | INFO | written by the log call itself | the log call waits |
//! | dump | DEBUG | the whole ring, when something panics | the panicking thread waits |

use std::{
    env, fs, io, panic,
    path::{Path, PathBuf},
    process,
    time::Duration,
};

use circular_core::{Handle, Level, PanicDump, Policy, Ring, SECRET_KEYS, redact_keys};
use circular_tracing::RingLayer;
use tracing::level_filters::LevelFilter;
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::{filter::Targets, fmt, prelude::*};

const CAPACITY: usize = 10 << 20;

/// How long stderr may hold the service up, once; after that it misses records instead.
const STDERR_PATIENCE: Duration = Duration::from_secs(1);

/// How long a reader that is still busy may hold up the exit.
const EXIT_PATIENCE: Duration = Duration::from_millis(200);

/// What the rest of the service needs to know.
pub(crate) struct Telemetry {
    pub(crate) handle: Handle,
    pub(crate) log_dir: PathBuf,
    pub(crate) dump_dir: PathBuf,
}

/// Makes the ring, and from here on everything that this process logs goes to it.
pub(crate) fn start() -> io::Result<Telemetry> {
    let log_dir = dir("LOG_DIR", default_dir)?;
    let dump_dir = dir("DUMP_DIR", || log_dir.clone())?;

    let ring = Ring::builder()
        .capacity(CAPACITY)
        .flush_at_exit(EXIT_PATIENCE)
        // What was logged is there when this process is killed, too. Where there can be no file, it runs without.
        .mapped("service")
        .or_heap()
        .build()
        .map_err(io::Error::other)?;
    let handle = ring.handle();

    // The one reader that holds writers up, and only for so long. It is one of the ring's records
    // that it prints, so a line on stderr is also in every stream and dump.
    handle
        .reader()
        .policy(Policy::BlockFor(STDERR_PATIENCE))
        .at_least(Level::Info)
        .spawn(io::stderr())?;

    // Rust's own hook writes the panic's message to stderr, where a stuck terminal would keep the
    // panicking thread. The dump's hook makes the message a record, and the reader above prints it.
    panic::set_hook(Box::new(|_| {}));
    PanicDump::builder(&handle)
        .redact(redact_keys(SECRET_KEYS))
        .dir(&dump_dir)
        .program("service")
        .install();

    let file = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        // Old files are told by this prefix, which a dump's name must not have.
        .filename_prefix("daily.log")
        .max_log_files(7)
        .build(&log_dir)
        .map_err(|error| unusable("LOG_DIR", &log_dir, error))?;

    tracing_subscriber::registry()
        // Written by the thread that logs: a line that was logged is in the file, come what may.
        .with(
            fmt::layer()
                .with_ansi(false)
                .with_writer(file)
                .with_filter(LevelFilter::INFO),
        )
        // Last, so that no value of a DEBUG event, which only the ring shows, can make the file's filter err.
        .with(RingLayer::new(ring).with_filter(recorded()))
        // Also takes what dependencies say through the `log` crate, so no `log` logger is needed;
        // with one, their lines would be recorded twice.
        .try_init()
        .map_err(io::Error::other)?;
    Ok(Telemetry {
        handle,
        log_dir,
        dump_dir,
    })
}

/// What the ring keeps: DEBUG and above of this service and all that it is built from.
fn recorded() -> Targets {
    Targets::new()
        .with_default(LevelFilter::DEBUG)
        // axum tells only at TRACE why it turned a request down.
        .with_target("axum::rejection", LevelFilter::TRACE)
        // hyper, if built with `--cfg hyper_unstable_tracing`, logs each piece that it sends. A piece
        // of `/debug/log` would then be a new record, which makes a new piece, and so on without end.
        .with_target("hyper::proto::h1::io", LevelFilter::INFO)
}

/// The directory that `variable` names, or else the default; made if it is not there.
fn dir(variable: &str, default: impl FnOnce() -> PathBuf) -> io::Result<PathBuf> {
    let dir = env::var_os(variable)
        .filter(|dir| !dir.is_empty())
        .map_or_else(default, PathBuf::from);
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    // A log is nobody else's business.
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(&dir)
        .map_err(|error| unusable(variable, &dir, error))?;
    Ok(dir)
}

/// Where this user's programs keep their state. Not a name in the temporary directory that others know
/// too: somebody else could be there first.
fn default_dir() -> PathBuf {
    let of_the_user = env::var_os("XDG_STATE_HOME").map(PathBuf::from);
    let of_the_user = of_the_user.filter(|dir| dir.is_absolute());
    let at_home = || Some(PathBuf::from(env::var_os("HOME")?).join(".local/state"));
    match of_the_user.or_else(at_home) {
        Some(state) => state.join("circular-service"),
        None => env::temp_dir().join(format!("circular-service-{}", process::id())),
    }
}

fn unusable(variable: &str, dir: &Path, error: impl std::error::Error) -> io::Error {
    let dir = dir.display();
    io::Error::other(format!(
        "cannot use the directory {dir}: {error}; set {variable} to one that can be written to"
    ))
}
