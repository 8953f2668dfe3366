//! A headless Chromium, driven by chromedriver over the WebDriver protocol.
//!
//! Two at a time: the tests of a binary run beside each other, and a browser waits for most of its time; but many on
//! few cores would test each other's patience. Everything that was started is ended when the [`Browser`] is dropped.

use std::{
    env, fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Condvar, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use ureq::{Body, http::Response};

use crate::left_out;
use crate::page::Look;

/// Whatever should happen, should have by then, on the slowest of machines.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// How often it is looked whether it has.
pub(crate) const PAUSE: Duration = Duration::from_millis(20);

/// WebDriver's code point for the key.
pub(crate) const DELETE: &str = "\u{e017}";

/// How many more there may be at once.
static FREE: Mutex<u32> = Mutex::new(2);
static FREED: Condvar = Condvar::new();

/// The right to run a browser.
pub(crate) struct Turn;

impl Turn {
    pub(crate) fn wait() -> Self {
        let free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free = FREED
            .wait_while(free, |free| *free == 0)
            .unwrap_or_else(PoisonError::into_inner);
        *free -= 1;
        Self
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *FREE.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        FREED.notify_one();
    }
}

pub(crate) struct Browser {
    agent: ureq::Agent,
    session: String,
    driver: Child,
    downloads: PathBuf,
    _turn: Turn,
}

impl Browser {
    /// Starts one, with nothing in it. `None` if there is none, or whoever runs the tests wants none.
    ///
    /// In CI it panics if there is none and nobody said so: a test that was left out by accident proves nothing.
    pub(crate) fn start() -> Option<Self> {
        if !is_wanted() {
            return None;
        }
        let turn = Turn::wait();
        let Some((chromium, chromedriver)) = installed("chromium").zip(installed("chromedriver"))
        else {
            left_out::for_want_of("a browser, Debian's packages `chromium` and `chromium-driver`");
            return None;
        };
        let (driver, address) = start_driver(&chromedriver);
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .build()
            .into();
        let mut browser = Self {
            agent,
            session: format!("http://{address}/session"),
            driver,
            downloads: new_directory(),
            _turn: turn,
        };
        let reply = browser.command("", &capabilities(&chromium, &browser.downloads));
        let id = reply["sessionId"].as_str().expect("a session has an id");
        browser.session = format!("{}/{id}", browser.session);
        Some(browser)
    }

    pub(crate) fn go_to(&self, url: &str) {
        self.command("/url", &json!({ "url": url }));
    }

    pub(crate) fn reload(&self) {
        self.command("/refresh", &json!({}));
    }

    /// Runs a script in each page that is gone to, before the page's own.
    pub(crate) fn before_each_page(&self, script: &str) {
        self.devtools(
            "Page.addScriptToEvaluateOnNewDocument",
            &json!({ "source": script }),
        );
    }

    /// What the body of a function with these arguments returns, in the page.
    pub(crate) fn run(&self, body: &str, arguments: &Value) -> Value {
        self.command(
            "/execute/sync",
            &json!({ "script": body, "args": arguments }),
        )
    }

    /// The same for a body that is given a function, and calls it with what it has in the end.
    pub(crate) fn run_async(&self, body: &str) -> Value {
        self.command("/execute/async", &json!({ "script": body, "args": [] }))
    }

    /// What an expression is, in the page.
    pub(crate) fn get(&self, expression: &str) -> Value {
        self.run(&format!("return {expression};"), &json!([]))
    }

    /// Waits until an expression is true in the page. Where it is an error it is not, as that may be the page before.
    pub(crate) fn until(&self, expression: &str) {
        let deadline = Instant::now() + PATIENCE;
        let script = format!("try {{ return !!({expression}); }} catch {{ return false; }}");
        while self.run(&script, &json!([])) != true {
            assert!(
                Instant::now() < deadline,
                "not within {PATIENCE:?}: {expression}\nthe page: {}\nits console: {:#?}",
                self.get("document.body.innerText.slice(0, 2000)"),
                self.console()
            );
            thread::sleep(PAUSE);
        }
    }

    /// Waits until what was changed is laid out and painted.
    pub(crate) fn until_painted(&self) {
        self.run_async("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))");
    }

    pub(crate) fn click(&self, selector: &str) {
        let id = self.element(selector);
        self.command(&format!("/element/{id}/click"), &json!({}));
    }

    /// Makes an input hold `text` and nothing else.
    pub(crate) fn set(&self, selector: &str, text: &str) {
        // Not WebDriver's own "clear": it takes the focus away, and the page applies what is there.
        self.run(
            "document.querySelector(arguments[0]).select()",
            &json!([selector]),
        );
        self.type_into(selector, if text.is_empty() { DELETE } else { text });
    }

    /// Types into an element, at the end of what is there.
    pub(crate) fn type_into(&self, selector: &str, text: &str) {
        let id = self.element(selector);
        self.command(&format!("/element/{id}/value"), &json!({ "text": text }));
    }

    /// Presses keys, one after the other, wherever the focus is. Special ones are WebDriver's code points.
    pub(crate) fn press(&self, keys: &str) {
        let actions: Vec<Value> = keys
            .chars()
            .flat_map(|key| {
                ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key.to_string() }))
            })
            .collect();
        self.act(&json!({ "type": "key", "id": "keyboard", "actions": actions }));
    }

    /// What a keyboard, a pointer or a wheel does, as WebDriver says it.
    pub(crate) fn act(&self, device: &Value) {
        self.command("/actions", &json!({ "actions": [device] }));
    }

    /// Goes on in the other one of two windows, and gives the first one's handle.
    pub(crate) fn switch_to_other(&self) -> Value {
        let (first, all) = (self.ask("/window"), self.ask("/window/handles"));
        let other = all
            .as_array()
            .expect("a list")
            .iter()
            .find(|&handle| *handle != first);
        self.command(
            "/window",
            &json!({ "handle": other.expect("a second window") }),
        );
        first
    }

    /// Closes another window than the one that it is in.
    pub(crate) fn close_window(&self, handle: &Value) {
        let here = self.ask("/window");
        self.command("/window", &json!({ "handle": handle }));
        read(
            "/window",
            self.agent.delete(format!("{}/window", self.session)).call(),
        );
        self.command("/window", &json!({ "handle": here }));
    }

    /// What the console has had since it was last asked: errors, violations of the CSP among them, and
    /// messages.
    pub(crate) fn console(&self) -> Vec<String> {
        let entries = self.command("/se/log", &json!({ "type": "browser" }));
        let entries = entries.as_array().expect("the log is a list");
        entries
            .iter()
            .map(|entry| format!("{} {}", entry["level"], entry["message"]))
            .collect()
    }

    /// A command of Chromium's own protocol.
    pub(crate) fn devtools(&self, name: &str, parameters: &Value) -> Value {
        self.command(
            "/goog/cdp/execute",
            &json!({ "cmd": name, "params": parameters }),
        )
    }

    /// Makes the system prefer "dark" or "light".
    pub(crate) fn prefer(&self, scheme: &str) {
        let feature = json!({ "name": "prefers-color-scheme", "value": scheme });
        self.devtools(
            "Emulation.setEmulatedMedia",
            &json!({ "features": [feature] }),
        );
    }

    /// How many bytes of the page's scripts, and how many nodes of documents, are left when what can be
    /// collected is.
    pub(crate) fn memory(&self) -> (f64, f64) {
        self.devtools("HeapProfiler.collectGarbage", &json!({}));
        let heap = self.devtools("Runtime.getHeapUsage", &json!({}));
        let counters = self.devtools("Memory.getDOMCounters", &json!({}));
        let number = |value: &Value| value.as_f64().expect("a number");
        (number(&heap["usedSize"]), number(&counters["nodes"]))
    }

    /// The file of that name, when its download is complete. The program's name stands before it.
    pub(crate) fn downloaded(&self, name: &str) -> String {
        let behind = format!("-{name}");
        let deadline = Instant::now() + PATIENCE;
        // It has another name until it is complete, and its own may be taken before that by an empty file.
        loop {
            let files = fs::read_dir(&self.downloads).expect("there is room for downloads");
            let found = files.flatten().map(|file| file.path()).find(|path| {
                let file = path.file_name().and_then(|file| file.to_str());
                file.is_some_and(|file| file == name || file.ends_with(&behind))
            });
            let text = found.map(|path| fs::read_to_string(path).expect("a download can be read"));
            if let Some(text) = text.filter(|text| !text.is_empty()) {
                return text;
            }
            assert!(
                Instant::now() < deadline,
                "not within {PATIENCE:?}: {name} in {}",
                self.downloads.display()
            );
            thread::sleep(PAUSE);
        }
    }

    /// Makes the name free for another download.
    pub(crate) fn remove_downloaded(&self, name: &str) {
        fs::remove_file(self.downloads.join(name)).expect("it is there");
    }

    fn element(&self, selector: &str) -> String {
        let found = self.command(
            "/element",
            &json!({ "using": "css selector", "value": selector }),
        );
        let id = found
            .as_object()
            .and_then(|object| object.values().next())
            .and_then(Value::as_str);
        id.expect("an element has an id").to_owned()
    }

    fn command(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}{path}", self.session);
        read(path, self.agent.post(&url).send(body.to_string()))
    }

    fn ask(&self, path: &str) -> Value {
        read(
            path,
            self.agent.get(format!("{}{path}", self.session)).call(),
        )
    }
}

