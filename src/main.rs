//! The program `comity`.

use std::process::ExitCode;

fn main() -> ExitCode {
    comity::cli::run(std::env::args_os())
}
