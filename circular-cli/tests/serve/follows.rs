//! What comes: records, ends of programs, their next runs, and programs that are started later.

use std::fs;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use circular_core::Level;

use crate::program::Program;
use crate::rings::{Rings, write};
use crate::served::{PATIENCE, Served, records};

#[test]
fn two_programs_are_one_log_by_time_and_each_record_tells_whose_it_is() {
    let rings = Rings::new();
    let _shop = Program::start(&rings, "shop");
    let cart = rings.ring("cart");
    write(&cart, Level::Info, "cart", 30, "empty");
    write(&cart, Level::Info, "cart", 150, "has 7");
    let served = Served::start(&rings, &["shop", "cart"]);
    assert_eq!(
        records(&served.objects()),
        [
            ("shop", "open"),
            ("cart", "empty"),
            ("shop", "pool has 8"),
            ("shop", "pool is empty"),
            ("cart", "has 7"),
            ("shop", "cart 7 failed: timeout"),
            ("shop", "read 12 bytes"),
        ]
    );
    let following = served.follow();
    following.until("read 12 bytes");
    write(&cart, Level::Info, "cart", 300, "on its way");
    let came = following.until("on its way");
    assert_eq!(records(&came), [("cart", "on its way")]);
}

#[test]
fn a_program_is_killed_and_started_again_in_one_stream() {
    let rings = Rings::new();
    let first = Program::start(&rings, "shop");
    let _cart = rings.ring("cart");
    let served = Served::start(&rings, &["shop", "cart"]);
    let following = served.follow();
    assert_eq!(following.until("read 12 bytes").len(), 5);
    first.kill();
    let ended = following.next().unwrap();
    assert!(
        ended["ended"].as_str().unwrap().starts_with("died"),
        "{ended}"
    );
    assert_eq!(ended["source"], "shop");
    let second = Program::start(&rings, "shop");
    let started = following.next().unwrap();
    assert_eq!(started["started"]["pid"], second.pid());
    assert_eq!(started["source"], "shop");
    let came = following.until("read 12 bytes");
    let came = records(&came);
    assert_eq!(came.len(), 5);
    assert_eq!(came[0], ("shop", "open"));
    // Whoever comes now sees both runs.
    assert_eq!(records(&served.objects()).len(), 10);
}

#[test]
fn without_a_ring_it_waits_for_the_first() {
    let rings = Rings::new();
    let served = Served::start(&rings, &[]);
    let said = served.beginning();
    let dir = format!("  {} (-D)", rings.0.display());
    assert!(
        said[0].starts_with("there is no ring yet; waiting "),
        "{said:?}"
    );
    assert_eq!(said[1..], [dir, String::from("Ctrl-C ends it")]);
    let following = served.follow();
    let first = Program::start(&rings, "shop");
    let came = following.until("open");
    assert_eq!(came[0]["started"]["pid"], first.pid());
    assert_eq!(served.says(), format!("shop, pid {}: running", first.pid()));
}

#[test]
fn without_names_it_is_all_that_run_and_those_that_are_started_later() {
    let rings = Rings::new();
    let ended = Program::start(&rings, "old").end();
    let shop = Program::start(&rings, "shop");
    let served = Served::start(&rings, &[]);
    let dir = rings.0.display();
    assert_eq!(
        served.beginning(),
        [
            format!("shop, pid {}: running", shop.pid()),
            format!("ended, and not shown: old; for that: circular serve old -D {dir}"),
            String::from("Ctrl-C ends it"),
        ]
    );
    let following = served.follow();
    following.until("read 12 bytes");
    let pay = Program::start(&rings, "pay");
    let started = following.next().unwrap();
    assert_eq!(started["started"]["pid"], pay.pid());
    assert_eq!(started["source"], "pay");
    // That one by its name, dead as it is.
    let by_name = Served::start(&rings, &["old"]);
    assert_eq!(by_name.says(), format!("old, pid {ended}: closed"));
    assert_eq!(records(&by_name.objects()).last(), Some(&("old", "closed")));
}

#[test]
fn if_none_runs_it_is_the_last_run_of_each() {
    let rings = Rings::new();
    Program::start(&rings, "shop").end();
    let last = Program::start(&rings, "shop").end();
    let cart = Program::start(&rings, "cart").kill();
    let served = Served::start(&rings, &[]);
    let said = served.beginning();
    assert_eq!(said.len(), 3, "{said:?}");
    assert_eq!(said[0], format!("shop, pid {last}: closed"));
    assert!(
        said[1].starts_with(&format!("cart, pid {cart}: died")),
        "{said:?}"
    );
}

#[test]
fn with_names_it_is_those_alone() {
    let rings = Rings::new();
    let shop = Program::start(&rings, "shop");
    let served = Served::start(&rings, &["shop"]);
    let following = served.follow();
    following.until("read 12 bytes");
    let _cart = Program::start(&rings, "cart");
    shop.kill();
    let _again = Program::start(&rings, "shop");
    let came = following.until("read 12 bytes");
    assert!(
        came.iter().all(|object| object["source"] == "shop"),
        "{came:?}"
    );
}

