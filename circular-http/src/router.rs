//! The routes for a server that is there already, which is the feature `router`.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{OriginalUri, Request};
use axum::routing::any;

use crate::site::options::Options;
use crate::site::route::Site;
use crate::viewer::sources::Sources;

/// Returns the routes, for a server that is there already: merge them into its router or nest them, whatever its
/// state is, or use them as the tower service that they are.
///
/// The page is at [`Options::path`], `/debug/log` by default, below where they are nested. Two logs in one
/// router are two of these, each with a path of its own; on one page they are [`Sources`] with two names.
///
/// The server must run on tokio, with timers. Where strangers can reach it, give it a header time-out,
/// and the options a token, as the checks of names are no password: [`Options::check_addr`] tells whether
/// one is needed. A viewer that takes nothing is dropped here as well, but its connection is the server's,
/// and is only ended when the client takes something again. That a client has gone is the server's to see,
/// and it may be the next record of its text that shows it.
///
/// ```
/// use circular_core::Ring;
/// use circular_http::Options;
///
/// let (log, audit) = (Ring::new(1 << 20)?, Ring::new(1 << 20)?);
/// let for_admins = axum::Router::new()
///     .merge(circular_http::router(log.handle(), Options::new()))
///     .merge(circular_http::router(audit.handle(), Options::new().path("/audit")?));
/// // At /admin/debug/log and /admin/audit. A layer of yours may ask who it is.
/// let app: axum::Router = axum::Router::new()
///     .route("/", axum::routing::get(async || "hello"))
///     .nest("/admin", for_admins);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// Where to listen and how long to wait for a request is up to that server. Options that say so are refused by the
/// compiler:
///
/// ```compile_fail,E0308
/// # use circular_http::Options;
/// # let ring = circular_core::Ring::new(1 << 20)?;
/// let options = Options::new().addr("127.0.0.1:6061");
/// let app: axum::Router = circular_http::router(ring.handle(), options);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// Without it they do:
///
/// ```
/// # use circular_http::Options;
/// # let ring = circular_core::Ring::new(1 << 20)?;
/// let options = Options::new();
/// let app: axum::Router = circular_http::router(ring.handle(), options);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// In a forked child, the routes of a ring that was made before the fork answer with 503, which says so.
///
/// # Shutdown
///
/// A graceful shutdown waits for every response, and one that follows the log does not end by itself. An
/// [`Ending`](crate::Ending) ends them, and leaves the ring open:
///
/// ```
/// use circular_core::Ring;
/// use circular_http::{Ending, Options};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let ring = Ring::new(1 << 20)?;
/// let ending = Ending::new();
/// let options = Options::new().ended_by(&ending);
/// let app = axum::Router::new().merge(circular_http::router(ring.handle(), options));
///
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
/// # let asked_to_stop = async {}; // In a program: `tokio::signal::ctrl_c()`, say.
/// axum::serve(listener, app)
///     .with_graceful_shutdown(async move {
///         asked_to_stop.await;
///         ending.end();
///     })
///     .await?;
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// To close the ring ([`Handle::close`](circular_core::Handle::close)) ends them as well.
pub fn router<S>(sources: impl Into<Sources>, options: Options) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    let site = Site::new(sources.into(), options);
    let base = site.base().to_owned();
    let answer = move |request: Request| {
        let site = Arc::clone(&site);
        async move {
            // Set by the outermost router.
            let asked = request.extensions().get::<OriginalUri>();
            let asked = asked.map(|uri| uri.path().to_owned());
            let answer = site.answer(request, asked.as_deref()).await;
            answer.map(Body::new)
        }
    };
    let mut router = Router::new().route(&format!("{base}/"), any(answer.clone()));
    if !base.is_empty() {
        router = router.route(&base, any(answer.clone()));
    }
    router.route(&format!("{base}/{{*rest}}"), any(answer))
}
