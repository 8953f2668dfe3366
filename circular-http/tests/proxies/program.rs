//! Programs of Debian's that a test starts: found, given a configuration, waited for, and ended with it.

use std::fs;
use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Whatever should happen, should have by then, on the slowest of machines.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Where a program is. Without it the test is skipped, which is told; and in CI it is a failure.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Where Debian has servers, and users do not look.
    let more = ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from);
    let found = std::env::split_paths(&path)
        .chain(more)
        .map(|dir| dir.join(program))
        .find(|file| file.is_file());
    if found.is_none() {
        let line = format!("SKIPPED: {program} is not installed: ci/programs.sh\n");
        // Past the test harness, which keeps what tests print.
        let _ = io::stderr().write_all(line.as_bytes());
        let is_ci =
            std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false");
        assert!(!is_ci, "{line}");
    }
    found
}

/// One that runs, in a directory of its own that goes with it.
pub(crate) struct Program {
    child: Child,
    pub(crate) dir: PathBuf,
    pub(crate) port: u16,
}

impl Program {
    /// Starts what `command` makes of its directory and a free port, and waits until it listens there.
    pub(crate) fn start(command: impl Fn(&Path, u16) -> Command) -> Self {
        let dir = new_directory();
        // Somebody may take the port before it does.
        for _ in 0..5 {
            let port = free_port();
            let log = fs::File::create(dir.join("output")).expect("there is room");
            let mut command = command(&dir, port);
            command
                .current_dir(&dir)
                .stdin(Stdio::null())
                .stdout(log.try_clone().expect("it can be had twice"))
                .stderr(log);
            let child = command.spawn().expect("it can be started");
            let dir = dir.clone();
            let mut program = Self { child, dir, port };
            if program.listens() {
                return program;
            }
        }
        let said = fs::read_to_string(dir.join("output"));
        panic!("it does not start: {}", said.unwrap_or_default());
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// Waits until it does. `false` if it ends instead; its directory stays then.
    fn listens(&mut self) -> bool {
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(self.addr()).is_err() {
            if !matches!(self.child.try_wait(), Ok(None)) {
                self.dir = PathBuf::new();
                return false;
            }
            assert!(Instant::now() < deadline, "not within {PATIENCE:?}");
            thread::sleep(Duration::from_millis(20));
        }
        true
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        end(&mut self.child);
        if !self.dir.as_os_str().is_empty() {
            let _ = fs::remove_dir_all(&self.dir);
        }
    }
}

/// Asks it to end, so that processes of its own end too, and then makes it.
#[expect(unsafe_code, reason = "the standard library has no signals")]
fn end(child: &mut Child) {
    if let Ok(pid) = libc::pid_t::try_from(child.id()) {
        // SAFETY: no memory is involved; it is a child that was not waited for, so the number is its own.
        unsafe { libc::kill(pid, libc::SIGTERM) };
    }
    let deadline = Instant::now() + Duration::from_secs(5);
    while matches!(child.try_wait(), Ok(None)) && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(20));
    }
    let _ = child.kill();
    let _ = child.wait();
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("it is bound").port()
}

fn new_directory() -> PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("circular-proxies-{}-{number}", std::process::id());
    let dir = std::env::temp_dir().join(name);
    fs::create_dir_all(&dir).expect("there is room");
    dir
}

/// The block of that language in the README: what it shows is what is tested. The documentation shows the same.
pub(crate) fn block(language: &str) -> String {
    let fence = format!("\n```{language}\n");
    let block = |text: &'static str| {
        let (_, rest) = text.split_once(&fence).expect("there is one");
        let (block, _) = rest.split_once("\n```\n").expect("it ends");
        block
    };
    let readme = include_str!("../../README.md");
    let recipes = include_str!("../../src/recipes.md");
    assert_eq!(readme.matches(&fence).count(), 1, "{language}");
    assert!(
        recipes.contains(block(readme)),
        "the recipe for {language} is another"
    );
    format!("{}\n", block(readme))
}

/// `text` with `new` in place of `old`, which is there.
pub(crate) fn replaced(text: &str, old: &str, new: &str) -> String {
    assert!(text.contains(old), "there is no {old:?} in\n{text}");
    text.replace(old, new)
}
