//! What is left of a log when its program is killed by SIGKILL, about which no program can do anything.
//!
//! ```text
//! cargo run --example after_a_kill
//! ```

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::{env, thread};

use circular_core::{RingFile, Start};
use tracing::info;

fn main() -> Result<(), Box<dyn Error>> {
    if env::args().nth(1).as_deref() == Some("child") {
        return child();
    }
    let mut child = Command::new(env::current_exe()?)
        .arg("child")
        .stdout(Stdio::piped())
        .spawn()?;
    let mut path = String::new();
    BufReader::new(child.stdout.take().ok_or("no stdout")?).read_line(&mut path)?;
    child.kill()?;
    child.wait()?;

    let file = RingFile::open(path.trim_end())?;
    println!("{} {}", file.info().program, file.state()?);
    let mut reader = file.reader().start(Start::Last(1)).open();
    println!(
        "its last line: {}",
        String::from_utf8_lossy(reader.recv()?.bytes())
    );
    Ok(())
}

fn child() -> Result<(), Box<dyn Error>> {
    let recorder = circular_tracing::recorder("shop").no_console().init()?;
    info!(customer = 7, "selling the last pear");
    let handle = recorder.handle();
    println!(
        "{}",
        handle
            .path()
            .ok_or("this system has no rings in files")?
            .display()
    );
    loop {
        thread::park();
    }
}
