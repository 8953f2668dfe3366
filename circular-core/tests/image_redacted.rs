//! What a filter or a hook leaves out of an image, or changes, and images in a directory.

use circular_core::{
    DumpReport, Level, Meta, Part, Redacted, Ring, RingFile, SECRET_KEYS, Start, redact_keys,
};
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;

#[path = "common/images.rs"]
mod images;
#[path = "common/watchdog.rs"]
mod watchdog;

use images::{All, Dir, all_of, read};

const PROGRAM: &str = "prog";

/// An image of what `hook` leaves, and what it came to.
fn redacted(
    dir: &Dir,
    ring: &Ring,
    hook: impl Fn(&[u8]) -> Redacted + Send + Sync + 'static,
) -> (RingFile, DumpReport) {
    let dump = ring.handle().dump_to(&dir.0).program(PROGRAM);
    let dump = dump.redact(move |record| hook(record.bytes()));
    let report = dump.write_image().unwrap();
    (
        RingFile::open(report.path.as_ref().unwrap()).unwrap(),
        report,
    )
}

fn found(file: &RingFile) -> Vec<All> {
    let found = read(&mut file.reader().open());
    for (record, following) in found.iter().zip(found.iter().skip(1)) {
        assert_eq!(record.0 + 1, following.0);
    }
    let snapshot = file.snapshot().unwrap();
    assert!(snapshot.records().map(all_of).eq(found.iter().cloned()));
    found
}

fn texts(file: &RingFile) -> Vec<String> {
    let text = |record: All| String::from_utf8(record.3).unwrap();
    found(file).into_iter().map(text).collect()
}

fn lines(count: usize) -> Ring {
    let ring = Ring::new(8192).unwrap();
    for number in 0..count {
        let meta = Meta::new().level(Level::Info).target("shop");
        ring.record(meta, format!("line {number}\n").as_bytes())
            .unwrap();
    }
    ring
}

#[test]
fn what_a_filter_and_a_hook_leave_is_in_it_and_nothing_else() {
    let dir = Dir::new();
    let ring = Ring::new(1 << 16).unwrap();
    for (level, target, text) in [
        (Level::Info, "shop", "password=hunter2\n"),
        (Level::Debug, "shop", "hunter2 in details\n"),
        (Level::Error, "hyper", "hunter2 in the pool\n"),
        (Level::Warn, "shop::db", "no \n line of its own"),
        (Level::Error, "shop", "token=hunter2 is wrong\n"),
    ] {
        ring.record(Meta::new().level(level).target(target), text.as_bytes())
            .unwrap();
    }
    let dump = ring.handle().dump_to(&dir.0).program(PROGRAM);
    let report = dump
        .redact(redact_keys(SECRET_KEYS))
        .filter("info,hyper=off".parse().unwrap())
        .write_image()
        .unwrap();
    assert_eq!((report.records, report.missed.records), (5, 0));
    let file = RingFile::open(report.path.as_ref().unwrap()).unwrap();
    let left: Vec<(u64, Option<Level>, String, String)> = found(&file)
        .into_iter()
        .map(|record| {
            (
                record.0,
                record.1,
                record.2,
                String::from_utf8(record.3).unwrap(),
            )
        })
        .collect();
    let left_as = |seq, level, target: &str, text: &str| {
        (seq, Some(level), target.to_owned(), text.to_owned())
    };
    // The numbers close up behind what is left out.
    let expected = [
        left_as(0, Level::Info, "shop", "password=[redacted]\n"),
        left_as(1, Level::Warn, "shop::db", "no \n line of its own"),
        left_as(2, Level::Error, "shop", "token=[redacted] is wrong\n"),
    ];
    assert_eq!(left, expected);
    let bytes = fs::read(file.path()).unwrap();
    assert!(!bytes.windows(7).any(|window| window == b"hunter2"));
}

