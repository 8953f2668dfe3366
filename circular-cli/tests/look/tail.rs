use std::fs;

use circular_core::{Level, Meta, Ring};
use serde_json::Value;

use crate::program::Program;
use crate::rings::{Rings, at, write, write_lines, write_shop};

fn shop() -> (Rings, Ring) {
    let rings = Rings::new();
    let ring = rings.ring("shop");
    write_shop(&ring);
    (rings, ring)
}

const OPEN: &str = "open\n";
const POOL: &str = "pool has 8\n";
const EMPTY: &str = "pool is empty\n";
const CART: &str = "cart 7 failed: timeout\n";
const READ: &str = "read 12 bytes\n";

#[test]
fn the_last_ten_or_so_many() {
    let rings = Rings::new();
    let ring = rings.ring("shop");
    for number in 0..30 {
        write(
            &ring,
            Level::Info,
            "shop",
            number,
            &format!("line {number}"),
        );
    }
    let lines = |range: std::ops::Range<u64>| -> String {
        range.map(|number| format!("line {number}\n")).collect()
    };
    for (args, expected) in [
        (&["tail", "shop"][..], lines(20..30)),
        (&["tail", "-n", "3", "shop"], lines(27..30)),
        (&["tail", "-n3", "shop"], lines(27..30)),
        (&["tail", "--lines=3", "shop"], lines(27..30)),
        (&["tail", "--tail", "3", "shop"], lines(27..30)),
        (&["tail", "-n", "all", "shop"], lines(0..30)),
        (&["dump", "-n", "2", "shop"], lines(28..30)),
    ] {
        let ran = rings.run(args);
        assert_eq!(
            (ran.code, &ran.out),
            (Some(0), &expected),
            "{args:?} {ran:?}"
        );
    }
}

#[test]
fn filters_come_first_and_then_lines_are_counted() {
    let (rings, _ring) = shop();
    for (args, expected) in [
        (&["-l", "warn"][..], &[EMPTY, CART][..]),
        (&["--level", "error"], &[CART]),
        (&["-p", "warning"], &[EMPTY, CART]),
        (&["--priority", "3"], &[CART]),
        (&["-g", "pool"], &[POOL, EMPTY]),
        (&["-g", "pool", "-n", "1"], &[EMPTY]),
        (&["--grep", "^cart [0-9]"], &[CART]),
        (&["-g", "POOL", "-g", ""], &[]),
        (&["-g", "pool", "-g", "empty"], &[EMPTY]),
        (&["-g", "open", "-g", "read"], &[]),
        (&["-v", "pool", "-v", ""], &[OPEN, CART, READ]),
        (&["-t", "shop::db,shop::cart"], &[POOL, EMPTY, CART]),
        (&["-t", "shop::db::*"], &[POOL, EMPTY]),
        (&["-t", "*"], &[OPEN, POOL, EMPTY, CART, READ]),
        (&["--filter", "shop::*=off"], &[READ]),
        (&["--filter", ""], &[OPEN, POOL, EMPTY, CART, READ]),
        (&["-v", "pool"], &[OPEN, CART, READ]),
        (&["--exclude", "pool", "-v", "cart"], &[OPEN, READ]),
        (&["-t", "shop::db"], &[POOL, EMPTY]),
        (&["--target", "shop"], &[OPEN, POOL, EMPTY, CART]),
        (&["-t", "hyper", "-t", "shop::cart"], &[CART, READ]),
        (&["--filter", "warn,shop::db=debug"], &[POOL, EMPTY, CART]),
        (&["-S", "10:02"], &[EMPTY, CART, READ]),
        (&["--since", "2026-11-28 10:03:00"], &[CART, READ]),
        (&["--since", "2026-11-28T10:04:00Z"], &[READ]),
        (&["-S", "@1795860180"], &[CART, READ]),
        (&["-U", "2026-11-28 10:01:00"], &[OPEN, POOL]),
        (
            &["-S", "2026-11-28 10:01", "--until", "2026-11-28 10:02"],
            &[POOL, EMPTY],
        ),
        (&["-S", "2026-11-28 10:01", "-n", "2"], &[CART, READ]),
        (&["-r"], &[READ, CART, EMPTY, POOL, OPEN]),
        (&["--reverse", "-l", "warn", "-n1"], &[CART]),
    ] {
        if args[1..].first() == Some(&"10:02") {
            // It is of today, whenever that is.
            continue;
        }
        let ran = rings.run(&[&["tail", "shop"], args].concat());
        assert_eq!(ran.out, expected.concat(), "{args:?} {ran:?}");
        let code = if expected.is_empty() { 3 } else { 0 };
        assert_eq!(ran.code, Some(code), "{args:?}");
    }
}