impl Look for Browser {
    fn go_to(&self, url: &str) {
        Browser::go_to(self, url);
    }

    fn get(&self, expression: &str) -> Value {
        Browser::get(self, expression)
    }

    fn until(&self, expression: &str) {
        Browser::until(self, expression);
    }

    fn act(&self, device: &Value) {
        Browser::act(self, device);
    }

    fn console(&self) -> Vec<String> {
        Browser::console(self)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The browser first: without its driver it would stay. If that fails there is nothing left to do.
        _ = self.agent.delete(&self.session).call();
        _ = self.driver.kill();
        _ = self.driver.wait();
        _ = fs::remove_dir_all(&self.downloads);
    }
}

fn read(command: &str, reply: Result<Response<Body>, ureq::Error>) -> Value {
    let mut reply = reply.expect("chromedriver answers");
    let text = reply
        .body_mut()
        .with_config()
        .limit(1 << 30)
        .read_to_string()
        .expect("the answer is text");
    let mut answer: Value = serde_json::from_str(&text).expect("the answer is JSON");
    assert!(reply.status().is_success(), "{command}: {answer}");
    answer["value"].take()
}

/// Whether whoever runs the tests wants a browser.
pub(crate) fn is_wanted() -> bool {
    env::var_os("CIRCULAR_NO_BROWSER").is_none_or(|value| value != "1")
}

