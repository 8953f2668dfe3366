//! The service, as its clients and its terminal see it.

use std::{io::Read, net::TcpListener, process::Stdio, thread};

use crate::support::{Service, client, example, read_line, read_until, until};

#[test]
fn streams_what_happens_to_every_client() {
    let service = Service::start(Stdio::null());
    let mut streams = [
        service.open("/debug/log?follow=1"),
        service.open("/debug/log?follow=1"),
    ];
    assert_eq!(
        service.get("/hello/everybody"),
        (200, "hello, everybody\n".to_owned())
    );
    for stream in &mut streams {
        // From the start on, though the stream was opened later.
        read_until(stream, "INFO service: listening");
        read_until(stream, "greeting name=\"everybody\"");
    }
}

#[test]
fn records_what_dependencies_say_through_either_facade() {
    let service = Service::start(Stdio::null());
    // Before the first request of ours: the job asks the service for a page now and then.
    let mut stream = service.open("/debug/log?follow=1");
    read_until(&mut stream, "DEBUG service::job: sorting");
    read_until(&mut stream, "DEBUG service::job: parcel");
    read_until(&mut stream, "DEBUG ureq");
    read_until(&mut stream, "tower_http::trace::on_request");
}

#[test]
fn logs_can_be_chosen_by_number_and_level() {
    let service = Service::start(Stdio::null());
    service.get("/work");
    service.get("/hello/a");

    let (status, text) = service.get("/debug/log?level=info&tail=3");
    assert_eq!((status, text.lines().count()), (200, 3), "{text}");
    assert!(!text.contains("DEBUG"), "{text}");

    // `tail` counts what `level` lets pass: there are DEBUG and INFO records after the warning.
    let (_, text) = service.get("/debug/log?level=warn&tail=1");
    assert!(
        text.contains(" WARN ") && text.lines().count() == 1,
        "{text}"
    );
    let mut stream = service.open("/debug/log?level=warn&tail=1&follow=1");
    let line = read_line(&mut stream);
    assert!(line.contains(" WARN "), "{line}");

    let mut stream = service.open("/debug/log?tail=0&follow=1");
    service.get("/hello/b");
    let seen = read_until(&mut stream, "greeting");
    assert!(seen.contains("name=\"b\""), "{seen}");
}

