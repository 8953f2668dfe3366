//! Which files go when there is a new dump.

#[cfg(unix)]
use super::set_mode;
use super::{NOON, TempDir, dump, noon, whole_name};
use crate::dump::file::prune::summary;
use std::fs;
use std::io::ErrorKind;

#[test]
fn the_newest_eight_stay_whatever_process_made_them() {
    let temp = TempDir::new();
    // Made newest first, so that their modification times say the opposite of their names; and
    // with pids that say neither.
    for (minute, pid) in (10..22)
        .rev()
        .zip([7, 1, 4_294_967_295_u32, 30, 2, 9, 5, 11, 3, 8, 6, 4])
    {
        temp.plant(&format!(
            "svc-{pid}-20240229T12{minute:02}00.000000000Z.log"
        ));
    }
    let mut expected: Vec<String> = temp.names();
    let minute = |name: &String| name.split_once("T12").unwrap().1[..2].to_string();
    expected.retain(|name| minute(name).as_str() >= "15");
    assert_eq!(expected.len(), 7);
    expected.push(whole_name("svc", NOON));
    expected.sort();

    let finished = dump(&mut temp.dumps("svc"), noon(), "newest");
    assert!(finished.prune_error.is_none(), "{finished:?}");
    assert_eq!(temp.names(), expected);
}

#[test]
fn a_dump_survives_its_own_prune_after_the_clock_was_set_back() {
    let temp = TempDir::new();
    for second in 0..8 {
        temp.plant(&format!(
            "svc-1-2030010{}T000000.000000000Z.log",
            second + 1
        ));
    }
    let finished = dump(&mut temp.dumps("svc"), noon(), "mine");
    assert_eq!(fs::read_to_string(finished.path).unwrap(), "mine");
    assert_eq!(temp.names().len(), 8);
    assert!(!temp.has("svc-1-20300101T000000.000000000Z.log"));
    assert!(temp.has("svc-1-20300102T000000.000000000Z.log"));
}

#[test]
fn what_is_not_exactly_a_dump_of_this_program_is_not_touched() {
    let temp = TempDir::new();
    let others = [
        // Other programs.
        "svc-1-12-20240101T000000.000000000Z.log",
        "sv-12-20240101T000000.000000000Z.log",
        "SVC-12-20240101T000000.000000000Z.log.log",
        "svcc-12-20240101T000000.000000000Z.log",
        "xsvc-12-20240101T000000.000000000Z.log",
        ".svc-1-12-20240101T000000.000000000Z.partial",
        // Not a pid.
        "svc--20240101T000000.000000000Z.log",
        "svc-012-20240101T000000.000000000Z.log",
        "svc-+12-20240101T000000.000000000Z.log",
        "svc-4294967296-20240101T000000.000000000Z.log",
        "svc-20240101T000000.000000000Z.log",
        // Not a time.
        "svc-12-20240230T000000.000000000Z.log",
        "svc-12-20230229T000000.000000000Z.log",
        "svc-12-20240001T000000.000000000Z.log",
        "svc-12-20241301T000000.000000000Z.log",
        "svc-12-20240100T000000.000000000Z.log",
        "svc-12-20240300T000000.000000000Z.log",
        "svc-12-20240101T240000.000000000Z.log",
        "svc-12-20240101T006000.000000000Z.log",
        "svc-12-20240101T000060.000000000Z.log",
        "svc-12-20240101T000000.00000000Z.log",
        "svc-12-20240101T000000.0000000000Z.log",
        "svc-12-20240101T000000.+00000000Z.log",
        "svc-12-20240101T000000Z.log",
        "svc-12-20240101T000000.000000000.log",
        "svc-12-20240101 000000.000000000Z.log",
        "svc-12-2024é101T000000.000000000Z.log",
        "svc-12-19691231T235959.000000000Z.log",
        "svc-12-00000000T000000.000000000Z.log",
        "svc-12-99999999T999999.999999999Z.log",
        // Neither ending, or half of it.
        "svc-12-20240101T000000.000000000Z",
        "svc-12-20240101T000000.000000000Z.txt",
        "svc-12-20240101T000000.000000000Z.log.gz",
        "svc-12-20240101T000000.000000000Z.partial",
        ".svc-12-20240101T000000.000000000Z.log",
        "svc.log",
        "notes",
    ];
    for name in others {
        temp.plant(name);
    }
    // None of them took one of the eight places.
    for day in 1..8 {
        temp.plant(&format!("svc-12-2024010{day}T000000.000000000Z.log"));
    }
    let finished = dump(&mut temp.dumps("svc"), noon(), "mine");
    assert!(finished.prune_error.is_none(), "{finished:?}");
    for name in others {
        assert!(temp.has(name), "{name} is gone");
    }
    assert_eq!(temp.names().len(), others.len() + 8);
}

