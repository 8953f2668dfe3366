//! curl as somebody's browser, behind a proxy: with cookies, and with what a browser says of itself.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::program::{Program, find};
use crate::proxy::NAME;

pub(crate) struct Visitor {
    curl: PathBuf,
    cookies: PathBuf,
    port: u16,
}

/// An answer, with the head of the last one if it was led elsewhere.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
    /// Where it was in the end.
    pub(crate) url: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

impl Visitor {
    /// Somebody new, who comes by that proxy. `None` if there is no curl.
    pub(crate) fn new(proxy: &Program, who: &str) -> Option<Self> {
        Some(Self {
            curl: find("curl")?,
            cookies: proxy.dir.join(format!("cookies-{who}")),
            port: proxy.port,
        })
    }

    pub(crate) fn origin(&self) -> String {
        format!("https://{NAME}:{}", self.port)
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin())
    }

    fn command(&self, url: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.curl);
        command
            .args([
                "--silent",
                "--insecure",
                "--max-time",
                "60",
                "--noproxy",
                "*",
            ])
            .arg("--resolve")
            .arg(format!("{NAME}:{}:127.0.0.1", self.port))
            .arg("--cookie")
            .arg(&self.cookies)
            .arg("--cookie-jar")
            .arg(&self.cookies)
            .args(arguments)
            .arg(url)
            .stderr(Stdio::inherit());
        command
    }

    pub(crate) fn get(&self, url: &str, arguments: &[&str]) -> Answer {
        // What curl tells of it comes last.
        let told = "\n%{http_code} %{url_effective}";
        let arguments = [&["--include", "--write-out", told], arguments].concat();
        let output = self.command(url, &arguments).output().expect("curl runs");
        let text = String::from_utf8(output.stdout).expect("it is text");
        assert!(output.status.success(), "{url}: {}\n{text}", output.status);
        let (text, told) = text.rsplit_once('\n').expect("it is told");
        let (status, end) = told.split_once(' ').expect("two words");
        let mut rest = text;
        let (head, body) = loop {
            let (head, body) = rest.split_once("\r\n\r\n").expect("it has a head");
            // One that leads elsewhere is followed by where that is.
            if !body.starts_with("HTTP/") {
                break (head, body);
            }
            rest = body;
        };
        Answer {
            status: status.parse().expect("a number"),
            head: head.to_owned(),
            body: body.to_owned(),
            url: end.to_owned(),
        }
    }

    /// As a browser asks for a page.
    pub(crate) fn visit(&self, url: &str) -> Answer {
        self.get(
            url,
            &[
                "--location",
                "--header",
                "accept: text/html",
                "--header",
                "sec-fetch-site: none",
                "--header",
                "sec-fetch-dest: document",
            ],
        )
    }

    /// As a browser sends the form that is shown at `url`.
    pub(crate) fn send_form(&self, url: &str, form: &str) -> Answer {
        let origin = format!("origin: {}", self.origin());
        self.get(
            url,
            &[
                "--header",
                "accept: text/html",
                "--header",
                &origin,
                "--header",
                "sec-fetch-site: same-origin",
                "--header",
                "sec-fetch-dest: document",
                "--referer",
                url,
                "--data",
                form,
            ],
        )
    }

    /// Lines that come.
    pub(crate) fn stream(&self, url: &str) -> Stream {
        let arguments = ["--no-buffer", "--header", "sec-fetch-site: same-origin"];
        let mut command = self.command(url, &arguments);
        let mut curl = command.stdout(Stdio::piped()).spawn().expect("curl runs");
        let lines = BufReader::new(curl.stdout.take().expect("it is a pipe"));
        Stream { curl, lines }
    }
}

pub(crate) struct Stream {
    curl: Child,
    lines: BufReader<ChildStdout>,
}

impl Stream {
    /// Reads on to a line that contains `text`.
    pub(crate) fn until(&mut self, text: &str) {
        let mut all = String::new();
        loop {
            let mut line = String::new();
            self.lines.read_line(&mut line).expect("it is text");
            assert!(!line.is_empty(), "it ended before {text:?}: {all}");
            if line.contains(text) {
                return;
            }
            all += &line;
        }
    }

    /// Whether it came to an end of its own.
    pub(crate) fn ends_whole(mut self) -> bool {
        while self
            .lines
            .read_line(&mut String::new())
            .expect("it is text")
            > 0
        {}
        self.curl.wait().expect("it ends").success()
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let _ = self.curl.kill();
        let _ = self.curl.wait();
    }
}
