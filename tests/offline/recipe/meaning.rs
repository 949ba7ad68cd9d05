//! A recipe's meaning: what of it a lock and an image depend on.

use mokapot::domain::recipe::{LockMeaning, meaning_digest};

use super::{FULL, recipe, whole};

#[test]
fn meaning_is_not_formatting() {
    let one = recipe(&[FULL]).unwrap();
    let reformatted = FULL.replace("\n", "\r\n# a comment\r\n").replace(" = ", "   =  ");
    assert_eq!(meaning_digest(&one), meaning_digest(&recipe(&[&reformatted]).unwrap()));
    let (far, near) = FULL.split_once("\n[image]").unwrap();
    let near = format!("name = \"tools\"\nextends = \"far\"\n[image]{near}");
    let mut chain = recipe(&[&near, far]).unwrap();
    assert_eq!(LockMeaning::of(&one), LockMeaning::of(&chain), "a chain is its merged text");
    assert_ne!(meaning_digest(&one), meaning_digest(&chain), "layers follow the chain");
    chain.levels = one.levels.clone();
    assert_eq!(meaning_digest(&one), meaning_digest(&chain), "and nothing else does");
}

/// The keys that stand for scripts are no part of the meaning of a recipe that has none of them, and what such a recipe means
/// never changes: a build that knows it need not be made again.
#[test]
fn meaning_of_a_recipe_without_new_keys_stays() {
    let silent = recipe(&[&whole("[image]\nenv = { A = \"1\" }\n[[file]]\npath = \"/a\"\ncontent = \"\"")]).unwrap();
    insta::assert_snapshot!(meaning_digest(&silent), @"sha256:c54b2be93865bac7043ef1026cdb6e668404c0e58105440ebe2c9894e55ee550");
    let written = whole(
        "debconf.ab = {}\neffect = []\nwaive = []\nimage.env.A = \"1\"\nfile = [{ path = \"/a\", content = \"\" }]",
    );
    assert_eq!(meaning_digest(&silent), meaning_digest(&recipe(&[&written]).unwrap()));
    let quoted = FULL.replace("setuid\" = true", "setuid\" = \"true\"");
    assert_eq!(meaning_digest(&recipe(&[FULL]).unwrap()), meaning_digest(&recipe(&[&quoted]).unwrap()));
}

#[test]
fn meaning_is_every_key() {
    let one = recipe(&[FULL]).unwrap();
    let lock = LockMeaning::of(&one);
    let edits = [
        ("\"apt\"", "\"none\"", true),
        ("\"tini\", \"curl=7", "\"curl=7", true),
        ("recommends = true", "", true),
        ("key.asc\", \"other.asc", "other.asc\", \"key.asc", true),
        ("priority = -1", "priority = 1", true),
        ("[\"linux/arm64\", ", "[", true),
        ("accept-skew = [\"libc6\"]", "", true),
        ("hello", "bye", false),
        ("185:0", "0:0", false),
        ("ports = [\"80\"", "ports = [\"81\"", false),
        ("c\" }", "d\" }", false),
        ("gzip", "zstd", false),
        ("1700000000", "1700000001", false),
        ("it only prints", "it prints", false),
        ("tini/postinst", "tini/preinst", false),
        ("compared with", "like", false),
        ("curl/preinst", "curl/config", false),
        ("sha256 = [\"sha256:e3", "sha256 = [\"sha256:f3", false),
        ("\"0700\", owner", "\"0750\", owner", false),
        ("symlink = \"/run", "symlink = \"/srv", false),
        ("\"curl\", uid = 101", "\"curl\", uid = 103", false),
        ("\"curl\", gid = 102", "\"curl\", gid = 103", false),
        ("\"Europe\"", "\"Asia\"", false),
        ("setuid\" = true", "setuid\" = \"true \"", false),
        ("[\"staff\"]", "[]", false),
    ];
    for (from, to, locked) in edits {
        let text = FULL.replacen(from, to, 1);
        assert_ne!(text, FULL, "{from}");
        let other = recipe(&[&text]).unwrap_or_else(|error| panic!("{}", error.render(false)));
        assert_ne!(meaning_digest(&one), meaning_digest(&other), "{from} → {to}");
        assert_eq!(lock != LockMeaning::of(&other), locked, "{from} → {to}");
    }
}
