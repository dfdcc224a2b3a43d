//! Arguments in, exit code out.

use std::process::ExitCode;

use clap::Parser;
use listingwatch::cli::request::Arguments;

/// Compiling the watchlist and parsing pages ask for many small pieces of memory: the system's allocator takes a fifth longer.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: no runtime could be started: {error}");
            return ExitCode::from(1);
        }
    };
    let exit = runtime.block_on(listingwatch::cli::run(arguments));
    // A command that ended does not wait for blocked reads of standard input.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    ExitCode::from(exit.code())
}
