//! A program that says two thousand lines and then ends in the way that its argument names, for the test of
//! all ends. It is started by that: it waits for a line on standard input before it begins.

use std::error::Error;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::{env, process, thread};

use circular_core::{Policy, Recorder};
use circular_http::{Options, Server};
use tracing::info;

const LINES: u32 = 2000;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().collect();
    let [_, end, dir] = &arguments[..] else {
        return Err("usage: every_end <end> <dir>".into());
    };
    let dir = PathBuf::from(dir);
    let recorder = circular_tracing::recorder("every_end")
        .console("info")
        .dumps(&dir)
        .init()?;
    // It must be complete: writers wait for it.
    recorder
        .handle()
        .reader()
        .policy(Policy::Block)
        .spawn(File::create(dir.join("file"))?)?;
    // As one does who has not read about policies.
    recorder
        .handle()
        .reader()
        .spawn(File::create(dir.join("skip"))?)?;
    let options = Options::new().addr(([127, 0, 0, 1], 0));
    let server = circular_http::serve(recorder.handle(), options)?;
    writeln!(io::stdout(), "{}", server.url())?;

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    #[cfg(unix)]
    let mut terminate = {
        let _inside = runtime.enter();
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?
    };
    io::stdin().read_line(&mut String::new())?;
    for number in 0..LINES {
        info!("line {number} of all");
    }
    match &**end {
        "return" => Ok(()),
        "error" => Err("as asked".into()),
        "exit" => process::exit(3),
        "panic" => panic!("as asked"),
        "abort" => abort(),
        // As with SIGKILL, nobody is asked.
        "die" => process::abort(),
        "thread" => in_another_thread(server, recorder),
        #[cfg(unix)]
        "sigterm" => {
            writeln!(io::stdout(), "said")?;
            // The three lines that a program needs: wait for it, and return.
            runtime.block_on(terminate.recv());
            Ok(())
        }
        "guard" => {
            drop(recorder);
            // The rest of the program may take its time, and end badly.
            process::abort();
        }
        "server" => {
            drop(server);
            drop(recorder);
            process::abort();
        }
        other => Err(format!("no such end: {other}").into()),
    }
}

/// A panic that ends the process whatever the profile says.
fn abort() -> ! {
    extern "C" fn must_not_unwind() {
        panic!("as asked");
    }
    must_not_unwind();
    process::exit(0)
}

/// `main` waits for a thread, which exits.
fn in_another_thread(server: Server, recorder: Recorder) -> Result<(), Box<dyn Error>> {
    let exiting = thread::spawn(|| process::exit(3));
    exiting.join().map_err(|_| "it does not come back")?;
    drop((server, recorder));
    Ok(())
}
