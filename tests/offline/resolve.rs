//! Requests and universes of a few packages each: one habit of apt, or one bad input, a test.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use mokapot::base::{Arch, Class, Fault};
use mokapot::domain::resolve::{Archive, Resolution, UniverseBuilder, pair, resolve};
use mokapot::formats::deb::{Alternatives, Package, PoolFile, Relation};
use proptest::prelude::*;

use crate::support::universe::{answer, any_universe, chosen, package, refused, request, universe_of};

const BASE: &str = "
    libc6 2.36; Depends: libgcc-s1
    libgcc-s1 12; Depends: libc6
    bash 5.2 essential; Pre-Depends: libc6
    login 1 essential; Depends: awk
    mawk 1.3 required; Provides: awk
    gawk 5.2; Provides: awk
    apt 2.6 required; Depends: libc6
    tzdata 2024 required all";

#[test]
fn a_variant_is_what_mmdebstrap_makes_of_it() {
    assert_eq!(chosen(BASE, "none:"), "");
    assert_eq!(chosen(BASE, "essential:"), "bash=5.2 libc6=2.36 libgcc-s1=12 login=1 mawk=1.3");
    assert_eq!(chosen(BASE, "apt:"), "apt=2.6 bash=5.2 libc6=2.36 libgcc-s1=12 login=1 mawk=1.3");
    assert_eq!(chosen(BASE, "minbase:"), "apt=2.6 bash=5.2 libc6=2.36 libgcc-s1=12 login=1 mawk=1.3 tzdata=2024");
}

#[test]
fn a_variant_comes_from_the_first_suite_and_from_candidates() {
    let two = "
        @one 500
        bash 1 essential
        old 1 essential
        @two 900
        old 2
        extra 1 essential";
    assert_eq!(chosen(two, "essential:"), "bash=1");
}

#[test]
fn what_the_variant_has_serves_the_request() {
    // Were it one question, gawk would serve `login`, too, and mawk would not be there.
    assert_eq!(chosen(BASE, "essential: gawk"), "bash=5.2 gawk=5.2 libc6=2.36 libgcc-s1=12 login=1 mawk=1.3");
    assert_eq!(chosen(BASE, "none: login gawk"), "gawk=5.2 login=1");
}

#[test]
fn every_package_says_why_it_is_there() {
    let universe = "
        bash 1 essential; Depends: libc6
        libc6 1
        web 1; Depends: libc6, ssl (>= 1) | tls; Recommends: docs
        libssl 3; Provides: ssl (= 3)
        docs 1";
    let resolution = answer(universe, "essential+r: web").unwrap();
    let why: Vec<String> =
        resolution.packages.iter().map(|chosen| format!("{}: {}", chosen.name, chosen.why)).collect();
    assert_eq!(
        why,
        [
            "bash: variant essential",
            "docs: web recommends docs",
            "libc6: bash depends on libc6",
            "libssl: web depends on ssl (>= 1)",
            "web: requested",
        ]
    );
    assert_eq!(resolution.get("docs").unwrap().version.as_str(), "1");
    assert!(resolution.get("doc").is_none());
}

#[test]
fn the_first_alternative_that_can_be_had_is_taken() {
    let universe = "
        web 1; Depends: gone | too-old (>= 2) | cache | other
        too-old 1
        cache 1; Depends: gone
        other 1";
    assert_eq!(chosen(universe, "none: web"), "other=1 web=1");
    assert_eq!(chosen("aa 1; Depends: bb | cc\nbb 1\ncc 1", "none: aa cc"), "aa=1 cc=1");
}

#[test]
fn of_providers_priority_decides_then_the_later_mention() {
    let many = "user 1; Depends: mail\npostfix 1; Provides: mail\nexim 1; Provides: mail\nsendmail 1; Provides: mail";
    assert_eq!(chosen(many, "none: user"), "sendmail=1 user=1");
    let ranked = many.replace("exim 1", "exim 1 important");
    assert_eq!(chosen(&ranked, "none: user"), "exim=1 user=1");
    let real = format!("{many}\nmail 1");
    assert_eq!(chosen(&real, "none: user"), "mail=1 user=1");
}

#[test]
fn a_virtual_package_is_its_only_provider_or_a_question() {
    let universe = "postfix 1; Provides: mta\nexim 1; Provides: mta\nmawk 1; Provides: awk\nuser 1; Suggests: ghost";
    assert_eq!(chosen(universe, "none: awk"), "mawk=1");
    assert!(refused(universe, "none: mta").contains("`mta` is a virtual package, provided by exim, postfix"));
    assert!(refused(universe, "none: ghost").contains("no archive has `ghost`"));
    assert!(refused("user 1; Depends: ghost", "none: user").contains("no archive has `ghost`"));
}