#[test]
fn none_is_as_many_as_were_asked_for() {
    let (rings, _ring) = shop();
    let ran = rings.run(&["tail", "-n", "0", "shop"]);
    assert_eq!((ran.code, &*ran.out), (Some(0), ""), "{ran:?}");
}

#[test]
fn something_rare_is_found_however_far_back_it_is() {
    let rings = Rings::new();
    let builder = Ring::builder().capacity(8 << 20);
    let ring = builder.mapped_in(&rings.0, "shop").build().unwrap();
    write(&ring, Level::Info, "shop", 0, "the needle");
    for number in 0..90_000 {
        write(&ring, Level::Info, "shop", number, "hay");
    }
    let ran = rings.run(&["tail", "-g", "needle", "shop"]);
    assert_eq!((ran.code, &*ran.out), (Some(0), "the needle\n"), "{ran:?}");
}

#[test]
fn a_record_without_a_level_passes_every_level_and_no_other_target() {
    let rings = Rings::new();
    let ring = rings.ring("shop");
    ring.record(Meta::new().target("stderr").time(at(0)), b"usage: shop\n")
        .unwrap();
    ring.record(Meta::new().target("stdout").time(at(0)), b"done\n")
        .unwrap();
    assert_eq!(
        rings.run(&["tail", "-l", "error", "shop"]).out,
        "usage: shop\ndone\n"
    );
    assert_eq!(
        rings.run(&["tail", "-t", "stderr", "shop"]).out,
        "usage: shop\n"
    );
}

#[test]
fn formats() {
    let rings = Rings::new();
    let ring = rings.ring("shop");
    let own = "2026-11-28T10:02:00.000000Z  WARN shop::db: pool is \x1b[31mempty\x1b[0m\x07";
    write(&ring, Level::Warn, "shop::db", 120, own);
    for format in [&[][..], &["-o", "text"], &["-o", "raw"], &["--output=raw"]] {
        let ran = rings.run(&[&["tail", "shop"], format].concat());
        assert_eq!(ran.out, format!("{own}\n"), "as it was logged");
    }
    let ran = rings.run(&["tail", "-o", "short", "shop"]);
    let short = "2026-11-28 10:02:00.000 WARN  shop::db pool is \x1b[31mempty\x1b[0m\x07\n";
    assert_eq!(ran.out, short);
    let ran = rings.run(&[
        "tail",
        "-o",
        "short",
        "--time-zone",
        "America/New_York",
        "shop",
    ]);
    assert!(
        ran.out.starts_with("2026-11-28 05:02:00.000 WARN"),
        "{ran:?}"
    );
    let ran = rings.run(&["tail", "-o", "short", "--utc", "shop"]);
    assert_eq!(ran.out, short);
    let ran = rings.run(&[
        "tail",
        "-o",
        "json",
        "--time-zone",
        "America/New_York",
        "shop",
    ]);
    let object: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(
        object["time"], "2026-11-28T10:02:00.000000000Z",
        "JSON is in UTC"
    );
    assert_eq!(
        (&object["level"], &object["target"]),
        (&"WARN".into(), &"shop::db".into())
    );
    assert_eq!(
        (&object["text"], &object["program"]),
        (&own.into(), &"shop".into())
    );
    assert_eq!(object["pid"], std::process::id());
    assert!(!ran.out.contains(['\x1b', '\x07']), "no terminal obeys it");
}

#[test]
fn json_lines_are_fields_for_people() {
    let rings = Rings::new();
    let ring = rings.ring("shop");
    let line = r#"{"timestamp":"2026-11-28T10:02:00Z","level":"WARN","fields":{"message":"pool is empty","size":8},"target":"db"}"#;
    write(&ring, Level::Warn, "db", 120, line);
    let ran = rings.run(&["tail", "-o", "short", "shop"]);
    assert_eq!(
        ran.out,
        "2026-11-28 10:02:00.000 WARN  db pool is empty size=8\n"
    );
    assert_eq!(rings.run(&["tail", "shop"]).out, format!("{line}\n"));
}