#[cfg(unix)]
#[test]
fn directories_and_links_with_the_name_of_a_dump_are_not_touched() {
    use std::os::unix::fs::symlink;
    let temp = TempDir::new();
    temp.plant("target");
    for day in 1..9 {
        let name = format!("svc-1-2023010{day}T000000.000000000Z.log");
        symlink(temp.0.join("target"), temp.0.join(name)).unwrap();
        let name = format!("svc-2-2023010{day}T000000.000000000Z.log");
        fs::create_dir(temp.0.join(name)).unwrap();
        temp.plant(&format!("svc-3-2023010{day}T000000.000000000Z.log"));
    }
    let stale = ".svc-1-20230101T000000.000000000Z.partial";
    symlink(temp.0.join("target"), temp.0.join(stale)).unwrap();

    let finished = dump(&mut temp.dumps("svc"), noon(), "mine");
    assert!(finished.prune_error.is_none(), "{finished:?}");
    let names = temp.names();
    let count = |prefix: &str| names.iter().filter(|n| n.starts_with(prefix)).count();
    assert_eq!(
        (count("svc-1-"), count("svc-2-"), count("svc-3-")),
        (8, 8, 7)
    );
    assert!(temp.has(stale) && temp.has("target"));
}

#[test]
fn abandoned_partials_go_and_young_ones_stay() {
    let temp = TempDir::new();
    // `NOON` less ten minutes, to the nanosecond and one more.
    let young = ".svc-77-20240229T122456.123456789Z.partial";
    let stale = ".svc-77-20240229T122456.123456788Z.partial";
    let ancient = ".svc-1-19700101T000000.000000000Z.partial";
    let future = ".svc-77-20990101T000000.000000000Z.partial";
    let other = ".svc-1-77-20240101T000000.000000000Z.partial";
    for name in [young, stale, ancient, future, other] {
        temp.plant(name);
    }
    let finished = dump(&mut temp.dumps("svc"), noon(), "mine");
    assert!(finished.prune_error.is_none(), "{finished:?}");
    let mut expected = [young, future, other, &whole_name("svc", NOON)];
    expected.sort_unstable();
    assert_eq!(temp.names(), expected);
}

/// A program that is killed amid each of its dumps, again and again, fills no disk.
#[test]
fn no_more_than_eight_unfinished_ones_stay() {
    let temp = TempDir::new();
    let partial = |second: u32| format!(".svc-77-20240229T1234{second:02}.000000000Z.partial");
    (0..40).map(partial).for_each(|name| temp.plant(&name));
    let mut unfinished = temp.dumps("svc");
    let unfinished = unfinished.create(noon()).unwrap();
    let mut expected: Vec<_> = (32..40).map(partial).collect();
    expected.push(
        unfinished
            .dir
            .partial
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned(),
    );
    expected.sort_unstable();
    assert_eq!(temp.names(), expected);
}

/// As above: the superuser can list the directory all the same.
#[cfg(unix)]
#[test]
fn what_keeps_the_prune_from_its_work_is_told_and_the_dump_is_whole() {
    let temp = TempDir::new();
    set_mode(&temp.0, 0o300);
    let allowed = fs::read_dir(&temp.0).is_ok();
    let finished = dump(&mut temp.dumps("svc"), noon(), "mine");
    assert_eq!(fs::read_to_string(finished.path).unwrap(), "mine");
    match finished.prune_error {
        None => assert!(allowed),
        Some(error) => {
            assert!(!allowed, "{error}");
            assert_eq!(error.kind(), ErrorKind::PermissionDenied);
            let text = error.to_string();
            assert!(text.contains(&temp.0.display().to_string()), "{text}");
        }
    }
}

#[test]
fn several_prune_errors_are_counted() {
    let errors = |n: usize| {
        let error = |n| std::io::Error::new(ErrorKind::PermissionDenied, format!("reason {n}"));
        summary((0..n).map(error).collect())
    };
    assert!(errors(0).is_none());
    assert_eq!(errors(1).unwrap().to_string(), "reason 0");
    let three = errors(3).unwrap();
    assert_eq!(three.kind(), ErrorKind::PermissionDenied);
    assert_eq!(three.to_string(), "reason 0 (and 2 more such errors)");
}

#[test]
fn dumps_of_panics_and_of_triggers_do_not_count_as_each_others() {
    let temp = TempDir::new();
    let name = |second: u32, ending| format!("svc-1-20240101T0000{second:02}.000000000Z{ending}");
    for second in 0..8 {
        temp.plant(&name(second, ".log"));
        temp.plant(&name(second, ".trigger.log"));
    }
    // So old that they are removed by the next dump of their kind.
    temp.plant(&format!(".{}", name(0, ".partial")));
    temp.plant(&format!(".{}", name(0, ".trigger.partial")));
    dump(&mut temp.trigger_dumps("svc"), noon(), "an error's");
    for (ending, oldest) in [(".log", true), (".trigger.log", false)] {
        assert_eq!(temp.has(&name(0, ending)), oldest, "{ending}");
        assert!(temp.has(&name(1, ending)), "{ending}");
    }
    assert!(temp.has(&format!(".{}", name(0, ".partial"))));
    assert!(!temp.has(&format!(".{}", name(0, ".trigger.partial"))));

    dump(&mut temp.dumps("svc"), noon(), "a panic's");
    assert!(!temp.has(&name(0, ".log")) && temp.has(&name(1, ".trigger.log")));
    assert_eq!(temp.names().len(), 16);
    // No program's name can have what tells them apart: it stands behind the time.
    for program in ["svc.trigger", "svc-trigger", "svc-1"] {
        dump(&mut temp.dumps(program), noon(), "another program's");
        dump(
            &mut temp.trigger_dumps(program),
            noon(),
            "another program's",
        );
    }
    assert_eq!(temp.names().len(), 16 + 6);
}
