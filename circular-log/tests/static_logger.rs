//! A logger that lives in a static. One test: a program has one logger.

use std::sync::OnceLock;

use circular_core::Ring;
use circular_log::RingLogger;

static LOGGER: OnceLock<RingLogger> = OnceLock::new();

#[test]
fn in_a_static() {
    let ring = Ring::new(1 << 20).unwrap();
    let handle = ring.handle();
    log::set_logger(LOGGER.get_or_init(|| RingLogger::new(ring))).unwrap();
    log::set_max_level(log::LevelFilter::Info);
    log::info!("hello");
    assert!(
        handle
            .snapshot()
            .into_bytes()
            .ends_with(b" INFO static_logger: hello\n")
    );
}