#[test]
fn a_ring_is_named_by_program_id_pid_and_path() {
    let (rings, ring) = shop();
    let path = ring.handle().path().unwrap().to_path_buf();
    let name = path.file_name().unwrap().to_str().unwrap().to_owned();
    let id = name.split('.').nth(1).unwrap();
    let pid = std::process::id().to_string();
    for typed in ["shop", id, &pid, path.to_str().unwrap()] {
        let ran = rings.run(&["tail", "-n1", typed]);
        assert_eq!((ran.code, &*ran.out), (Some(0), READ), "{typed} {ran:?}");
    }
    let ran = rings
        .circular(&["tail", "-n1", &name])
        .current_dir(&rings.0)
        .output()
        .unwrap();
    assert_eq!(ran.stdout, READ.as_bytes(), "a file here");
}

#[test]
fn a_name_means_the_ring_that_runs_and_else_the_newest() {
    let rings = Rings::new();
    let first = Program::start(&rings, "shop").end();
    let second = Program::start(&rings, "shop");
    let pid = |args: &[&str]| {
        let ran = rings.run(args);
        let line = ran
            .out
            .lines()
            .last()
            .unwrap_or_else(|| panic!("{ran:?}"))
            .to_owned();
        let object: Value = serde_json::from_str(&line).unwrap();
        u32::try_from(object["pid"].as_u64().unwrap()).unwrap()
    };
    let running = second.pid();
    assert_eq!(pid(&["tail", "-o", "json", "shop"]), running);
    assert_eq!(pid(&["tail", "-o", "json", "--previous", "shop"]), first);
    assert_eq!(pid(&["dump", "-o", "json", "--previous", "shop"]), first);
    let killed = second.kill();
    assert_eq!(pid(&["tail", "-o", "json", "shop"]), killed);
    assert_eq!(pid(&["tail", "-o", "json", "--previous", "shop"]), first);
    assert_eq!(
        rings.run(&["tail", "--previous", &first.to_string()]).code,
        Some(2)
    );
}

#[test]
fn several_rings_are_merged_by_time_each_line_with_its_name() {
    let rings = Rings::new();
    let (shop, cart) = (rings.ring("shop"), rings.ring("cart"));
    for (ring, seconds, text) in [
        (&shop, 1, "one"),
        (&cart, 2, "two"),
        (&cart, 3, "three"),
        (&shop, 4, "four"),
    ] {
        write(ring, Level::Info, "", seconds, text);
    }
    let pid = std::process::id();
    let line = |program: &str, text: &str| format!("{program}[{pid}] {text}\n");
    let all = [
        line("shop", "one"),
        line("cart", "two"),
        line("cart", "three"),
        line("shop", "four"),
    ];
    assert_eq!(rings.run(&["tail", "shop", "cart"]).out, all.concat());
    assert_eq!(
        rings.run(&["tail", "-n", "all", "shop", "cart"]).out,
        all.concat()
    );
    assert_eq!(
        rings.run(&["tail", "-n", "3", "shop", "cart"]).out,
        all[1..].concat()
    );
    let ran = rings.run(&["tail", "-r", "cart", "shop"]);
    assert_eq!(ran.out, all.iter().rev().cloned().collect::<String>());
}

#[test]
fn replicas_are_merged_and_one_ring_is_wanted_by_dump() {
    let rings = Rings::new();
    let (one, two) = (rings.ring("shop"), rings.ring("shop"));
    write(&one, Level::Info, "", 1, "one");
    write(&two, Level::Info, "", 2, "two");
    let ran = rings.run(&["tail", "shop"]);
    let pid = std::process::id();
    assert_eq!(ran.out, format!("shop[{pid}] one\nshop[{pid}] two\n"));
    for command in ["dump", "stat"] {
        let ran = rings.run(&[command, "shop"]);
        assert_eq!((ran.code, &*ran.out), (Some(2), ""), "{ran:?}");
        assert!(ran.err.contains("several rings of \"shop\" run"), "{ran:?}");
        // What to type does it.
        let next = ran
            .err
            .lines()
            .last()
            .unwrap()
            .strip_prefix("Try: circular ")
            .unwrap();
        let ran = rings.run(&next.split(' ').collect::<Vec<_>>());
        assert_eq!(ran.code, Some(0), "{next}: {ran:?}");
    }
}