#[test]
fn replicas_are_told_apart_and_a_next_run_keeps_the_name() {
    let rings = Rings::new();
    let one = Program::start(&rings, "shop");
    let two = Program::start(&rings, "shop");
    let served = Served::start(&rings, &["shop"]);
    let names = [&one, &two].map(|program| format!("shop[{}]", program.pid()));
    let objects = served.objects();
    for name in &names {
        let of = |record: &&(&str, &str)| record.0 == name;
        assert_eq!(
            records(&objects).iter().filter(of).count(),
            5,
            "{objects:?}"
        );
    }
    let following = served.follow();
    one.kill();
    let ended = following.until("ended");
    assert_eq!(ended.last().unwrap()["source"], *names[0]);
    let next = Program::start(&rings, "shop");
    let started = following.until("started");
    let started = started.last().unwrap();
    assert_eq!(started["started"]["pid"], next.pid());
    assert_eq!(started["source"], *names[0]);
}

#[test]
fn a_path_is_followed_where_it_is() {
    let rings = Rings::new();
    let first = Program::start(&rings, "shop");
    let path = rings.files()[0].display().to_string();
    let mut command = crate::rings::circular(&["serve", "--addr=127.0.0.1:0", &path]);
    let served = Served::spawn(&mut command);
    let following = served.follow();
    following.until("read 12 bytes");
    first.kill();
    let next = Program::start(&rings, "shop");
    let started = following.until("started");
    assert_eq!(started.last().unwrap()["started"]["pid"], next.pid());
}

#[test]
fn what_a_command_left_behind_is_shown_under_its_name() {
    let rings = Rings::new();
    let fifo = |name: &str| {
        let path = rings.0.join(name);
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.unwrap().success());
        path
    };
    let (go, later) = (fifo("go"), fifo("later"));
    let line = format!(
        "read line < '{}'; echo now; (read line < '{}'; echo later) &",
        go.display(),
        later.display()
    );
    let mut command = crate::rings::circular(&["run", "-D"]);
    command
        .arg(&rings.0)
        .args(["--size=1MiB", "--name=shop", "--", "sh", "-c", &line]);
    let mut command = command.stdout(Stdio::null()).spawn().unwrap();
    let served = Served::start(&rings, &[]);
    let following = served.follow();
    fs::write(&go, b"\n").unwrap();
    let came = following.until("now");
    assert_eq!(records(&came), [("shop", "now")]);
    assert!(command.wait().unwrap().success());
    // Each of these waits until somebody has opened the other end.
    fs::write(&later, b"\n").unwrap();
    let came = following.until("later");
    assert_eq!(records(&came), [("shop", "later")]);
    // Who begins now, with neither running, is shown both.
    following.until("ended");
    let served = Served::start(&rings, &["shop"]);
    let objects = served.objects();
    assert_eq!(records(&objects), [("shop", "now"), ("shop", "later")]);
}

#[test]
fn of_more_than_a_page_has_room_for_the_oldest_are_left_out_and_that_is_said() {
    let rings = Rings::new();
    let many: Vec<_> = (0..66)
        .map(|number| rings.ring(&format!("p{number}")))
        .collect();
    for ring in &many {
        write(ring, Level::Info, "", 0, "here");
    }
    let served = Served::start(&rings, &[]);
    let said = served.beginning();
    let told = "a page has room for 64 rings: of these 66, the oldest runs are left out";
    assert_eq!(said[66], told);
    let objects = served.objects();
    let shown: Vec<_> = records(&objects).iter().map(|record| record.0).collect();
    assert_eq!(shown.len(), 64, "{shown:?}");
    assert!(
        !shown.contains(&"p0") && shown.contains(&"p65"),
        "{shown:?}"
    );
}

/// How many removed rings a process has open.
fn removed(pid: u32) -> usize {
    let files = fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
    let links = files.filter_map(|file| fs::read_link(file.unwrap().path()).ok());
    let is_removed =
        |link: &std::path::PathBuf| link.to_string_lossy().ends_with(".ring (deleted)");
    links.filter(is_removed).count()
}

#[test]
fn what_a_program_has_removed_of_its_past_takes_no_room_any_more() {
    let rings = Rings::new();
    let first = Program::start(&rings, "shop");
    let past = rings.files().remove(0);
    let cart = rings.ring("cart");
    let served = Served::start(&rings, &[]);
    let following = served.follow();
    following.until("read 12 bytes");
    first.kill();
    following.until("ended");
    // As a program does with its oldest run when it makes its next ring.
    fs::remove_file(past).unwrap();
    let _next = Program::start(&rings, "shop");
    following.until("read 12 bytes");
    let deadline = Instant::now() + PATIENCE;
    while removed(served.child.id()) > 0 {
        assert!(Instant::now() < deadline, "it has it open");
        thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(records(&served.objects()).len(), 5, "those of the next run");
    // One that is written to is another matter.
    fs::remove_file(cart.handle().path().unwrap()).unwrap();
    let _third = Program::start(&rings, "third");
    following.until("read 12 bytes");
    write(&cart, Level::Info, "cart", 400, "goes on");
    following.until("goes on");
    assert_eq!(removed(served.child.id()), 1);
}
