//! Answers to the questions of debconf(7), given before they are asked.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};

use super::at::At;
use super::findings::Findings;
use super::source::Span;
use super::template::fill;
use super::wire::DebconfSection;
use crate::base::Arch;
use crate::formats::deb::PackageName;

/// A value as a recipe writes it: a string, or one of debconf's own words `true` and `false` without quotes.
#[derive(Clone, Debug)]
pub(super) struct Answer(String);

impl<'de> Deserialize<'de> for Answer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Word;
        impl Visitor<'_> for Word {
            type Value = Answer;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string, true or false")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Answer, E> {
                Ok(Answer(text.to_owned()))
            }

            fn visit_bool<E: de::Error>(self, value: bool) -> Result<Answer, E> {
                Ok(Answer(value.to_string()))
            }
        }
        deserializer.deserialize_any(Word)
    }
}

impl JsonSchema for Answer {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Answer".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": ["string", "boolean"] })
    }
}

/// Answers by package and question for `arch`. A package without an answer is left out.
pub(super) fn answers(
    packages: &BTreeMap<At<String>, DebconfSection>,
    arch: Arch,
    findings: &mut Findings,
) -> BTreeMap<PackageName, BTreeMap<String, String>> {
    let mut answers: BTreeMap<PackageName, BTreeMap<String, String>> = BTreeMap::new();
    let mut seen: BTreeMap<&str, (Span, &str)> = BTreeMap::new();
    for (package, questions) in packages {
        let name = findings.take(package.span, package.value.parse::<PackageName>(), "a table is `[debconf.PACKAGE]`");
        for (question, At { span, value: Answer(value) }) in &questions.0 {
            if let Some((first, other)) = seen.insert(&question.value, (question.span, value))
                && other != value
            {
                let message = format!("`{}` is answered in two ways", question.value);
                findings.clash(
                    question.span,
                    message,
                    first,
                    "first here",
                    "a question has one value, whoever asks it",
                );
            }
            let word = |text: &str| !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control());
            let rule = "a question is a name without white space, such as tzdata/Areas";
            let question = findings.text(question, word, rule);
            let answer = fill(&At { span: *span, value: value.clone() }, arch, findings);
            let plain = |text: &str| !text.contains(char::is_control);
            let answer = answer.and_then(|value| {
                findings.text(&At { span: *span, value }, plain, "an answer is one line without control characters")
            });
            if let (Some(name), Some(question), Some(answer)) = (&name, question, answer) {
                answers.entry(name.clone()).or_default().insert(question, answer);
            }
        }
    }
    answers
}
