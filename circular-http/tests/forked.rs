//! What a forked child can show of its parent's log: nothing, and each call says so or does nothing, at once.

#![cfg(all(unix, feature = "router"))]
#![expect(unsafe_code, reason = "the standard library cannot fork")]

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use circular_core::Ring;
use circular_http::{Ending, Options, router, serve};

/// As many as make it likely that a fork hits every lock that there is.
const FORKS: usize = 50;

/// A child that hangs is ended after this many seconds.
const ALARM: u32 = 20;

/// For one test at a time. A child has the locks of all threads as they were: one that makes a runtime of its own would hang in what the
/// other test was just making.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `work` in a forked child, which ends without its parent's exit handlers.
fn in_child(work: impl Fn() -> Result<(), &'static str>) {
    // SAFETY: no memory is involved.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0, "{}", io::Error::last_os_error());
    if pid == 0 {
        // SAFETY: no memory is involved.
        unsafe { libc::alarm(ALARM) };
        let failed = match catch_unwind(AssertUnwindSafe(work)) {
            Ok(Ok(())) => None,
            Ok(Err(what)) => Some(what),
            Err(_) => Some("panicked"),
        };
        if let Some(what) = failed {
            // Past the lock of `io::stderr`, which a thread that is not here may hold.
            // SAFETY: a valid buffer of that length.
            unsafe { libc::write(libc::STDERR_FILENO, what.as_ptr().cast(), what.len()) };
        }
        // SAFETY: it does not return, and no memory is involved.
        unsafe { libc::_exit(i32::from(failed.is_some())) };
    }
    let mut status = 0;
    // SAFETY: `status` is a valid place for the status of a child that is ours.
    unsafe { libc::waitpid(pid, &raw mut status, 0) };
    assert_eq!(status, 0, "the child's status; 14 is a child that hung");
}

fn check(holds: bool, what: &'static str) -> Result<(), &'static str> {
    if holds { Ok(()) } else { Err(what) }
}

fn ask(addr: SocketAddr, request: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(addr)?;
    let text = format!("{request} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    stream.write_all(text.as_bytes())?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply)?;
    Ok(reply)
}

/// Serves `app` on a thread of its own, for good.
fn serve_app(app: axum::Router) -> io::Result<SocketAddr> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))?;
    let addr = listener.local_addr()?;
    thread::spawn(move || runtime.block_on(async { axum::serve(listener, app).await }));
    Ok(addr)
}

fn routes_say_why(app: axum::Router) -> Result<(), &'static str> {
    let addr = serve_app(app).map_err(|_| "a server in the child")?;
    for request in [
        "GET /debug/log",
        "GET /debug/log?follow&format=sse",
        "GET /debug/log?q=x&tail=5",
        "GET /debug/log/stats",
        "HEAD /debug/log",
        "POST /debug/log",
        "POST /debug/log/logout",
    ] {
        let reply = ask(addr, request).map_err(|_| "an answer")?;
        check(reply.starts_with("HTTP/1.1 503 "), request)?;
        check(request.starts_with("HEAD") || reply.contains("fork"), "why")?;
    }
    Ok(())
}

#[test]
fn a_parents_log_cannot_be_shown_and_it_is_said_why() {
    let _alone = alone();
    let ring = Ring::new(1 << 16).unwrap();
    ring.record(circular_core::Meta::new(), b"hello\n").unwrap();
    let options = || Options::new().token("secret").unwrap();
    // Made before the fork, and used after it.
    let routes = router(ring.handle(), options());
    in_child(|| {
        let error = match serve(ring.handle(), options().addr("127.0.0.1:0")) {
            Ok(_) => return Err("serve succeeded"),
            Err(error) => error,
        };
        check(error.to_string().contains("fork"), "serve says why")?;
        routes_say_why(routes.clone())?;
        routes_say_why(router(ring.handle(), options()))
    });
    // The parent's are as they were.
    let addr = serve_app(routes).unwrap();
    let reply = ask(addr, "GET /debug/log/style.css").unwrap();
    assert!(reply.starts_with("HTTP/1.1 200 "), "{reply}");
}

#[test]
fn what_a_child_has_of_its_parents_hangs_nowhere() {
    let _alone = alone();
    let ring = Ring::new(1 << 16).unwrap();
    let ending = Ending::new();
    let ended = || Options::new().ended_by(&ending);
    let server = serve(ring.handle(), ended().addr("127.0.0.1:0")).unwrap();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        // Others have the locks at times.
        scope.spawn(|| {
            while !done.load(Relaxed) {
                drop(router::<()>(ring.handle(), ended()));
                ask(server.local_addr(), "GET /debug/log/stats").unwrap();
            }
        });
        for _ in 0..FORKS {
            let mine = std::cell::Cell::new(Some(ending.clone()));
            in_child(|| {
                check(server.url().contains("/debug/log"), "url")?;
                check(server.local_addr().port() != 0, "local_addr")?;
                drop(router::<()>(ring.handle(), ended()));
                drop(serve(ring.handle(), ended().addr("127.0.0.1:0")));
                ending.end();
                drop(mine.take());
                Ok(())
            });
        }
        done.store(true, Relaxed);
    });
    // Nothing that a child did ended it.
    let reply = ask(server.local_addr(), "GET /debug/log/stats").unwrap();
    assert!(reply.starts_with("HTTP/1.1 200 "), "{reply}");
}
