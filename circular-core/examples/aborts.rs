//! A program that says a thousand lines and panics, for `ci/abort.sh`, which builds it with `panic = "abort"`:
//! the reader's file goes to the directory that it is given. There is no dump, which would give the reader time.

use circular_core::{PanicDump, Policy, Ring};
use std::env;
use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::time::Duration;

fn main() -> Result<(), Box<dyn Error>> {
    let dir = env::args_os().nth(1).ok_or("pass a directory")?;
    let dir = PathBuf::from(dir);
    let mut ring = Ring::new(1 << 20)?;
    let handle = ring.handle();
    let file = BufWriter::new(File::create(dir.join("aborts.log"))?);
    handle.reader().policy(Policy::Block).spawn(file)?;
    PanicDump::builder(&handle)
        .stderr(false)
        .flush(Duration::from_secs(60))
        .install();
    for number in 0..1000 {
        writeln!(ring, "line {number}")?;
    }
    panic!("the last words");
}
