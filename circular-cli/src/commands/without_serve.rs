//! `circular serve` where it was left out: a server is what most machines do without.

use crate::failure::{Failure, Status};
use crate::output::stdout::Stop;

pub(crate) fn run() -> Result<Status, Stop> {
    Err(Stop::Failed(Failure::usage(
        "this `circular` was built without its page: it has no server in it",
        "cargo install --path circular-cli --features serve",
    )))
}
