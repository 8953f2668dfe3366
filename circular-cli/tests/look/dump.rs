use std::fs;

use circular_core::{Level, Meta};

use crate::program::Program;
use crate::rings::{Rings, write, write_lines, write_shop};

#[test]
fn all_that_is_held_and_how_it_ended() {
    let rings = Rings::new();
    let killed = Program::start(&rings, "shop").kill();
    let ran = rings.run(&["dump", "shop"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(
        ran.out,
        "open\npool has 8\npool is empty\ncart 7 failed: timeout\nread 12 bytes\n"
    );
    let says = |what: &str| assert!(ran.err.contains(what), "{what}: {ran:?}");
    says(&format!("shop, pid {killed}: died without a note"));
    says("its last record is of 2026-11-28 10:04:00.000");
    says("complete since 2026-11-28 10:00:00.000, 5 records; nothing was overwritten");
    assert_eq!(rings.run(&["dump", "-q", "shop"]).err, "");
    // For programs it is an object behind the records.
    let ran = rings.run(&["dump", "-o", "json", "shop"]);
    let last: serde_json::Value = serde_json::from_str(ran.out.lines().last().unwrap()).unwrap();
    assert!(
        last["ended"]
            .as_str()
            .unwrap()
            .starts_with("died without a note"),
        "{last}"
    );
    assert_eq!(last["pid"], killed);
}

#[test]
fn what_was_overwritten_is_told_and_nothing_found_may_be_that() {
    let rings = Rings::new();
    let ring = rings.ring("shop");
    write_lines(&ring, 2000);
    let ran = rings.run(&["dump", "shop"]);
    let held = ran.out.lines().count();
    assert!(
        ran.err.contains(&format!(
            "{held} records; {} records before that are overwritten",
            2000 - held
        )),
        "{ran:?}"
    );
    let code = |args: &[&str]| rings.run(&[&["dump", "shop"], args].concat()).code;
    assert_eq!(
        code(&["-g", "no such thing"]),
        Some(4),
        "it may have been in what is gone"
    );
    assert_eq!(
        code(&["-g", "no such thing", "-S", "2026-11-28 10:32:00"]),
        Some(3),
        "all of that is there"
    );
    assert_eq!(code(&["-g", "1999"]), Some(0));
}

#[test]
fn what_was_before_the_ring_is_not_overwritten() {
    let rings = Rings::new();
    let ring = rings.ring("shop");
    for number in 0..2000 {
        let text = format!("{number:0>100}\n");
        ring.record(Meta::new(), text.as_bytes()).unwrap();
    }
    for (range, code) in [
        (&["-U", "@1"][..], 3),
        (&["-S", "1h", "-U", "30m"], 3),
        (&["-S", "1h", "-g", "no such line"], 4),
        (&["-S", "1h", "-U", "now", "-g", "no such line"], 4),
    ] {
        let file = rings.0.join("cursor").display().to_string();
        for cursor in [&[][..], &["--cursor-file", &file]] {
            for order in [&[][..], &["-r"], &["-n", "5"]] {
                let ran = rings.run(&[&["dump", "shop"], range, cursor, order].concat());
                assert_eq!(ran.code, Some(code), "{range:?} {order:?}: {}", ran.err);
                let _ = fs::remove_file(&file);
            }
        }
    }
    // Of times that somebody has set, the overwritten ones may be any.
    let ring = rings.ring("cart");
    write_lines(&ring, 2000);
    let ran = rings.run(&["dump", "cart", "-U", "2026-11-28 10:00:01"]);
    assert_eq!(ran.code, Some(4), "{}", ran.err);
}

#[test]
fn backwards_each_record_is_a_line_of_its_own() {
    let rings = Rings::new();
    let ring = rings.ring("shop");
    for bytes in [&b"a\n"[..], b"b", b"c\nd\n", b"e"] {
        ring.record(Meta::new(), bytes).unwrap();
    }
    let run = |args: &[&str]| rings.run(&[args, &["shop"]].concat()).out;
    assert_eq!(run(&["dump", "-r"]), "e\nc\nd\nb\na\n");
    assert_eq!(run(&["dump", "-r", "-g", "a|b"]), "b\na\n");
    assert_eq!(run(&["tail", "-r", "-n", "1", "-o", "raw"]), "e\n");
    // Forwards the bytes are as they were logged.
    assert_eq!(run(&["dump"]), "a\nbc\nd\ne");
}

#[test]
fn backwards_the_parts_of_a_record_are_lines_as_well() {
    let rings = Rings::new();
    let ring = rings.ring("shop");
    // It is longer than the ring.
    let mut long = vec![b'x'; 200 << 10];
    long.push(b'\n');
    ring.record(Meta::new(), &long).unwrap();
    let parts = rings.run(&["dump", "-o", "json", "shop"]).out;
    let parts = parts
        .lines()
        .filter(|line| line.contains("\"part\""))
        .count();
    assert!(parts > 2, "{parts}");
    for format in ["raw", "short"] {
        let ran = rings.run(&["dump", "-r", "-o", format, "shop"]);
        assert_eq!(ran.out.lines().count(), parts, "{format}");
    }
}

#[test]
fn an_image_is_dumped_like_a_ring() {
    let rings = Rings::new();
    let ring = rings.ring("shop");
    write_shop(&ring);
    let image = rings.0.join("of-today.ring");
    ring.handle()
        .write_image(fs::File::create(&image).unwrap())
        .unwrap();
    drop(ring);
    let ran = rings.run(&["dump", image.to_str().unwrap()]);
    assert_eq!((ran.code, ran.out.lines().count()), (Some(0), 5), "{ran:?}");
}

#[test]
fn a_ring_is_as_it_was_after_all_looked_at_it() {
    let rings = Rings::new();
    Program::start(&rings, "shop").end();
    let before = fs::read(&rings.files()[0]).unwrap();
    for args in [
        &["ls"][..],
        &["tail", "shop"],
        &["dump", "shop"],
        &["stat", "shop"],
    ] {
        assert_eq!(rings.run(args).code, Some(0), "{args:?}");
    }
    assert_eq!(fs::read(&rings.files()[0]).unwrap(), before);
    assert_eq!(rings.files().len(), 1);
}

#[test]
fn of_a_copy_that_was_cut_what_is_there_is_shown() {
    let rings = Rings::new();
    let ring = rings.ring("shop");
    write_lines(&ring, 400);
    drop(ring);
    let whole = fs::read(&rings.files()[0]).unwrap();
    let copy = rings.0.join("copy.ring");
    fs::write(&copy, &whole[..0x10000 + (30 << 10)]).unwrap();
    let copy = copy.to_str().unwrap();
    let ran = rings.run(&["dump", copy]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(
        ran.out.starts_with(&format!("{:0>100}\n{:0>100}\n", 0, 1)),
        "{ran:?}"
    );
    assert!(
        ran.err.contains("the end of its file is missing: of the "),
        "{ran:?}"
    );
    assert!(
        !ran.err.contains("complete") && !ran.err.contains("too slow"),
        "{ran:?}"
    );
    let last = ran.out.lines().last().unwrap();
    let ran = rings.run(&["tail", "-n", "1", copy]);
    assert_eq!(ran.out, format!("{last}\n"), "{ran:?}");
}

/// A ring of `circular run`, with what it says where it could not record all of a flood.
fn flooded(rings: &Rings, notices: &[&str]) -> circular_core::Ring {
    let builder = circular_core::Ring::builder().capacity(64 << 10);
    let builder = builder.command("/usr/bin/flood", 4711);
    let ring = builder.mapped_in(&rings.0, "flood").build().unwrap();
    write(&ring, Level::Info, "stdout", 0, "begun");
    for notice in notices {
        let text = format!("--- {notice} came faster than they could be recorded ---");
        write(&ring, Level::Warn, "circular", 1, &text);
    }
    write(
        &ring,
        Level::Info,
        "stdout",
        2,
        "--- 5 bytes came faster ---",
    );
    ring
}

#[test]
fn what_run_could_not_record_is_missing() {
    for (notices, missing) in [
        (&["30 bytes of stdout", "12 bytes of stdout"][..], Some(42)),
        (
            &["30 bytes of stdout", "42 bytes of stdout in all"],
            Some(42),
        ),
        // Those of the flood itself are overwritten.
        (
            &["12 bytes of stdout", "4200 bytes of stdout in all"],
            Some(4200),
        ),
        // Each stream counts its own.
        (
            &[
                "30 bytes of stdout in all",
                "5 bytes of stderr",
                "7 bytes of stderr in all",
            ],
            Some(37),
        ),
        (&[], None),
    ] {
        let rings = Rings::new();
        let _ring = flooded(&rings, notices);
        for args in [&["dump"][..], &["dump", "-n", "1"], &["dump", "-o", "json"]] {
            let ran = rings.run(&[args, &["flood"]].concat());
            let last = ran.err.lines().last().unwrap();
            match missing {
                None => assert!(
                    last.contains(": complete since 2026-11-28 10:00:00"),
                    "{last}"
                ),
                Some(bytes) => {
                    let what = format!(
                        "at least {bytes} bytes came faster than they could be recorded, and are missing"
                    );
                    assert!(last.contains(&what), "{last}");
                    assert!(last.contains("since 2026-11-28 10:00:00"), "{last}");
                    assert!(!last.contains(": complete"), "{last}");
                }
            }
        }
    }
}

#[test]
fn programs_are_told_of_what_run_could_not_record_by_an_object() {
    let rings = Rings::new();
    let _ring = flooded(&rings, &["30 bytes of stdout", "30 bytes of stdout in all"]);
    for order in [&[][..], &["-r"]] {
        let ran = rings.run(&[&["dump", "-o", "json", "flood"], order].concat());
        let lines = ran.out.lines();
        let mut objects: Vec<serde_json::Value> = lines
            .map(|line| serde_json::from_str(line).unwrap())
            .filter(|object: &serde_json::Value| object["seq"].is_u64())
            .collect();
        if !order.is_empty() {
            objects.reverse();
        }
        let texts: Vec<_> = objects
            .iter()
            .map(|object| object["text"].as_str())
            .collect();
        assert_eq!(
            texts,
            [
                Some("begun"),
                None,
                None,
                Some("--- 5 bytes came faster ---")
            ]
        );
        let lost = |more: serde_json::Value| {
            let mut lost = serde_json::json!({"bytes": 30, "target": "stdout"});
            let more = more.as_object().unwrap().clone();
            lost.as_object_mut().unwrap().extend(more);
            lost
        };
        assert_eq!(objects[1]["lost"], lost(serde_json::json!({})));
        assert_eq!(
            objects[2]["lost"],
            lost(serde_json::json!({"in_all": true}))
        );
        assert_eq!(objects[1]["target"], "circular");
        assert_eq!(objects[1]["program"], "flood");
    }
    let ran = rings.run(&["dump", "-t", "stdout", "-o", "json", "flood"]);
    assert!(!ran.out.contains("lost"), "{ran:?}");
    // For people it is a line.
    let ran = rings.run(&["dump", "flood"]);
    assert!(
        ran.out.contains("\n--- 30 bytes of stdout came faster"),
        "{ran:?}"
    );
}
