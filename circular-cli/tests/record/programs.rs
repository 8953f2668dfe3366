//! Programs as people have them.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use circular_core::{CommandEnd, Level, RingFile};

use crate::recorded::{Dir, is_there, lines, text_of};

/// What both must have alike: status, and what is on both streams.
fn alike(dir: &Dir, words: &[&str]) -> (String, String) {
    let plain = Command::new(words[0])
        .args(&words[1..])
        .stdin(Stdio::null())
        .output();
    let plain = plain.unwrap_or_else(|error| panic!("{} is needed: {error}", words[0]));
    let under = dir.run(words).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert_eq!(text(&under.stdout), text(&plain.stdout), "{words:?}");
    assert_eq!(text(&under.stderr), text(&plain.stderr), "{words:?}");
    assert_eq!(under.status.code(), plain.status.code(), "{words:?}");
    (text(&under.stdout), text(&under.stderr))
}

#[test]
fn a_shells_loop() {
    let dir = Dir::new();
    let (out, _) = alike(
        &dir,
        &[
            "sh",
            "-c",
            "for i in 1 2 3; do echo $i; echo $i$i >&2; done; exit 4",
        ],
    );
    assert_eq!(out, "1\n2\n3\n");
    assert_eq!(text_of(&dir.ring(), "stderr"), "11\n22\n33\n");
}

#[test]
fn pythons_traceback() {
    if !is_there("python3") {
        return;
    }
    let dir = Dir::new();
    let program = "print('before', flush=True)\nraise KeyError('pear')";
    let (_, err) = alike(&dir, &["python3", "-u", "-c", program]);
    assert!(err.contains("KeyError: 'pear'"), "{err}");
    let ring = dir.ring();
    assert_eq!(text_of(&ring, "stderr"), err);
    assert_eq!(text_of(&ring, "stdout"), "before\n");
}

