//! The command line: arguments in, one command, an exit code out.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

mod failure;
mod output;
mod load;
mod check;
mod map;
mod test;
mod time;
mod engine;
mod run;
#[cfg(feature = "embedded-broker")]
mod demo;
mod topics;
mod feed;
mod tap;
mod ack;
mod ask;
mod show;
mod desk;
mod platform;
mod reach;
mod completions;

pub use failure::{Exit, Failure};
use output::{Output, plain};

/// Carries regulatory enforcement alerts between the jurisdictions of a federation, over Kafka, with proof.
#[derive(Debug, Parser)]
#[command(
    name = "comity",
    version,
    max_term_width = 110,
    after_help = "\
Exit codes: 0 done, 64 usage, 65 data, 66 no input, 69 unavailable, 73 cannot create, 78 configuration.
Logs go to standard error; COMITY_LOG sets their level (error, warn, info, debug). NO_COLOR is honoured."
)]
struct Arguments {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
struct Common {
    /// The configuration (TOML); every key can be set as COMITY__SECTION__KEY too.
    #[arg(short, long, global = true, value_name = "FILE", default_value = "comity.toml", env = "COMITY_CONFIG")]
    config: PathBuf,
    /// How results and errors are written.
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// How results, errors and logs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Text,
    #[value(alias = "jsonl")]
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[cfg(feature = "embedded-broker")]
    Demo(demo::Arguments),
    Run(run::Arguments),
    Check(check::Arguments),
    Map(map::Arguments),
    Test(test::Arguments),
    Feed(feed::Arguments),
    Tap(tap::Arguments),
    Ack(ack::Arguments),
    Show(show::Arguments),
    Withdraw(desk::withdraw::Arguments),
    Close(desk::close::Arguments),
    Correct(desk::correct::Arguments),
    Recall(desk::recall::Arguments),
    Platform(platform::Arguments),
    Reach(reach::Arguments),
    Topics(topics::Arguments),
    Completions(completions::Arguments),
    /// Write the manual page to standard output.
    Man,
}

/// Runs the command that the arguments name; the first argument is the program's name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error),
    };
    let output = Output::new(arguments.common.format);
    match execute(&arguments, &output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.print(arguments.common.format);
            ExitCode::from(failure.exit as u8)
        }
    }
}

fn execute(arguments: &Arguments, output: &Output) -> Result<(), Failure> {
    let common = &arguments.common;
    match &arguments.command {
        #[cfg(feature = "embedded-broker")]
        Command::Demo(given) => demo::run(common, given, output),
        Command::Run(given) => run::run(common, given),
        Command::Feed(given) => feed::run(common, given, output),
        Command::Tap(given) => tap::run(common, given, output),
        Command::Ack(given) => ack::run(common, given, output),
        Command::Show(given) => show::run(common, given, output),
        Command::Withdraw(given) => desk::withdraw::run(common, given, output),
        Command::Correct(given) => desk::correct::run(common, given, output),
        Command::Recall(given) => desk::recall::run(common, given, output),
        Command::Close(given) => desk::close::run(common, given, output),
        Command::Platform(given) => platform::run(common, given, output),
        Command::Reach(given) => reach::run(common, given, output),
        Command::Topics(given) => topics::run(common, given, output),
        Command::Check(given) => check::run(common, given, output),
        Command::Map(given) => map::run(common, given, output),
        Command::Test(given) => test::run(common, given, output),
        Command::Completions(given) => completions::run(given, output),
        Command::Man => completions::man(output),
    }
}

/// Help and version are no failure; anything else about the command line is 64, which clap would make 2.
fn usage(error: &clap::Error) -> ExitCode {
    // Nothing is left to tell it to if the stream is closed.
    let _closed = error.print();
    if error.use_stderr() { ExitCode::from(Exit::Usage as u8) } else { ExitCode::SUCCESS }
}
