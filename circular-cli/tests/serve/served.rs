//! The command while it runs, and who looks at its page.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use ureq::http::Response;
use ureq::{Agent, Body};

use crate::rings::Rings;

/// What must come, has by then on the slowest of machines.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// One that has said where its page is.
pub(crate) struct Served {
    pub(crate) child: Child,
    pub(crate) url: String,
    words: Receiver<String>,
}

impl Served {
    /// At a port that was free.
    pub(crate) fn start(rings: &Rings, args: &[&str]) -> Self {
        let args = [&["serve", "--addr", "127.0.0.1:0"], args].concat();
        Self::spawn(&mut rings.circular(&args))
    }

    pub(crate) fn spawn(command: &mut Command) -> Self {
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let words = lines(child.stderr.take().unwrap());
        let out = lines(child.stdout.take().unwrap());
        let url = out.recv_timeout(PATIENCE);
        let url = url.unwrap_or_else(|_| panic!("no address: {:?}", words.recv()));
        Self { child, url, words }
    }

    /// The next line that it says beside the address.
    #[track_caller]
    pub(crate) fn says(&self) -> String {
        self.words
            .recv_timeout(PATIENCE)
            .expect("it says something")
    }

    /// What it says at its beginning.
    pub(crate) fn beginning(&self) -> Vec<String> {
        let mut lines = vec![self.says()];
        while lines.last().is_none_or(|line| line != "Ctrl-C ends it") {
            lines.push(self.says());
        }
        lines
    }

    /// The response to a request with these parameters.
    pub(crate) fn ask(&self, query: &str) -> Response<Body> {
        ask(&format!("{}?{query}", self.url), &[])
    }

    pub(crate) fn text(&self, query: &str) -> String {
        self.ask(query).body_mut().read_to_string().unwrap()
    }

    /// All that there is, as objects.
    pub(crate) fn objects(&self) -> Vec<Value> {
        let text = self.text("format=ndjson");
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// What there is and what comes.
    pub(crate) fn follow(&self) -> Following {
        let response = self.ask("format=ndjson&follow");
        assert_eq!(response.status(), 200);
        Following(lines(response.into_body().into_reader()))
    }

    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.child), signal)
            .unwrap();
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The lines of a stream, to its end or to an error.
fn lines(stream: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (send, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let _ = send.send(line);
        }
    });
    lines
}

/// Whoever follows.
pub(crate) struct Following(Receiver<String>);

impl Following {
    /// The next object that is no sign of life; `None` at the end.
    pub(crate) fn next(&self) -> Option<Value> {
        loop {
            let line = match self.0.recv_timeout(PATIENCE) {
                Ok(line) => line,
                Err(mpsc::RecvTimeoutError::Disconnected) => return None,
                Err(mpsc::RecvTimeoutError::Timeout) => panic!("an object should have come"),
            };
            let object: Value = serde_json::from_str(&line).unwrap();
            if object.get("alive").is_none() {
                return Some(object);
            }
        }
    }

    /// Those up to the first that has this, in a field of that name or as its text.
    pub(crate) fn until(&self, what: &str) -> Vec<Value> {
        let mut objects = Vec::new();
        loop {
            let object = self.next().unwrap_or_else(|| panic!("{what}: {objects:?}"));
            let is_it = object.get(what).is_some() || object["text"] == what;
            objects.push(object);
            if is_it {
                return objects;
            }
        }
    }
}

/// The response to a request, whatever it says.
pub(crate) fn ask(url: &str, headers: &[(&str, &str)]) -> Response<Body> {
    let agent: Agent = Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(PATIENCE))
        .proxy(None)
        .build()
        .into();
    let mut request = agent.get(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.call().unwrap()
}

/// Its records: whose, and what they say.
pub(crate) fn records(objects: &[Value]) -> Vec<(&str, &str)> {
    objects
        .iter()
        .filter_map(|object| object["source"].as_str().zip(object["text"].as_str()))
        .collect()
}
