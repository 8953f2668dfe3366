//! What is left of a log when its program is killed by SIGKILL, about which no program can do anything.
//!
//! ```text
//! cargo run --example after_a_kill
//! ```

use std::{
    env,
    error::Error,
    io::{self, BufRead, BufReader, Write},
    process::{Command, Stdio},
    thread,
};

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
    let mut reader = file.reader().start(Start::Last(1)).open();
    let last = String::from_utf8_lossy(reader.recv()?.bytes()).into_owned();
    write!(
        io::stdout(),
        "{} {}\nits last line: {last}",
        file.info().program,
        file.state()?
    )?;
    Ok(())
}

fn child() -> Result<(), Box<dyn Error>> {
    let recorder = circular_tracing::recorder("after_a_kill")
        .no_console()
        .init()?;
    info!(customer = 7, "selling the last pear");
    let handle = recorder.handle();
    let path = handle.path().ok_or("the ring has no file")?;
    writeln!(io::stdout(), "{}", path.display())?;
    loop {
        thread::park();
    }
}
