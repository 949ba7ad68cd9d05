//! Lockfiles: byte-stable, reviewable, consistent, and bound to their recipe.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use mokapot::base::{Arch, Class, Digest, Epoch, Fault};
use mokapot::domain::lock::{
    JarLock, Kind, Lockfile, Origin, PackageLock, Reason, ReleaseLock, Root, Stale, check, compare, table,
};
use mokapot::domain::recipe::{LockMeaning, Recipe};
use mokapot::formats::deb::Priority;
use mokapot::formats::deb::package::{Architecture, PackageName};
use proptest::prelude::*;

use super::recipe::recipe;

const RECIPE: &str = r#"
name = "tools"
scripts = "list"

[[archive]]
mirror = "debian"
suites = ["bookworm", "bookworm-updates"]
signed-by = "key.asc"

[packages]
install = ["tini", "awk"]
"#;

/// The recipe that all locks here are for, with some of its text replaced.
pub(crate) fn tools(edits: &[(&str, &str)]) -> Recipe {
    let text = edits.iter().fold(RECIPE.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    });
    recipe(&[&text]).unwrap_or_else(|error| panic!("{}", error.render(false)))
}

/// The text of `tools`.
pub(crate) fn tools_text() -> String {
    RECIPE.to_owned()
}

fn name(text: &str) -> PackageName {
    text.parse().unwrap()
}

fn release(suite: &str, date: i64) -> ReleaseLock {
    ReleaseLock {
        mirror: "debian".into(),
        suite: suite.into(),
        date: Epoch::try_from(date).unwrap(),
        valid_until: (suite != "bookworm").then(|| Epoch::try_from(date + 604_800).unwrap()),
        sha256: Digest::of(suite.as_bytes()),
        size: 151_078,
        signers: vec![
            "4D64FEC119C2029067D6E791F8D2585B8783D481".parse().unwrap(),
            "4CB50190207B4758A3F73A796ED0E7B82643E131".parse().unwrap(),
        ],
    }
}

/// A package for one platform, `all` where `arch_all`; `depends` parted by spaces.
pub(crate) fn package(arch: Arch, text: &str, version: &str, root: Option<Root>, depends: &str) -> PackageLock {
    let all = text == "base-files";
    let suffix = if all { "all" } else { arch.name() };
    let filename = format!("pool/main/x/{text}_{version}_{suffix}.deb");
    PackageLock {
        name: name(text),
        arch,
        architecture: if all { Architecture::All } else { Architecture::Only(arch) },
        version: version.parse().unwrap(),
        priority: if matches!(text, "base-files" | "mawk") { Priority::Required } else { Priority::Optional },
        origin: Origin::Archive { mirror: "debian".into(), suite: "bookworm".into() },
        size: filename.len() as u64,
        sha256: Digest::of(filename.as_bytes()),
        filename,
        roots: root.into_iter().collect(),
        depends: depends.split_whitespace().map(name).collect(),
        recommends: [].into(),
    }
}

/// What `tools` locks: `awk` is virtual, `libc6` differs between the platforms, `libunwind8` exists on one of them only.
pub(crate) fn packages() -> Vec<PackageLock> {
    let mut packages = Vec::new();
    for arch in Arch::ALL {
        let (libc, tini) = if arch == Arch::Amd64 { ("2.36-9+b1", "libc6") } else { ("2.36-9+b2", "libc6 libunwind8") };
        packages.push(package(arch, "tini", "0.19.0-1", Some(Root::Asked(name("tini"))), tini));
        packages.push(package(arch, "mawk", "1.3.4", Some(Root::Asked(name("awk"))), "libc6"));
        packages.push(package(arch, "base-files", "12.4", Some(Root::Variant), ""));
        packages.push(package(arch, "libc6", libc, None, "libgcc-s1"));
        packages.push(package(arch, "libgcc-s1", "12.2.0-14", None, "libc6"));
    }
    packages.push(package(Arch::Arm64, "libunwind8", "1.6.2-3", None, "libc6"));
    packages
}

