//! Floor 5: the command line. One file a command: a clap struct, one call into `ops`, and rendering.
//!
//! This is the only floor that prints or reads the environment.

mod arch;
mod audit;
mod build;
mod cache;
mod completions;
mod diff;
mod environment;
mod exit;
mod files;
mod image_name;
mod inspect;
mod jars;
mod lock;
mod mirrors;
mod output;
mod package;
mod progress;
mod publish;
mod push;
mod schema;
mod scripts;
mod session;
mod signals;
mod size;
mod table;
mod trace;
mod why;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser, Subcommand};

use environment::Environment;
use output::{Format, Output};
use session::Session;
use signals::Signals;

use crate::ops::Error;

/// Build reproducible multi-platform OCI images from Debian packages, without running anything foreign.
#[derive(Parser)]
#[command(name = "mokapot", version, max_term_width = 100, after_help = EXAMPLES)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  mokapot build jre-11                          both platforms, into dist/oci
  mokapot build jre-11 --arch arm64             one platform: the manifest of the index of both
  mokapot push jre-11 registry.example/jre:11   children first, the tag last
  mokapot why jre-11 /usr/bin/tini              whose file it is, and why that package is there

Exit codes:
  0 done, 1 different, 2 usage, 3 recipe, 4 lock, 5 unsatisfiable, 6 integrity, 7 trust,
  8 freshness, 9 network, 10 storage, 11 policy, 12 conflict, 128+n ended by signal n";

/// Options of every command.
#[derive(Args, Clone)]
#[command(next_help_heading = "Options of every command")]
struct Global {
    /// What goes to stdout: `text`, or `json`, which is one object with `schema_version`.
    #[arg(long, global = true, value_enum, default_value = "text", value_name = "FORMAT", hide_possible_values = true)]
    format: Format,
    /// No progress; only warnings and errors.
    #[arg(short, long, global = true)]
    quiet: bool,
    /// The project's folder, where `recipes/` is.
    #[arg(long, global = true, value_name = "DIR", default_value = ".")]
    project: PathBuf,
    /// The store of inputs and fragments [default: `mokapot` in the user's cache folder].
    #[arg(long, global = true, value_name = "DIR", env = "MOKAPOT_STORE", hide_env_values = true)]
    store: Option<PathBuf>,
    /// Where a mirror's alias leads; goes before every other place. May be given several times.
    #[arg(long = "mirror", global = true, value_name = "ALIAS=URL")]
    mirrors: Vec<String>,
}

#[derive(Subcommand)]
enum Command {
    Build(build::Build),
    Lock(lock::Lock),
    Package(package::Package),
    Publish(publish::Publish),
    Push(push::Push),
    Inspect(inspect::Inspect),
    Files(files::Files),
    Why(why::Why),
    Scripts(scripts::Scripts),
    Diff(diff::Diff),
    Audit(audit::Audit),
    Mirrors(mirrors::Mirrors),
    Jars(jars::Jars),
    Cache(cache::Cache),
    Schema(schema::Schema),
    Completions(completions::Completions),
}

/// Runs the program with these arguments, the first being its own name, and returns its exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no failures; a closed pipe while printing them is none either.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let environment = Environment::read();
    let output = Output::new(cli.global.format, &environment);
    let outcome = Signals::watch(output).and_then(|signals| {
        let session = Session::new(&cli.global, &environment, &output, &signals);
        cli.command.run(&session)
    });
    match outcome {
        Ok(code) => code,
        Err(error) => {
            output.failure(&error);
            exit::of(&error)
        }
    }
}

impl Command {
    fn run(self, session: &Session<'_>) -> Outcome {
        match self {
            Self::Build(command) => command.run(session),
            Self::Lock(command) => command.run(session),
            Self::Package(command) => command.run(session),
            Self::Publish(command) => command.run(session),
            Self::Push(command) => command.run(session),
            Self::Inspect(command) => command.run(session),
            Self::Files(command) => command.run(session),
            Self::Why(command) => command.run(session),
            Self::Scripts(command) => command.run(session),
            Self::Diff(command) => command.run(session),
            Self::Audit(command) => command.run(session),
            Self::Mirrors(command) => command.run(session),
            Self::Jars(command) => command.run(session),
            Self::Cache(command) => command.run(session),
            Self::Schema(command) => command.run(session),
            Self::Completions(command) => command.run(&mut Cli::command()),
        }
    }
}

/// What a command comes to.
type Outcome = Result<ExitCode, Error>;
