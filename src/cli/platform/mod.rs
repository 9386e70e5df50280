//! `comity platform`: for those who write a platform's folder, and those who review it.

use clap::Subcommand;

use super::{Common, Failure, Output};

mod compare;
mod new;
mod report;

/// Begin, review and compare the folders of platforms.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    New(new::Arguments),
    Report(report::Arguments),
    Compare(compare::Arguments),
}

pub(super) fn run(common: &Common, arguments: &Arguments, output: &Output) -> Result<(), Failure> {
    match &arguments.command {
        Command::New(given) => new::run(common, given, output),
        Command::Report(given) => report::run(common, given, output),
        Command::Compare(given) => compare::run(given, output),
    }
}
