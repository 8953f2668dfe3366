use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::process::Stdio;

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
fn one_of_a_later_version_is_not_said_to_be_damaged() {
    let rings = Rings::new();
    Program::start(&rings, "shop").end();
    let file = rings.files().remove(0);
    let mut later = fs::read(&file).unwrap();
    // The number of the format, from docs/FORMAT.md.
    later[0x008] = 2;
    fs::write(&file, later).unwrap();
    let ran = ran(&mut circular(&["check", file.to_str().unwrap()]));
    assert_eq!((ran.code, &*ran.out), (Some(1), ""), "{ran:?}");
    assert!(
        ran.err.contains("this ring has format 2, ")
            && ran.err.ends_with("Try: circular --version\n"),
        "{ran:?}"
    );
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

#[test]
fn what_cannot_be_read_is_not_called_damaged() {
    let rings = Rings::new();
    let path = |name: &str| rings.0.join(name);
    symlink("loop.ring", path("loop.ring")).unwrap();
    symlink("/nowhere/x.ring", path("dangling.ring")).unwrap();
    fs::create_dir(path("directory.ring")).unwrap();
    for (name, reason, next) in [
        (
            "loop.ring",
            "it is a link, which cannot be followed",
            "ls -lL ",
        ),
        (
            "dangling.ring",
            "it is a link, which cannot be followed",
            "circular ls",
        ),
        ("directory.ring", "it is a directory", "circular ls -D "),
        ("/dev/null", "it is no file", "circular ls"),
        (
            "/dev/stdin",
            "it is a pipe",
            "COMMAND > copy.ring && circular check copy.ring",
        ),
    ] {
        let file = path(name).display().to_string();
        let mut command = circular(&["check", &file]);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdin.take());
        let output = child.wait_with_output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{name}: {err}");
        assert!(output.stdout.is_empty(), "{name}: it is no verdict");
        assert!(
            err.contains(reason) && !err.contains("damaged"),
            "{name}: {err}"
        );
        let last = err.lines().last().unwrap();
        assert!(last.starts_with(&format!("Try: {next}")), "{name}: {err}");
        assert_eq!(
            err.lines().next().unwrap().matches(&file).count(),
            1,
            "{err}"
        );
    }
}

#[test]
fn a_link_that_somebody_types_is_followed() {
    let rings = Rings::new();
    let elsewhere = Rings::new();
    Program::start(&elsewhere, "shop").end();
    let link = rings.0.join("of-today.ring");
    symlink(elsewhere.files().remove(0), &link).unwrap();
    let link = link.display().to_string();
    let checked = ran(&mut circular(&["check", &link]));
    assert_eq!(checked.code, Some(0), "{checked:?}");
    assert!(
        checked.out.starts_with(&format!("{link}: whole: ")),
        "{checked:?}"
    );
    for command in ["dump", "tail", "stat"] {
        let ran = ran(&mut circular(&[command, &link]));
        assert_eq!(ran.code, Some(0), "{command}: {ran:?}");
    }
    // From a shell that has it open already.
    let stdin = fs::File::open(elsewhere.files().remove(0)).unwrap();
    let ran = ran(circular(&["check", "/dev/stdin"]).stdin(stdin));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    // One that merely lies in a directory may be somebody else's.
    let ran = rings.run(&["dump", "shop"]);
    assert_eq!((ran.code, &*ran.out), (Some(2), ""), "{ran:?}");
}

#[test]
fn a_path_need_not_be_utf_8() {
    let rings = Rings::new();
    Program::start(&rings, "shop").end();
    let odd = rings.0.join(OsStr::from_bytes(b"\xff.ring"));
    fs::rename(rings.files().remove(0), &odd).unwrap();
    for command in ["check", "dump", "tail", "stat"] {
        let ran = ran(circular(&[command]).arg(&odd));
        assert_eq!(ran.code, Some(0), "{command}: {ran:?}");
    }
    let ran = ran(circular(&["dump"])
        .arg(OsStr::from_bytes(b"\xff.ring"))
        .arg("-D")
        .arg(&rings.0));
    assert_eq!(ran.code, Some(2), "no such name: {ran:?}");
}
