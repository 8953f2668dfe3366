//! A program that the harness has started, seen from the harness.

use super::death::Death;
use super::roles::{CHILD, Orders, Role};
use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{ChildStdin, ChildStdout, Command, ExitStatus, Stdio};

/// It is killed when this is dropped.
pub(crate) struct Child {
    process: std::process::Child,
    pub(crate) path: PathBuf,
    /// What it says behind the path of its ring.
    pub(crate) pipe: Option<BufReader<ChildStdout>>,
}

/// One that has not said anything yet.
pub(crate) struct Starting(std::process::Child);

impl Starting {
    pub(crate) fn new(orders: &Orders) -> Result<Self, String> {
        let cannot = |error| format!("cannot start a program: {error}");
        let mut command = Command::new(env::current_exe().map_err(cannot)?);
        command
            .arg(CHILD)
            .args(orders.arguments())
            .env_remove("RUST_BACKTRACE")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        // One that dies by itself says so, and that is of no interest.
        if orders.role == Role::Acknowledges && orders.death != Death::Kill {
            command.stderr(Stdio::null());
        }
        Ok(Self(command.spawn().map_err(cannot)?))
    }

    /// Waits until it has its ring.
    pub(crate) fn ready(mut self) -> Result<Child, String> {
        let stdout = self.0.stdout.take().ok_or("no pipe")?;
        let mut pipe = BufReader::new(stdout);
        let mut path = String::new();
        let read = pipe.read_line(&mut path);
        let mut child = Child {
            process: self.0,
            path: path.trim_end().into(),
            pipe: Some(pipe),
        };
        match read {
            Ok(count) if count > 0 => Ok(child),
            _ => {
                let status = child.process.wait();
                Err(format!("a program has no ring, and ended: {status:?}"))
            }
        }
    }

    /// Whatever it was doing.
    pub(crate) fn kill(mut self) -> Result<(), String> {
        end(&mut self.0).map(|_| ())
    }
}

impl Child {
    pub(crate) fn start(orders: &Orders) -> Result<Self, String> {
        Starting::new(orders)?.ready()
    }

    pub(crate) fn kill(&mut self) -> Result<ExitStatus, String> {
        end(&mut self.process)
    }

    pub(crate) fn wait(&mut self) -> Result<ExitStatus, String> {
        let status = self.process.wait();
        status.map_err(|error| format!("cannot wait for a program: {error}"))
    }

    /// Lets it begin what it waits to be told. It ends when what is returned is dropped.
    pub(crate) fn go(&mut self) -> Result<ChildStdin, String> {
        let mut stdin = self.process.stdin.take().ok_or("it has begun")?;
        let told = stdin.write_all(b"!");
        told.map_err(|error| format!("cannot tell a program to begin: {error}"))?;
        Ok(stdin)
    }

    /// What it says in the end: how many records it has written.
    pub(crate) fn written(&mut self) -> Result<u64, String> {
        let mut line = String::new();
        if let Some(pipe) = &mut self.pipe {
            let read = pipe.read_line(&mut line);
            read.map_err(|error| format!("cannot read what a program says: {error}"))?;
        }
        let count = line.trim_end().parse();
        count.map_err(|_| format!("no count of what was written: {line:?}"))
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = end(&mut self.process);
    }
}

fn end(process: &mut std::process::Child) -> Result<ExitStatus, String> {
    // Who is dead already cannot be killed, and that is all right.
    let _ = process.kill();
    let status = process.wait();
    status.map_err(|error| format!("cannot wait for a program: {error}"))
}
