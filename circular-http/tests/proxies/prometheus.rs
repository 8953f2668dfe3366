//! The numbers, as a real Prometheus gets them.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use circular_core::{Meta, Ring};
use circular_http::{Options, serve};
use serde_json::Value;

use crate::program::{PATIENCE, Program, block, find, replaced};

/// The value that it has for an expression: the newest one of its only series.
fn value(prometheus: &Program, query: &str) -> Option<f64> {
    let mut stream = TcpStream::connect(prometheus.addr()).ok()?;
    let query: String = form_urlencoded::byte_serialize(query.as_bytes()).collect();
    let request = format!(
        "GET /api/v1/query?query={query} HTTP/1.0\r\nhost: {}\r\n\r\n",
        prometheus.addr()
    );
    stream.write_all(request.as_bytes()).ok()?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply).ok()?;
    let (_, body) = reply.split_once("\r\n\r\n")?;
    let answer: Value = serde_json::from_str(body).ok()?;
    answer["data"]["result"][0]["value"][1]
        .as_str()?
        .parse()
        .ok()
}

fn until(prometheus: &Program, query: &str, expected: f64) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let found = value(prometheus, query);
        if found.is_some_and(|found| (found - expected).abs() < 0.5) {
            return;
        }
        assert!(Instant::now() < deadline, "{query}: {found:?}");
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn it_scrapes_the_numbers_with_a_token() {
    let Some(prometheus) = find("prometheus") else {
        return;
    };
    let ring = Ring::new(1 << 16).expect("there is memory");
    let options = Options::new().addr("127.0.0.1:0").token("sesame");
    let server = serve(ring.handle(), options.expect("a token")).expect("a port is free");
    let write = |count: u64| {
        for _ in 0..count {
            ring.record(Meta::new(), b"a record\n").expect("it is open");
        }
    };
    write(7);
    let program = Program::start(|dir, port| {
        let token = dir.join("token");
        fs::write(&token, "sesame\n").expect("there is room");
        let token = token.to_str().expect("it is text");
        let jobs = replaced(&block("yaml"), "/etc/prometheus/shop-log-token", token);
        let jobs = replaced(&jobs, "127.0.0.1:6061", &server.local_addr().to_string());
        let stranger = format!(
            "  - job_name: stranger\n    metrics_path: /debug/log/stats\n    static_configs:\n      \
             - targets: [\"{}\"]\n",
            server.local_addr()
        );
        let config = format!(
            "global: {{ scrape_interval: 200ms, scrape_timeout: 200ms }}\n{jobs}{stranger}"
        );
        fs::write(dir.join("prometheus.yml"), config).expect("there is room");
        let mut command = Command::new(&prometheus);
        command
            .arg(format!(
                "--config.file={}",
                dir.join("prometheus.yml").display()
            ))
            .arg(format!(
                "--storage.tsdb.path={}",
                dir.join("data").display()
            ))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"));
        command
    });
    until(&program, "up{job=\"shop\"}", 1.0);
    until(
        &program,
        "circular_records_written_total{job=\"shop\"}",
        7.0,
    );
    write(3);
    until(
        &program,
        "circular_records_written_total{job=\"shop\"}",
        10.0,
    );
    // All that is there is understood, and none of it twice.
    until(
        &program,
        "scrape_samples_scraped{job=\"shop\"} - scrape_samples_post_metric_relabeling{job=\"shop\"}",
        0.0,
    );
    // Who shows no token gets none.
    until(&program, "up{job=\"stranger\"}", 0.0);
    assert_eq!(
        value(&program, "circular_records_written_total{job=\"stranger\"}"),
        None
    );
}
