use serde_json::Value;

use crate::program::Program;
use crate::rings::Rings;

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
