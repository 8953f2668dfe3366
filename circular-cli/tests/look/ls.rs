use std::fs;

use serde_json::Value;

use crate::program::Program;
use crate::rings::{Ran, Rings, circular, ran, write_shop};

fn objects(ran: &Ran) -> Vec<Value> {
    let parse = |line| serde_json::from_str(line).unwrap();
    ran.out.lines().map(parse).collect()
}

/// The cells of a program's row, which are two blanks apart.
fn row(ran: &Ran, pid: u32) -> String {
    let pid = format!(" {pid} ");
    let found = ran.out.lines().find(|line| line.contains(&pid));
    found
        .unwrap_or_else(|| panic!("{pid} is not in {ran:?}"))
        .to_owned()
}

#[test]
fn programs_alive_and_dead_with_how_they_ended() {
    let rings = Rings::new();
    let killed = Program::start(&rings, "cart").kill();
    let ended = Program::start(&rings, "shop").end();
    let running = Program::start(&rings, "shop");
    let ran = rings.run(&["ls"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let head = ran.out.lines().next().unwrap();
    for word in [
        "PROGRAM", "PID", "STATE", "SIZE", "RECORDS", "OLDEST", "NEWEST", "PATH",
    ] {
        assert!(head.contains(word), "{head}");
    }
    let of_killed = row(&ran, killed);
    assert!(
        of_killed.contains("died") && of_killed.contains("without a note"),
        "{of_killed}"
    );
    assert!(row(&ran, ended).contains("closed"), "{ran:?}");
    assert!(row(&ran, running.pid()).contains("running"), "{ran:?}");
    assert!(
        of_killed.contains("64 KiB") && of_killed.contains(" 5 "),
        "{of_killed}"
    );
    // Where, why there, and how full that is.
    let dir = rings.0.display().to_string();
    assert!(
        ran.err.contains(&format!("{dir} (-D): 3 rings; ")),
        "{ran:?}"
    );
    assert!(ran.err.contains(" free"), "{ran:?}");
}

#[test]
fn as_json_there_is_an_object_for_each() {
    let rings = Rings::new();
    let killed = Program::start(&rings, "shop").kill();
    let ran = rings.run(&["ls", "-o", "json", "-q"]);
    assert_eq!(ran.err, "");
    let [object] = &objects(&ran)[..] else {
        panic!("{ran:?}");
    };
    assert_eq!(object["program"], "shop");
    assert_eq!(object["pid"], killed);
    assert_eq!(object["state"], "died");
    assert_eq!(object["signal"], Value::Null);
    assert_eq!(object["records"], 5);
    assert_eq!(object["capacity"], 64 << 10);
    assert_eq!(object["oldest"], "2026-11-28T10:00:00Z");
    assert_eq!(object["newest"], "2026-11-28T10:04:00Z");
    assert_eq!(object["path"], rings.files()[0].to_str().unwrap());
    assert_eq!(object["directory_why"], "-D");
    assert_eq!(object["own"], true);
}

#[test]
fn a_copy_and_what_is_no_ring_are_told() {
    let rings = Rings::new();
    let ring = rings.ring("shop");
    write_shop(&ring);
    let file = rings.files().remove(0);
    fs::copy(&file, rings.0.join("copied.ring")).unwrap();
    fs::write(rings.0.join("other.ring"), b"something else").unwrap();
    let ran = rings.run(&["ls"]);
    assert!(ran.out.contains("copy"), "{ran:?}");
    assert!(ran.err.contains("other.ring: "), "{ran:?}");
    let ran = rings.run(&["ls", "-o", "json"]);
    let states: Vec<_> = objects(&ran)
        .iter()
        .map(|object| object["state"].clone())
        .collect();
    assert!(
        states.contains(&Value::from("copy")) && states.contains(&Value::from("running")),
        "{ran:?}"
    );
    assert!(
        objects(&ran)
            .iter()
            .any(|object| object["error"].is_string()),
        "{ran:?}"
    );
}

#[test]
fn a_ring_of_another_user_is_told_as_that() {
    use std::os::unix::process::CommandExt;
    if !rustix::process::getuid().is_root() {
        // Nobody else can make one.
        return;
    }
    // A ring is of who made it, and here that is root, so who looks is another one.
    let rings = Rings::new();
    let ring = rings.ring("shop");
    write_shop(&ring);
    let shared = std::env::temp_dir().join(format!("circular-look-{}", std::process::id()));
    fs::create_dir_all(&shared).unwrap();
    // Where another user gets to, whatever directories are above ours.
    let (file, command) = (shared.join("shop.ring"), shared.join("circular"));
    fs::copy(&rings.files()[0], &file).unwrap();
    // By another process: what this one writes to, a child that another test forks may hold open for a moment, and then it cannot be run.
    let copied = std::process::Command::new("cp")
        .args([env!("CARGO_BIN_EXE_circular").as_ref(), command.as_os_str()])
        .status();
    assert!(copied.unwrap().success());
    let open = std::os::unix::fs::PermissionsExt::from_mode;
    fs::set_permissions(&shared, open(0o755)).unwrap();
    fs::set_permissions(&file, open(0o644)).unwrap();
    fs::set_permissions(&command, open(0o755)).unwrap();
    let output = std::process::Command::new(&command)
        .args(["ls", "-D"])
        .arg(&shared)
        .uid(65_534)
        .current_dir("/")
        .output();
    fs::remove_dir_all(&shared).unwrap();
    let out = String::from_utf8(output.unwrap().stdout).unwrap();
    assert!(out.contains("of user 0"), "{out}");
}

#[test]
fn without_a_directory_the_default_ones_are_looked_at() {
    let rings = Rings::new();
    let (asked, session) = (rings.0.join("asked"), rings.0.join("session"));
    let (in_asked, in_session) = (Rings(asked), Rings(session.join("circular")));
    for (rings, name) in [(&in_asked, "one"), (&in_session, "two")] {
        fs::create_dir_all(&rings.0).unwrap();
        write_shop(&rings.ring(name));
    }
    let mut command = circular(&["ls"]);
    command
        .env("CIRCULAR_DIR", &in_asked.0)
        .env("XDG_RUNTIME_DIR", &session);
    let ran = ran(&mut command);
    assert!(
        ran.out.contains("one ") && ran.out.contains("two "),
        "{ran:?}"
    );
    let says = |dir: &Rings, why: &str| {
        let line = format!("{} ({why}): 1 ring;", dir.0.display());
        assert!(ran.err.contains(&line), "{line} {ran:?}");
    };
    says(&in_asked, "CIRCULAR_DIR");
    says(&in_session, "XDG_RUNTIME_DIR");
}

#[test]
fn no_name_of_a_file_is_obeyed_by_a_terminal() {
    let rings = Rings::new();
    write_shop(&rings.ring("shop"));
    let file = rings.files().remove(0);
    fs::copy(&file, rings.0.join("a\x1b]0;t\x07\nb.ring")).unwrap();
    fs::write(rings.0.join("c\x1b[2J.ring"), b"something else").unwrap();
    let ran = rings.run(&["ls"]);
    assert!(ran.out.contains("a\\x1b]0;t\\x07\\nb.ring"), "{ran:?}");
    assert!(ran.err.contains("c\\x1b[2J.ring: "), "{ran:?}");
    assert!(
        !ran.out.contains('\x1b') && !ran.err.contains('\x1b'),
        "{ran:?}"
    );
    assert_eq!(ran.out.lines().count(), 3, "{ran:?}");
}

#[test]
fn several_directories_are_looked_at_each_once() {
    let (one, two) = (Rings::new(), Rings::new());
    write_shop(&one.ring("shop"));
    write_shop(&two.ring("cart"));
    let again = one.0.join(".");
    let mut command = two.circular(&["ls", "-D", one.0.to_str().unwrap(), "--dir"]);
    // What `circular` adds is `-D` and the other one.
    let mut args: Vec<_> = command.get_args().map(std::ffi::OsStr::to_owned).collect();
    args.insert(4, again.into_os_string());
    command = circular(&[]);
    let ran = ran(command.args(args));
    assert_eq!(ran.out.lines().count(), 3, "{ran:?}");
    assert!(
        ran.out.contains("shop") && ran.out.contains("cart"),
        "{ran:?}"
    );
    assert_eq!(ran.err.lines().count(), 2, "{ran:?}");
}

#[test]
fn more_rings_than_files_that_a_shell_may_open() {
    let rings = Rings::new();
    write_shop(&rings.ring("shop"));
    let ring = rings.files().remove(0);
    for number in 0..100 {
        fs::copy(&ring, rings.0.join(format!("copy-{number}.ring"))).unwrap();
    }
    let line = format!(
        "ulimit -S -n 64; '{}' ls -o json -D '{}'",
        env!("CARGO_BIN_EXE_circular"),
        rings.0.display()
    );
    let output = std::process::Command::new("sh")
        .args(["-c", &line])
        .output()
        .unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert_eq!(out.lines().count(), 101);
    assert!(!out.contains("\"error\""), "{out}");
}
