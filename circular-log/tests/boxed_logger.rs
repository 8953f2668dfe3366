//! `log::set_boxed_logger`, the macros, and the maximum level. One test: a program has one logger.

use circular_core::Ring;
use circular_log::RingLogger;

#[test]
fn boxed() {
    let ring = Ring::new(1 << 20).unwrap();
    let handle = ring.handle();
    log::set_boxed_logger(Box::new(RingLogger::new(ring))).unwrap();

    log::error!("said before the program set a maximum level, which is off until then");
    log::set_max_level(log::LevelFilter::Debug);
    log::trace!("above the maximum level");
    log::debug!(target: "t", user = "ann", tries:? = Some(3); "logged in");
    log::logger().flush();

    let snapshot = handle.snapshot();
    let lines: Vec<_> = snapshot
        .records()
        .map(|record| String::from_utf8_lossy(record.bytes()).into_owned())
        .collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].ends_with("Z DEBUG t: logged in user=ann tries=Some(3)\n"),
        "{lines:?}"
    );

    // The logger that is refused gives its ring back, which closes; the one that is set goes on.
    let second = Ring::new(4096).unwrap();
    let second_handle = second.handle();
    assert!(log::set_boxed_logger(Box::new(RingLogger::new(second))).is_err());
    assert!(second_handle.is_closed());
    log::info!("still here");
    assert_eq!(handle.snapshot().record_count(), 2);
}
