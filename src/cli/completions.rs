//! `mokapot completions`: what a shell needs to complete our commands.

use std::io;
use std::process::ExitCode;

use clap_complete::Shell;

use super::Outcome;

/// Print the completions of a shell.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  mokapot completions bash > ~/.local/share/bash-completion/completions/mokapot")]
pub(super) struct Completions {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self, program: &mut clap::Command) -> Outcome {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, program, "mokapot", &mut script);
        // A closed pipe has seen enough.
        let _ = io::Write::write_all(&mut io::stdout().lock(), &script);
        Ok(ExitCode::SUCCESS)
    }
}
