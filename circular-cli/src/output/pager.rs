//! The pager: `PAGER`, or else `less`.
//!
//! As journalctl has it: `less` is told to end by itself if all fits on the screen, to let colours through, and to leave what it showed; by
//! `LESS`, unless that is set.

use std::env;
use std::io::{self, Write};
use std::process::{Child, Command, Stdio};

/// One that runs. When it is dropped, it has had everything, and its user has left it.
#[derive(Debug)]
pub(crate) struct Pager(Child);

impl Pager {
    /// Starts it; `None` if it cannot be, or `PAGER` is empty or `cat`.
    pub(crate) fn start() -> Option<Self> {
        let asked = env::var("PAGER").ok();
        let line = asked.as_deref().unwrap_or("less").trim();
        if matches!(line, "" | "cat") {
            return None;
        }
        // A shell reads it, as everywhere: it may have options.
        let mut command = if asked.is_some() {
            let mut shell = Command::new("sh");
            shell.args(["-c", line]);
            shell
        } else {
            Command::new(line)
        };
        if env::var_os("LESS").is_none() {
            command.env("LESS", "FRX");
        }
        command.stdin(Stdio::piped()).spawn().ok().map(Self)
    }
}

impl Write for Pager {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.0.stdin {
            Some(stdin) => stdin.write(bytes),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Pager {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}
