//! The trace of a maintainer script: each line that it reached, and what that line changed.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::base::redact;
use crate::domain::script::{Change, Effect, Site, Watched};

/// A run for people: a line a command, its changes below it, and at the end what the script said.
pub(super) fn text(run: &Watched) -> String {
    let mut text = format!("\n{}", run.script);
    if !run.arguments.is_empty() {
        let _ = write!(text, " {}", run.arguments);
    }
    text.push('\n');
    for (site, effects) in steps(run) {
        let place = if site.script == run.script { String::new() } else { format!("{}:", site.script) };
        let _ = writeln!(text, "  {place}{:>4}  {}", site.line, site.text);
        for effect in effects {
            let _ = writeln!(text, "          {} {}", word(effect.change), path(effect));
        }
    }
    for line in run.said.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let _ = writeln!(text, "  said  {}", redact::printable_bytes(line));
    }
    text
}

/// A run for programs.
pub(super) fn value(run: &Watched) -> Value {
    let steps: Vec<Value> = steps(run)
        .map(|(site, effects)| {
            let effects: Vec<Value> =
                effects.iter().map(|effect| json!({ "change": effect.change, "path": path(effect) })).collect();
            let Site { script, line, column, text } = site;
            json!({ "script": script, "line": line, "column": column, "text": text, "effects": effects })
        })
        .collect();
    json!({
        "script": run.script,
        "arguments": run.arguments,
        "steps": steps,
        "said": String::from_utf8_lossy(&run.said),
    })
}

/// The commands reached, each with the changes up to the next.
fn steps(run: &Watched) -> impl Iterator<Item = (&Site, &[Effect])> {
    let lines = &run.trace.lines;
    let ends = lines.iter().skip(1).map(|next| next.effects).chain([run.effects.len()]);
    lines
        .iter()
        .zip(ends)
        .map(|(reached, end)| (&reached.site, run.effects.get(reached.effects..end).unwrap_or_default()))
}

const fn word(change: Change) -> &'static str {
    match change {
        Change::Made => "made   ",
        Change::Written => "written",
        Change::Changed => "changed",
        Change::Removed => "removed",
    }
}

fn path(effect: &Effect) -> String {
    format!("/{}", redact::printable_bytes(&effect.path))
}