#[test]
fn versioned_provides_serve_their_version_and_bare_ones_serve_none() {
    let universe = "user 1; Depends: api (>= 2)\nbare 1; Provides: api\nnew 1; Provides: api (= 2:0)";
    assert_eq!(chosen(universe, "none: user"), "new=1 user=1");
    let old = universe.replace("2:0", "1.9");
    let words = refused(&old, "none: user");
    assert!(words.contains("of `api` there is only 1.9"), "{words}");
}

#[test]
fn qualifiers_mean_one_architecture_here() {
    let universe = "
        user 1; Depends: py:any (>= 3), native:native, own:amd64
        py 3.11 allowed
        native 1
        own 1";
    assert_eq!(chosen(universe, "none: user"), "native=1 own=1 py=3.11 user=1");
    let strict = universe.replace("py 3.11 allowed", "py 3.11");
    assert!(refused(&strict, "none: user").contains("it depends on py:any (>= 3)"));
    assert!(refused("user 1; Depends: lib:i386\nlib 1", "none: user").contains("no archive has `lib`"));
}

#[test]
fn an_epoch_outweighs_any_number() {
    let universe = "user 1; Depends: lib (>= 1:0)\nlib 9.9";
    assert!(refused(universe, "none: user").contains("of `lib` there is only 9.9"));
    assert_eq!(chosen("lib 9\nlib 1:0", "none: lib"), "lib=1:0");
    assert!(refused("lib 1:2", "none: lib=2").contains("`lib` has no version 2; there is 1:2"));
}

#[test]
fn cycles_and_conflicts_with_oneself_are_fine() {
    let universe = "
        aa 1; Depends: bb; Conflicts: aa (<< 2), role; Provides: role
        bb 1; Pre-Depends: cc
        cc 1; Depends: aa";
    assert_eq!(chosen(universe, "none: bb"), "aa=1 bb=1 cc=1");
    assert_eq!(chosen("aa 1; Depends: aa", "none: aa"), "aa=1");
}

#[test]
fn conflicts_name_both_sides() {
    let universe = "aa 1; Conflicts: role\nbb 2; Provides: role\ncc 1; Depends: bb";
    let words = refused(universe, "none: aa cc");
    assert!(words.contains("aa 1 excludes role, that is bb 2"), "{words}");
    let breaks = "new 2; Breaks: old (<< 2)\nold 1\nuser 1; Depends: new, old";
    let words = refused(breaks, "none: user");
    assert!(words.contains("new 2 excludes old (<< 2), that is old 1"), "{words}");
}

#[test]
fn an_alternative_that_conflicts_gives_way_to_the_next() {
    let universe = "
        user 1; Depends: fast | slow
        fast 1; Conflicts: base
        slow 1
        base 1";
    assert_eq!(chosen(universe, "none: base user"), "base=1 slow=1 user=1");
}

#[test]
fn nothing_of_the_variant_is_removed() {
    let universe = "init 1 essential\nother 1; Conflicts: init\nhelper 1";
    assert!(refused(universe, "essential: other").contains("other 1 excludes init, that is init 1"));
    assert!(refused(universe, "essential: init-").contains("`init` of the variant would have to go"));
    let soft = "base 1 essential; Depends: mawk | awk\nmawk 1; Provides: awk\nother 1; Conflicts: mawk; Provides: awk";
    assert!(answer(soft, "essential: other").is_err());
}

#[test]
fn what_is_kept_out_stays_out() {
    let universe = "user 1; Depends: aa | bb; Recommends: cc\naa 1\nbb 1\ncc 1";
    assert_eq!(chosen(universe, "none+r: user"), "aa=1 cc=1 user=1");
    assert_eq!(chosen(universe, "none+r: user aa- cc-"), "bb=1 user=1");
    let words = refused(universe, "none: user aa- bb-");
    assert!(words.contains("the request keeps `aa` out") && words.contains("the request keeps `bb` out"), "{words}");
    assert!(refused(universe, "none: aa aa-").contains("both asks for `aa` and keeps it out"));
    assert!(refused(universe, "none: user nobody-").contains("no archive has `nobody`"));
}

#[test]
fn recommendations_are_followed_where_they_can_be() {
    let universe = "user 1; Recommends: docs, gone, broken | spare\ndocs 1; Recommends: more\nmore 1\nbroken 1; Depends: gone\nspare 1";
    assert_eq!(chosen(universe, "none: user"), "user=1");
    assert_eq!(chosen(universe, "none+r: user"), "docs=1 more=1 spare=1 user=1");
    // The variant's own recommendations are nobody's wish.
    assert_eq!(chosen("bash 1 essential; Recommends: docs\ndocs 1\naa 1", "essential+r: aa bash"), "aa=1 bash=1");
}

