//! The service's pages. `TraceLayer` logs every request; what a handler logs carries its span.

use std::{fmt::Write as _, time::Duration};

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, post},
};
use circular_core::Handle;
use tower_http::{
    catch_panic::CatchPanicLayer,
    trace::{DefaultMakeSpan, DefaultOnResponse, TraceLayer},
};
use tracing::{Level, debug, info, warn};

use crate::logs;

const INDEX: &str = "\
GET  /hello/{name}  says hello
GET  /work          takes a moment, and logs while it does
GET  /logs          what the ring holds; ?follow=1 goes on, ?tail=20 the last ones, ?level=warn
GET  /stats         what went through the ring, and who reads it
POST /panic         panics: a dump is written, one in 10 s at most, and the service goes on
";

pub(crate) fn router(handle: Handle) -> Router {
    Router::new()
        .route("/", get(async || INDEX))
        .route("/hello/{name}", get(hello))
        .route("/work", get(work))
        .route("/panic", post(panic))
        .route("/logs", get(logs::logs))
        .route("/stats", get(stats))
        .with_state(handle)
        .layer(CatchPanicLayer::new())
        // Outside the layer above, so that a panic is logged as the response 500 that it becomes.
        .layer(
            TraceLayer::new_for_http()
                .make_span_with(DefaultMakeSpan::new().level(Level::INFO))
                .on_response(DefaultOnResponse::new().level(Level::INFO)),
        )
}

async fn hello(Path(name): Path<String>) -> String {
    // `?name`, not `%name`: it comes from outside, and `Debug` escapes line ends.
    info!(?name, "greeting");
    format!("hello, {name}\n")
}

async fn work() -> String {
    const STEPS: u32 = 3;
    for step in 1..=STEPS {
        debug!(step, of = STEPS, "working");
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    warn!(steps = STEPS, "that took a while");
    format!("did {STEPS} steps\n")
}

async fn panic() {
    debug!("about to panic, as asked");
    panic!("somebody posted to /panic");
}

async fn stats(State(handle): State<Handle>) -> Result<String, StatusCode> {
    stats_text(&handle).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}

fn stats_text(handle: &Handle) -> Result<String, std::fmt::Error> {
    let stats = handle.stats();
    let mut out = String::new();
    writeln!(out, "capacity     {} bytes", stats.capacity)?;
    writeln!(
        out,
        "written      {} records, {} bytes",
        stats.written, stats.bytes
    )?;
    writeln!(out, "overwritten  {} records", stats.overwritten)?;
    writeln!(out, "refused      {} records, after close", stats.refused)?;
    writeln!(
        out,
        "waits        {} for room, {:?} in all, the longest {:?}",
        stats.waits.count, stats.waits.total, stats.waits.longest
    )?;
    writeln!(out, "demotions    {}", stats.demotions)?;
    writeln!(
        out,
        "failed       {} readers, by their sink",
        stats.failed_sinks
    )?;
    if let Some(age) = stats.oldest_age {
        writeln!(out, "oldest       {} s ago", age.as_secs())?;
    }
    for reader in &stats.readers {
        writeln!(
            out,
            "reader {:<5} {:?}{}, {} records behind, missed {}",
            reader.id,
            reader.policy,
            if reader.demoted { " (demoted)" } else { "" },
            reader.lag_records,
            reader.missed.records,
        )?;
    }
    Ok(out)
}
