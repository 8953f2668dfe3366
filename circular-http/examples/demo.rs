//! A log to look at, in a browser or with `curl`: `cargo run -p circular-http --example demo`.

use std::env;
use std::error::Error;
use std::io::{self, Write};
use std::thread;
use std::time::Duration;

use circular_core::{Level, Meta, Ring};
use circular_http::Options;

fn main() -> Result<(), Box<dyn Error>> {
    let addr = env::args().nth(1);
    let options = Options::new().addr(addr.as_deref().unwrap_or("127.0.0.1:6061"));
    let ring = Ring::new(1 << 20)?;
    let server = circular_http::serve(ring.handle(), options)?;
    writeln!(io::stdout(), "{}", server.url())?;
    for (number, level) in (0_u64..).zip(Level::ALL.into_iter().cycle()) {
        let meta = Meta::new().level(level).target("demo");
        ring.record_fmt(
            meta,
            format_args!("\x1b[32m{level}\x1b[0m demo: line {number}\n"),
        )?;
        thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}