#[test]
fn ping_to_itself() {
    if !is_there("ping") {
        return;
    }
    let dir = Dir::new();
    let output = dir
        .run(&["ping", "-c", "2", "-i", "0.2", "127.0.0.1"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let out = String::from_utf8(output.stdout).unwrap();
    assert_eq!(out.matches("icmp_seq=").count(), 2, "{out}");
    assert_eq!(text_of(&dir.ring(), "stdout"), out);
}

#[test]
fn what_a_command_leaves_behind_goes_on() {
    let dir = Dir::new();
    // The child waits for the other's word, so that it is surely later.
    let fifo = dir.0.join("fifo");
    let line = format!(
        "mkfifo '{0}'; (read word <'{0}'; echo $word) & echo now",
        fifo.display()
    );
    let mut child = dir.run_line(&line).stdout(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut now = String::new();
    out.read_line(&mut now).unwrap();
    assert_eq!(now, "now\n");
    assert_eq!(child.wait().unwrap().code(), Some(0), "its status, at once");
    std::fs::write(&fifo, "late\n").unwrap();
    let mut late = String::new();
    out.read_to_string(&mut late).unwrap();
    assert_eq!(late, "late\n");
    // It goes on first, and is recorded then.
    while dir.rings().len() < 2 {
        std::thread::yield_now();
    }
    let rings = dir.rings();
    assert_eq!(text_of(&rings[0], "stdout"), "now\n");
    assert_eq!(
        rings[0].command_end().unwrap().unwrap().0,
        CommandEnd::Exited(0)
    );
    let mut reader = rings[1].reader().open();
    assert_eq!(reader.recv().unwrap().bytes(), b"late\n");
    // Whoever finds one finds the other, and neither is taken for another run.
    let [command, rest] = [&rings[0], &rings[1]].map(RingFile::info);
    assert_eq!(rest.rest_of, Some(command.ring));
    for (one, other, what) in [
        (&command, &rest, "what it left behind"),
        (&rest, &command, "what the command itself has printed"),
    ] {
        let [one, other] = [one, other].map(|info| format!("{:016x}", info.ring));
        let dumped = dir.circular(&["dump", &one]).output().unwrap();
        let err = String::from_utf8(dumped.stderr).unwrap();
        assert!(
            err.contains(what) && err.contains(&format!("circular dump {other} -D ")),
            "{err}"
        );
    }
    let previous = dir
        .circular(&["dump", "--previous", "sh"])
        .output()
        .unwrap();
    assert_eq!(
        previous.status.code(),
        Some(2),
        "it is the same run: {previous:?}"
    );
}

#[test]
fn a_daemon_in_a_session_of_its_own_goes_on() {
    let dir = Dir::new();
    let fifo = dir.0.join("fifo");
    let line = format!(
        "mkfifo '{0}'; setsid sh -c \"read word <'{0}'; echo \\$word\" & echo now",
        fifo.display()
    );
    let mut child = dir.run_line(&line).stdout(Stdio::piped()).spawn().unwrap();
    let mut out = child.stdout.take().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    std::fs::write(&fifo, "late\n").unwrap();
    let mut all = String::new();
    out.read_to_string(&mut all).unwrap();
    assert_eq!(all, "now\nlate\n");
}

#[test]
fn what_is_left_behind_and_never_ends_keeps_nobody_waiting() {
    let dir = Dir::new();
    let mut child = dir
        .run_line("yes & exit 3")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = child.stdout.take().unwrap();
    // Somebody reads it all the time.
    let reads = std::thread::spawn(move || {
        let mut piece = vec![0; 1 << 16];
        while out.read(&mut piece).is_ok_and(|count| count > 0) && !HAS_ENDED.load(Relaxed) {}
    });
    static HAS_ENDED: AtomicBool = AtomicBool::new(false);
    assert_eq!(child.wait().unwrap().code(), Some(3));
    // With its reader, it ends.
    HAS_ENDED.store(true, Relaxed);
    reads.join().unwrap();
}

#[test]
fn what_is_left_behind_and_says_nothing_has_no_ring() {
    let dir = Dir::new();
    let fifo = dir.0.join("fifo");
    let line = format!(
        "mkfifo '{0}'; (read word <'{0}') & echo now",
        fifo.display()
    );
    let mut child = dir.run_line(&line).stdout(Stdio::piped()).spawn().unwrap();
    let mut out = child.stdout.take().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    std::fs::write(&fifo, "late\n").unwrap();
    let mut all = String::new();
    // Until all have closed it.
    out.read_to_string(&mut all).unwrap();
    assert_eq!(all, "now\n");
    assert_eq!(text_of(&dir.ring(), "stdout"), "now\n", "the only one");
}

#[test]
fn one_that_closes_its_streams() {
    let dir = Dir::new();
    alike(&dir, &["sh", "-c", "echo one; exec >&- 2>&-; exit 5"]);
    assert_eq!(lines(&dir.ring()).len(), 1);
}

#[test]
fn sixteen_mebibytes_without_a_newline() {
    let dir = Dir::new();
    let mut command = dir.run_line("head -c 16777216 /dev/zero | tr '\\0' x");
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut out = child.stdout.take().unwrap();
    let (mut count, mut piece) = (0, vec![0; 1 << 16]);
    loop {
        match out.read(&mut piece).unwrap() {
            0 => break,
            read => {
                assert!(piece[..read].iter().all(|&byte| byte == b'x'));
                count += read;
            }
        }
    }
    assert_eq!(count, 16 << 20);
    assert!(child.wait().unwrap().success());
    // The ring has the last of it, and where something came too fast for it, that is told.
    let mut held = 0;
    for (target, level, text) in lines(&dir.ring()) {
        if target == "stdout" {
            assert!(level.is_none() && text.bytes().all(|byte| byte == b'x'));
            held += text.len();
        } else {
            assert_eq!((&*target, level), ("circular", Some(Level::Warn)));
            assert!(
                text.ends_with(" came faster than they could be recorded ---\n"),
                "{text}"
            );
        }
    }
    assert!(held > 512 << 10, "{held}");
}
