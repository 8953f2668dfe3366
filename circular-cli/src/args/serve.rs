//! What `circular serve` can be told: the options of `circular-http`, as they are typed.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, ValueEnum, value_parser};
use clap_complete::engine::ArgValueCompleter;

use crate::args::place::Where;
use crate::find::names;

/// Which rings are shown, where, and to whom.
#[derive(Args, Debug)]
pub(crate) struct Serve {
    /// A program's name, a ring's id, a pid, or a path; without any, all programs that run, or the last run of each if none does
    #[arg(value_name = "RING", add = ArgValueCompleter::new(names::complete))]
    pub(crate) rings: Vec<String>,
    #[command(flatten)]
    pub(crate) place: Where,
    /// Listen there; port 0 takes a free one. What other machines can reach needs a token
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:6061", value_parser = addr)]
    pub(crate) addr: SocketAddr,
    /// Where the page is, and what belongs to it below that
    #[arg(long, value_name = "PATH", default_value = "/debug/log", value_hint = clap::ValueHint::Other)]
    pub(crate) path: String,
    /// How many may look at once; one more is refused
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = value_parser!(u16).range(1..))]
    pub(crate) viewers: u16,
    /// Answer to this host name too, beside localhost and the loopback addresses; may be repeated
    #[arg(long = "host", value_name = "NAME", value_parser = NonEmptyStringValueParser::new(), value_hint = clap::ValueHint::Hostname)]
    pub(crate) hosts: Vec<String>,
    /// Answer at this address too, which browsers show where a proxy stands before the page, such as `https://log.example.com`; may be repeated
    #[arg(long = "origin", value_name = "URL", value_hint = clap::ValueHint::Url)]
    pub(crate) origins: Vec<String>,
    /// Ask every client for the token in this file
    #[arg(long, value_name = "FILE", conflicts_with = "token_env", value_hint = clap::ValueHint::FilePath)]
    pub(crate) token_file: Option<PathBuf>,
    /// Ask every client for the token in this environment variable
    #[arg(long, value_name = "VAR", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) token_env: Option<String>,
    /// What is hidden before anything leaves
    #[arg(long, value_name = "WHAT", default_value = "keys")]
    pub(crate) redact: Redact,
    /// Hide what stands behind this word as well, as behind `password`; may be repeated
    #[arg(long = "redact-key", value_name = "KEY", value_parser = redact_key)]
    pub(crate) redact_keys: Vec<String>,
    /// The page's title; else the program's name, if one ring is named, or `circular`
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new(), allow_hyphen_values = true)]
    pub(crate) name: Option<String>,
    /// Say nothing on stderr but errors
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

/// What is hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Redact {
    /// What stands behind `password=`, `"token":` and the like
    Keys,
    /// Nothing: it is shown as it was logged
    None,
}

/// As `circular-http` reads it, in this command's words.
fn addr(text: &str) -> Result<SocketAddr, String> {
    let error = "an IP address and a port are needed, such as 127.0.0.1:6061 or [::1]:6061";
    text.parse().map_err(|_| String::from(error))
}

/// A word that can be found as a key.
fn redact_key(text: &str) -> Result<String, String> {
    if text.bytes().any(|byte| byte.is_ascii_alphabetic()) {
        Ok(String::from(text))
    } else {
        Err(String::from("a word is needed, such as session_id"))
    }
}
