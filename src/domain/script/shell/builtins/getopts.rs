//! `getopts`.

use super::super::{Mode, Run, Shell};
use super::Call;
use crate::domain::script::system::System;

pub(super) fn getopts(shell: &mut Shell, system: &mut System<'_>, call: Call<'_>) -> Run {
    let [letters, variable, given @ ..] = call.arguments else {
        return shell.wrong(system, b"Usage: getopts optstring var [arg...]");
    };
    let arguments = if given.is_empty() { shell.parameters.clone() } else { given.to_vec() };
    let index = shell.variables.get(b"OPTIND").and_then(|text| std::str::from_utf8(text).ok()?.parse::<usize>().ok());
    let mut index = index.unwrap_or(1).max(1);
    let silent = letters.first() == Some(&b':');
    let mut letter = shell.letter;
    // dash counts an argument as done with its first letter.
    let early = usize::from(shell.mode == Mode::Dash);
    if letter > 0 {
        index = index.saturating_sub(early).max(1);
    }
    let current = arguments.get(index - 1);
    let option = match current {
        Some(argument) if letter > 0 && letter < argument.len() => argument.get(letter).copied(),
        Some(argument) if argument.len() > 1 && argument.first() == Some(&b'-') => {
            if argument == b"--" {
                index += 1;
                None
            } else {
                letter = 1;
                argument.get(1).copied()
            }
        }
        _ => None,
    };
    let Some(option) = option else {
        shell.assign(system, variable, b"?".to_vec())?;
        shell.assign(system, b"OPTIND", index.to_string().into_bytes())?;
        shell.unset_argument();
        shell.letter = 0;
        return Ok(1);
    };
    letter += 1;
    let argument = current.cloned().unwrap_or_default();
    let known = if option == b':' { None } else { letters.iter().position(|letter| *letter == option) };
    let takes = known.is_some_and(|at| letters.get(at + 1) == Some(&b':'));
    let mut result = vec![option];
    let mut value = None;
    if known.is_none() {
        result = b"?".to_vec();
        if silent {
            value = Some(vec![option]);
        } else {
            let text = match shell.mode {
                Mode::Dash => format!("Illegal option -{}", char::from(option)),
                Mode::Bash => format!("illegal option -- {}", char::from(option)),
            };
            shell.say_of_script(system, &text)?;
        }
    } else if takes {
        if letter < argument.len() {
            value = argument.get(letter..).map(<[u8]>::to_vec);
            letter = argument.len();
        } else if let Some(next) = arguments.get(index) {
            value = Some(next.clone());
            index += 1;
        } else if silent {
            result = b":".to_vec();
            value = Some(vec![option]);
        } else {
            result = b"?".to_vec();
            let text = match shell.mode {
                Mode::Dash => format!("No arg for -{} option", char::from(option)),
                Mode::Bash => format!("option requires an argument -- {}", char::from(option)),
            };
            shell.say_of_script(system, &text)?;
        }
    }
    if letter >= argument.len() {
        index += 1;
        letter = 0;
    }
    match value {
        Some(value) => shell.assign(system, b"OPTARG", value)?,
        None => shell.unset_argument(),
    }
    shell.assign(system, variable, result)?;
    if letter > 0 {
        index += early;
    }
    shell.assign(system, b"OPTIND", index.to_string().into_bytes())?;
    shell.letter = letter;
    Ok(0)
}

impl Shell {
    fn unset_argument(&mut self) {
        let _ = self.variables.unset(b"OPTARG");
    }

    /// A message about the script's own options: without a line.
    fn say_of_script(&mut self, system: &mut System<'_>, text: &str) -> Run<()> {
        let line = match self.mode {
            Mode::Dash => format!("{text}\n").into_bytes(),
            Mode::Bash => [self.name.as_slice(), b": ", text.as_bytes(), b"\n"].concat(),
        };
        self.process.write(system, 2, &line)?.ok();
        Ok(())
    }
}
