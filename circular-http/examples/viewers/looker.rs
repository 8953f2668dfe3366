//! Clients that look at the log, each on a thread of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use crate::Result;

/// How fast a client reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    Fast,
    /// 1 KiB a second, until it is all over.
    Slow,
    Never,
}

/// What a client has had.
#[derive(Debug, Default)]
pub(crate) struct Had {
    pub(crate) received: u64,
    pub(crate) missed: u64,
}

pub(crate) struct Looker {
    pace: Pace,
    reader: BufReader<TcpStream>,
    /// Records that had been written before it came.
    before: u64,
}

impl Looker {
    /// Asks for what comes from now on, and has joined when this returns.
    pub(crate) fn connect(addr: SocketAddr, pace: Pace) -> Result<Self> {
        let mut stream = TcpStream::connect(addr)?;
        let request = "GET /debug/log?follow&tail=0 HTTP/1.0\r\nhost: localhost\r\n\r\n";
        stream.write_all(request.as_bytes())?;
        let mut looker = Self {
            pace,
            reader: BufReader::with_capacity(1024, stream),
            before: 0,
        };
        while looker.line()? != "\r\n" {}
        looker.before = crate::written(addr)?;
        Ok(looker)
    }

    /// The next line; empty at the end.
    pub(crate) fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.reader.read_line(&mut line)?;
        Ok(line)
    }

    /// Reads to the end at its pace; once `is_over`, as fast as it can. Nothing comes of one that never
    /// reads.
    pub(crate) fn look(mut self, is_over: &AtomicBool) -> Result<Option<Had>> {
        if self.pace == Pace::Never {
            while !is_over.load(Relaxed) {
                thread::sleep(Duration::from_millis(100));
            }
            return Ok(None);
        }
        let mut had = Had {
            received: self.before,
            missed: 0,
        };
        let mut taken = 0;
        loop {
            let line = self.line()?;
            match line.strip_prefix("--- missed ") {
                _ if line.is_empty() => return Ok(Some(had)),
                Some(rest) => {
                    let count = rest.split(' ').next().unwrap_or_default();
                    had.missed += count.parse::<u64>()?;
                }
                None => had.received += 1,
            }
            taken += line.len();
            if self.pace == Pace::Slow && taken >= 1024 && !is_over.load(Relaxed) {
                taken -= 1024;
                thread::sleep(Duration::from_secs(1));
            }
        }
    }
}

/// The client that people have, which follows what comes from now on.
pub(crate) struct Curl {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Curl {
    /// It has joined when this returns.
    pub(crate) fn start(addr: SocketAddr) -> Result<Self> {
        let mut child = Command::new("curl")
            .args(["--silent", "--no-buffer"])
            .arg(format!("http://{addr}/debug/log?follow&tail=0"))
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start curl, which is needed: {error}"))?;
        let stdout = child.stdout.take().ok_or("no standard output")?;
        let lines = BufReader::new(stdout);
        while crate::viewers(addr)? == 0 {
            thread::sleep(Duration::from_millis(10));
        }
        Ok(Self { child, lines })
    }

    /// The next line; empty at the end.
    pub(crate) fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.lines.read_line(&mut line)?;
        Ok(line)
    }
}

impl Drop for Curl {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One response, without its head.
pub(crate) fn get(addr: SocketAddr, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect(addr)?;
    let request = format!("GET {path} HTTP/1.0\r\nhost: localhost\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    let (_, body) = text.split_once("\r\n\r\n").ok_or("no response")?;
    Ok(body.to_owned())
}
