//! The program `comity`.

use std::process::ExitCode;

/// Events are made of thousands of small pieces, and the client library frees on its own thread what this one gave it:
/// with the C library's allocator the ledger's thread takes almost twice the time. `override` serves librdkafka too.
/// `no_thp`: a batch comes and goes in memory that the allocator gives back in between, and the system clears two
/// megabytes at a time for whatever is touched of it first, which was a sixth of all CPU.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let _until_the_end = comity::fault::begin();
    comity::cli::run(std::env::args_os())
}