/// Its numbers are not the ring's, so a cursor of that one says nothing of what is in it.
#[test]
fn with_a_hook_it_is_a_ring_of_its_own() {
    let dir = Dir::new();
    let ring = lines(1000);
    let cursor = ring.handle().cursor();
    let (first, _) = redacted(&dir, &ring, |_| Redacted::Keep);
    let (second, _) = redacted(&dir, &ring, |_| Redacted::Keep);
    let plain = dir.image_of(&ring, "plain.ring");
    let ids = [&plain, &first, &second].map(|file| format!("{:016x}", file.info().ring));
    assert!(cursor.to_string().starts_with(&ids[0]));
    assert!(
        ids[0] != ids[1] && ids[0] != ids[2] && ids[1] != ids[2],
        "{ids:?}"
    );
    let mut reader = first.reader().start(Start::After(cursor)).open();
    let all = read(&mut reader);
    assert!(reader.restarted());
    assert_eq!(
        all,
        found(&plain),
        "nothing was changed, and nothing is passed over"
    );
}

#[test]
fn a_hook_that_leaves_nothing_leaves_an_empty_ring() {
    let dir = Dir::new();
    let ring = lines(1000);
    for left in [Redacted::Drop, Redacted::Text(Vec::new())] {
        let (file, report) = redacted(&dir, &ring, move |_| left.clone());
        assert!(texts(&file).is_empty());
        assert_eq!(file.stats().unwrap().written, 0);
        assert!(report.records > 200);
    }
    let report = Ring::new(4096).unwrap().handle().write_image(io::sink());
    assert_eq!(report.unwrap().records, 0, "a ring without a record");
}

#[test]
fn what_a_hook_makes_shorter_or_drops_lets_nothing_else_go() {
    let dir = Dir::new();
    let ring = lines(1000);
    let held = ring.handle().snapshot();
    let (file, report) = redacted(&dir, &ring, |text| match text {
        [.., b'0' | b'3', b'\n'] => Redacted::Drop,
        [.., b'7', b'\n'] => Redacted::Text(b"-".to_vec()),
        _ => Redacted::Keep,
    });
    let expected: Vec<String> = held
        .records()
        .map(|record| record.text().into_owned())
        .filter(|text| !text.ends_with("0\n") && !text.ends_with("3\n"))
        .map(|text| {
            if text.ends_with("7\n") {
                "-\n".to_owned()
            } else {
                text
            }
        })
        .collect();
    assert_eq!(texts(&file), expected);
    assert_eq!(report.records, held.record_count() as u64);
    // They begin where those of the ring do.
    assert_eq!(found(&file)[0].0, held.records().next().unwrap().seq());
}

#[test]
fn what_a_hook_makes_longer_pushes_out_the_oldest_and_that_is_told() {
    let dir = Dir::new();
    let ring = lines(1000);
    let held = ring.handle().snapshot();
    let (file, report) = redacted(&dir, &ring, |text| {
        Redacted::Text([&text[..text.len() - 1], &[b'x'; 50]].concat())
    });
    let texts = texts(&file);
    let left = texts.len();
    // 24 or 32 bytes each have become 80.
    assert!((80..=8192 / 80).contains(&left), "{left}");
    for (number, text) in (1000 - left..).zip(&texts) {
        assert_eq!(*text, format!("line {number}{}\n", "x".repeat(50)));
    }
    let gone = held.record_count() - left;
    assert_eq!(report.missed.records, gone as u64);
    assert_eq!(report.records, left as u64);
    // The first number tells it in the file, too.
    assert_eq!(found(&file)[0].0, 1000 - left as u64);
    assert_eq!(file.stats().unwrap().overwritten, 1000 - left as u64);
}

