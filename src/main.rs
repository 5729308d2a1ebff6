//! `synfin`: tells the life of every TCP connection in a capture.

use std::error::Error;
use std::io;
use std::process::ExitCode;

use synfin::cli;

/// 0 when all was read, 1 when something failed or was damaged, 2 when the call was wrong. A reader
/// that hung up (`synfin read x | head`) is not a failure.
fn main() -> ExitCode {
    let error = match cli::run(std::env::args_os()) {
        Ok(code) => return code,
        Err(error) => error,
    };
    if error.chain().any(is_broken_pipe) {
        return ExitCode::SUCCESS;
    }
    if let Some(usage) = error.downcast_ref::<clap::Error>() {
        // With a closed stderr there is nobody left to tell.
        let _ = usage.print();
        return ExitCode::from(u8::try_from(usage.exit_code()).unwrap_or(2));
    }
    cli::say(format_args!("synfin: {error:#}"));
    ExitCode::FAILURE
}

fn is_broken_pipe(cause: &(dyn Error + 'static)) -> bool {
    cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
