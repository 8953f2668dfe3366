use std::fs;

use circular_core::Meta;

use crate::program::Program;
use crate::rings::{Rings, write_lines, write_shop};

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
