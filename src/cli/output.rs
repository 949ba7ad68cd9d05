//! Where text goes: data on stdout, everything for people on stderr; colours only where they are welcome.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use super::environment::Environment;
use super::exit;
use crate::base::Fault;
use crate::ops::Error;
use crate::ops::project::ProjectError;

/// The version of every JSON object that this program prints.
const SCHEMA_VERSION: u32 = 1;

/// The form of what goes to stdout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// Text for people and for simple scripts.
    Text,
    /// One JSON object with `schema_version`.
    Json,
}

/// Prints the outcome of a command.
#[derive(Clone, Copy)]
pub(super) struct Output {
    format: Format,
    colour: bool,
}

impl Output {
    pub(super) fn new(format: Format, environment: &Environment) -> Self {
        let colour = io::stderr().is_terminal() && environment.wants_more_than_text();
        Self { format, colour }
    }

    pub(super) const fn is_json(&self) -> bool {
        matches!(self.format, Format::Json)
    }

    /// Prints a result: `text` for people, or `value` as one JSON object.
    ///
    /// A closed pipe is no failure of ours: whoever read stdout has seen enough.
    pub(super) fn result(&self, text: impl Display, value: &impl Serialize) -> io::Result<()> {
        let line = match self.format {
            Format::Text => text.to_string(),
            Format::Json => serde_json::to_string(&Envelope { schema_version: SCHEMA_VERSION, value })?,
        };
        let newline = if line.is_empty() || line.ends_with('\n') { "" } else { "\n" };
        ignore_closed_pipe(write!(io::stdout().lock(), "{line}{newline}"))?;
        ignore_closed_pipe(io::stdout().flush())
    }

    /// Prints what failed on stderr, and with `--format json` as an object on stdout too.
    pub(super) fn failure(&self, fault: &Error) {
        let (bold, red, cyan, off) =
            if self.colour { ("\x1b[1m", "\x1b[31;1m", "\x1b[36;1m", "\x1b[0m") } else { ("", "", "", "") };
        let message = fault.to_string();
        let hint = fault.hint();
        let mut text = match fault {
            // A recipe is shown with the line that is wrong.
            Error::Project(ProjectError::Recipe(error)) => format!("{}\n", error.render(self.colour).trim_end()),
            _ => format!("{red}error{off}{bold}:{off} {message}\n"),
        };
        let causes = causes(fault, &message);
        for cause in &causes {
            text += &format!("  because: {cause}\n");
        }
        // A rendered recipe has its hint inside.
        let rendered = matches!(fault, Error::Project(ProjectError::Recipe(_)));
        if let Some(hint) = hint.as_ref().filter(|_| !rendered) {
            text += &format!("{cyan}hint{off}{bold}:{off} {}\n", hint.replace('\n', "\n      "));
        }
        let _ = write!(io::stderr().lock(), "{text}");
        if self.is_json() {
            let error =
                Failure { class: exit::word(fault.class()), code: exit::number(fault.class()), message, causes, hint };
            let _ = self.result("", &serde_json::json!({ "error": error }));
        }
    }
}

/// The chain of sources of an error, without those whose text the message already holds.
fn causes(fault: &dyn Fault, message: &str) -> Vec<String> {
    let mut said = message.to_owned();
    let mut causes = Vec::new();
    let mut source = fault.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        if !said.contains(&text) {
            said.push_str(&text);
            causes.push(text);
        }
        source = cause.source();
    }
    causes
}

fn ignore_closed_pipe(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

#[derive(Serialize)]
struct Envelope<'a, T> {
    schema_version: u32,
    #[serde(flatten)]
    value: &'a T,
}

#[derive(Serialize)]
struct Failure {
    class: &'static str,
    code: u8,
    message: String,
    causes: Vec<String>,
    hint: Option<String>,
}
