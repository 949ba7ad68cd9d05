//! What no tree and no bound may suffer from.

use proptest::prelude::*;

use super::scene::{PROGRAMS, interpret_with};

#[test]
fn the_empty_name_is_not_the_root() {
    for words in [
        &["rm", "-rf", ""][..],
        &["chmod", "-R", "0", ""],
        &["find", "", "-delete"],
        &["mv", "", "x"],
        &["cp", "-r", "", "x"],
    ] {
        let outcome = interpret_with("f 644 a", words);
        assert_eq!(outcome.unwrap().1.len(), 1, "{words:?}");
    }
}

#[test]
fn the_root_stays() {
    for words in [
        &["rm", "-rf", "/"][..],
        &["rm", "-rf", "/w/.."],
        &["rm", "-rf", "../../.."],
        &["rm", "-rf", "//"],
        &["rmdir", "/"],
        &["mv", "/", "x"],
    ] {
        let outcome = interpret_with("f 644 a", words);
        assert_eq!(outcome.unwrap().1.len(), 1, "{words:?}");
    }
    assert!(interpret_with("f 644 a", &["rm", "-rf", "--no-preserve-root", "/"]).is_ok());
}

#[test]
fn what_has_no_end_ends() {
    let deep = "a/".repeat(2000);
    assert!(interpret_with("", &["mkdir", "-p", &deep]).is_ok());
    let words: Vec<&str> = ["find"].into_iter().chain(std::iter::repeat_n("(", 5000)).collect();
    assert!(interpret_with("", &words).is_err(), "parentheses without an end");
    let words: Vec<&str> = ["test"].into_iter().chain(std::iter::repeat_n("(", 5000)).collect();
    assert_eq!(interpret_with("", &words).unwrap().0, "");
    let words: Vec<&str> = ["expr"].into_iter().chain(std::iter::repeat_n("(", 5000)).collect();
    assert!(interpret_with("", &words).is_err());
    assert!(interpret_with("", &["truncate", "-s", "99999999999999", "x"]).unwrap().1.is_empty());
    assert!(interpret_with("", &["dd", "if=/dev/zero", "of=x"]).is_err());
    assert!(interpret_with("", &["seq", "1", "999999999999"]).is_err());
}

#[test]
fn links_that_loop_end() {
    let scene = "d 755 d\nl ../d d/up\nl self self";
    for line in
        ["find -L d", "cp -rL d n", "ls -RL d", "chmod -R 700 d", "rm -rf self", "readlink -f self", "cp -r self n"]
    {
        let words: Vec<&str> = line.split(' ').collect();
        let _ = interpret_with(scene, &words);
    }
}

/// Words that mean something to some program, and any other.
fn word() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "",
        "-",
        "--",
        "-r",
        "-R",
        "-f",
        "-p",
        "-a",
        "-d",
        "-m",
        "-n",
        "-s",
        "-t",
        "-e",
        "-l",
        "-c",
        "-o",
        "-u",
        "-i",
        "-L",
        "-0",
        "-1",
        "-T",
        "-v",
        "--parents",
        "--reference=a",
        "--help",
        "0",
        "1",
        "-1",
        "99999999999999999999",
        "755",
        "u+x",
        "a=rwX,g=u",
        "root",
        "root:root",
        ":",
        "a",
        "d",
        "d/b",
        "d/",
        "l",
        "up",
        "self",
        ".",
        "..",
        "/",
        "//",
        "nope/x",
        "{}",
        ";",
        "+",
        "(",
        ")",
        "!",
        "=",
        "-type",
        "f",
        "-name",
        "*",
        "[",
        "[a",
        "[!",
        "-exec",
        "echo",
        "-perm",
        "-size",
        "-printf",
        "%p%",
        "%-99999s%T",
        "+%Y%",
        "%a%",
        "\\",
        "\\x",
        "\\(a*\\)*",
        ":",
        "*",
        "if=a",
        "of=b",
        "bs=0",
        "bs=9999999999999",
        "count=3",
        "A=1",
        // templates of mktemp(1), whose X are places to fill in
        "tmpXXX",
        "XXXX/XXXX",
        "@1",
        "@-99999999999999",
        "2001-02-03",
        "cap_chown+ep",
        "=p",
        "-I",
        "-newer",
        "-2",
        "ab:c::",
        "]",
    ]);
    prop_oneof![4 => known.prop_map(str::to_owned), 1 => any::<String>()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    /// Any program with any words ends, in a status or in a stop, and without a panic.
    #[test]
    fn no_command_line_panics(program in prop::sample::select(PROGRAMS), words in prop::collection::vec(word(), 0..7)) {
        let scene = "f 644 a text\nd 755 d\nf 4755 d/b bytes\nh a h\nl a l\nl ../d d/up\nl self self\np 600 p";
        let all: Vec<&str> = std::iter::once(program).chain(words.iter().map(String::as_str)).collect();
        let _ = interpret_with(scene, &all);
    }
}
