//! What no tree and no bound may suffer from.

use super::scene::interpret_with;

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
