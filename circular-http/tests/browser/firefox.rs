//! A headless Firefox, driven over its own WebDriver BiDi: it needs no driver.
//!
//! What it writes is in a directory of its own. Firefox and directory are gone when this is dropped, also while a test
//! panics; and no test has one for longer than [`WHOLE`].

use std::cell::RefCell;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::bidi::Session;
use crate::driver::{DELETE, PATIENCE, PAUSE, Turn, installed, is_wanted, new_directory};
use crate::left_out;
use crate::page::Look;

/// What a test may take.
const WHOLE: Duration = Duration::from_secs(180);

/// What its users would not set: it is to speak to the tests only, and asks nobody anything.
const SETTINGS: &[(&str, &str)] = &[
    ("app.normandy.enabled", "false"),
    ("app.update.enabled", "false"),
    ("browser.aboutwelcome.enabled", "false"),
    ("browser.download.folderList", "2"),
    ("browser.download.useDownloadDir", "true"),
    ("browser.shell.checkDefaultBrowser", "false"),
    ("datareporting.policy.dataSubmissionEnabled", "false"),
    ("extensions.update.enabled", "false"),
    ("network.captive-portal-service.enabled", "false"),
    ("network.connectivity-service.enabled", "false"),
    (
        "services.settings.server",
        "\"data:,#remote-settings-dummy/v1\"",
    ),
    ("toolkit.telemetry.enabled", "false"),
    // Where it scrolls to, it is at once.
    ("general.smoothScroll", "false"),
    // Whatever this machine prefers: light.
    ("layout.css.prefers-color-scheme.content-override", "1"),
];

/// Firefox as a process, and what it has written.
struct Process {
    child: Child,
    directory: PathBuf,
}

impl Drop for Process {
    fn drop(&mut self) {
        // There is nothing in it that would have to be kept. Its other processes end when they miss this one.
        _ = self.child.kill();
        _ = self.child.wait();
        _ = fs::remove_dir_all(&self.directory);
    }
}

pub(crate) struct Firefox {
    session: RefCell<Session>,
    /// Its tab.
    context: String,
    process: Process,
    _turn: Turn,
}

