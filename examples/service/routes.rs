//! The service's pages. `TraceLayer` logs every request; what a handler logs carries its span.

use std::time::Duration;

use axum::{
    Router,
    extract::Path,
    routing::{get, post},
};
use circular_core::Handle;
use circular_http::Options;
use tower_http::{
    catch_panic::CatchPanicLayer,
    trace::{DefaultMakeSpan, DefaultOnResponse, TraceLayer},
};
use tracing::{Level, debug, info, warn};

const INDEX: &str = "\
GET  /hello/{name}  says hello
GET  /work          takes a moment, and logs while it does
GET  /debug/log     what the ring holds: in a browser a page; ?follow goes on, ?tail=20, ?level=warn
GET  /debug/log/stats  what went through the ring, and who reads it
POST /panic         panics: a dump is written, one in 10 s at most, and the service goes on
";

pub(crate) fn router(handle: Handle, log_options: Options) -> Router {
    Router::new()
        .route("/", get(async || INDEX))
        .route("/hello/{name}", get(hello))
        .route("/work", get(work))
        .route("/panic", post(panic))
        .merge(circular_http::router(handle, log_options))
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