#[test]
fn a_cursor_goes_on_where_somebody_was() {
    let (rings, ring) = shop();
    let ran = rings.run(&["tail", "-n2", "--show-cursor", "shop"]);
    let (lines, cursor) = ran.out.split_once("-- cursor: ").unwrap();
    assert_eq!(lines, [CART, READ].concat());
    let after = |ring: &Rings| ring.run(&["tail", "--after-cursor", cursor.trim(), "shop"]);
    assert_eq!(
        (after(&rings).code, after(&rings).out),
        (Some(3), String::new())
    );
    write(&ring, Level::Info, "shop", 300, "closing");
    assert_eq!(after(&rings).out, "closing\n");

    let file = rings.0.join("cursor");
    let with_file = || {
        rings.run(&[
            "tail",
            "-n",
            "all",
            "--cursor-file",
            file.to_str().unwrap(),
            "shop",
        ])
    };
    assert_eq!(with_file().out.lines().count(), 6);
    assert_eq!(with_file().code, Some(3));
    write(&ring, Level::Info, "shop", 301, "closed");
    assert_eq!(with_file().out, "closed\n");
    fs::write(&file, "nonsense").unwrap();
    assert_eq!(with_file().code, Some(2));
    // Of another ring: from the oldest, and it says so.
    let other = rings.ring("cart");
    write(&other, Level::Info, "", 0, "seven");
    let ran = rings.run(&["tail", "--after-cursor", cursor.trim(), "cart"]);
    assert_eq!(ran.out, "seven\n");
    assert!(ran.err.contains("--- restarted"), "{ran:?}");
}

#[test]
fn nothing_new_behind_a_cursor_is_nothing_lost() {
    let rings = Rings::new();
    let ring = rings.ring("shop");
    // Far more than it holds.
    write_lines(&ring, 4000);
    let file = rings.0.join("cursor");
    let args = ["tail", "--cursor-file", file.to_str().unwrap(), "shop"];
    assert_eq!(rings.run(&args).code, Some(0));
    let ran = rings.run(&args);
    assert_eq!((ran.code, &*ran.out), (Some(3), ""), "{ran:?}");
    // Of what was written since, the beginning is gone.
    write_lines(&ring, 4000);
    let ran = rings.run(&[&args[..], &["-g", "no such line"]].concat());
    assert_eq!(ran.code, Some(4), "{ran:?}");
}

#[test]
fn what_is_missing_is_told_if_nothing_of_the_rest_matches() {
    let rings = Rings::new();
    let ring = rings.ring("cart");
    write_lines(&ring, 400);
    write_shop(&rings.ring("shop"));
    let mut bytes = std::fs::read(ring.handle().path().unwrap()).unwrap();
    bytes[0x14000..0x14400].fill(0xff);
    let damaged = rings.0.join("copy.ring");
    std::fs::write(&damaged, bytes).unwrap();
    let damaged = damaged.to_str().unwrap();
    for args in [
        &["tail", "-n", "all", "-g", "no such line", damaged, "shop"][..],
        &["tail", "-n", "5", "-g", "no such line", damaged, "shop"],
        &["tail", "-n", "5", "-g", "no such line", damaged],
    ] {
        let ran = rings.run(args);
        assert!(ran.err.contains("missed"), "{args:?}: {ran:?}");
        assert!(
            ran.err.contains("the file is damaged there"),
            "{args:?}: {ran:?}"
        );
    }
    let ran = rings.run(&["dump", damaged]);
    assert!(
        ran.err.contains("damaged, not all of it can be read"),
        "{ran:?}"
    );
    assert!(!ran.err.contains("complete"), "{ran:?}");
}

#[test]
fn a_cursor_goes_on_over_the_runs_since() {
    let rings = Rings::new();
    let first = Program::start(&rings, "shop");
    let file = rings.0.join("cursor");
    let args = ["dump", "--cursor-file", file.to_str().unwrap(), "shop"];
    assert_eq!(rings.run(&args).out.lines().count(), 5);
    // Its last words, a run that nobody has looked at, and the one that runs.
    first.end();
    Program::start(&rings, "shop").kill();
    let third = Program::start(&rings, "shop");
    let ran = rings.run(&args);
    let shop = [OPEN, POOL, EMPTY, CART, READ].concat();
    assert_eq!(ran.out, format!("closed\n{shop}{shop}"), "{ran:?}");
    let ends = ["--- closed, pid ", "--- died without a note"];
    assert!(ends.iter().all(|end| ran.err.contains(end)), "{ran:?}");
    let restarted = format!("--- restarted, pid {} ---", third.pid());
    assert!(ran.err.contains(&restarted), "{ran:?}");
    assert_eq!(rings.run(&args).code, Some(3));
}

