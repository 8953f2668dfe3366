//! `circular man`: manual pages, made of what `--help` says.

use std::path::Path;

use clap::CommandFactory;
use clap_mangen::Man as Page;

use crate::args::{Cli, Man};
use crate::failure::{Failure, Status};
use crate::output::stdout::{Out, Stop};

pub(crate) fn run(man: &Man) -> Result<Status, Stop> {
    let mut command = Cli::command();
    command.build();
    match &man.dir {
        None => {
            let page = rendered(Page::new(command))?;
            Out::direct().write(&page)?;
        }
        Some(dir) => {
            for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
                let name = format!("circular-{}", sub.get_name());
                let page = Page::new(sub.clone()).title(&name);
                write(dir, &name, &rendered(page)?)?;
            }
            write(dir, "circular", &rendered(Page::new(command))?)?;
        }
    }
    Ok(Status::Fine)
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
