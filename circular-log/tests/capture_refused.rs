//! Where the program has a logger, nothing can be captured, and that is said. One test: a program has one logger.

use std::io::ErrorKind;

use circular_core::Ring;
use circular_log::capture;

#[test]
fn a_logger_that_is_there_is_left_alone() {
    let ring = Ring::new(1 << 20).unwrap();
    let handle = ring.handle();
    circular_log::init(ring).unwrap();

    let error = capture(|| unreachable!("it would not be heard")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert!(error.to_string().contains("a logger already"), "{error}");
    assert_eq!(log::max_level(), log::LevelFilter::Debug);
    log::info!("the program's");
    assert_eq!(handle.snapshot().record_count(), 1);
}