/// How many of the ring's records it is of, and not how many there are in it: some are left out, others are in parts.
#[test]
fn what_is_counted_is_the_ring_s() {
    let dir = Dir::new();
    let ring = lines(1000);
    let held: Vec<All> = ring.handle().snapshot().records().map(all_of).collect();
    for len in [10, 150, 900, 3000, 5000, 9000, 20_000] {
        let (file, report) = redacted(&dir, &ring, move |text| match text {
            [.., b'0' | b'3' | b'4', b'\n'] => Redacted::Drop,
            _ => Redacted::Text([&text[..text.len() - 1], &vec![b'x'; len]].concat()),
        });
        let texts = texts(&file);
        // Of a long one the beginning may be gone.
        let numbers = texts.iter().find_map(|text| {
            let digits = text.strip_prefix("line ")?.split('x').next()?;
            digits.parse::<u64>().ok()
        });
        let is_in_parts = len > 8192;
        // The first one of all is left out by the hook.
        let oldest = match numbers {
            _ if is_in_parts => 999,
            Some(first) if first == held[0].0 + 1 => held[0].0,
            first => first.unwrap(),
        };
        let pushed_out = held.iter().take_while(|record| record.0 < oldest);
        let (records, bytes) = pushed_out.fold((0, 0), |(records, bytes), record| {
            (records + 1, bytes + record.3.len() as u64)
        });
        assert_eq!(records == 0, len == 10, "{len}");
        assert_eq!(report.records, held.len() as u64 - records, "{len}");
        let missed = (report.missed.records, report.missed.bytes);
        assert_eq!(missed, (records, bytes), "{len}");
    }
}

/// A text that is longer than the ring is there as one that was written so: in parts, and its end.
#[test]
fn what_a_hook_makes_longer_than_the_ring_is_in_parts() {
    let dir = Dir::new();
    let ring = lines(10);
    let long: Vec<u8> = (b'a'..=b'z').cycle().take(30_000).collect();
    let text = long.clone();
    let (file, _) = redacted(&dir, &ring, move |bytes| match bytes {
        b"line 5\n" => Redacted::Text(text.clone()),
        _ => Redacted::Keep,
    });
    let all = found(&file);
    let (others, parts): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|record| record.6 == Part::Whole);
    assert_eq!(others.len(), 4, "those behind it");
    assert_eq!(parts.last().unwrap().6, Part::Last);
    assert!(
        parts[..parts.len() - 1]
            .iter()
            .all(|part| part.6 == Part::Middle)
    );
    let joined: Vec<u8> = parts.into_iter().flat_map(|part| part.3).collect();
    assert!(joined.len() > 8192 / 2);
    assert!([&long[..], b"\n"].concat().ends_with(&joined));

    // Of a ring that has room for all of it: from the first part to the last.
    let ring = Ring::new(64 << 10).unwrap();
    ring.record(Meta::new(), &[b'x'; 10]).unwrap();
    let just_too_long = vec![b'y'; (64 << 10) - 15];
    let text = just_too_long.clone();
    let (file, _) = redacted(&dir, &ring, move |_| Redacted::Text(text.clone()));
    let parts: Vec<Part> = found(&file).iter().map(|record| record.6).collect();
    assert_eq!(parts.last(), Some(&Part::Last));
    let longest = just_too_long.len() - 1;
    let (file, _) = redacted(&dir, &ring, move |_| Redacted::Text(vec![b'y'; longest]));
    assert_eq!(found(&file)[0].6, Part::Whole);
    assert_eq!(found(&file)[0].3.len(), longest);
}

/// Parts that a hook makes so long that they are parts themselves are not the beginning or the end of anything else.
#[test]
fn a_part_that_a_hook_makes_longer_than_the_ring_stays_that_part() {
    let dir = Dir::new();
    let ring = Ring::new(4096).unwrap();
    (&ring).write_all(&[b'x'; 6000]).unwrap();
    let held = ring.handle().snapshot();
    assert!(held.records().all(|record| record.part() != Part::Whole));
    let (file, _) = redacted(&dir, &ring, |_| Redacted::Text(vec![b'y'; 5000]));
    let parts: Vec<Part> = found(&file).iter().map(|record| record.6).collect();
    assert_eq!(parts.last(), Some(&Part::Last));
    let before_the_last = &parts[..parts.len() - 1];
    assert!(
        before_the_last.iter().all(|part| *part == Part::Middle),
        "{parts:?}"
    );
}