pub(crate) fn lockfile() -> Lockfile {
    let releases = vec![release("bookworm-updates", 1_700_000_000), release("bookworm", 1_600_000_000)];
    Lockfile::new(LockMeaning::of(&tools(&[])), releases, packages(), vec![]).unwrap()
}

#[test]
fn a_lockfile_reads_like_this() {
    insta::assert_snapshot!("lockfile-v1", lockfile().render());
}

#[test]
fn the_order_of_what_was_resolved_changes_nothing() {
    let expected = lockfile().render();
    for seed in 0..20_usize {
        let mut packages = packages();
        let length = packages.len();
        for index in 0..length {
            packages.swap(index, (index * 7 + seed * 13) % length);
        }
        let mut releases = vec![release("bookworm", 1_600_000_000), release("bookworm-updates", 1_700_000_000)];
        releases.iter_mut().for_each(|release| release.signers.reverse());
        let lock = Lockfile::new(LockMeaning::of(&tools(&[])), releases, packages, vec![]).unwrap();
        assert_eq!(lock.render(), expected);
    }
}

#[test]
fn what_is_written_is_read_again() {
    let lock = lockfile();
    let read = Lockfile::parse(&lock.render(), "tools.lock").unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(read, lock);
    assert_eq!(read.render(), lock.render());
    assert_eq!(Lockfile::parse(&lock.render().replace('\n', "\r\n"), "tools.lock").unwrap(), lock, "a checkout's CRLF");
}

/// A lock that was made before priorities were kept says nothing of them.
#[test]
fn no_priority_is_optional() {
    let lock = lockfile();
    let old = Lockfile::parse(&lock.render().replace("priority = \"required\"\n", ""), "tools.lock").unwrap();
    assert!(old.packages().iter().all(|package| package.priority == Priority::Optional));
    assert_ne!(old, lock, "what apt goes by is part of a lock");
    assert_eq!(compare(&old, &lock), [], "and the packages are the same");
    let said = lock.render().replace("name = \"tini\"\n", "name = \"tini\"\npriority = \"optional\"\n");
    assert_eq!(Lockfile::parse(&said, "tools.lock").unwrap(), lock);
}

/// One version may have another priority on each platform: then it is two blocks.
#[test]
fn priorities_of_platforms_are_kept_apart() {
    for name in ["base-files", "mawk"] {
        let mut packages = packages();
        let found = packages.iter_mut().find(|package| package.name.as_str() == name && package.arch == Arch::Arm64);
        found.unwrap().priority = Priority::Important;
        let releases = vec![release("bookworm", 0), release("bookworm-updates", 0)];
        let lock = Lockfile::new(LockMeaning::of(&tools(&[])), releases, packages, vec![]).unwrap();
        assert_eq!(lock.render().matches(&format!("name = \"{name}\"\n")).count(), 2);
        assert_eq!(Lockfile::parse(&lock.render(), "tools.lock"), Ok(lock));
    }
}

