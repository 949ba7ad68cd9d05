//! The shell against the real `dash` and `bash`: the same script, the same outcome.

mod generated;
mod hand;
mod world;

use mokapot::domain::script::shell::Mode;

/// Runs cases in both worlds; how many there were. Fails with those that differ.
fn compare(program: &str, mode: Mode, cases: impl IntoIterator<Item = Vec<u8>>) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let stubs = folder.path().join("stubs");
    std::fs::create_dir(&stubs).unwrap();
    world::stubs(&stubs);
    let mut count = 0;
    let mut differ = Vec::new();
    for (number, case) in cases.into_iter().enumerate() {
        let real = world::real(program, &stubs, &folder.path().join(number.to_string()), &case);
        let ours = world::interpreted(mode, &case);
        if !ours.agrees(&real) {
            differ.push(format!("{}\n--- {program}\n{real:?}\n--- here\n{ours:?}\n", String::from_utf8_lossy(&case)));
        }
        count += 1;
    }
    println!("{program}: {} of {count} cases agree", count - differ.len());
    assert!(differ.is_empty(), "{} differ\n{}", differ.len(), differ.join("\n"));
    count
}

#[test]
fn hand_written_scripts_do_what_dash_does() {
    let cases = hand::cases();
    compare("dash", Mode::Dash, cases.into_iter().map(String::into_bytes));
}

#[test]
fn generated_scripts_do_what_dash_does() {
    compare("dash", Mode::Dash, generated::cases(1800));
}

#[test]
fn bash_scripts_do_what_bash_does() {
    compare("bash", Mode::Bash, hand::bash().into_iter().map(String::into_bytes));
}
