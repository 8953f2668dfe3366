//! `circular man`: manual pages, made of what `--help` says.

use std::path::Path;

use clap::builder::StyledStr;
use clap::{Command, CommandFactory};
use clap_mangen::Man as Page;

use crate::args::{Cli, Man};
use crate::failure::{Failure, Status};
use crate::output::stdout::{Out, Stop};

pub(crate) fn run(man: &Man) -> Result<Status, Stop> {
    let mut command = Cli::command();
    command.build();
    match &man.dir {
        None => {
            let page = rendered(Page::new(with_examples(command)))?;
            Out::direct().write(&page)?;
        }
        Some(dir) => {
            for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
                let name = format!("circular-{}", sub.get_name());
                let page = Page::new(with_examples(sub.clone())).title(&name);
                write(dir, &name, &rendered(page)?)?;
            }
            write(
                dir,
                "circular",
                &rendered(Page::new(with_examples(command)))?,
            )?;
        }
    }
    Ok(Status::Fine)
}

/// With the examples, which are before the help and which no page has, behind all else.
fn with_examples(command: Command) -> Command {
    let text = |text: Option<&StyledStr>| text.map(ToString::to_string).unwrap_or_default();
    let examples = text(command.get_before_help());
    let rest = text(command.get_after_long_help());
    command.after_long_help(format!("{examples}\n\n{rest}").trim_end().to_owned())
}

fn rendered(manual: Page) -> Result<Vec<u8>, Failure> {
    let mut page = Vec::new();
    let made = manual.render(&mut page);
    made.map_err(|error| {
        Failure::failed(format!("cannot make the page: {error}"), "circular --help")
    })?;
    Ok(page)
}

fn write(dir: &Path, name: &str, page: &[u8]) -> Result<(), Failure> {
    let path = dir.join(format!("{name}.1"));
    std::fs::write(&path, page).map_err(|error| {
        let path = path.display();
        Failure::failed(
            format!("cannot write {path}: {error}"),
            "circular man --dir DIR, one that is there and can be written",
        )
    })
}
