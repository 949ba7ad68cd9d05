//! Draws progress: moving bars on a terminal, a line a phase in a log, nothing with `--quiet`.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, HumanDuration, MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::environment::Environment;
use crate::base::{Event, Phase, Progress};

/// How events reach a person.
pub(super) enum Drawn {
    /// Only warnings.
    Quiet,
    /// Bars that move.
    Bars(Bars),
    /// One line at the end of each phase.
    Lines(Mutex<BTreeMap<Phase, Line>>),
}

/// The bars of the phases that run.
pub(super) struct Bars {
    all: MultiProgress,
    open: Mutex<BTreeMap<Phase, ProgressBar>>,
}

/// What is known of a phase that runs.
pub(super) struct Line {
    started: Instant,
    done: u64,
}

impl Drawn {
    /// Bars where stderr is a terminal that can draw them, lines elsewhere.
    pub(super) fn new(quiet: bool, environment: &Environment) -> Self {
        if quiet {
            Self::Quiet
        } else if io::stderr().is_terminal() && environment.wants_more_than_text() {
            let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(12));
            Self::Bars(Bars { all, open: Mutex::default() })
        } else {
            Self::Lines(Mutex::default())
        }
    }
}

/// Whether the phase counts bytes (else it counts packages).
const fn in_bytes(phase: Phase) -> bool {
    !matches!(phase, Phase::Resolve)
}

fn style(phase: Phase, known: bool) -> ProgressStyle {
    let template = match (in_bytes(phase), known) {
        (true, true) => "{prefix:>9} [{bar:28}] {bytes:>10}/{total_bytes:10} {bytes_per_sec:>12} {eta:>4}",
        (true, false) => "{prefix:>9} {spinner} {bytes:>10} {bytes_per_sec:>12}",
        (false, true) => "{prefix:>9} [{bar:28}] {pos}/{len}",
        (false, false) => "{prefix:>9} {spinner} {pos}",
    };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ")
}

impl Progress for Drawn {
    fn emit(&self, event: Event) {
        match self {
            Self::Quiet => {
                if let Event::Warning(text) = event {
                    say(&format!("warning: {text}"));
                }
            }
            Self::Bars(bars) => bars.emit(event),
            Self::Lines(open) => emit_line(&mut open.lock().unwrap_or_else(PoisonError::into_inner), event),
        }
    }
}

impl Bars {
    fn emit(&self, event: Event) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Begin { phase, total } => {
                let bar = total.map_or_else(ProgressBar::no_length, ProgressBar::new);
                let bar = self.all.add(bar.with_style(style(phase, total.is_some())).with_prefix(phase.to_string()));
                bar.enable_steady_tick(Duration::from_millis(120));
                open.insert(phase, bar);
            }
            Event::Advance { phase, amount } => {
                if let Some(bar) = open.get(&phase) {
                    bar.inc(amount);
                }
            }
            Event::End { phase } => {
                if let Some(bar) = open.remove(&phase) {
                    bar.finish_and_clear();
                    let _ = self.all.println(summary(phase, bar.position(), bar.elapsed()));
                }
            }
            Event::Note(text) => drop(self.all.println(format!("     note {text}"))),
            Event::Warning(text) => drop(self.all.println(format!("  warning {text}"))),
        }
    }
}

fn emit_line(open: &mut BTreeMap<Phase, Line>, event: Event) {
    match event {
        Event::Begin { phase, .. } => drop(open.insert(phase, Line { started: Instant::now(), done: 0 })),
        Event::Advance { phase, amount } => {
            if let Some(line) = open.get_mut(&phase) {
                line.done += amount;
            }
        }
        Event::End { phase } => {
            if let Some(line) = open.remove(&phase) {
                say(&summary(phase, line.done, line.started.elapsed()));
            }
        }
        Event::Note(text) => say(&format!("     note {text}")),
        Event::Warning(text) => say(&format!("  warning {text}")),
    }
}

/// One line about a phase that is over: how much, how long, how fast.
fn summary(phase: Phase, done: u64, elapsed: Duration) -> String {
    if !in_bytes(phase) {
        return format!("{phase:>9} {done} packages in {:.1} s", elapsed.as_secs_f64());
    }
    let rate = HumanBytes((done as f64 / elapsed.as_secs_f64().max(0.001)) as u64);
    if elapsed < Duration::from_secs(60) {
        format!("{phase:>9} {} in {:.1} s ({rate}/s)", HumanBytes(done), elapsed.as_secs_f64())
    } else {
        format!("{phase:>9} {} in {} ({rate}/s)", HumanBytes(done), HumanDuration(elapsed))
    }
}

fn say(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}
