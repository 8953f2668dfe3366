//! Running the examples as a user does: as processes, spoken to through their pipes and sockets.
//!
//! Every wait ends: with what is waited for, or with a panic after [`PATIENCE`].

use std::{
    env, fs,
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

/// What should happen has happened by then, on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The program of the example `name`, which Cargo has built before this test.
pub(crate) fn example(name: &str) -> Command {
    // target/<profile>/deps/<this test>  ->  target/<profile>/examples/<name>
    let test = env::current_exe().expect("a process knows its own path");
    let profile = test
        .parent()
        .and_then(Path::parent)
        .expect("a test is built in target/<profile>/deps");
    let program = profile
        .join("examples")
        .join(format!("{name}{}", env::consts::EXE_SUFFIX));
    assert!(
        program.is_file(),
        "{} is missing: a run of one test alone does not build it, `cargo build --examples` does",
        program.display()
    );
    let mut command = Command::new(program);
    // Where its ring is, which is in a file.
    command.env("CIRCULAR_DIR", env!("CARGO_TARGET_TMPDIR"));
    command
}

/// Asks `what` until it has an answer.
pub(crate) fn until<T>(description: &str, mut what: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = what() {
            return answer;
        }
        assert!(
            Instant::now() < deadline,
            "not within {PATIENCE:?}: {description}"
        );
        thread::sleep(Duration::from_millis(10));
    }
}

/// Sends a signal. By the shell, which is everywhere, and knows of it itself.
#[cfg(unix)]
pub(crate) fn kill(name: &str, pid: u32) {
    let command = format!("kill -s {name} {pid}");
    let status = Command::new("sh").args(["-c", &command]).status();
    assert!(status.expect("there is a shell").success(), "{command}");
}

/// A directory of its own, removed at the end.
pub(crate) struct TempDir(PathBuf);

impl TempDir {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("circular-examples-{}-{count}", std::process::id());
        let dir = env::temp_dir().join(name);
        fs::create_dir(&dir).expect("the temporary directory can be written to");
        Self(dir)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The text of the one file whose name begins with `prefix`, once it is there.
    pub(crate) fn file(&self, prefix: &str) -> String {
        until(&format!("a file called {prefix}..."), || {
            let mut entries = fs::read_dir(&self.0).ok()?.flatten();
            let entry =
                entries.find(|entry| entry.file_name().to_string_lossy().starts_with(prefix))?;
            fs::read_to_string(entry.path()).ok()
        })
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The service on a port of its own, killed if the test fails before it has ended.
pub(crate) struct Service {
    child: Child,
    url: String,
    pub(crate) dir: TempDir,
}

impl Service {
    /// Starts it with that stderr, and reads the address from its stdout.
    pub(crate) fn start(stderr: impl Into<Stdio>) -> Self {
        let dir = TempDir::new();
        let mut child = example("service")
            .env("ADDR", "127.0.0.1:0")
            .env("LOG_DIR", dir.path())
            .env_remove("DUMP_DIR")
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .expect("the service starts");
        let mut first = String::new();
        let stdout = child.stdout.take().expect("stdout is piped");
        BufReader::new(stdout)
            .read_line(&mut first)
            .expect("stdout can be read");
        let url = first.trim_end().trim_end_matches('/').to_owned();
        assert!(
            url.starts_with("http://127.0.0.1:"),
            "the first line is {first:?}, no address"
        );
        Self { child, url, dir }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Status, headers of interest, text.
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        let mut response = client()
            .get(self.url(path))
            .call()
            .expect("the service answers");
        let text = response
            .body_mut()
            .read_to_string()
            .expect("the response has an end");
        (response.status().as_u16(), text)
    }

    /// A response whose body goes on.
    pub(crate) fn open(&self, path: &str) -> impl BufRead + Send + 'static {
        let response = client()
            .get(self.url(path))
            .call()
            .expect("the service answers");
        assert_eq!(response.status(), 200);
        BufReader::new(response.into_body().into_reader())
    }

    /// What the service's stderr has, up to the end of it.
    pub(crate) fn stderr(&mut self) -> impl io::Read + Send + 'static {
        self.child.stderr.take().expect("stderr is piped")
    }

    #[cfg(unix)]
    pub(crate) fn signal(&self, name: &str) {
        kill(name, self.child.id());
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        until("the service ends", || {
            self.child.try_wait().expect("it is our child")
        })
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Gives any status back as a response. A read that hangs for too long fails.
pub(crate) fn client() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(PATIENCE))
        .proxy(None)
        .build()
        .new_agent()
}

/// The next line of a stream that goes on.
pub(crate) fn read_line(reader: &mut impl BufRead) -> String {
    let mut line = String::new();
    reader.read_line(&mut line).expect("the stream goes on");
    assert!(!line.is_empty(), "the stream ended");
    line
}

/// Reads lines until one contains `text`.
pub(crate) fn read_until(reader: &mut impl BufRead, text: &str) -> String {
    loop {
        let line = read_line(reader);
        if line.contains(text) {
            return line;
        }
    }
}
