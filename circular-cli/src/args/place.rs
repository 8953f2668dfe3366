//! Where rings are looked for, which many commands ask.

use std::path::PathBuf;

use clap::Args;

/// Where rings are looked for.
#[derive(Args, Debug)]
pub(crate) struct Where {
    /// Look for rings here and nowhere else; may be repeated
    #[arg(short = 'D', long = "dir", value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub(crate) dirs: Vec<PathBuf>,
}