#[test]
fn logs_are_plain_text_that_nobody_keeps() {
    let service = Service::start(Stdio::null());
    for path in ["/debug/log", "/debug/log?follow=1"] {
        let response = client()
            .get(service.url(path))
            .call()
            .expect("the service answers");
        let header = |name| {
            response
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        assert_eq!(header("content-type"), Some("text/plain; charset=utf-8"));
        assert_eq!(header("x-content-type-options"), Some("nosniff"));
        assert_eq!(header("cache-control"), Some("no-store, no-transform"));
    }
}

#[test]
fn a_parameter_that_is_wrong_is_named() {
    let service = Service::start(Stdio::null());
    for (path, named) in [
        ("/debug/log?tail=many", "tail=\"many\""),
        ("/debug/log?tail=-1", "tail=\"-1\""),
        ("/debug/log?level=loud", "level=\"loud\""),
        ("/debug/log?follow=maybe", "follow=\"maybe\""),
        ("/debug/log?fellow=1", "\"fellow\""),
    ] {
        let (status, text) = service.get(path);
        assert_eq!(status, 400, "{path}: {text}");
        assert!(text.contains(named), "{path}: {text}");
    }
}

#[test]
fn an_idle_stream_does_not_feed_itself() {
    let service = Service::start(Stdio::null());
    // Two, so that what one is sent would make records for the other.
    let mut streams = [
        service.open("/debug/log?follow=1&tail=0"),
        service.open("/debug/log?follow=1&tail=0"),
    ];
    for stream in &mut streams {
        read_until(stream, "service::job: sorted");
        let mut others = 0;
        // The job says this twice a second. A stream that feeds itself has no pauses.
        for _ in 0..3 {
            while !read_line(stream).contains("service::job: sorted") {
                others += 1;
            }
        }
        assert!(others < 200, "{others} records came from sending records");
    }
}

#[test]
fn a_panic_leaves_a_dump_and_the_service_goes_on() {
    let service = Service::start(Stdio::null());
    service.get("/hello/before");
    let response = client()
        .post(service.url("/panic"))
        .send_empty()
        .expect("the service answers");
    assert_eq!(response.status(), 500);

    let dump = service.dir.file("service-");
    assert!(dump.contains("somebody posted to /panic"), "{dump}");
    assert!(dump.contains("greeting name=\"before\""), "{dump}");
    assert!(dump.contains("DEBUG"), "{dump}");

    assert_eq!(service.get("/hello/after").0, 200);
    read_until(
        &mut service.open("/debug/log?follow=1"),
        "somebody posted to /panic",
    );
    // The file has it too, and has no DEBUG lines.
    let daily = service.dir.file("daily.log");
    assert!(
        daily.contains("greeting name=\"before\"") && !daily.contains("DEBUG"),
        "{daily}"
    );
}

/// Ends the service by `signal`, with five streams open and a stderr that is read.
#[cfg(unix)]
fn ends_well_on(signal: &str) {
    let mut service = Service::start(Stdio::piped());
    let mut stderr = service.stderr();
    let stderr = thread::spawn(move || {
        let mut text = String::new();
        stderr.read_to_string(&mut text).map(|_| text)
    });
    let mut streams: Vec<_> = (0..5)
        .map(|_| service.open("/debug/log?follow=1"))
        .collect();
    for stream in &mut streams {
        read_until(stream, "listening");
    }

    service.signal(signal);

    let last = format!("INFO service: stopping signal=\"SIG{signal}\"\n");
    for stream in &mut streams {
        let mut rest = String::new();
        // An error here would be a stream that was cut off.
        stream
            .read_to_string(&mut rest)
            .expect("the stream ends by itself");
        assert!(rest.contains(&last), "{rest}");
    }
    assert!(service.wait().success());
    let stderr = stderr
        .join()
        .expect("reading does not panic")
        .expect("log lines are UTF-8");
    assert!(stderr.contains(&last), "{stderr}");
    assert!(!stderr.contains("DEBUG"), "{stderr}");
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_five_streams() {
    ends_well_on("INT");
}

#[cfg(unix)]
#[test]
fn sigterm_ends_five_streams() {
    ends_well_on("TERM");
}

#[cfg(unix)]
#[test]
fn a_stderr_that_nobody_reads_stops_neither_requests_nor_the_end() {
    let mut service = Service::start(Stdio::piped());
    // More than the pipe and the reader's batch hold: from then on the reader falls behind.
    until("stderr is stuck", || {
        for _ in 0..100 {
            assert_eq!(service.get("/hello/stderr").0, 200);
        }
        let (_, stats) = service.get("/debug/log/stats?format=prometheus");
        let reader = stats.lines().find(|line| {
            line.starts_with("circular_reader_lag_records{") && line.contains("block-for-")
        })?;
        (!reader.ends_with(" 0")).then_some(())
    });
    let response = client()
        .post(service.url("/panic"))
        .send_empty()
        .expect("the service answers");
    assert_eq!(response.status(), 500);
    assert_eq!(service.get("/hello/still").0, 200);

    service.signal("INT");
    assert!(service.wait().success());
}

#[test]
fn an_address_in_use_is_named_with_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let addr = taken.local_addr().expect("it is bound").to_string();
    let output = example("service")
        .env("ADDR", &addr)
        .output()
        .expect("the service starts");
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        stderr.contains(&addr) && stderr.contains("ADDR="),
        "{stderr}"
    );
}

#[test]
fn a_directory_that_cannot_be_made_is_named_with_what_to_do() {
    let not_a_directory = std::env::current_exe().expect("a process knows its own path");
    let output = example("service")
        .env("ADDR", "127.0.0.1:0")
        .env("LOG_DIR", &not_a_directory)
        .output()
        .expect("the service starts");
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        stderr.contains(&*not_a_directory.to_string_lossy()),
        "{stderr}"
    );
    assert!(stderr.contains("LOG_DIR"), "{stderr}");
}
