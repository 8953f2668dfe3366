use circular_core::Meta;
use serde_json::Value;

use crate::program::Program;
use crate::rings::{Rings, write_lines};

#[test]
fn its_numbers_for_people() {
    let rings = Rings::new();
    let killed = Program::start(&rings, "shop").kill();
    let ran = rings.run(&["stat", "shop"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for (name, value) in [
        ("program", "shop"),
        ("pid", &*killed.to_string()),
        ("state", "died without a note"),
        ("written", "5 records"),
        ("held", "5 records"),
        ("rate", "0.0 records a second"),
        ("overwritten", "0 records"),
        ("refused", "0 writes"),
        ("readers", "0 overtaken"),
        ("memory", "64 KiB, its file takes"),
        ("oldest", "2026-11-28 10:00:00.000"),
        ("directory", rings.0.to_str().unwrap()),
    ] {
        let has = |line: &str| {
            line.strip_prefix(name)
                .is_some_and(|rest| rest.trim_start().starts_with(value))
        };
        assert!(ran.out.lines().any(has), "{name} {value}: {ran:?}");
    }
    let dir = format!("{} (-D): ", rings.0.display());
    assert!(ran.out.contains(&dir), "{ran:?}");
    assert!(ran.out.trim_end().ends_with(" free"), "{ran:?}");
}

#[test]
fn its_numbers_for_programs() {
    let rings = Rings::new();
    let killed = Program::start(&rings, "shop").kill();
    let ran = rings.run(&["stat", "-o", "json", "shop"]);
    let object: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(
        (&object["pid"], &object["written"]),
        (&killed.into(), &5.into())
    );
    assert_eq!(
        (&object["overwritten"], &object["refused"]),
        (&0.into(), &0.into())
    );
    assert!(object["file_system"]["free"].is_u64(), "{object}");

    let ran = rings.run(&["stat", "-o", "prometheus", "shop"]);
    for metric in [
        "circular_running",
        "circular_records_written_total",
        "circular_oldest_record_timestamp_seconds",
    ] {
        let line = ran
            .out
            .lines()
            .find(|line| line.starts_with(&format!("{metric}{{")));
        let (labels, value) = line
            .unwrap_or_else(|| panic!("{metric}: {ran:?}"))
            .split_once("} ")
            .unwrap();
        assert!(
            labels.contains(&format!("program=\"shop\",pid=\"{killed}\",ring=\"")),
            "{labels}"
        );
        let expected = match metric {
            "circular_running" => 0.0,
            "circular_records_written_total" => 5.0,
            _ => 1_795_860_000.0,
        };
        assert_eq!(value.parse::<f64>().unwrap(), expected, "{metric}");
        assert!(ran.out.contains(&format!("# TYPE {metric} ")));
    }
}

#[test]
fn each_number_is_the_one_that_the_program_has() {
    let rings = Rings::new();
    let ring = rings.ring("shop");
    write_lines(&ring, 4000);
    let handle = ring.handle();
    handle.close();
    ring.record(Meta::new(), b"too late\n").unwrap_err();
    let stats = handle.stats();
    assert!(stats.overwritten > 0 && stats.refused == 1);
    let ran = rings.run(&["stat", "-o", "prometheus", "shop"]);
    let value = |metric: &str| {
        let begin = format!("circular_{metric}{{");
        let line = ran.out.lines().find(|line| line.starts_with(&begin));
        let (_, value) = line
            .unwrap_or_else(|| panic!("{metric}: {ran:?}"))
            .split_once("} ")
            .unwrap();
        value.parse::<f64>().unwrap()
    };
    let object: Value =
        serde_json::from_str(&rings.run(&["stat", "-o", "json", "shop"]).out).unwrap();
    for (metric, field, expected) in [
        ("capacity_bytes", "capacity", stats.capacity),
        ("records_written_total", "written", stats.written),
        ("bytes_written_total", "bytes", stats.bytes),
        (
            "records_overwritten_total",
            "overwritten",
            stats.overwritten,
        ),
        ("writes_refused_total", "refused", stats.refused),
        ("overtakes_total", "overtakes", stats.overtakes),
        ("demotions_total", "demotions", stats.demotions),
        ("failed_sinks_total", "failed_sinks", stats.failed_sinks),
    ] {
        assert_eq!(value(metric), expected as f64, "{metric}");
        assert_eq!(object[field], expected, "{field}");
    }
    assert_eq!(value("waits_total"), stats.waits.count as f64);
    assert_eq!(object["waits"]["count"], stats.waits.count);
    assert_eq!(value("wait_seconds_total"), stats.waits.total.as_secs_f64());
    let held = 4000 - stats.overwritten;
    assert_eq!(object["records"], held);
    let oldest = value("oldest_record_timestamp_seconds");
    let newest = value("newest_record_timestamp_seconds");
    // They are a second apart.
    assert_eq!(newest - oldest + 1.0, held as f64);
    assert!(value("file_system_free_bytes") > 0.0);
    assert_eq!(value("running"), 0.0);
    let rate = object["records_per_second"].as_f64().unwrap();
    assert!((0.9..=1.1).contains(&rate), "{rate}");
}
