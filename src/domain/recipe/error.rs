//! What is wrong with a recipe, shown as a compiler would: the place, the line itself, the rule and the remedy.

use std::fmt;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde::Serialize;

use super::source::{Source, Span};
use crate::base::{Class, Fault, redact};

/// One thing that is wrong, with the place where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::domain) struct Problem {
    pub(in crate::domain) span: Span,
    pub(in crate::domain) message: String,
    pub(in crate::domain) hint: String,
    /// Another place that has to do with it, and how.
    pub(in crate::domain) related: Option<(Span, String)>,
}

/// Everything that is wrong with a recipe; never empty.
#[derive(Clone, Debug)]
pub struct RecipeError {
    sources: Vec<Source>,
    problems: Vec<Problem>,
}

/// How many problems one error tells; who has more begins with these.
const MOST: usize = 25;

/// One thing that is wrong, as data for programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// The recipe's file.
    pub file: String,
    /// Its line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The line itself.
    pub text: String,
    /// What is wrong.
    pub message: String,
    /// The remedy.
    pub hint: String,
}

impl Problem {
    pub(in crate::domain) fn new(span: Span, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { span, message: redact::printable(&message.into()), hint: hint.into(), related: None }
    }

    pub(in crate::domain) fn with(mut self, span: Span, label: impl Into<String>) -> Self {
        self.related = Some((span, label.into()));
        self
    }
}

impl RecipeError {
    /// `problems` in the files of a chain. Sorted by place, each told once, [`MOST`] of them.
    pub(in crate::domain) fn new(sources: &[Source], mut problems: Vec<Problem>) -> Self {
        problems.sort_by(|a, b| (a.span, &a.message).cmp(&(b.span, &b.message)));
        problems.dedup();
        problems.truncate(MOST);
        Self { sources: sources.to_vec(), problems }
    }

    /// The problems as data.
    #[must_use]
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        self.problems
            .iter()
            .filter_map(|problem| {
                let source = self.sources.get(problem.span.file)?;
                let (line, column) = source.position(problem.span.start);
                Some(Diagnostic {
                    file: source.name.clone(),
                    line,
                    column,
                    text: redact::printable(source.line(line)),
                    message: problem.message.clone(),
                    hint: problem.hint.clone(),
                })
            })
            .collect()
    }

    /// The problems as a person reads them: one block each, with the lines they stand in. `colour` adds terminal colours.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let blocks: Vec<String> = self.problems.iter().map(|p| renderer.render(&[self.group(p)])).collect();
        blocks.join("\n\n")
    }

    fn group<'a>(&'a self, problem: &'a Problem) -> Group<'a> {
        let title = Level::ERROR.primary_title(problem.message.as_str());
        let hint = Level::HELP.with_name("hint").message(problem.hint.as_str());
        let Some(source) = self.sources.get(problem.span.file) else { return title.element(hint) };
        let mut first = snippet(source).annotation(AnnotationKind::Primary.span(range(source, problem.span)));
        let Some((span, label)) = &problem.related else { return title.element(first).element(hint) };
        let Some(other) = self.sources.get(span.file) else { return title.element(first).element(hint) };
        let place = AnnotationKind::Context.span(range(other, *span)).label(label.as_str());
        if span.file == problem.span.file {
            first = first.annotation(place);
            return title.element(first).element(hint);
        }
        title.element(first).element(snippet(other).annotation(place)).element(hint)
    }
}

fn snippet(source: &Source) -> Snippet<'_, annotate_snippets::Annotation<'_>> {
    Snippet::source(source.text.as_str()).path(source.name.as_str())
}

/// The span in bytes, brought inside the text and onto character boundaries.
fn range(source: &Source, span: Span) -> std::ops::Range<usize> {
    let text = &source.text;
    let inside = |at: usize| (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let (start, end) = (inside(span.start), inside(span.end));
    start..end.max(start)
}

impl fmt::Display for RecipeError {
    /// One line a problem: `file:line:column: message`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, d) in self.diagnostics().iter().enumerate() {
            let separator = if number == 0 { "" } else { "\n" };
            write!(f, "{separator}{}:{}:{}: {}", d.file, d.line, d.column, d.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for RecipeError {}

impl Fault for RecipeError {
    fn class(&self) -> Class {
        Class::Recipe
    }

    fn hint(&self) -> Option<String> {
        self.problems.first().map(|problem| problem.hint.clone())
    }
}