/// LCK-04, 05, 07, 08, 10, 11 and their kinds: an edit of the lockfile, the line that is blamed, what is said.
const WRONG: &[(&str, &str, &str, &str)] = &[
    ("version = 1", "", "tools.lock: ", "no lockfile"),
    ("version = 1", "version = 2", "tools.lock:2: ", "version 2; this program knows versions up to 1"),
    ("version = 1", "version = 1\n<<<<<<< HEAD", "tools.lock:3: ", "conflict marker"),
    ("[request]", "=======\n[request]", "tools.lock:5: ", "conflict marker"),
    ("[request]", "[request", "tools.lock:5: ", "unclosed table"),
    ("variant = \"essential\"", "variant = \"apt\"", "tools.lock:3: ", "digest in the head"),
    ("recipe = \"sha256:", "recipe = \"sha256:0", "tools.lock:3: ", "malformed digest"),
    ("[[release]]", "[[release]]\nmd5 = \"\"", "tools.lock:19: ", "unknown field `md5`"),
    ("4CB50190", "4cb50190", "tools.lock:", "no fingerprint"),
    ("date = 2020-09-13T12:26:40Z", "date = 2020-09-13", "tools.lock:21: ", "no moment"),
    ("suite = \"bookworm-updates\"\ndate", "suite = \"other\"\ndate", "tools.lock: ", "no archive of the request"),
    ("suite = \"bookworm\"\nvia", "suite = \"sid\"\nvia", "tools.lock:", "`sid` of `debian` is no locked release"),
    ("size = 37", "size = 0", "tools.lock:", "cannot be the size"),
    ("size = 37", "size = -1", "tools.lock:", "invalid value"),
    ("size = 37", "size = 9223372036854775807", "tools.lock:", "cannot be the size"),
    ("size = 37\n", "", "tools.lock:", "`size`: libc6: is missing"),
    ("file = \"pool/main/x/mawk", "file = \"../../../etc/cron.d/mawk", "tools.lock:", "leaves the archive"),
    ("file = \"pool/main/x/mawk", "file = \"/etc/mawk", "tools.lock:", "leaves the archive"),
    ("file = \"pool/main/x/mawk", "file = \"%2e%2e/mawk", "tools.lock:", "no path in an archive"),
    ("file = \"pool/main/x/mawk", "file = \"a\\\\b", "tools.lock:", "no path in an archive"),
    ("priority = \"required\"", "priority = \"vital\"", "tools.lock:", "unknown variant `vital`"),
    ("name = \"tini\"", "name = \"Tini\"", "tools.lock:", "no package name"),
    ("name = \"tini\"", "name = \"mawk\"", "tools.lock:", "mawk for amd64 is locked twice"),
    (
        "depends = [\"libgcc-s1\"]",
        "depends = []",
        "tools.lock:",
        "libgcc-s1 is locked for amd64, and nothing asks for it",
    ),
    (
        "depends = [\"libgcc-s1\"]",
        "depends = [\"libgcc-s1\", \"zlib1g\"]",
        "tools.lock:",
        "libc6 on amd64 needs zlib1g, which is not locked",
    ),
    (
        "via = [\"(recipe: awk)\"]",
        "via = [\"(recipe)\"]",
        "tools.lock: ",
        "names awk, and nothing locked for amd64 answers it",
    ),
    ("via = [\"(recipe: awk)\"]", "via = [\"(because)\"]", "tools.lock:", "`(because)` is no reason"),
    ("via = [\"(recipe: awk)\"]", "via = [\"(recipe: nawk)\"]", "tools.lock: ", "names awk"),
    (
        "via = [\"(recipe: awk)\", \"mawk\"]",
        "via = [\"(recipe)\", \"tini\"]",
        "tools.lock:",
        "libc6: `via` is not what the dependencies say on amd64",
    ),
];

#[test]
fn broken_locks_name_the_line() {
    let text = lockfile().render();
    for (from, to, place, message) in WRONG {
        assert!(text.contains(from), "nothing to replace: {from}");
        let error = Lockfile::parse(&text.replacen(from, to, 1), "tools.lock").expect_err(to);
        let shown = error.to_string();
        assert!(shown.starts_with(place) && shown.contains(message), "{from} → {to}\n{shown}");
        assert_eq!(error.class(), Class::Lock);
        assert!(error.hint().is_some());
    }
}

#[test]
fn weak_digests_are_refused() {
    let text = lockfile().render();
    let good = Digest::of(b"pool/main/x/mawk_1.3.4_amd64.deb").to_string();
    let hex = &good[7..];
    for bad in [
        &good[..70],
        &good.to_uppercase(),
        hex,
        "md5:d41d8cd98f00b204e9800998ecf8427e",
        &format!("sha1:{}", &hex[..40]),
    ] {
        let error = Lockfile::parse(&text.replace(&good, bad), "tools.lock").expect_err(bad);
        let line = text.lines().position(|line| line.contains(&good)).unwrap() + 1;
        assert_eq!(error.line, Some(line), "{error}");
        assert!(error.to_string().contains("digest"), "{error}");
    }
}

