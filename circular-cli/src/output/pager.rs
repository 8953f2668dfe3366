//! The pager: `PAGER`, or else `less`.
//!
//! As journalctl has it: `less` is told to end by itself if all fits on the screen, to let colours through, and to leave what it showed; by
//! `LESS`, unless that is set.

use std::env;
use std::io::{self, Write};
use std::process::{Child, Command, Stdio};

use crate::failure::Failure;
use crate::output::interrupt;

/// One that runs. When it is dropped, it has had everything, and its user has left it.
#[derive(Debug)]
pub(crate) struct Pager {
    child: Child,
    line: String,
}

/// What a shell says of a command that cannot be run, and of one that there is not.
const CANNOT: [i32; 2] = [126, 127];

impl Pager {
    /// Starts it; `None` if it cannot be, or `PAGER` is empty or `cat`, or the terminal can do nothing that a pager needs.
    pub(crate) fn start() -> Option<Self> {
        // Inside of an editor, or nobody knows what: no pager could move about there, and who looks has other means.
        if env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb") {
            return None;
        }
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
        match env::var("LESS") {
            Err(_) => {
                command.env("LESS", "FRX");
            }
            // Its user's options, and colours as such besides: else it shows them as text.
            Ok(options) if asked.is_none() => {
                command.env("LESS", format!("{options} -R"));
            }
            Ok(_) => {}
        }
        let child = command.stdin(Stdio::piped()).spawn().ok()?;
        interrupt::is_the_pagers();
        Some(Self {
            child,
            line: String::from(line),
        })
    }

    /// Returns when its user has left it.
    ///
    /// # Errors
    ///
    /// It could not be run, so nobody has seen anything.
    pub(crate) fn end(&mut self) -> Result<(), Failure> {
        drop(self.child.stdin.take());
        match self.child.wait() {
            Ok(status) if status.code().is_some_and(|code| CANNOT.contains(&code)) => {
                Err(Failure::failed(
                    format!("the pager `{}`, of PAGER, cannot be run", self.line),
                    "the same with --no-pager, or PAGER=less",
                ))
            }
            _ => Ok(()),
        }
    }
}

impl Write for Pager {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.child.stdin {
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
        let _ = self.end();
    }
}
