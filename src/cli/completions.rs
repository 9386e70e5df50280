//! `comity completions` and `comity man`: for packagers.

use clap::CommandFactory;
use clap_complete::Shell;

use super::{Exit, Failure, Output};
use crate::model::problem::Problem;

/// Write a completion script for a shell to standard output.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  comity completions bash > /usr/share/bash-completion/completions/comity")]
pub(super) struct Arguments {
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn run(arguments: &Arguments, output: &Output) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut super::Arguments::command(), "comity", &mut script);
    output.raw(&script)
}

pub(super) fn man(output: &Output) -> Result<(), Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(super::Arguments::command()).render(&mut page).map_err(|error| {
        let why = format!("cannot be made: {error}");
        Failure::one(Exit::CannotCreate, Problem::new("CMT-9002", "manual page", why, "report this as a defect"))
    })?;
    output.raw(&page)
}
