//! WebDriver BiDi: commands to a browser, and what it tells in between, over a WebSocket.
//!
//! Every answer is waited for until a moment that is said once, for the whole session: so a test ends.

use std::net::{SocketAddr, TcpStream};
use std::time::Instant;

use serde_json::{Value, json};
use tungstenite::{Message, WebSocket};

pub(crate) struct Session {
    socket: WebSocket<TcpStream>,
    deadline: Instant,
    /// Of the last command.
    id: u64,
    /// What was told that no command had asked for.
    events: Vec<Value>,
}

impl Session {
    /// Begins one with a browser that listens at this address, to be over at `deadline`.
    pub(crate) fn begin(address: SocketAddr, deadline: Instant) -> Self {
        let stream = TcpStream::connect(address).expect("the browser listens");
        let left = deadline.saturating_duration_since(Instant::now());
        stream
            .set_read_timeout(Some(left))
            .expect("there is time left");
        let url = format!("ws://{address}/session");
        let (socket, _) = tungstenite::client(url, stream).expect("it speaks WebSocket");
        let mut session = Self {
            socket,
            deadline,
            id: 0,
            events: Vec::new(),
        };
        session.command("session.new", &json!({ "capabilities": {} }));
        session
    }

    /// What the browser answers.
    pub(crate) fn command(&mut self, method: &str, parameters: &Value) -> Value {
        self.ask(method, parameters)
            .unwrap_or_else(|error| panic!("{method} {parameters}: {error}"))
    }

    /// The same; the error is what it says why not. A page that is just going away answers nothing, for example.
    pub(crate) fn ask(&mut self, method: &str, parameters: &Value) -> Result<Value, String> {
        self.id += 1;
        let command = json!({ "id": self.id, "method": method, "params": parameters });
        self.socket
            .send(Message::text(command.to_string()))
            .expect("the browser takes commands");
        loop {
            let mut said = self.read(method);
            if said["type"] == "event" {
                self.events.push(said);
            } else if said["id"] == self.id {
                let is_done = said["type"] == "success";
                return match is_done {
                    true => Ok(said["result"].take()),
                    false => Err(format!("{}: {}", said["error"], said["message"])),
                };
            }
        }
    }

    /// What was told since this was last asked.
    pub(crate) fn take_events(&mut self) -> Vec<Value> {
        // It is told in order: with an answer comes what was there to tell before.
        self.command("session.status", &json!({}));
        std::mem::take(&mut self.events)
    }

    fn read(&mut self, method: &str) -> Value {
        loop {
            let left = self.deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{method}: the test takes too long");
            self.socket
                .get_ref()
                .set_read_timeout(Some(left))
                .expect("there is time left");
            let message = self.socket.read();
            let message = message.unwrap_or_else(|error| panic!("{method}: {error}"));
            if let Message::Text(text) = message {
                return serde_json::from_str(&text).expect("it is JSON");
            }
        }
    }
}
