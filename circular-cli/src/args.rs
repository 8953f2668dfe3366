//! What can be typed.
//!
//! Names are those of journalctl, docker and kubectl, so that what hands know works here.

pub(crate) mod place;
pub(crate) mod serve;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::engine::ArgValueCompleter;

use crate::args::place::Where;
use crate::args::serve::Serve;
use crate::find::names;

/// Look at the log that a program keeps in memory, from outside: while it runs, or after it has ended, however it did.
#[derive(Debug, Parser)]
#[command(
    name = "circular",
    version,
    long_version = LONG_VERSION,
    before_help = "Examples:
  circular ls                    which rings there are, and how their programs ended
  circular dump shop             all that `shop` still has, its last run if it is dead
  circular run -- ./program      run any program with a ring around what it prints",
    after_long_help = AFTER_HELP,
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What whoever is paged may have to know, and has no page for.
const AFTER_HELP: &str = "\
Exit status: 0 fine; 1 it failed; 2 wrong usage, or no such ring; 3 nothing matched; 4 nothing matched, and a part of what was asked \
for is overwritten already. Of `run`: the command's own, 128 and the signal that killed it, 125 if `run` itself failed, 126 if the \
command cannot be run, 127 if it is not there.

Rings are files, program.id.ring, in CIRCULAR_DIR, or else XDG_RUNTIME_DIR/circular, or else /dev/shm/circular-UID; all of these that \
can be read are looked at, those of other users too if this one may. The newest two of a program's ended runs stay. To have one gone, \
rm its file.

Environment: CIRCULAR_DIR and XDG_RUNTIME_DIR, as above; NO_COLOR, CLICOLOR_FORCE and TERM: whether there are colours; PAGER, LESS and TERM: whether \
there is a pager; TZ.";

/// What the help of a command says that is not in this binary.
#[cfg(not(feature = "serve"))]
const WITHOUT_SERVE: &str = "\
This `circular` has no server in it, and does not do that. One that does: cargo install --path circular-cli --features serve";