#[test]
fn whoever_follows_leaves_a_cursor_also_if_nothing_comes() {
    let (rings, _ring) = shop();
    let file = rings.0.join("cursor");
    let mut command = rings.circular(&[
        "tail",
        "-f",
        "--cursor-file",
        file.to_str().unwrap(),
        "shop",
    ]);
    let mut child = command.stdout(std::process::Stdio::null()).spawn().unwrap();
    while !file.exists() {
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let ran = rings.run(&["tail", "--cursor-file", file.to_str().unwrap(), "shop"]);
    assert_eq!((ran.code, &*ran.out), (Some(3), ""), "{ran:?}");
}

#[test]
fn very_many_are_shown_as_few_are() {
    let rings = Rings::new();
    let builder = Ring::builder().capacity(16 << 20);
    let (one, two) = (
        builder.clone().mapped_in(&rings.0, "one").build().unwrap(),
        builder.mapped_in(&rings.0, "two").build().unwrap(),
    );
    let line = |number: u64| format!("line {number}");
    for number in 0..100_000 {
        let ring = if number % 3 == 0 { &one } else { &two };
        write(ring, Level::Info, "shop", number, &line(number));
    }
    let lines = |out: &str| -> Vec<u64> {
        let number = |line: &str| line.rsplit(' ').next().unwrap().parse().unwrap();
        out.lines().map(number).collect()
    };
    let all: Vec<u64> = (0..100_000).collect();
    let backwards: Vec<u64> = all.iter().rev().copied().collect();
    for (args, expected) in [
        (&["tail", "-n", "all", "one", "two"][..], &all[..]),
        (&["tail", "-n", "80000", "one", "two"], &all[20_000..]),
        (&["tail", "-n", "200000", "one", "two"], &all),
        (&["tail", "-r", "-n", "all", "one", "two"], &backwards),
        (
            &["tail", "-r", "-n", "70000", "one", "two"],
            &backwards[..70_000],
        ),
        (&["tail", "-r", "-n", "3", "one", "two"], &backwards[..3]),
    ] {
        let ran = rings.run(args);
        assert!(lines(&ran.out) == expected, "{args:?}: {}", ran.err);
    }
    let sevens: Vec<u64> = all
        .iter()
        .copied()
        .filter(|n| n % 3 != 0 && n % 10 == 7)
        .collect();
    let ran = rings.run(&["dump", "-g", "7$", "two"]);
    assert_eq!(lines(&ran.out), sevens);
    let ran = rings.run(&["dump", "-r", "-g", "7$", "two"]);
    assert!(lines(&ran.out).iter().eq(sevens.iter().rev()));
    let ran = rings.run(&["dump", "-n", "66000", "two"]);
    assert_eq!(lines(&ran.out).len(), 66_000);
    assert_eq!(lines(&ran.out).last(), Some(&99_998));
}

#[test]
fn a_run_before_is_none_that_runs() {
    let rings = Rings::new();
    let _first = Program::start(&rings, "shop");
    let _second = Program::start(&rings, "shop");
    let ran = rings.run(&["dump", "--previous", "shop"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(
        ran.err
            .contains("there is no ring of a run of \"shop\" before"),
        "{ran:?}"
    );
}

#[test]
fn that_nothing_matched_is_said() {
    let (rings, _ring) = shop();
    let ran = rings.run(&["dump", "-g", "no such line", "shop"]);
    assert!(ran.err.starts_with("nothing matched\n"), "{ran:?}");
    let ran = rings.run(&["dump", "-q", "-g", "no such line", "shop"]);
    assert_eq!((ran.code, &*ran.err), (Some(3), ""));
    let ran = rings.run(&["tail", "-n", "+2", "shop"]);
    assert!(ran.code == Some(2) && ran.err.contains("| head"), "{ran:?}");
    assert_eq!(
        rings.run(&["tail", "-n", "-1", "shop"]).out.lines().count(),
        5
    );
}
