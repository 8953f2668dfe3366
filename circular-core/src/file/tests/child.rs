//! Making a ring in a process of its own, which can be killed.

use super::{make, wanted};
use crate::file::make::prepare;
use std::env;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};

/// What a child does, and where.
const WORK: &str = "CIRCULAR_TEST_WORK";
const DIR: &str = "CIRCULAR_TEST_DIR";
/// How large its ring is.
const CAPACITY: &str = "CIRCULAR_TEST_CAPACITY";

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

/// Ends a process that another has left.
pub(super) fn kill(pid: &str) {
    let killed = Command::new("kill").args(["-KILL", pid]).status().unwrap();
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
        "spawn" => {
            let made = make(&wanted).unwrap();
            let mut child = Command::new("sleep").arg("1000").spawn().unwrap();
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

#[expect(unsafe_code, reason = "the standard library cannot fork")]
fn fork_and_wait() -> libc::pid_t {
    // SAFETY: the child does nothing but wait.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        // SAFETY: a second fork is not here to be seen; the child has one thread, which waits for a signal.
        unsafe { libc::pause() };
        // SAFETY: it does not return.
        unsafe { libc::_exit(0) };
    }
    assert!(pid > 0);
    pid
}

/// Does something in a forked child, and waits for its end; this process has had its own go before.
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
