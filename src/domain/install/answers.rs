//! The recipe's answers to questions of debconf: given when the base's files are there and no script has run, as an
//! `--extract-hook` of mmdebstrap would give them with `debconf-set-selections`.
//!
//! debconf must know a question's type beforehand (a password goes into a file of its own), so it is read from the
//! templates of the packages to come: of the package that the recipe names, else of any other.

use std::collections::BTreeMap;

use super::dance_error::DanceError;
use crate::domain::script::debian::{Answer, preseed, type_of};
use crate::domain::script::{Stop, System};
use crate::formats::deb::PackageName;

/// Answers by the package that asks and the question.
pub type Answers = BTreeMap<PackageName, BTreeMap<String, String>>;

/// Gives the answers; `templates` are those of each package that has any.
///
/// # Errors
/// When no package has such a question, or debconf's database cannot be made.
pub(super) fn give(
    system: &mut System<'_>,
    environment: &BTreeMap<Vec<u8>, Vec<u8>>,
    answers: &Answers,
    templates: &BTreeMap<PackageName, Vec<u8>>,
) -> Result<(), DanceError> {
    let mut given = Vec::new();
    for (package, questions) in answers {
        let own = templates.get(package).into_iter();
        let candidates: Vec<&Vec<u8>> = own.chain(templates.values()).collect();
        for (question, value) in questions {
            let Some(type_) = candidates.iter().find_map(|file| type_of(file, question)) else {
                return Err(DanceError::Question { package: package.to_string(), question: question.clone() });
            };
            let (package, question, value) = (package.to_string(), question.clone(), value.clone());
            given.push(Answer { package, question, type_, value });
        }
    }
    let failed = |stop: Stop| DanceError::Stopped { package: "debconf".into(), script: "answers", stop };
    preseed(system, environment, &given).map_err(failed)
}
