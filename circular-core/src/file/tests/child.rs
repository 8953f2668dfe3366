//! Making a ring in a process of its own, which can be killed.

use super::{make, wanted};
use crate::file::make::prepare;
use std::env;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};
use std::thread;

/// What a child does, and where.
const WORK: &str = "CIRCULAR_TEST_WORK";
const DIR: &str = "CIRCULAR_TEST_DIR";
/// How large its ring is.
const CAPACITY: &str = "CIRCULAR_TEST_CAPACITY";

/// A forked child is ended after so many seconds.
const ALARM: u32 = 20;

/// What a child says begins so, among what the test harness says.
const SAYS: &str = "child: ";

/// A child that has done its work, and waits to be told to end.
#[derive(Debug)]
pub(super) struct Child {
    process: process::Child,
    pub(super) said: String,
}

impl Child {
    /// Runs this test in a process of its own. `shell` is what happens before it: a script that ends in `exec "$@"`.
    pub(super) fn begin(work: &str, dir: &Path, shell: &str, capacity: usize) -> process::Child {
        Command::new("sh")
            .args(["-c", shell, "sh"])
            .arg(env::current_exe().unwrap())
            .args(["--exact", "file::tests::child::work"])
            .env(WORK, work)
            .env(DIR, dir)
            .env(CAPACITY, capacity.to_string())
            .env("DIR", dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// The same, and waits for what it says; `None` if it says nothing.
    pub(super) fn try_start(work: &str, dir: &Path, shell: &str, capacity: usize) -> Option<Self> {
        Self::begun(Self::begin(work, dir, shell, capacity))
    }

    pub(super) fn begun(mut process: process::Child) -> Option<Self> {
        let stdout = BufReader::new(process.stdout.as_mut().unwrap());
        let said = stdout
            .lines()
            .map(Result::unwrap)
            .find_map(|line| line.split_once(SAYS).map(|(_, said)| String::from(said)));
        match said {
            Some(said) => Some(Self { process, said }),
            None => {
                process.wait().unwrap();
                None
            }
        }
    }

    pub(super) fn start(work: &str, dir: &Path) -> Self {
        Self::try_start(work, dir, r#"exec "$@""#, 64 << 10).unwrap()
    }

    /// The ring that it has made.
    pub(super) fn path(&self) -> PathBuf {
        PathBuf::from(&self.said)
    }

    pub(super) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Whether it ends well, as it should.
    pub(super) fn end(mut self) -> bool {
        drop(self.process.stdin.take());
        self.process.wait().unwrap().success()
    }
}

/// Ends processes that another has left.
pub(super) fn kill(pids: &str) {
    let mut kill = Command::new("kill");
    let killed = kill.arg("-KILL").args(pids.split(' ')).status().unwrap();
    assert!(killed.success());
}

/// Not a test, unless it is run by one.
#[test]
fn work() {
    let (Ok(work), Ok(dir)) = (env::var(WORK), env::var(DIR)) else {
        return;
    };
    let capacity = env::var(CAPACITY).unwrap().parse().unwrap();
    let mut wanted = wanted(Path::new(&dir));
    wanted.capacity = capacity;
    match work.as_str() {
        "make" => match make(&wanted) {
            Ok(made) => say_and_wait(&made.path.display().to_string()),
            Err(error) => say_and_wait(&format!("{:?}: {error}", error.kind())),
        },
        "prepare" => {
            let _prepared = prepare(&wanted).unwrap();
            say_and_wait("prepared");
        }
        "fork" => {
            let made = make(&wanted).unwrap();
            let child = fork_and_wait();
            say_and_wait(&format!("{child} {}", made.path.display()));
        }
        "fork, and drop" => {
            let made = make(&wanted).unwrap();
            let path = made.path.display().to_string();
            let prepared = prepare(&super::wanted(Path::new(&dir))).unwrap();
            in_child(|| drop((made.lock, prepared)));
            say_and_wait(&path);
        }
        "fork all the time" => {
            wanted.keep = 1000;
            let (made, children) = thread::scope(|scope| {
                let forks = scope.spawn(|| (0..100).map(|_| fork_and_wait()).collect::<Vec<_>>());
                let make = |_| {
                    wanted.ring += 1;
                    make(&wanted).unwrap()
                };
                let made: Vec<_> = (0..30).map(make).collect();
                (made, forks.join().unwrap())
            });
            let children: Vec<String> = children.iter().map(ToString::to_string).collect();
            say_and_wait(&children.join(" "));
            drop(made);
        }
        "spawn" => {
            let made = make(&wanted).unwrap();
            // It says so when it has become another program, and no descriptor of this one is left.
            let mut child = Command::new("sh")
                .args(["-c", "echo; exec sleep 1000"])
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let mut ready = [0];
            let stdout = child.stdout.as_mut().unwrap();
            stdout.read_exact(&mut ready).unwrap();
            say_and_wait(&format!("{} {}", child.id(), made.path.display()));
            child.kill().unwrap();
            child.wait().unwrap();
        }
        _ => unreachable!("{work}"),
    }
}

fn say_and_wait(text: &str) {
    // Past the harness, which would keep it to itself.
    let mut stdout = io::stdout();
    writeln!(stdout, "{SAYS}{text}").unwrap();
    stdout.flush().unwrap();
    io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

/// A forked child that waits to be killed.
#[expect(unsafe_code, reason = "the standard library cannot fork")]
fn fork_and_wait() -> libc::pid_t {
    let (mut ours, mut childs) = UnixStream::pair().unwrap();
    // SAFETY: the child does nothing but say that it is there, and wait.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        let _ = childs.write_all(&[1]);
        // Should a test fail, nobody ends it.
        // SAFETY: no memory is involved.
        unsafe { libc::alarm(ALARM) };
        // SAFETY: no memory is involved; this is the only thread that the child has.
        unsafe { libc::pause() };
        // SAFETY: it does not return.
        unsafe { libc::_exit(0) };
    }
    assert!(pid > 0);
    // What is done in a child at its beginning is done.
    ours.read_exact(&mut [0]).unwrap();
    pid
}

/// Does something in a forked child, and waits for its end.
#[expect(unsafe_code, reason = "the standard library cannot fork")]
fn in_child(work: impl FnOnce()) {
    // SAFETY: what the child does is to close files and to look at a number.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0);
    if pid == 0 {
        work();
        // SAFETY: it does not return.
        unsafe { libc::_exit(0) };
    }
    // What the child has dropped stays here.
    std::mem::forget(work);
    // SAFETY: nobody wants to know how it ended.
    unsafe { libc::waitpid(pid, std::ptr::null_mut(), 0) };
}