#[test]
fn leftovers_of_a_failed_attempt_are_swept_away() {
    let universe = "
        user 1; Recommends: big
        big 1; Depends: part, trouble
        part 1
        trouble 1; Depends: knot
        knot 1; Conflicts: user";
    assert_eq!(chosen(universe, "none+r: user"), "user=1");
}

#[test]
fn pins_choose_before_versions() {
    let universe = |one: i16, two: i16| format!("@one {one}\nlib 1\nuser 1; Depends: lib\n@two {two}\nlib 2");
    assert_eq!(chosen(&universe(500, 500), "none: user"), "lib=2 user=1");
    assert_eq!(chosen(&universe(500, 100), "none: user"), "lib=1 user=1");
    assert_eq!(chosen(&universe(990, 500), "none: user"), "lib=1 user=1");
    assert_eq!(chosen(&universe(1, 1001), "none: user"), "lib=2 user=1");
    assert!(refused(&universe(-1, -1), "none: lib").contains("the pins allow no version of `lib`; there is 2, 1"));
    assert!(
        refused(&universe(500, 0).replace("lib 1", ""), "none: user")
            .contains("lib 2 would do, but its pin forbids it")
    );
    let needs_new = universe(500, 100).replace("Depends: lib", "Depends: lib (>= 2)");
    assert!(refused(&needs_new, "none: user").contains("lib 2 would do, but the pins choose 1"));
}

#[test]
fn exact_versions_and_suites_override_pins() {
    let universe = "
        @stable 500
        app 1
        lib 1
        @backports 100
        app 2; Depends: lib (>= 2)
        lib 2";
    assert_eq!(chosen(universe, "none: app"), "app=1");
    assert!(refused(universe, "none: app=2").contains("lib 2 would do, but the pins choose 1"));
    assert_eq!(chosen(universe, "none: app=2 lib=2"), "app=2 lib=2");
    assert_eq!(chosen(universe, "none: app/backports"), "app=2 lib=2");
    assert!(refused(universe, "none: app/sid").contains("not in the suite `sid`; it is in stable, backports"));
    assert!(refused(universe, "none: app=3").contains("`app` has no version 3; there is 2, 1"));
}

#[test]
fn a_limited_archive_supplies_only_what_it_is_limited_to() {
    let text = "
        @bookworm 500
        libc6 2.36
        jre17 17; Depends: libc6
        @bullseye 500 jre11 jre8
        libc6 2.31
        tool 1
        jre11 11; Depends: libc6";
    assert_eq!(chosen(text, "none: jre11"), "jre11=11 libc6=2.36");
    assert!(refused(text, "none: tool").contains("no archive has `tool`"));
    assert_eq!(universe_of(text).unwrap().missing_limits(), [(1, "jre8".parse().unwrap())]);
    let chosen = answer(text, "none: jre11").unwrap();
    assert_eq!(chosen.get("jre11").unwrap().archive, 1);
}

#[test]
fn unknown_names_show_their_neighbours() {
    let words = refused("nginx 1\nnginx-core 1\napache2 1", "none: ngnix");
    assert!(words.contains("no archive has `ngnix`; near to it: nginx"), "{words}");
    let refusal = answer("nginx 1", "none: ngnix").unwrap_err();
    assert_eq!(refusal.class(), Class::Unsatisfiable);
    assert!(refusal.hint().unwrap().contains("suite or component"));
}

#[test]
fn a_refusal_is_a_tree_down_to_the_cause() {
    let universe = "
        app 1; Depends: server
        server 2; Depends: lib (>= 2) | ghost, fine
        fine 1
        lib 1";
    let text = "no set of packages for amd64 does what is asked for:
  app 1 cannot be installed:
    it depends on server:
      server 2 cannot be installed:
        it depends on lib (>= 2) | ghost:
          of `lib` there is only 1
          no archive has `ghost`";
    assert_eq!(refused(universe, "none: app"), text);
}

#[test]
fn an_endless_chain_of_dependencies_ends() {
    let chain: String = (0..5_000).fold(String::new(), |mut text, n| {
        text.push_str(&format!("p{n:05} 1; Depends: p{:05}\n", n + 1));
        text
    });
    // apt gives up at 3,000, too; what counts is that it ends in an answer.
    assert!(answer(&chain, "none: p00000").is_err());
    let short: String = chain.lines().take(2_000).collect::<Vec<_>>().join("\n") + "\np02000 1";
    assert_eq!(answer(&short, "none: p00000").unwrap().packages.len(), 2_001);
}

