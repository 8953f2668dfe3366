//! Names of threads stand right-aligned in the width of the longest before, as `fmt` does it, whatever the
//! alphabet. One test: the width is the program's.

use std::thread;

use circular_core::{Handle, Ring};
use circular_tracing::{RingLayer, RingWriter};
use tracing_subscriber::fmt;
use tracing_subscriber::prelude::*;

fn lines(handle: &Handle) -> Vec<String> {
    let text = String::from_utf8(handle.snapshot().into_bytes()).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn names_that_are_not_ascii() {
    let [by_fmt, by_layer] = [(); 2].map(|()| Ring::new(1 << 16).unwrap());
    let handles = [by_fmt.handle(), by_layer.handle()];
    tracing_subscriber::registry()
        .with(
            fmt::layer()
                .with_ansi(false)
                .without_time()
                .with_target(false)
                .with_thread_names(true)
                .with_writer(RingWriter::new(by_fmt)),
        )
        .with(
            RingLayer::new(by_layer)
                .without_time()
                .with_target(false)
                .with_thread_names(true),
        )
        .init();
    for name in [
        "été",
        "b",
        "zähler-arbeiter",
        "c",
        "日本語の長い名前",
        "ascii of some length",
    ] {
        let says = || {
            tracing::info!("first");
            tracing::info!("second");
        };
        let thread = thread::Builder::new().name(name.to_owned());
        thread.spawn(says).unwrap().join().unwrap();
    }
    let [by_fmt, by_layer] = handles.each_ref().map(lines);
    // The first one is the longest so far: nothing is before it.
    assert_eq!(by_layer[0], " INFO été first");
    assert_eq!(by_layer, by_fmt);
}
