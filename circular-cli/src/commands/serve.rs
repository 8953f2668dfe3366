//! `circular serve`: the live page over rings of other processes, alive and dead.
//!
//! It goes on until somebody ends it: programs are started again, and whoever has read the address may have gone.

use std::thread;

use circular_http::{Listen, Options};

use crate::args::serve::Serve;
use crate::failure::{Status, next_in, quoted};
use crate::find::news::LOOK_EVERY;
use crate::find::pick;
use crate::output::shown;
use crate::output::stderr::say;
use crate::output::stdout::{Out, Stop};
use crate::serve::chosen::{Chosen, Coming};
use crate::serve::options;
use crate::serve::page::Page;
use crate::serve::signals::Signals;

pub(crate) fn run(serve: &Serve) -> Result<Status, Stop> {
    let Begun {
        mut page,
        mut coming,
        options,
        words,
    } = begin(serve)?;
    let signals = Signals::are_noted();
    let server = circular_http::serve(page.sources(), options);
    let server = server.map_err(|error| options::cannot_serve(serve, &error))?;
    let tell = |words: Vec<String>| {
        if !serve.quiet {
            words.iter().for_each(say);
        }
    };
    // Before the address: who waits for that has what was said.
    tell(words);
    let url = format!("{}\n", server.url());
    match Out::direct().write(url.as_bytes()) {
        Ok(()) | Err(Stop::Gone) => {}
        Err(stop) => return Err(stop),
    }
    loop {
        if let Some(signal) = signals.come() {
            server.stop();
            return Ok(Status::Signalled(signal));
        }
        if let Some(news) = coming.news() {
            tell(page.add(&news));
        }
        thread::sleep(LOOK_EVERY);
    }
}

/// What is to be served, and what there is to say of it.
struct Begun {
    page: Page,
    coming: Coming,
    options: Options<Listen>,
    words: Vec<String>,
}

/// Whatever else was looked at is let go of when this returns: a ring that is open here takes its room, even when its program has
/// removed it.
fn begin(serve: &Serve) -> Result<Begun, Stop> {
    let chosen = Chosen::of(serve)?;
    let title = chosen.program.as_deref().unwrap_or("circular");
    let options = options::of(serve, title)?;
    let mut page = Page::default();
    let mut words = page.add(&chosen.rings);
    words.extend(more(serve, &chosen));
    Ok(Begun {
        page,
        coming: chosen.coming,
        options,
        words,
    })
}

/// What there is to say beside which rings are shown.
fn more(serve: &Serve, chosen: &Chosen) -> Vec<String> {
    let mut words = Vec::new();
    if chosen.rings.is_empty() {
        let places = pick::places(&chosen.listing);
        words.push(format!(
            "there is no ring yet; waiting for the first program that makes one in{places}"
        ));
    }
    if let [first, ..] = &chosen.left_out[..] {
        let names: Vec<_> = chosen
            .left_out
            .iter()
            .map(|name| shown::text(name))
            .collect();
        let names = names.join(", ");
        let next = next_in(
            &format!("circular serve {}", quoted(first)),
            &serve.place.dirs,
        );
        words.push(format!("ended, and not shown: {names}; for that: {next}"));
    }
    if is_asked_by_no_name(serve) {
        words.push(String::from(
            "other machines are refused as long as no --host says by which name they ask for this one",
        ));
    }
    words.push(String::from("Ctrl-C ends it"));
    words
}

/// Whether other machines reach it, and each of their requests is for a name that it does not know.
fn is_asked_by_no_name(serve: &Serve) -> bool {
    let is_reached = !serve.addr.ip().to_canonical().is_loopback();
    is_reached && serve.hosts.is_empty() && serve.origins.is_empty()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{Cli, Command};

    #[test]
    fn whoever_lets_other_machines_in_has_to_say_by_which_name_they_ask() {
        for (args, expected) in [
            (&[][..], false),
            (&["--addr=0.0.0.0:6061"], true),
            (&["--addr=[::ffff:127.0.0.1]:6061"], false),
            (&["--addr=10.0.0.5:6061", "--host=10.0.0.5"], false),
            (&["--addr=[::]:6061", "--origin=https://log.lan"], false),
        ] {
            let args = [&["circular", "serve"], args].concat();
            let Command::Serve(serve) = Cli::parse_from(&args).command else {
                panic!("it is serve");
            };
            assert_eq!(is_asked_by_no_name(&serve), expected, "{args:?}");
        }
    }
}
