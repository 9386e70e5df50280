//! `comity platform`: for those who write a platform's folder, those who review it, and those who stop it.

use clap::Subcommand;

use super::{Common, Failure, Output};

mod compare;
mod lists;
mod new;
mod pause;
mod report;

/// Begin, review and compare the folders of platforms; pause and release them.
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
    Functions(lists::FunctionsArguments),
    Fields(lists::FieldsArguments),
    Schemes(lists::SchemesArguments),
    List(pause::ListArguments),
    Pause(pause::PauseArguments),
    Release(pause::ReleaseArguments),
}

pub(super) fn run(common: &Common, arguments: &Arguments, output: &Output) -> Result<(), Failure> {
    match &arguments.command {
        Command::New(given) => new::run(common, given, output),
        Command::Report(given) => report::run(common, given, output),
        Command::Compare(given) => compare::run(given, output),
        Command::Functions(given) => lists::functions(common, given, output),
        Command::Fields(given) => lists::fields(common, given, output),
        Command::Schemes(given) => lists::schemes(common, given, output),
        Command::List(_) => pause::list(common, output),
        Command::Pause(given) => pause::set(common, &given.platform, true, output),
        Command::Release(given) => pause::set(common, &given.platform, false, output),
    }
}