#[test]
fn a_file_has_its_name_and_its_rights_and_the_newest_eight_stay() {
    let dir = Dir::new();
    let ring = lines(10);
    let dump = || ring.handle().dump_to(&dir.0).program(PROGRAM);
    let mut paths: Vec<PathBuf> = Vec::new();
    for number in 0..12 {
        // Texts that were asked for are counted with them.
        let report = if number % 3 == 0 {
            dump().write().unwrap()
        } else {
            dump().write_image().unwrap()
        };
        assert!(report.prune_error.is_none());
        paths.extend(report.path);
    }
    let mut left: Vec<PathBuf> = fs::read_dir(&dir.0)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    left.sort();
    let mut expected = paths.split_off(4);
    expected.sort();
    assert_eq!(left, expected);
    let image = paths_of_images(&left)[0].clone();
    let name = image.file_name().unwrap().to_str().unwrap();
    let begin = format!("{PROGRAM}-{}-20", std::process::id());
    assert!(
        name.starts_with(&begin) && name.ends_with("Z.request.ring"),
        "{name}"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&image).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    assert_eq!(RingFile::open(&image).unwrap().info().program, PROGRAM);
}

fn paths_of_images(paths: &[PathBuf]) -> Vec<PathBuf> {
    let is_image = |path: &&PathBuf| path.extension().unwrap() == "ring";
    paths.iter().filter(is_image).cloned().collect()
}

/// In a directory; a sink gets all bytes.
#[test]
#[cfg(target_os = "linux")]
fn a_ring_with_little_in_it_takes_little_of_the_disk() {
    use std::os::unix::fs::MetadataExt;
    let dir = Dir::new();
    let ring = Ring::new(64 << 20).unwrap();
    (&ring).write_all(b"a line\n").unwrap();
    let report = ring.handle().dump_to(&dir.0).write_image().unwrap();
    let metadata = fs::metadata(report.path.unwrap()).unwrap();
    assert_eq!(metadata.len(), (64 << 20) + (68 << 10));
    assert!(
        metadata.blocks() * 512 < 1 << 20,
        "{} blocks",
        metadata.blocks()
    );
}

#[test]
fn what_goes_wrong_is_an_error_that_says_what_to_do_and_leaves_nothing() {
    let dir = Dir::new();
    let ring = lines(10);
    let gone = dir.0.join("gone");
    let error = ring.handle().dump_to(&gone).write_image().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(
        error.to_string().contains("create the directory"),
        "{error}"
    );

    let dump = ring.handle().dump_to(&dir.0).redact(|_| {
        // Unwinds without the panic hook, which would print.
        std::panic::resume_unwind(Box::new("in a hook"))
    });
    let dump = std::panic::AssertUnwindSafe(|| dump.write_image());
    assert!(std::panic::catch_unwind(dump).is_err());
    assert_eq!(fs::read_dir(&dir.0).unwrap().count(), 0);
}

/// A hook may log, to a ring that is full for its lossless reader too, and ask for images of its own.
#[test]
fn a_hook_waits_for_nobody() {
    let _watchdog = watchdog::minutes(2);
    let ring = lines(1000);
    let handle = ring.handle();
    let _reader = handle.reader().policy(circular_core::Policy::Block).open();
    let inner = ring.clone();
    let mut image = Vec::new();
    let to = circular_core::DumpTo::sink(&mut image);
    let dump = handle.dump_to(to).redact(move |_| {
        inner.record(Meta::new(), &[b'y'; 80]).unwrap();
        inner.handle().flush();
        Redacted::Keep
    });
    let report = dump.write_image().unwrap();
    assert!(report.records > 0);
    assert_eq!(image.len(), 8192 + (68 << 10));
}