pub(crate) fn installed(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|directory| directory.join(program))
        .find(|file| file.is_file())
}

fn start_driver(program: &Path) -> (Child, SocketAddr) {
    let mut driver = Command::new(program)
        .arg("--port=0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("chromedriver can be started");
    let mut lines = BufReader::new(driver.stdout.take().expect("its output is a pipe")).lines();
    let port = lines
        .by_ref()
        .map_while(Result::ok)
        .find_map(|line| {
            line.split_once("successfully on port ")?
                .1
                .trim_end_matches('.')
                .parse::<u16>()
                .ok()
        })
        .expect("chromedriver says its port");
    // It must not fail when it says more.
    thread::spawn(move || lines.for_each(drop));
    (driver, SocketAddr::from(([127, 0, 0, 1], port)))
}

pub(crate) fn new_directory() -> PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let directory =
        env::temp_dir().join(format!("circular-browser-{}-{number}", std::process::id()));
    fs::create_dir_all(&directory).expect("there is room for downloads");
    directory
}

fn capabilities(chromium: &Path, downloads: &Path) -> Value {
    let mut arguments = vec![
        "--headless=new",
        "--window-size=1200,760",
        "--disable-gpu",
        // Where it scrolls to, it is at once.
        "--disable-smooth-scrolling",
        "--no-first-run",
        // It is to speak to the tests only.
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-quic",
        // A name that the README has, for a proxy on this machine.
        "--host-resolver-rules=MAP log.example.com 127.0.0.1",
        // Containers have a small /dev/shm.
        "--disable-dev-shm-usage",
    ];
    if fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0) {
        // Its sandbox does not work for root.
        arguments.push("--no-sandbox");
    }
    json!({ "capabilities": { "alwaysMatch": {
        "browserName": "chrome",
        // Such a proxy's certificate is made for the test.
        "acceptInsecureCerts": true,
        "goog:loggingPrefs": { "browser": "ALL" },
        "goog:chromeOptions": {
            "binary": chromium,
            "args": arguments,
            "prefs": { "download.default_directory": downloads, "download.prompt_for_download": false },
        },
    } } })
}