#[test]
fn a_platform_without_its_package_is_named() {
    let without: Vec<PackageLock> =
        packages().into_iter().filter(|p| !(p.name.as_str() == "mawk" && p.arch == Arch::Arm64)).collect();
    let releases = vec![release("bookworm", 0), release("bookworm-updates", 0)];
    let error = Lockfile::new(LockMeaning::of(&tools(&[])), releases, without, vec![]).unwrap_err();
    assert_eq!(error.reason, Reason::Unanswered { request: "awk".into(), arch: Arch::Arm64 });
}

#[test]
fn only_its_recipe_makes_a_lock_buildable() {
    let lock = lockfile();
    let locked = check(&tools(&[]), &lock).unwrap();
    assert_eq!(locked.epoch().seconds(), 1_700_000_000, "the newest Release file's date");
    let names: Vec<&str> = locked.packages(Arch::Arm64).map(|package| package.name.as_str()).collect();
    assert_eq!(names, ["base-files", "libc6", "libgcc-s1", "libunwind8", "mawk", "tini"]);
    assert!(
        check(&tools(&[("name = \"tools\"", "name = \"x\"\nimage.epoch = 5")]), &lock).unwrap().epoch().seconds() == 5
    );

    let stale = |edits: &[(&str, &str)]| -> Stale { check(&tools(edits), &lock).unwrap_err() };
    let shown = [
        stale(&[("\"awk\"", "\"gawk\", \"curl\"")]),
        stale(&[("[packages]", "[packages]\nrecommends = true\nvariant = \"apt\"")]),
        stale(&[("scripts", "platforms = [\"linux/arm64\"]\nscripts")]),
        stale(&[("\"key.asc\"", "\"other.asc\"\nonly = [\"tini\"]")]),
        stale(&[("\"bookworm\", ", "")]),
        stale(&[("\"tini\", \"awk\"", "\"awk\", \"tini\"")]),
    ];
    insta::assert_snapshot!(shown.map(|stale| stale.to_string()).join("\n"), @r"
the recipe changed since it was locked: packages.install: -awk +curl +gawk
the recipe changed since it was locked: packages.variant: -essential +apt; packages.recommends: -false +true
the recipe changed since it was locked: platforms: -linux/amd64
the recipe changed since it was locked: archive debian bookworm bookworm-updates: signed-by: -sha256:2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683 +sha256:d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa; archive debian bookworm bookworm-updates: only: -all packages +tini
the recipe changed since it was locked: archive: -debian bookworm bookworm-updates +debian bookworm-updates
the recipe changed since it was locked: the order of what is asked for
");
}

#[test]
fn two_locks_compare() {
    let old = lockfile();
    assert_eq!(compare(&old, &old), []);
    let mut packages = packages();
    packages.retain(|package| package.name.as_str() != "libunwind8");
    for package in &mut packages {
        package.depends.remove(&name("libunwind8"));
        match package.name.as_str() {
            "tini" => package.version = "0.20.0-1".parse().unwrap(),
            "mawk" => package.version = "1.3".parse().unwrap(),
            "base-files" => package.sha256 = Digest::of(b"other"),
            "libc6" if package.arch == Arch::Arm64 => package.version = "2.36-9+b1".parse().unwrap(),
            "libgcc-s1" => package.depends.extend([name("zlib1g")]),
            _ => {}
        }
    }
    packages.extend(Arch::ALL.map(|arch| self::package(arch, "zlib1g", "1:1.2", None, "libc6")));
    let new = Lockfile::new(old.meaning().clone(), old.releases().to_vec(), packages, vec![]).unwrap();
    let changes = compare(&old, &new);
    assert!(
        changes
            .iter()
            .any(|c| c.name.as_str() == "zlib1g" && matches!(c.kind, Kind::Added(_)) && c.platforms.len() == 2)
    );
    insta::assert_snapshot!(table(&changes), @r"
replaced    base-files  amd64,arm64  12.4
downgraded  libc6       arm64        2.36-9+b2 → 2.36-9+b1
removed     libunwind8  arm64        1.6.2-3
downgraded  mawk        amd64,arm64  1.3.4 → 1.3
upgraded    tini        amd64,arm64  0.19.0-1 → 0.20.0-1
added       zlib1g      amd64,arm64  1:1.2
");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    /// Damage is found, or does not matter: what is accepted is written as it was read.
    #[test]
    fn any_damage_to_a_lock_is_survived(
        at in any::<prop::sample::Index>(),
        length in 0..60_usize,
        patch in "(\\PC|[\n\"=\\[\\]{}.,(]|sha256:|size|\\[\\[package\\]\\]){0,6}",
    ) {
        let text = lockfile().render();
        let mut damaged = text.into_bytes();
        let at = at.index(damaged.len());
        let end = (at + length).min(damaged.len());
        damaged.splice(at..end, patch.bytes());
        if let Ok(lock) = Lockfile::parse(&String::from_utf8_lossy(&damaged), "damaged.lock") {
            let again = Lockfile::parse(&lock.render(), "again.lock");
            prop_assert_eq!(again, Ok(lock));
        }
    }

    /// Any graph of packages that the request reaches goes through its text unchanged, whatever order it came in.
    #[test]
    fn locks_go_through_their_text(
        edges in prop::collection::vec((0..8_usize, 0..8_usize, any::<bool>()), 0..24),
        variant in prop::collection::vec(0..8_usize, 0..3),
        rotate in 0..16_usize,
    ) {
        let mut packages: Vec<PackageLock> = Vec::new();
        for arch in Arch::ALL {
            for number in 0..8 {
                let mut package = package(arch, &format!("p{number}"), "1.0-1", None, "");
                // A line of edges reaches every package from the first.
                let line = (number < 7).then_some(number + 1);
                let drawn = edges.iter().filter(|(from, _, both)| *from == number && (*both || arch == Arch::Amd64));
                package.depends = line.into_iter().chain(drawn.map(|(_, to, _)| *to)).map(|n| name(&format!("p{n}"))).collect();
                if number == 0 {
                    package.roots = [Root::Asked(name("tini")), Root::Asked(name("awk"))].into();
                }
                if variant.contains(&number) {
                    package.roots.insert(Root::Variant);
                }
                package.priority = Priority::ALL[(number + variant.len() * usize::from(arch == Arch::Arm64)) % 5];
                packages.push(package);
            }
        }
        let releases = vec![release("bookworm", 0), release("bookworm-updates", 0)];
        let make = |packages| Lockfile::new(LockMeaning::of(&tools(&[])), releases.clone(), packages, vec![]).unwrap();
        let lock = make(packages.clone());
        packages.rotate_left(rotate);
        prop_assert_eq!(&make(packages), &lock);
        prop_assert_eq!(Lockfile::parse(&lock.render(), "x.lock"), Ok(lock));
    }
}

#[test]
fn jars_are_locked_by_their_places() {
    let jar = "\n[[jar]]\nmaven = \"g:a:1\"\ns3 = \"s3://jars/a.jar\"\ninto = \"/opt\"\n";
    let releases = || vec![release("bookworm", 0), release("bookworm-updates", 0)];
    let make = |more: &str, jars: Vec<JarLock>| {
        let asked = recipe(&[&format!("{RECIPE}{more}")]).unwrap_or_else(|error| panic!("{}", error.render(false)));
        Lockfile::new(LockMeaning::of(&asked), releases(), packages(), jars).map_err(|error| error.reason.to_string())
    };
    let sha256 = Digest::of(b"jar");
    let places = vec!["s3://jars/a.jar".parse().unwrap(), "maven:g:a:1".parse().unwrap()];
    let entry = JarLock { places, size: 3, sha256 };
    let lock = make(jar, vec![entry.clone()]).unwrap();
    let text = lock.render();
    assert!(text.contains("[[request.jar]]\nplaces = [\"s3://jars/a.jar\", \"maven:g:a:1\"]\n"), "{text}");
    let block =
        format!("\n[[jar]]\nplaces = [\"s3://jars/a.jar\", \"maven:g:a:1\"]\nsize = 3\nsha256 = \"{sha256}\"\n");
    assert!(text.ends_with(&block), "{text}");
    assert_eq!(Lockfile::parse(&text, "x.lock"), Ok(lock));
    let other = format!("{jar}sha256 = \"{}\"\n", Digest::of(b"other"));
    let empty = JarLock { size: 0, ..entry.clone() };
    for (more, jars, says) in [
        (jar, vec![], "is asked for, and not locked"),
        (jar, vec![entry.clone(), entry.clone()], "is locked twice"),
        ("", vec![entry.clone()], "is locked, and nothing asks for it"),
        (other.as_str(), vec![entry.clone()], "has another digest than the one that is asked for"),
        (jar, vec![empty], "has a size that no jar has"),
    ] {
        assert_eq!(make(more, jars).unwrap_err(), format!("the jar s3://jars/a.jar {says}"));
    }
    // Where it goes is no business of the lock; who has it is.
    let (there, here) = (jar.replace("/opt", "/srv"), jar.replace("g:a:1", "g:a:2"));
    let lock = make(jar, vec![entry]).unwrap();
    let checked =
        |more: &str| check(&recipe(&[&format!("{RECIPE}{more}")]).unwrap(), &lock).map_err(|stale| stale.to_string());
    assert_eq!(
        checked(&there).unwrap().jars().map(|(jar, _)| jar.path.to_string()).collect::<Vec<_>>(),
        ["/srv/a.jar"]
    );
    let stale = checked(&here).unwrap_err();
    assert!(stale.contains("jar: -s3://jars/a.jar maven:g:a:1 +s3://jars/a.jar maven:g:a:2"), "{stale}");
}

/// A long way is told by its start and its end, so that a lock grows with its packages and not with their square.
#[test]
fn a_long_way_is_cut() {
    let link = |number: usize| {
        let next = if number < 3000 { format!("p{}", number + 1) } else { String::new() };
        package(Arch::Amd64, &format!("p{number}"), "1.0-1", None, &next)
    };
    let mut packages: Vec<PackageLock> = (0..=3000).map(link).collect();
    packages[0].roots = [Root::Asked(name("tini")), Root::Asked(name("awk"))].into();
    let meaning = LockMeaning::of(&tools(&[("scripts", "platforms = [\"linux/amd64\"]\nscripts")]));
    let lock =
        Lockfile::new(meaning, vec![release("bookworm", 0), release("bookworm-updates", 0)], packages, vec![]).unwrap();
    let text = lock.render();
    assert_eq!(Lockfile::parse(&text, "x.lock"), Ok(lock));
    let via = |name: &str| {
        let block = text.split(&format!("name = \"{name}\"\n")).nth(1).unwrap();
        block
            .split("via = ")
            .nth(1)
            .unwrap()
            .split("\nd")
            .next()
            .unwrap()
            .replace("[\n  ", "[")
            .replace("\n ", "")
            .replace(",\n]", "]")
    };
    assert_eq!(via("p0"), r#"["(recipe: awk)", "(recipe: tini)"]"#);
    assert_eq!(via("p9"), r#"["(recipe: awk)", "p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8"]"#);
    assert_eq!(via("p10"), r#"["(recipe: awk)", "p0", "…", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9"]"#);
    assert!(via("p2500").starts_with(r#"["(recipe: awk)", "p0", "…", "p2492""#), "{}", via("p2500"));
}
