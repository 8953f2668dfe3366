//! What the figures were taken on, and when.

use std::process::Command;
use std::time::SystemTime;
use std::{fs, thread};

#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) system: String,
    pub(crate) compiler: String,
    /// How many threads wanted to run in the last minute, as the system saw it before the end. The
    /// benchmark itself is one or two.
    pub(crate) load: String,
    pub(crate) date: String,
}

impl Machine {
    pub(crate) fn this() -> Machine {
        let kernel = read("/proc/sys/kernel/osrelease");
        let date = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        Machine {
            processor: processor(),
            cores: cores(),
            system: format!(
                "{} {} {kernel}",
                std::env::consts::ARCH,
                std::env::consts::OS
            ),
            compiler: compiler(),
            load: read("/proc/loadavg")
                .split(' ')
                .next()
                .unwrap_or_default()
                .to_string(),
            date: date[..10].to_string(),
        }
    }

    pub(crate) fn line(&self) -> String {
        format!(
            "{}, {} cores, {}, {}, {}; load {}",
            self.processor,
            self.cores,
            self.system.trim(),
            self.compiler,
            self.date,
            self.load
        )
    }
}

pub(crate) fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

fn read(path: &str) -> String {
    fs::read_to_string(path)
        .map(|text| text.trim().to_string())
        .unwrap_or_default()
}

fn processor() -> String {
    read("/proc/cpuinfo")
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown processor", |rest| {
            rest.trim_matches([' ', '\t', ':'])
        })
        .to_string()
}

fn compiler() -> String {
    let asked = Command::new("rustc").arg("--version").output();
    let said = asked.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let words = said.unwrap_or_default();
    words.split(' ').take(2).collect::<Vec<_>>().join(" ")
}