/// What `--version` tells.
const LONG_VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    "\nreads: ring files of format 1.x, images of rings among them"
);

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List rings, of programs alive and dead
    #[command(before_help = "Examples:
  circular ls
  circular ls -D /mnt/rings
  circular ls -o json | jq 'select(.state == \"died\")'")]
    Ls(Ls),
    /// Show the last records; with -f, what comes as well
    #[command(before_help = "Examples:
  circular tail shop             the last ten
  circular tail -f -l warn shop  and what comes, from warnings up, over restarts
  circular tail -f shop cart     two programs, merged by time")]
    Tail(Tail),
    /// Show all that is held, the oldest first, and how the program ended
    #[command(before_help = "Examples:
  circular dump shop
  circular dump shop -S -5min -g timeout
  circular dump --previous shop  the run before this one")]
    Dump(Dump),
    /// Show a ring's numbers
    #[command(before_help = "Examples:
  circular stat shop
  circular stat -o json shop
  circular stat -o prometheus shop > /var/lib/node_exporter/shop.prom")]
    Stat(Stat),
    /// Say whether an image, or the file of a ring, is whole
    #[command(before_help = "Examples:
  circular check shop-4711.ring
  circular check *.ring
  kubectl cp pod:/dev/shm/circular-0 rings && circular check rings/*.ring")]
    Check(Check),
    /// Show rings live on a page for browsers, of programs alive and dead, and of those that are started later
    #[command(before_help = "Examples:
  circular serve                 all programs that run, at http://127.0.0.1:6061/debug/log
  circular serve shop cart       just these two, over restarts
  circular serve --addr 0.0.0.0:6061 --host log.lan --token-file /etc/circular.token")]
    #[cfg_attr(
        not(feature = "serve"),
        command(after_help = WITHOUT_SERVE, after_long_help = WITHOUT_SERVE)
    )]
    Serve(Serve),
    #[cfg(target_os = "linux")]
    /// Run a command with a ring around what it prints
    #[command(before_help = "Examples:
  circular run -- ./server --port 80
  circular run --size 64MiB --name shop -- python3 -u shop.py
  circular run -- sh -c 'while :; do date; sleep 1; done'")]
    Run(Run),
    #[cfg(target_os = "linux")]
    /// Pass on what comes through a pipe, with a ring around it
    #[command(before_help = "Examples:
  ./server 2>&1 | circular tee --name server
  journalctl -f -u shop | circular tee --name shop > shop.log
  kubectl logs -f shop | circular tee --name shop --size 64MiB")]
    Tee(Tee),
    /// What goes on with what a command has left behind
    #[cfg(target_os = "linux")]
    #[command(name = "__after", hide = true)]
    After(After),
    /// The leader of a command's session
    #[cfg(target_os = "linux")]
    #[command(name = "__session", hide = true)]
    Session(Session),
    /// Print what a shell needs to complete these commands, names of rings included
    #[command(before_help = "Examples:
  source <(circular completions bash)
  circular completions zsh > ~/.zfunc/_circular
  circular completions fish > ~/.config/fish/completions/circular.fish")]
    Completions(Completions),
    /// Print the manual page, or write those of all commands into a directory
    #[command(before_help = "Examples:
  circular man | man -l -
  circular man --dir /usr/share/man/man1
  circular man > circular.1")]
    Man(Man),
}

#[cfg(target_os = "linux")]
/// What the ring of somebody's output is to be.
#[derive(Args, Clone, Debug)]
pub(crate) struct RingOptions {
    /// How much the ring holds
    #[arg(long, value_name = "SIZE", default_value = "16MiB", value_parser = size)]
    pub(crate) size: circular_core::Capacity,
    /// What the ring is called; else as the command's file, or `tee`
    #[arg(long, value_name = "NAME", value_parser = name, allow_hyphen_values = true)]
    pub(crate) name: Option<String>,
    /// Put the ring into this directory
    #[arg(short = 'D', long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub(crate) dir: Option<PathBuf>,
    /// After how many milliseconds what there is of a line is recorded without its end
    #[arg(long, value_name = "MS", default_value_t = 1000, hide = true)]
    pub(crate) unfinished_after: u64,
}

#[cfg(target_os = "linux")]
#[derive(Args, Debug)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) record: RingOptions,
    /// The command and its arguments
    #[arg(value_name = "COMMAND", required = true, trailing_var_arg = true, value_hint = clap::ValueHint::CommandWithArguments)]
    pub(crate) command: Vec<OsString>,
}

#[cfg(target_os = "linux")]
#[derive(Args, Debug)]
pub(crate) struct Tee {
    #[command(flatten)]
    pub(crate) record: RingOptions,
}

#[cfg(target_os = "linux")]
#[derive(Args, Debug)]
pub(crate) struct After {
    #[command(flatten)]
    pub(crate) record: RingOptions,
    #[arg(long)]
    pub(crate) command: Option<PathBuf>,
    #[arg(long)]
    pub(crate) pid: Option<u32>,
    /// The id of the ring that has what the command printed itself
    #[arg(long)]
    pub(crate) rest_of: Option<u64>,
    #[arg(long = "stream")]
    pub(crate) streams: Vec<crate::handed::Handed>,
}

#[cfg(target_os = "linux")]
#[derive(Args, Debug)]
pub(crate) struct Session {
    #[arg(long)]
    pub(crate) tell: i32,
    #[arg(required = true, trailing_var_arg = true)]
    pub(crate) words: Vec<OsString>,
}

/// How it looks.
#[derive(Args, Clone, Debug)]
pub(crate) struct Look {
    /// Whether there are colours
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorChoice,
    /// Show times in UTC
    #[arg(long, conflicts_with = "time_zone")]
    pub(crate) utc: bool,
    /// Show times of this zone, instead of the local one: Europe/Berlin, +05:30
    #[arg(long, value_name = "TZ", allow_hyphen_values = true)]
    pub(crate) time_zone: Option<String>,
    /// Say nothing on stderr but errors
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal, unless NO_COLOR or TERM say otherwise
    Auto,
    Always,
    Never,
}

/// Which records, how they look, and where to go on.
#[derive(Args, Debug)]
pub(crate) struct Show {
    #[command(flatten)]
    pub(crate) place: Where,
    #[command(flatten)]
    pub(crate) look: Look,
    #[command(flatten)]
    pub(crate) which: Which,
    /// How records are written
    #[arg(
        short = 'o',
        long = "output",
        value_name = "FORMAT",
        default_value = "text"
    )]
    pub(crate) format: Format,
    /// Do not use a pager
    #[arg(long)]
    pub(crate) no_pager: bool,
    /// Show the newest first
    #[arg(short, long, conflicts_with = "follow")]
    pub(crate) reverse: bool,
    /// Go on behind this cursor, which --show-cursor has shown
    #[arg(long, value_name = "CURSOR", conflicts_with = "cursor_file")]
    pub(crate) after_cursor: Option<circular_core::Cursor>,
    /// Show the cursor behind the last record at the end
    #[arg(long)]
    pub(crate) show_cursor: bool,
    /// Go on behind the cursor in this file, if it is there, and leave the next one there
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub(crate) cursor_file: Option<PathBuf>,
    /// Take the run before the newest
    #[arg(long)]
    pub(crate) previous: bool,
    /// Wait for what comes, over restarts of the program
    #[arg(short, long)]
    pub(crate) follow: bool,
}

/// Which records are shown. All must be true.
#[derive(Args, Debug)]
pub(crate) struct Which {
    /// So many of the newest that pass the filters, or `all`: the default, but for tail, which shows 10 if no time and no cursor says more
    #[arg(
        short = 'n',
        long,
        visible_alias = "tail",
        value_name = "N",
        allow_negative_numbers = true
    )]
    pub(crate) lines: Option<Count>,
    /// From then on: 5m, -5min, '5 min ago', today, 10:15, '2026-11-28 10:15:00', RFC 3339, @1764320000
    #[arg(short = 'S', long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) since: Option<String>,
    /// Up to then
    #[arg(short = 'U', long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) until: Option<String>,
    /// This level and above: error, warn, info, debug, trace; those without a level are shown
    #[arg(short, long, visible_short_alias = 'p', visible_alias = "priority", value_name = "LEVEL", value_parser = level(), ignore_case = true)]
    pub(crate) level: Option<circular_core::Level>,
    /// Only what this regular expression matches, in any case if it has no upper-case letter; several: all of them
    #[arg(short, long, value_name = "REGEX", allow_hyphen_values = true)]
    pub(crate) grep: Vec<String>,
    /// Only what this regular expression does not match, found as by --grep; several: none of them
    #[arg(short = 'v', long, value_name = "REGEX", allow_hyphen_values = true)]
    pub(crate) exclude: Vec<String>,
    /// Only this target and those below it: shop::db; several: any of them
    #[arg(short, long, value_name = "TARGET", value_delimiter = ',', value_parser = target)]
    pub(crate) target: Vec<String>,
    /// Directives as in RUST_LOG: info,shop::db=debug; with targets that are off alone, the rest is on: hyper=off; those without a level are shown
    #[arg(long, value_name = "DIRECTIVES", value_parser = filter)]
    pub(crate) filter: Option<circular_core::Targets>,
}

/// How many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    All,
    Last(u64),
}

impl std::str::FromStr for Count {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // journalctl takes `+N` for the oldest, and docker -1 for all.
        match text {
            "all" | "-1" => Ok(Self::All),
            _ if text.starts_with('+') => Err(String::from(
                "the oldest ones are not counted here: -n all, and | head -n N behind it",
            )),
            _ => Some(text)
                .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
                .and_then(|text| text.parse().ok())
                .map(Self::Last)
                .ok_or_else(|| String::from("a number, or `all`, is needed")),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people on a terminal; elsewhere the bytes as they were logged
    Text,
    /// Time, level, target and text in a line, wherever it goes
    Short,
    /// An object for each record and each notice
    Json,
    /// The bytes as they were logged, wherever it goes
    Raw,
}

#[derive(Debug, Args)]
pub(crate) struct Tail {
    /// A program's name, a ring's id, a pid, or a path
    #[arg(value_name = "RING", required = true, add = ArgValueCompleter::new(names::complete))]
    pub(crate) rings: Vec<OsString>,
    #[command(flatten)]
    pub(crate) show: Show,
}

#[derive(Debug, Args)]
pub(crate) struct Dump {
    /// A program's name, a ring's id, a pid, or a path
    #[arg(value_name = "RING", add = ArgValueCompleter::new(names::complete))]
    pub(crate) ring: OsString,
    #[command(flatten)]
    pub(crate) show: Show,
}

#[derive(Debug, Args)]
pub(crate) struct Ls {
    #[command(flatten)]
    pub(crate) place: Where,
    #[command(flatten)]
    pub(crate) look: Look,
    /// How they are listed
    #[arg(
        short = 'o',
        long = "output",
        value_name = "FORMAT",
        default_value = "text"
    )]
    pub(crate) format: ListFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    /// A table
    Text,
    /// An object for each ring
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct Stat {
    /// A program's name, a ring's id, a pid, or a path
    #[arg(value_name = "RING", add = ArgValueCompleter::new(names::complete))]
    pub(crate) ring: OsString,
    #[command(flatten)]
    pub(crate) place: Where,
    #[command(flatten)]
    pub(crate) look: Look,
    /// How the numbers are written
    #[arg(
        short = 'o',
        long = "output",
        value_name = "FORMAT",
        default_value = "text"
    )]
    pub(crate) format: StatFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StatFormat {
    /// A line for each number
    Text,
    /// One object
    Json,
    /// Prometheus's text format, for a textfile collector
    Prometheus,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Paths of files
    #[arg(value_name = "FILE", required = true, value_hint = clap::ValueHint::FilePath)]
    pub(crate) files: Vec<PathBuf>,
    /// Print nothing; the exit status tells
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// Which shell
    #[arg(value_parser = PossibleValuesParser::new(["bash", "elvish", "fish", "powershell", "zsh"]))]
    pub(crate) shell: String,
}

#[derive(Debug, Args)]
pub(crate) struct Man {
    /// Write a page for each command there: circular.1, circular-dump.1 and so on
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub(crate) dir: Option<PathBuf>,
}

/// A ring's name can have so many bytes.
#[cfg(target_os = "linux")]
pub(crate) const LONGEST_NAME: usize = 64;

#[cfg(target_os = "linux")]
fn name(text: &str) -> Result<String, String> {
    let is_name = !text.is_empty() && text.len() <= LONGEST_NAME;
    let is_of_file = !text.starts_with(['.', '-']) && !text.contains('/');
    if is_name && is_of_file && !text.contains(char::is_control) {
        Ok(String::from(text))
    } else {
        Err(format!(
            "a name has 1 to {LONGEST_NAME} bytes, begins with no dot and no dash, and has no slash and no control character"
        ))
    }
}

#[cfg(target_os = "linux")]
fn size(text: &str) -> Result<circular_core::Capacity, String> {
    match text.parse::<circular_core::Capacity>() {
        Ok(size) if size.bytes() == 0 => Err(String::from(
            "that holds no record: use a size such as 16MiB",
        )),
        Ok(size) => Ok(size),
        Err(error) => Err(error.to_string()),
    }
}

/// A target without what stands for all below it; all of them, `*`, is empty.
fn target(text: &str) -> Result<String, String> {
    let name = text.trim();
    if name == "*" {
        return Ok(String::new());
    }
    let name = name
        .strip_suffix('*')
        .filter(|name| name.ends_with("::"))
        .unwrap_or(name);
    let name = name.strip_suffix("::").unwrap_or(name);
    let is_directive = name.contains(['=', '[', ']', '{', '}', '*', '/', '"', '\'', ';']);
    if name.is_empty() || is_directive {
        return Err(String::from(
            "a target is needed, such as shop::db; directives are for --filter",
        ));
    }
    Ok(String::from(name))
}

/// Directives; none at all let everything through.
fn filter(text: &str) -> Result<circular_core::Targets, circular_core::ParseTargetsError> {
    if text.split(',').all(|part| part.trim().is_empty()) {
        return Ok(circular_core::Targets::new().with_default(circular_core::Level::Trace));
    }
    text.parse()
}

/// Levels by their names, and as journalctl has them: by syslog's names and numbers.
fn level() -> impl TypedValueParser<Value = circular_core::Level> {
    use circular_core::Level;
    let names = [
        "error", "warn", "info", "debug", "trace", //
        "emerg", "alert", "crit", "err", "warning", "notice", //
        "0", "1", "2", "3", "4", "5", "6", "7",
    ];
    let values = names
        .into_iter()
        .enumerate()
        .map(|(index, name)| clap::builder::PossibleValue::new(name).hide(index >= 5));
    PossibleValuesParser::new(values.collect::<Vec<_>>()).map(|name| {
        match &*name.to_ascii_lowercase() {
            "warn" | "warning" | "4" => Level::Warn,
            "info" | "notice" | "5" | "6" => Level::Info,
            "debug" | "7" => Level::Debug,
            "trace" => Level::Trace,
            _ => Level::Error,
        }
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn no_two_flags_are_one() {
        Cli::command().debug_assert();
    }

    #[test]
    fn journalctls_priorities_are_levels() {
        use circular_core::Level;
        for (name, expected) in [
            ("error", Level::Error),
            ("crit", Level::Error),
            ("3", Level::Error),
            ("warning", Level::Warn),
            ("4", Level::Warn),
            ("notice", Level::Info),
            ("6", Level::Info),
            ("7", Level::Debug),
            ("trace", Level::Trace),
            ("ERROR", Level::Error),
            ("Warn", Level::Warn),
        ] {
            let cli = Cli::try_parse_from(["circular", "tail", "-p", name, "shop"]).unwrap();
            let Command::Tail(tail) = cli.command else {
                panic!("it is tail");
            };
            assert_eq!(tail.show.which.level, Some(expected), "{name}");
        }
    }

    #[test]
    fn a_count_has_no_sign() {
        for (text, count) in [
            ("5", Some(Count::Last(5))),
            ("all", Some(Count::All)),
            ("-1", Some(Count::All)),
            // journalctl's for the oldest.
            ("+5", None),
            ("", None),
            ("5k", None),
        ] {
            assert_eq!(text.parse().ok(), count, "{text}");
        }
    }

    #[test]
    fn a_target_is_what_it_stands_for() {
        for (text, name) in [
            ("shop", Some("shop")),
            ("shop::db", Some("shop::db")),
            ("shop::*", Some("shop")),
            ("shop::", Some("shop")),
            ("*", Some("")),
            ("", None),
            ("::", None),
            ("sho*", None),
            ("shop=debug", None),
            ("shop[tx]", None),
        ] {
            assert_eq!(target(text).ok().as_deref(), name, "{text}");
        }
    }
}
