//! The `mokapot` program: parse, call `cli`, exit.

use std::process::ExitCode;

fn main() -> ExitCode {
    mokapot::cli::run(std::env::args_os())
}