impl Firefox {
    /// Starts one, with nothing in it. `None` if there is none, or whoever runs the tests wants no browser.
    ///
    /// In CI it panics if there is none and nobody said so.
    pub(crate) fn start() -> Option<Self> {
        if !is_wanted() {
            return None;
        }
        let turn = Turn::wait();
        let Some(program) = installed("firefox-esr").or_else(|| installed("firefox")) else {
            left_out::for_want_of("a browser, Debian's package `firefox-esr`");
            return None;
        };
        let deadline = Instant::now() + WHOLE;
        let directory = new_directory();
        let [profile, downloads] = ["profile", "downloads"].map(|name| directory.join(name));
        for directory in [&profile, &downloads] {
            fs::create_dir(directory).expect("there is room");
        }
        let mut settings = format!("user_pref(\"browser.download.dir\", {downloads:?});\n");
        for (name, value) in SETTINGS {
            settings += &format!("user_pref(\"{name}\", {value});\n");
        }
        fs::write(profile.join("user.js"), settings).expect("there is room");
        let mut child = Command::new(program)
            .args(["--headless", "--no-remote", "--remote-debugging-port=0"])
            .arg("--profile")
            .arg(profile)
            // For what it writes elsewhere than into its profile.
            .env("HOME", &directory)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("firefox can be started");
        let stderr = child.stderr.take().expect("its errors are a pipe");
        let process = Process { child, directory };
        let (tell, told) = mpsc::channel();
        // It must not fail when it says more.
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if let Some((_, at)) = line.split_once("BiDi listening on ws://") {
                    _ = tell.send(at.trim().to_owned());
                }
            }
        });
        let address = told
            .recv_timeout(PATIENCE)
            .expect("firefox says where it listens");
        let address = address.parse().expect("it is an address");
        let mut session = Session::begin(address, deadline);
        session.command(
            "session.subscribe",
            &json!({ "events": ["log.entryAdded"] }),
        );
        let tree = session.command("browsingContext.getTree", &json!({}));
        let context = tree["contexts"][0]["context"].as_str();
        let firefox = Self {
            context: context.expect("there is a tab").to_owned(),
            session: RefCell::new(session),
            process,
            _turn: turn,
        };
        firefox.resize(1200, 760);
        Some(firefox)
    }

    fn command(&self, method: &str, parameters: Value) -> Value {
        let parameters = self.for_tab(parameters);
        self.session.borrow_mut().command(method, &parameters)
    }

    fn for_tab(&self, mut parameters: Value) -> Value {
        parameters["context"] = json!(self.context);
        parameters
    }

    /// What an expression is, or why that cannot be told.
    fn evaluate(&self, expression: &str) -> Result<Value, String> {
        let parameters = json!({
            "expression": expression,
            "target": { "context": self.context },
            "awaitPromise": true,
        });
        let answer = self
            .session
            .borrow_mut()
            .ask("script.evaluate", &parameters)?;
        match &answer["type"] {
            kind if kind == "success" => Ok(answer["result"].clone()),
            _ => Err(answer["exceptionDetails"]["text"].to_string()),
        }
    }

    fn try_get(&self, expression: &str) -> Result<Value, String> {
        let text = self.evaluate(&format!(
            "(async () => JSON.stringify(await ({expression})))()"
        ))?;
        // What is not there is no JSON.
        let text = text["value"].as_str().unwrap_or("null");
        Ok(serde_json::from_str(text).expect("it is JSON"))
    }

    /// Runs statements, in the page.
    pub(crate) fn run(&self, statements: &str) {
        self.get(&format!("(() => {{ {statements} }})()"));
    }

    /// Waits until what was changed is laid out and painted.
    pub(crate) fn until_painted(&self) {
        self.get(
            "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(0))))",
        );
    }

    pub(crate) fn reload(&self) {
        self.command("browsingContext.reload", json!({ "wait": "complete" }));
    }

    /// Makes what is seen of the page so large.
    pub(crate) fn resize(&self, width: u32, height: u32) {
        let viewport = json!({ "viewport": { "width": width, "height": height } });
        self.command("browsingContext.setViewport", viewport);
    }

    pub(crate) fn click(&self, selector: &str) {
        let element = self
            .evaluate(&format!("document.querySelector({selector:?})"))
            .expect("it can be looked for");
        let id = &element["sharedId"];
        assert!(id.is_string(), "there is no {selector}");
        self.run(&format!(
            "document.querySelector({selector:?}).scrollIntoView({{ block: 'nearest' }})"
        ));
        let origin = json!({ "type": "element", "element": { "sharedId": id } });
        self.act(&json!({ "type": "pointer", "id": "mouse", "actions": [
            { "type": "pointerMove", "x": 0, "y": 0, "origin": origin },
            { "type": "pointerDown", "button": 0 },
            { "type": "pointerUp", "button": 0 },
        ] }));
    }

    /// Makes an input hold `text` and nothing else.
    pub(crate) fn set(&self, selector: &str, text: &str) {
        self.run(&format!("document.querySelector({selector:?}).select()"));
        self.press(if text.is_empty() { DELETE } else { text });
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

    /// Waits until a file whose name ends so was downloaded, and holds `text`.
    pub(crate) fn until_downloaded(&self, name: &str, text: &str) {
        let downloads = self.process.directory.join("downloads");
        let deadline = Instant::now() + PATIENCE;
        let mut seen = None;
        // It has that name before all of it is there.
        while seen.as_deref() != Some(text) {
            assert!(
                Instant::now() < deadline,
                "not within {PATIENCE:?}: {name} is {seen:?}"
            );
            thread::sleep(PAUSE);
            let files = fs::read_dir(&downloads).expect("there is room for downloads");
            let found = files
                .flatten()
                .find(|file| file.file_name().to_string_lossy().ends_with(name));
            seen = found.and_then(|file| fs::read_to_string(file.path()).ok());
        }
    }
}

impl Look for Firefox {
    fn go_to(&self, url: &str) {
        let parameters = json!({ "url": url, "wait": "complete" });
        self.command("browsingContext.navigate", parameters);
    }

    fn get(&self, expression: &str) -> Value {
        self.try_get(expression)
            .unwrap_or_else(|error| panic!("{expression}: {error}"))
    }

    fn until(&self, expression: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = self.try_get(&format!("!!({expression})"));
            if answer == Ok(Value::Bool(true)) {
                return;
            }
            assert!(
                Instant::now() < deadline,
                "not within {PATIENCE:?}: {expression}: {answer:?}\nthe page: {:?}\nits console: {:#?}",
                self.try_get("document.body.innerText.slice(0, 2000)"),
                self.console()
            );
            thread::sleep(PAUSE);
        }
    }

    fn act(&self, device: &Value) {
        self.command("input.performActions", json!({ "actions": [device] }));
    }

    fn console(&self) -> Vec<String> {
        let events = self.session.borrow_mut().take_events();
        let entries = events.iter().map(|event| &event["params"]);
        entries
            .map(|entry| format!("{} {}", entry["level"], entry["text"]))
            .collect()
    }
}
