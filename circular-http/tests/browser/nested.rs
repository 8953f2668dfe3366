//! The page in a server of the user's own, below a path and behind a password of that server's.

use std::{sync::mpsc, thread};

use axum::{
    Router,
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use circular_core::Level;
use circular_http::{Ending, Options, router};

use crate::{
    driver::Browser,
    page::{new_ring, say},
};

/// `user:pass:word`, as browsers send it.
const PASSWORD: &str = "Basic dXNlcjpwYXNzOndvcmQ=";

async fn ask(request: Request, next: Next) -> Response {
    let shown = request.headers().get(header::AUTHORIZATION);
    if shown.is_some_and(|shown| shown == PASSWORD) {
        return next.run(request).await;
    }
    let mut response = StatusCode::UNAUTHORIZED.into_response();
    let how = HeaderValue::from_static("Basic realm=\"log\"");
    response.headers_mut().insert(header::WWW_AUTHENTICATE, how);
    response
}

#[test]
fn an_address_with_a_user_and_a_password_works() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let mut ring = new_ring(1 << 20);
    let ending = Ending::new();
    let options = Options::new().path("/logs").expect("a path");
    let routes = router(ring.handle(), options.ended_by(&ending));
    let app: Router = Router::new()
        .nest("/admin", routes)
        .layer(middleware::from_fn(ask));
    let (tell, told) = mpsc::channel();
    let server = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
                .await
                .expect("a port is free");
            let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
            tell.send((listener.local_addr().expect("it is bound"), stop))
                .expect("it is waited for");
            axum::serve(listener, app)
                .with_graceful_shutdown(async move {
                    drop(stopped.await);
                    ending.end();
                })
                .await
                .expect("it serves");
        });
    });
    let (addr, stop) = told.recv().expect("it starts");

    say(&mut ring, Level::Info, "app", "one");
    say(&mut ring, Level::Warn, "app", "two");
    let rows =
        "[...document.querySelectorAll('.row')].map(row => row.textContent.slice(-3)).join()";
    browser.go_to(&format!("http://user:pass%3Aword@{addr}/admin/logs"));
    browser.until(&format!("{rows} === 'one,two'"));
    browser.until("document.getElementById('state').textContent === 'Live'");
    browser.click(".chip.warn");
    browser.until(&format!("{rows} === 'two'"));
    assert_eq!(browser.get("location.search"), "?level=warn");
    assert_eq!(browser.get("location.pathname"), "/admin/logs");
    say(&mut ring, Level::Error, "app", "six");
    browser.until(&format!("{rows} === 'two,six'"));
    browser.click("#download-all");
    assert_eq!(browser.downloaded("log.txt"), "one\ntwo\nsix\n");
    // The first question without a password is told of.
    let told = browser.console();
    assert!(
        told.iter().all(|line| line.contains("status of 401")),
        "{told:?}"
    );

    browser.go_to("about:blank");
    drop(stop);
    server.join().expect("it does not panic");
}
