//! How each mistake is shown: where it is, what is wrong, what to do.

use mokapot::base::{Class, Fault};
use mokapot::domain::recipe::Chain;

use super::{recipe, whole};

/// REC-01, 02, 05, 07, 08, 10, 11, 14, 16, 20, 26 and more of their kinds: the text, its place, and what the message says.
pub(super) const WRONG: &[(&str, &str, &str)] = &[
    // syntax and shape
    ("x = \"unterminated", "4:18", "this is no TOML"),
    ("x = [1,\n\ty = 2", "5:2", "this is no TOML"),
    ("name = \"twice\"", "4:1", "duplicate key"),
    ("[pacakges]", "4:2", "unknown key `pacakges`"),
    ("[image]\nenvironment = {}", "5:1", "`image`: unknown key `environment`"),
    ("[[jars]]\ns3 = \"\"", "4:3", "unknown key `jars`"),
    ("platforms = \"linux/amd64\"", "4:13", "`platforms`: expected a list, found a string"),
    ("platforms = 1.5", "4:13", "`platforms`: expected a list, found a number with a fraction"),
    ("file = [1]", "4:9", "`file`: expected a table, found a number"),
    ("[[user]]\nname = \"x\"", "4:1", "`user`: the key `uid` is missing"),
    ("image.compression = \"zst\"", "4:21", "`image.compression`: unknown value `zst`"),
    // platforms
    ("platforms = []", "4:13", "no platform"),
    ("platforms = [\"linux/amd65\"]", "4:14", "unknown platform `linux/amd65`: one of linux/amd64, linux/arm64"),
    ("platforms = [\"linux/arm/v9\"]", "4:14", "unknown platform"),
    ("platforms = [\"linux/amd64\", \"linux/amd64\"]", "4:29", "linux/amd64 is there twice"),
    // packages
    ("packages.install = [\"а\u{301}pt\"]", "4:21", "is no package name"),
    ("packages.install = [\"a b\"]", "4:21", "is no package name"),
    ("packages.install = [\"ab;rm\"]", "4:21", "is no package name"),
    ("packages.install = [\"--option\"]", "4:21", "is no package name"),
    ("packages.install = [\"-ab\"]", "4:21", "is no package name"),
    ("packages.install = [\"ab=\"]", "4:21", "malformed version"),
    ("packages.install = [\"ab/../x\"]", "4:21", "is no suite"),
    ("packages.accept-skew = [\"A\"]", "4:25", "is no package name"),
    // archives
    (
        "[[archive]]\nmirror = \"https://x\"\nsuites = [\"a\"]\nsigned-by = \"key.asc\"",
        "5:10",
        "`https://x` breaks a rule",
    ),
    ("[[archive]]\nmirror = \"x\"\nsuites = []\nsigned-by = \"key.asc\"", "4:1", "an archive needs suites"),
    ("[[archive]]\nmirror = \"x\"\nsuites = [\"../a\"]\nsigned-by = \"key.asc\"", "6:11", "breaks a rule"),
    (
        "[[archive]]\nmirror = \"x\"\nsuites = [\"a\", \"a\"]\nsigned-by = \"key.asc\"",
        "6:16",
        "`a` of `x` is there twice",
    ),
    ("[[archive]]\nmirror = \"x\"\nsuites = [\"a\"]\nsigned-by = []", "7:13", "no key may sign"),
    ("[[archive]]\nmirror = \"x\"\nsuites = [\"a\"]\nsigned-by = \"gone.asc\"", "7:13", "cannot read `gone.asc`"),
    (
        "[[archive]]\nmirror = \"x\"\nsuites = [\"a\"]\nsigned-by = \"key.asc\"\npriority = 40000",
        "8:12",
        "out of range",
    ),
    (
        "[[archive]]\nmirror = \"x\"\nsuites = [\"a\"]\nsigned-by = \"key.asc\"\naccept-expired = \" \"",
        "8:18",
        "breaks a rule",
    ),
    // files
    ("[[file]]\npath = \"opt\"\ncontent = \"\"", "5:8", "starts with `/`"),
    ("[[file]]\npath = \"/a/../b\"\ncontent = \"\"", "5:8", "`..`"),
    ("[[file]]\npath = \"/a\\u0000b\"\ncontent = \"\"", "5:8", "NUL"),
    ("[[file]]\npath = \"/a\\nb\"\ncontent = \"\"", "5:8", "`/a\\nb`: a path may hold no NUL, newline"),
    ("[[file]]\npath = \"/\"\ncontent = \"\"", "5:8", "`/` is no place"),
    ("[[file]]\npath = \"/a/.wh.x\"\ncontent = \"\"", "5:8", "reserved by the OCI layer format"),
    ("[[file]]\npath = \"/.wh..wh..opq\"\ncontent = \"\"", "5:8", "reserved by the OCI layer format"),
    ("[[file]]\npath = \"/a\"", "4:1", "needs its content"),
    ("[[file]]\npath = \"/a\"\ncontent = \"\"\nsource = \"run.sh\"", "4:1", "needs its content, once"),
    ("[[file]]\npath = \"/a\"\nsource = \"gone\"", "6:10", "cannot read `gone`"),
    ("[[file]]\npath = \"/a\"\ncontent = \"\"\nmode = \"888\"", "7:8", "is no mode"),
    ("[[file]]\npath = \"/a\"\ncontent = \"\"\nmode = 755", "7:8", "expected a string"),
    ("[[file]]\npath = \"/a\"\ncontent = \"\"\nowner = \"root:root\"", "7:9", "is no owner"),
    ("[[file]]\npath = \"/a\"\nsymlink = \"\"", "6:11", "breaks a rule"),
    ("[[file]]\npath = \"/a\"\nsymlink = \"b\"\nmode = \"0644\"", "7:8", "no mode of its own"),
    ("[[file]]\npath = \"/a\"\ncontent = \"\"\n[[file]]\npath = \"/a\"\ncontent = \"\"", "8:8", "`/a` is there twice"),
    (
        "[[file]]\npath = \"/a\"\ncontent = \"b\"\n[[file]]\npath = \"/a/b/c\"\ncontent = \"\"",
        "8:8",
        "`/a/b/c` lies below `/a`",
    ),
    ("[[directory]]\npath = \"/a\"\nmode = \"drwx\"", "6:8", "is no mode"),
    ("[[directory]]\npath = \"/a\"\n[[file]]\npath = \"/a\"\ncontent = \"\"", "7:8", "`/a` is there twice"),
    ("[[access]]\npath = \"/a\"", "4:1", "nothing is said of who may do what"),
    ("[[access]]\npath = \"/a\"\nmode = \"8\"", "6:8", "is no mode"),
    ("[[access]]\npath = \"/a\"\nowner = \"root\"", "6:9", "is no owner"),
    // packages that no archive has
    ("packages.local = [\"A\"]", "4:19", "is no package name"),
    ("packages.local = [\"gone\"]", "4:19", "there is no package recipe `gone`: packages/gone/package.toml"),
    ("packages.install = [\"ours\"]\npackages.local = [\"ours\"]", "5:19", "`ours` is a package of `install` too"),
    ("[[deb]]\nurl = \"https://x/y.deb\"", "4:1", "nothing says what is at the address"),
    ("[[deb]]\nurl = \"https://x/y.deb\"\nsha256 = \"e3b0\"", "6:10", "weak or unsupported digest"),
    ("[[deb]]\nurl = \"ftp://x/y.deb\"\nsha256 = \"e3b0\"", "6:10", "weak or unsupported digest"),
    (
        "[[deb]]\nurl = \"https://x/{arch}.deb?key=1\"\namd64 = \"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"",
        "5:7",
        "an address has no user, password, query or fragment",
    ),
    (
        "[[deb]]\nurl = \"https://x/y.deb\"\nsha256 = \"e3b0\"\narm64 = \"e3b0\"",
        "4:1",
        "there is a digest for all platforms, and one for some",
    ),
    // accounts
    ("[[user]]\nname = \"Root\"\nuid = 1", "5:8", "breaks a rule"),
    ("[[user]]\nname = \"x\"\nuid = -1", "6:7", "out of range"),
    ("[[user]]\nname = \"x\"\nuid = 4294967295", "6:7", "out of range"),
    ("[[user]]\nname = \"x\"\nuid = 1\nhome = \"/a:b\"", "7:8", "no `:`"),
    ("[[user]]\nname = \"x\"\nuid = 1\n[[user]]\nname = \"y\"\nuid = 1", "9:7", "two users have the number 1"),
    ("[[group]]\nname = \"x\"\ngid = 1\n[[group]]\nname = \"x\"\ngid = 2", "8:8", "the group `x` is there twice"),
    // the image
    ("[image]\nenv = [\"FOO\"]", "5:7", "`image.env`: expected a table, found a list"),
    ("[image]\nenv = { \"=x\" = \"\" }", "5:9", "breaks a rule"),
    ("[image]\nenv = { \"\" = \"x\" }", "5:9", "breaks a rule"),
    ("[image]\nenv = { A = 1 }", "5:13", "`image.env.A`: expected a string"),
    ("[image]\nenv = { A = \"{ARCH}\" }", "5:13", "unknown placeholder `{ARCH}`"),
    ("[image]\nenv = { A = \"a{\" }", "5:13", "a brace stands alone"),
    ("[image]\nuser = \"a:b:c\"", "5:8", "is no user"),
    ("[image]\nuser = \"4294967295\"", "5:8", "is no user"),
    ("[image]\nentrypoint = [\"\"]", "5:15", "no name"),
    ("[image]\nworkdir = \"opt\"", "5:11", "starts with `/`"),
    ("[image]\nports = [\"0\"]", "5:10", "is no port"),
    ("[image]\nports = [\"80/sctp\"]", "5:10", "is no port"),
    ("[image]\nstop-signal = \"TERM\"", "5:15", "breaks a rule"),
    ("[image]\nepoch = -1", "5:9", "no time in seconds"),
    // waivers
    ("[[waive]]\nscript = \"tini\"\nreason = \"x\"", "5:10", "`tini` is no script"),
    ("[[waive]]\nscript = \"Tini/postinst\"\nreason = \"x\"", "5:10", "`Tini` is no package name"),
    ("[[waive]]\nscript = \"tini/triggers\"\nreason = \"x\"", "5:10", "`tini/triggers` is no script"),
    ("[[waive]]\nscript = \"tini/a/postinst\"\nreason = \"x\"", "5:10", "`tini/a/postinst` is no script"),
    ("[[waive]]\nscript = \"tini/prerm\"\nreason = \"x\"", "5:10", "`tini/prerm` never runs"),
    ("[[waive]]\nscript = \"tini/postinst\"", "4:1", "`waive`: the key `reason` is missing"),
    (
        "[[waive]]\nscript = \"ab/config\"\nreason = \"x\"\n[[waive]]\nscript = \"ab/config\"\nreason = \"x\"",
        "8:10",
        "`ab/config` is waived twice",
    ),
    ("[[waive]]\nscript = \"tini/postinst\"\nreason = \"\"", "6:10", "breaks a rule"),
    // effects
    ("[[effect]]\nscript = \"tini/postrm\"\nreason = \"x\"\nuser = []", "5:10", "`tini/postrm` never runs"),
    ("[[effect]]\nscript = \"tini/postinst\"\nreason = \"x\"", "5:10", "the effect leaves nothing"),
    (
        "[[effect]]\nscript = \"tini/postinst\"\nreason = \" \"\nuser = [{ name = \"x\", uid = 1 }]",
        "6:10",
        "breaks a rule",
    ),
    ("[[effect]]\nscript = \"tini/postinst\"\nreason = \"x\"\nsha256 = \"e3b0\"", "7:10", "weak or unsupported digest"),
    ("[[effect]]\nscript = \"tini/postinst\"\nreason = \"x\"\nsha256 = []", "7:10", "none of the digests"),
    ("[[effect]]\nscript = \"tini/postinst\"\nreason = \"x\"\nfiles = []", "7:1", "unknown key `files`"),
    (
        "[[effect]]\nscript = \"tini/postinst\"\nreason = \"x\"\nfile = [{ path = \"/a\", source = \"gone\" }]",
        "7:33",
        "cannot read `gone`",
    ),
    (
        "[[effect]]\nscript = \"tini/postinst\"\nreason = \"x\"\ndirectory = [{ path = \"/a\", mode = \"drwx\" }]",
        "7:36",
        "is no mode",
    ),
    (
        "[[effect]]\nscript = \"tini/postinst\"\nreason = \"x\"\ndirectory = [{ path = \"/a\" }, { path = \"/a/b\" }, { path = \"/a/b/c/d\" }]\n\
         file = [{ path = \"/a/b/c\", content = \"\" }]",
        "7:59",
        "`/a/b/c/d` lies below `/a/b/c`",
    ),
    (
        "[[effect]]\nscript = \"tini/postinst\"\nreason = \"x\"\ndirectory = [{ path = \"/a\" }]\nfile = [{ path = \"/a\", content = \"\" }]",
        "8:18",
        "`/a` is there twice",
    ),
    (
        "[[effect]]\nscript = \"ab/config\"\nreason = \"x\"\nuser = [{ name = \"x\", uid = 1 }]\n\
         [[effect]]\nscript = \"ab/config\"\nreason = \"x\"\ngroup = [{ name = \"x\", gid = 1 }]",
        "9:10",
        "`ab/config` is given an effect twice",
    ),
    // debconf
    ("[debconf]\ntzdata = \"x\"", "5:10", "`debconf.tzdata`: expected a table, found a string"),
    ("[debconf.Tzdata]\n\"a/b\" = \"x\"", "4:10", "`Tzdata` is no package name"),
    ("[debconf.tzdata]\n\"a b\" = \"x\"", "5:1", "`a b` breaks a rule"),
    ("[debconf.tzdata]\n\"\" = \"x\"", "5:1", "breaks a rule"),
    ("[debconf.tzdata]\n\"a/b\" = 1", "5:9", "`debconf.tzdata.a/b`: expected a string, true or false, found a number"),
    ("[debconf.tzdata]\n\"a/b\" = \"{x}\"", "5:9", "unknown placeholder"),
    ("[debconf.tzdata]\n\"a/b\" = \"x\\ny\"", "5:9", "breaks a rule"),
    ("[debconf.ab]\n\"a/b\" = true\n[debconf.cd]\n\"a/b\" = false", "7:1", "`a/b` is answered in two ways"),
];

