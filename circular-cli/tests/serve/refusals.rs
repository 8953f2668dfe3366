//! Every refusal says why, and what to type next.

use std::fs::{self, File};

use crate::rings::{Rings, ran, write_shop};
use crate::served::Served;

#[test]
fn each_has_a_reason_a_next_command_and_a_status() {
    let rings = Rings::new();
    let ring = rings.ring("shop");
    write_shop(&ring);
    let file = |name: &str, text: &str| {
        let path = rings.0.join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let empty = file("empty", "\n");
    let missing = rings.0.join("missing").display().to_string();
    let served = Served::start(&rings, &["shop"]);
    let taken = served.url.strip_prefix("http://").unwrap();
    let taken = taken.split('/').next().unwrap();
    for (args, status, reason, next) in [
        (
            &["nothing"][..],
            2,
            "no program, ring, pid or file is called \"nothing\"",
            "circular ls -D ",
        ),
        (
            &["shop", "/nowhere/x.ring"],
            2,
            "/nowhere/x.ring cannot be read as a ring",
            "circular ls",
        ),
        (
            &["--addr", taken],
            1,
            "another program listens there",
            "--addr '127.0.0.1:0'",
        ),
        (
            &["--addr=192.0.2.1:6061", "--token-env=SHOP_TOKEN"],
            1,
            "this machine has no such address",
            "--addr 127.0.0.1:6061",
        ),
        (
            &["--addr=0.0.0.0:0"],
            2,
            "will not show the log on 0.0.0.0:0, where other machines can read it, without a token",
            "--token-file FILE",
        ),
        (
            &["--token-file", &missing],
            2,
            "cannot read the token from",
            "openssl rand -hex 32 > ",
        ),
        (
            &["--token-file", &empty],
            2,
            "is empty",
            "openssl rand -hex 32 > ",
        ),
        (
            &["--token-env=NOT_SET"],
            2,
            "the environment variable NOT_SET, of --token-env, is not set",
            "export NOT_SET=",
        ),
        (
            &["--token-env=BAD_TOKEN"],
            2,
            "in the environment variable BAD_TOKEN has characters",
            "export BAD_TOKEN=",
        ),
        (
            &["--path=logs"],
            2,
            "cannot show the log at the path \"logs\"",
            "--path /debug/log",
        ),
        (
            &["--origin=log.example.com"],
            2,
            "--origin \"log.example.com\" is no address as browsers show it",
            "--origin https://log.example.com",
        ),
        (
            &["--redact=none", "--redact-key=badge"],
            2,
            "--redact none hides nothing",
            "the same without one of the two",
        ),
    ] {
        let mut command = rings.circular(&[&["serve"], args].concat());
        command
            .env("SHOP_TOKEN", "s3cret")
            .env("BAD_TOKEN", "s3 cret");
        let ran = ran(&mut command);
        assert_eq!(
            (ran.code, &*ran.out),
            (Some(status), ""),
            "{args:?}: {ran:?}"
        );
        assert!(ran.err.contains(reason), "{args:?}: {ran:?}");
        // None in the words of a library that whoever types does not use.
        assert!(!ran.err.contains("Options"), "{args:?}: {ran:?}");
        let last = ran.err.lines().last().unwrap();
        assert!(
            last.starts_with("Try: ") && last.contains(next),
            "{args:?}: {ran:?}"
        );
    }
}

#[test]
fn a_name_is_refused_where_there_is_no_ring_at_all() {
    let rings = Rings::new();
    let ran = rings.run(&["serve", "shop"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(
        ran.err.contains("there is no ring at all that can be read"),
        "{ran:?}"
    );
    let next = format!("Try: circular run -D {} -- COMMAND\n", rings.0.display());
    assert!(ran.err.ends_with(&next), "{ran:?}");
}

#[test]
fn an_address_that_cannot_be_written_is_a_failure_with_a_reason() {
    let rings = Rings::new();
    let full = File::options().write(true).open("/dev/full").unwrap();
    let mut command = rings.circular(&["serve", "--addr=127.0.0.1:0"]);
    let output = command.stdout(full).output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(err.contains("cannot write to standard output: "), "{err}");
    assert!(err.contains("Try: "), "{err}");
}

#[test]
fn wrong_usage_is_told_by_the_command_line() {
    let rings = Rings::new();
    for (args, named) in [
        (
            &["--addr=localhost"][..],
            "an IP address and a port are needed",
        ),
        (&["--viewers=0"], "--viewers"),
        (&["--host="], "--host"),
        (&["--redact-key==="], "a word is needed"),
        (&["--token-file=a", "--token-env=B"], "cannot be used with"),
    ] {
        let ran = rings.run(&[&["serve"], args].concat());
        assert_eq!((ran.code, &*ran.out), (Some(2), ""), "{args:?}: {ran:?}");
        assert!(ran.err.contains(named), "{args:?}: {ran:?}");
        assert!(ran.err.contains("--help"), "{args:?}: {ran:?}");
    }
}