#[test]
fn two_files_under_one_version_are_refused_with_both_names() {
    let error = universe_of("lib 1\nlib 1 file=other").err().unwrap().to_string();
    assert!(error.contains("lib 1 for amd64 is two different files: pool/lib"), "{error}");
    assert!(error.contains("pool/lib.deb") && error.contains("pool/libother.deb"), "{error}");
    assert!(universe_of("lib 1\nlib 1 all").is_err());
    assert!(universe_of("lib 1\nlib 1\n@other 500\nlib 1").is_ok(), "the same file twice is one");
}

#[test]
fn a_foreign_package_in_an_index_is_refused() {
    let error = universe_of("lib 1 arm64").err().unwrap().to_string();
    assert_eq!(error, "lib 1 is built for arm64, in an index for amd64");
}

#[test]
fn platforms_have_the_same_versions() {
    let amd64 = answer("aa 1\nbb 1+b1\ncc 2\nonly 1", "none: aa bb cc only").unwrap();
    let mut arm64 = answer("aa 1\nbb 1\ncc 3", "none: aa bb cc").unwrap();
    arm64.arch = Arch::Arm64;
    let both = [amd64, arm64];
    let skew = pair(&both, &BTreeSet::new()).unwrap_err();
    assert_eq!(
        skew.to_string(),
        "platforms differ in versions:\n  bb: 1+b1 on amd64, 1 on arm64 (the same source, rebuilt)\n  cc: 2 on amd64, 3 on arm64"
    );
    assert_eq!(skew.class(), Class::Unsatisfiable);
    let accepted = ["bb", "cc"].into_iter().map(|name| name.parse().unwrap()).collect();
    assert!(pair(&both, &accepted).is_ok());
}

fn solve(lines: &[(Package, PoolFile)], asked: &str) -> Result<Resolution, String> {
    let mut builder = UniverseBuilder::new(Arch::Amd64);
    let (suite, codename) = ("stable".into(), "bookworm".into());
    let archive = builder.archive(Archive { suite, codename, priority: 500, only: None }).unwrap();
    for (package, file) in lines {
        builder.push(archive, package, file).unwrap();
    }
    resolve(&builder.finish().unwrap(), &request(asked)).map_err(|refusal| refusal.to_string())
}

/// Whether a package is, or provides, what a relation means.
fn serves(package: &Package, relation: &Relation) -> bool {
    package.name == relation.name && relation.admits(&package.version)
        || package.provides.iter().flatten().any(|provided| {
            provided.name == relation.name
                && match (&relation.version, &provided.version) {
                    (None, _) => true,
                    (Some(_), Some((_, version))) => relation.admits(version),
                    (Some(_), None) => false,
                }
        })
}

proptest! {
    #[test]
    fn answers_are_closed_free_of_conflict_and_stable(
        (lines, shuffled) in any_universe().prop_flat_map(|lines| (Just(lines.clone()), Just(lines).prop_shuffle())),
        asked in prop::collection::vec((0..12_u8, prop_oneof![4 => Just(""), 1 => Just("-")]), 0..4),
        variant in prop_oneof![Just("none"), Just("essential"), Just("minbase"), Just("none+r"), Just("essential+r")],
    ) {
        let words: Vec<String> = asked.iter().map(|(n, suffix)| format!("n{n}{suffix}")).collect();
        let asked = format!("{variant}: {}", words.join(" "));
        let packages: Vec<_> = lines.iter().map(|line| package(line)).collect();
        let answer = solve(&packages, &asked);
        let other: Vec<_> = shuffled.iter().map(|line| package(line)).collect();
        prop_assert_eq!(&answer, &solve(&other, &asked));

        let Ok(resolution) = answer else { return Ok(()) };
        let installed: Vec<&Package> = resolution
            .packages
            .iter()
            .map(|chosen| {
                let all = packages.iter().map(|(package, _)| package);
                let mut found = all.filter(|package| package.name == chosen.name && package.version == chosen.version);
                found.next().unwrap()
            })
            .collect();
        for package in &installed {
            for group in package.pre_depends.iter().chain(&package.depends) {
                let met = |group: &Alternatives| group.iter().any(|one| installed.iter().any(|other| serves(other, one)));
                prop_assert!(met(group), "{} lacks {group:?}", package.name);
            }
            for relation in package.conflicts.iter().chain(&package.breaks).flatten() {
                let hit = installed.iter().find(|other| other.name != package.name && serves(other, relation));
                prop_assert!(hit.is_none(), "{} is against {}", package.name, hit.unwrap().name);
            }
        }
        for word in words.iter().filter(|word| !word.ends_with('-')) {
            let there = installed.iter().any(|package| {
                package.name.as_str() == word || package.provides.iter().flatten().any(|one| one.name.as_str() == word)
            });
            prop_assert!(there, "{word} was asked for");
        }
    }
}