#[test]
fn mistakes_are_shown_where_they_are() {
    for (lines, place, message) in WRONG {
        let error = match recipe(&[&whole(lines)]) {
            Ok(_) => panic!("accepted:\n{lines}"),
            Err(error) => error,
        };
        assert_eq!(error.class(), Class::Recipe);
        let found = error.diagnostics();
        let fits = |d: &&mokapot::domain::recipe::Diagnostic| {
            format!("{}:{}", d.line, d.column) == *place && d.message.contains(message)
        };
        assert!(found.iter().any(|d| fits(&d)), "for\n{lines}\nexpected {place} {message}\nfound {found:#?}");
        assert!(found.iter().all(|d| !d.hint.is_empty() && d.file == "recipe-0.toml"), "{found:?}");
        let shown = error.render(false);
        assert!(shown.contains("= hint: ") && shown.contains(&format!("recipe-0.toml:{place}")), "{shown}");
    }
}

#[test]
fn a_mistake_reads_like_a_compilers() {
    let lines = "[image]\nenv = { A = \"{foo}\" }\n[[file]]\npath = \"/a\"\ncontent = \"b\"\n[[file]]\npath = \"/a/b\"\ncontent = \"\"";
    let shown = recipe(&[&whole(lines)]).unwrap_err().render(false);
    insta::assert_snapshot!(shown, @r#"
error: unknown placeholder `{foo}`
 --> recipe-0.toml:5:13
  |
5 | env = { A = "{foo}" }
  |             ^^^^^^^
  |
  = hint: `{arch}` and `{triplet}` exist; write `{{` and `}}` where a brace is meant

error: `/a/b` lies below `/a`, which is no folder
  --> recipe-0.toml:10:8
   |
 7 | path = "/a"
   |        ---- this is a file
...
10 | path = "/a/b"
   |        ^^^^^^
   |
   = hint: move one of them
"#);
}

#[test]
fn a_clash_between_two_files_shows_both() {
    let base = whole("[[file]]\npath = \"/a\"\ncontent = \"\"");
    let near = "name = \"near\"\nextends = \"base\"\n[[file]]\npath = \"/a\"\ncontent = \"\"";
    insta::assert_snapshot!(recipe(&[near, &base]).unwrap_err().render(false), @r#"
error: `/a` is there twice
 --> recipe-0.toml:4:8
  |
4 | path = "/a"
  |        ^^^^
  |
 ::: recipe-1.toml:5:8
  |
5 | path = "/a"
  |        ---- first here
  |
  = hint: keep one of them
"#);
}

#[test]
fn circles_and_long_chains_are_refused() {
    let mut chain = Chain::new();
    let text = |extends: &str| format!("name = \"x\"\nextends = \"{extends}\"\n");
    assert_eq!(chain.push("a", text("b").as_bytes()).unwrap(), Some("b"));
    chain.push("b", text("a").as_bytes()).unwrap();
    let error = chain.push("a", text("b").as_bytes()).unwrap_err();
    assert_eq!(error.to_string(), "b:2:11: `extends` goes in a circle: a → b → a");

    let mut chain = Chain::new();
    let error = (0..100).find_map(|n| chain.push(&format!("r{n}"), text("next").as_bytes()).err()).unwrap();
    assert!(error.to_string().contains("more than 16 recipes"), "{error}");
}

#[test]
fn nesting_is_bounded() {
    let deep = format!("x = {}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(recipe(&[&deep]).unwrap_err().to_string().contains("max recursion depth"));
    let dotted = format!("{} = 1", vec!["a"; 40].join("."));
    assert!(recipe(&[&whole(&dotted)]).unwrap_err().to_string().contains("deeper than the limit of 16"));
}

#[test]
fn size_is_bounded() {
    let large = format!("name = \"x\"\n# {}", "x".repeat(50 << 20));
    let error = recipe(&[&large]).unwrap_err();
    assert!(error.to_string().contains("larger than the limit of 1048576 bytes"), "{error}");
    assert!(error.render(false).len() < 1000);
}

#[test]
fn encodings_are_told_apart() {
    let push = |bytes: &[u8]| Chain::new().push("r.toml", bytes).map(|_| ()).map_err(|error| error.to_string());
    assert_eq!(push(b"\xef\xbb\xbfname = \"x\"\r\n"), Ok(()));
    let utf16: Vec<u8> = "name = 1".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(push(&utf16).unwrap_err().contains("UTF-16"));
    assert!(push(&[&[0xff, 0xfe][..], &utf16].concat()).unwrap_err().contains("UTF-16"));
    assert_eq!(push(b"# ok\nx = \"caf\xe9\"").unwrap_err(), "r.toml:2:9: the file is not UTF-8: byte 0xe9 (Latin-1?)");
}

#[test]
fn credentials_are_refused_and_never_shown() {
    let keys = [
        "image.env.K = \"AKIAIOSFODNN7EXAMPLE\" # canary-secret",
        "x = '''\n-----BEGIN RSA PRIVATE KEY-----\ncanary-secret\n-----END RSA PRIVATE KEY-----\n'''",
        "x = \"-----BEGIN PGP PRIVATE KEY BLOCK-----canary-secret",
        "# ASIAIOSFODNN7EXAMPLE canary-secret \u{e9}",
    ];
    for lines in keys {
        let text = whole(lines);
        let latin: Vec<u8> = text.chars().flat_map(|c| u8::try_from(u32::from(c)).ok()).collect();
        for bytes in [text.as_bytes(), &latin] {
            let error = Chain::new().push("r.toml", bytes).unwrap_err();
            let shown = format!("{error}\n{}\n{:?}\n{error:?}", error.render(false), error.diagnostics());
            assert!(shown.contains("what looks like a"), "{shown}");
            assert!(!shown.contains("canary") && !shown.contains("EXAMPLE"), "{shown}");
        }
    }
    assert!(recipe(&[&whole("# AKIA is how they start; -----BEGIN PGP PUBLIC KEY BLOCK-----")]).is_ok());
}
