use std::fs;

use crate::program::Program;
use crate::rings::{Rings, circular, ran, write_lines};

#[test]
fn whole_damaged_and_none_at_all() {
    let rings = Rings::new();
    Program::start(&rings, "shop").end();
    let file = rings.files().remove(0);
    let whole = fs::read(&file).unwrap();
    let check = |bytes: &[u8]| {
        let path = rings.0.join("looked-at.ring");
        fs::write(&path, bytes).unwrap();
        ran(&mut circular(&["check", path.to_str().unwrap()]))
    };
    let ran = check(&whole);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(
        ran.out.contains("looked-at.ring: whole: 6 records of shop"),
        "{ran:?}"
    );

    // In DATA: the only way to its few records, and the midst of many.
    let mut hit = whole.clone();
    hit[0x10000..0x10020].fill(0xff);
    let ring = rings.ring("cart");
    write_lines(&ring, 400);
    let file = ring.handle().path().unwrap().to_path_buf();
    drop(ring);
    let mut hit_amid = fs::read(file).unwrap();
    hit_amid[0x14000..0x14400].fill(0xff);
    for (bytes, reason) in [
        (
            &whole[..whole.len() - 5000],
            "the end of the file is missing",
        ),
        (&hit, "no record can be found"),
        (&hit_amid, " there is no record where one should be, and "),
        (b"something else", ""),
        (b"", ""),
    ] {
        let ran = check(bytes);
        assert_eq!(ran.code, Some(1), "{reason}: {ran:?}");
        assert!(
            ran.out.contains("looked-at.ring: damaged: ") && ran.out.contains(reason),
            "{reason}: {ran:?}"
        );
    }
}

#[test]
fn one_that_is_not_whole_counts_and_quiet_says_nothing() {
    let rings = Rings::new();
    Program::start(&rings, "shop").end();
    let file = rings.files().remove(0);
    let other = rings.0.join("other.ring");
    fs::write(&other, b"something else").unwrap();
    let both = [file.to_str().unwrap(), other.to_str().unwrap()];
    let ran_both = ran(&mut circular(&[&["check"], &both[..]].concat()));
    assert_eq!((ran_both.code, ran_both.out.lines().count()), (Some(1), 2));
    let quiet = ran(&mut circular(&["check", "-q", both[1]]));
    assert_eq!((quiet.code, &*quiet.out), (Some(1), ""));
    let none = ran(&mut circular(&["check", "/nowhere/at-all.ring"]));
    assert_eq!(none.code, Some(2), "{none:?}");
    assert!(none.err.ends_with("Try: circular ls\n"), "{none:?}");
}

#[test]
fn of_several_the_damaged_one_decides() {
    let rings = Rings::new();
    let damaged = rings.0.join("damaged.ring");
    fs::write(&damaged, b"something else").unwrap();
    let damaged = damaged.to_str().unwrap();
    for files in [[damaged, "/nowhere/x.ring"], ["/nowhere/x.ring", damaged]] {
        let ran = ran(&mut circular(&[&["check"], &files[..]].concat()));
        assert_eq!(ran.code, Some(1), "{ran:?}");
    }
}
