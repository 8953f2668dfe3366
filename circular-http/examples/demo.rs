//! A log to look at: writes a few lines a second, and shows them.
use circular_core::{Level, Meta, Ring};
use std::time::Duration;
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let addr: std::net::SocketAddr = std::env::args()
        .nth(1)
        .unwrap_or("127.0.0.1:6061".into())
        .parse()?;
    let ring = Ring::new(1 << 20)?;
    let server = circular_http::serve(ring.handle(), circular_http::Options::new().addr(addr))?;
    println!("{}", server.url());
    for n in 0_u64.. {
        let level = Level::ALL[(n % 5) as usize];
        ring.record_fmt(
            Meta::new().level(level).target("demo"),
            format_args!("\x1b[32m{level}\x1b[0m demo: line {n}\n"),
        )?;
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}
