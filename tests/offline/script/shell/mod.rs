//! The shell against the real `dash` and `bash`: the same script, the same outcome.

mod bounds;
mod generated;
mod hand;
mod world;

use mokapot::domain::script::shell::{self, Interpreter, Mode};

/// Runs cases in both worlds, on a few threads. Fails with those that differ.
fn compare(program: &str, mode: Mode, cases: Vec<Vec<u8>>) {
    let folder = tempfile::tempdir().unwrap();
    let stubs = folder.path().join("stubs");
    std::fs::create_dir(&stubs).unwrap();
    world::stubs(&stubs);
    let numbered: Vec<_> = cases.iter().enumerate().collect();
    let differ: Vec<String> = std::thread::scope(|scope| {
        let parts = numbered.chunks(numbered.len().div_ceil(4).max(1));
        let (folder, stubs) = (folder.path(), stubs.as_path());
        let threads: Vec<_> = parts
            .map(|part| {
                scope.spawn(move || {
                    let differs = |(number, case): &(usize, &Vec<u8>)| {
                        let real = world::real(program, stubs, &folder.join(number.to_string()), case);
                        let ours = world::interpreted(mode, case);
                        let case = String::from_utf8_lossy(case);
                        (!ours.agrees(&real)).then(|| format!("{case}\n--- {program}\n{real:?}\n--- here\n{ours:?}\n"))
                    };
                    part.iter().filter_map(differs).collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    println!("{program}: {} of {} cases agree", cases.len() - differ.len(), cases.len());
    assert!(differ.is_empty(), "{} differ\n{}", differ.len(), differ.join("\n"));
}

#[test]
fn hand_written_scripts_do_what_dash_does() {
    let cases = hand::cases();
    compare("dash", Mode::Dash, cases.into_iter().map(String::into_bytes).collect());
}

#[test]
fn generated_scripts_do_what_dash_does() {
    compare("dash", Mode::Dash, generated::cases(1800));
}

#[test]
fn bash_scripts_do_what_bash_does() {
    compare("bash", Mode::Bash, hand::bash().into_iter().map(String::into_bytes).collect());
}

#[test]
fn the_scripts_of_this_machine_parse() {
    // Where dpkg is none, there are none.
    let Ok(folder) = std::fs::read_dir("/var/lib/dpkg/info") else { return };
    let mut count = 0;
    for entry in folder {
        let path = entry.unwrap().path();
        let kind = path.extension().and_then(|kind| kind.to_str()).unwrap_or_default().to_owned();
        if !matches!(kind.as_str(), "preinst" | "postinst" | "prerm" | "postrm" | "config") {
            continue;
        }
        let text = std::fs::read(&path).unwrap();
        let Some(interpreter) = Interpreter::of(&text) else { continue };
        let checked = shell::check(&path.to_string_lossy(), &text, interpreter.mode);
        assert!(checked.is_ok(), "{checked:?}");
        count += 1;
    }
    println!("{count} scripts parse");
}

#[test]
fn the_first_line_says_which_shell() {
    let of = |text: &str| Interpreter::of(text.as_bytes()).map(|found| (found.mode, found.options));
    assert_eq!(of("#!/bin/sh\n"), Some((Mode::Dash, vec![])));
    assert_eq!(of("#! /bin/sh -e\n"), Some((Mode::Dash, vec![b"-e".to_vec()])));
    assert_eq!(of("#!/usr/bin/env bash\n"), Some((Mode::Bash, vec![])));
    assert_eq!(of("#!/usr/bin/env -S bash -eu\n"), Some((Mode::Bash, vec![b"-eu".to_vec()])));
    assert_eq!(of("echo no first line\n"), Some((Mode::Dash, vec![])));
    assert_eq!(of("#!/usr/bin/perl\n"), None);
    assert_eq!(of("\u{7f}ELF\u{2}"), None);
}
