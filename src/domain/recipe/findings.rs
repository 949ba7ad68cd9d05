//! Collects what is wrong while sections are checked, so that one run shows all of it.

use std::fmt::Display;

use super::at::At;
use super::error::Problem;
use super::source::Span;

/// The problems found so far.
#[derive(Debug, Default)]
pub(in crate::domain) struct Findings(pub(in crate::domain) Vec<Problem>);

impl Findings {
    /// Notes a problem.
    pub(in crate::domain) fn report(&mut self, span: Span, message: impl Into<String>, hint: impl Into<String>) {
        self.0.push(Problem::new(span, message, hint));
    }

    /// Notes that two places do not go together.
    pub(in crate::domain) fn clash(
        &mut self,
        span: Span,
        message: impl Into<String>,
        other: Span,
        label: &str,
        hint: &str,
    ) {
        self.0.push(Problem::new(span, message, hint).with(other, label));
    }

    /// The value, or `None` and a problem at `span`.
    pub(in crate::domain) fn take<T>(&mut self, span: Span, result: Result<T, impl Display>, hint: &str) -> Option<T> {
        result.map_err(|error| self.report(span, error.to_string(), hint)).ok()
    }

    /// The string if it keeps `rule`, else a problem that names both.
    pub(in crate::domain) fn text(
        &mut self,
        at: &At<String>,
        holds: impl Fn(&str) -> bool,
        rule: &str,
    ) -> Option<String> {
        if holds(&at.value) {
            return Some(at.value.clone());
        }
        let shown: String = at.value.chars().take(80).collect();
        self.report(at.span, format!("`{shown}` breaks a rule"), rule);
        None
    }

    /// The number if it lies in `range`.
    pub(in crate::domain) fn number<T: TryFrom<i64> + Display + PartialOrd>(
        &mut self,
        at: &At<i64>,
        min: T,
        max: T,
    ) -> Option<T> {
        match T::try_from(at.value) {
            Ok(number) if (&min..=&max).contains(&&number) => Some(number),
            _ => {
                self.report(at.span, format!("{} is out of range", at.value), format!("a number from {min} to {max}"));
                None
            }
        }
    }
}
