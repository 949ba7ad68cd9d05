//! Hostile scripts end, with an error that says where, and without harm.

use std::sync::Arc;

use mokapot::base::{Arch, Epoch};
use mokapot::domain::rootfs::{Content, Kind, Meta, Owner, Tree};
use mokapot::domain::script::shell::{self, Mode};
use mokapot::domain::script::{Limits, Process, Stop, StopKind, System, Trace};

fn tree() -> Tree {
    let mut tree = Tree::new();
    let again = Kind::File(Content::bytes("#!/bin/sh\nx=$(/again)\n"));
    tree.insert(b"again", again, Meta::root(0o755, 0), Owner::Generated, None).unwrap();
    tree.insert(b"bin", Kind::Directory, Meta::root(0o755, 0), Owner::Generated, None).unwrap();
    let sh = Kind::File(Content::bytes("\x7fELF"));
    tree.insert(b"bin/sh", sh, Meta::root(0o755, 0), Owner::Generated, None).unwrap();
    let again = Kind::File(Content::bytes("if true; then . /source; fi\n"));
    tree.insert(b"source", again, Meta::root(0o644, 0), Owner::Generated, None).unwrap();
    tree
}

fn run(script: &[u8], limits: Limits) -> Result<u8, Stop> {
    let mut tree = tree();
    let read = |_: &Content| -> Result<Arc<[u8]>, String> { Err("nothing was shipped".into()) };
    let mut system = System::new(&mut tree, Arch::Amd64, Epoch::ZERO, limits, &read);
    let mut process = Process::new(vec![b"x".to_vec()], [(b"PATH".to_vec(), b"/bin".to_vec())].into());
    shell::run(&mut system, &mut process, "x/postinst", script, Mode::Bash)
}

/// On a thread as small as any that runs a build.
fn on_a_small_stack<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> T {
    std::thread::Builder::new().stack_size(2 << 20).spawn(run).unwrap().join().unwrap()
}

#[test]
fn recursion_ends_before_the_stack_does() {
    let recursions = [
        "f() { f; }; f",
        "f() { f | f; }; f",
        "f() { (f); }; f",
        "f() { x=$(f); }; f",
        "f() { x=${y:-$(f)}; }; f",
        "f() { x=\"${y:-\"$(f)\"}\"; }; f",
        "f() { if f; then f; fi; }; f",
        "f() { while f; do :; done; }; f",
        "f() { case $(f) in *) f;; esac; }; f",
        "f() { for i in 1; do { f; } > /o; done; }; f",
        "f() { eval f; }; f",
        "f() { command eval \"x=$(f)\"; }; f",
        "f() { echo $((1 + $(f))); }; f",
        "f() { cat <<E\n$(f)\nE\n}; f",
        "f() { [[ -n $(f) ]]; }; f",
        "f() { f & }; f",
        "x='eval \"$x\"'; eval \"$x\"",
        "/again",
        ". /source",
        "f() { sh -c '. /source'; }; f",
        ":(){ :|:& };:",
    ];
    for script in recursions {
        let limits = Limits { steps: 100_000, ..Limits::default() };
        let ended = on_a_small_stack(move || run(script.as_bytes(), limits));
        let Err(stop) = ended else { panic!("{script} ended: {ended:?}") };
        let ends = matches!(stop.kind, StopKind::Depth(_) | StopKind::Steps(_) | StopKind::Unmodelled { .. });
        assert!(ends, "{script}: {stop}");
        assert!(!stop.sites.is_empty(), "{script}");
    }
}

#[test]
fn nested_texts_end_before_the_stack_does() {
    for (open, close) in [
        ("(", ")"),
        ("{ ", ";}"),
        ("$(", ")"),
        ("`", "`"),
        ("\"$(", ")\""),
        ("${x:-", "}"),
        ("\"${x:-", "}\""),
        ("$((", "))"),
        ("$((1+(", "))"),
        ("if ", "; then :; fi"),
        ("case x in x) ", ";; esac"),
        ("while ", "; do :; done"),
        ("! ", ""),
        ("f() { ", "; }"),
        ("[[ ( ", " ) ]]"),
        ("((", "))"),
        ("a[", "]=1"),
    ] {
        for count in [10, 50, 100, 10_000] {
            for script in [
                format!("{}a{}", open.repeat(count), close.repeat(count)),
                format!("echo {}a{}", open.repeat(count), close.repeat(count)),
                format!("echo {}", open.repeat(count)),
                format!("{} ;; ", open.repeat(count)),
            ] {
                on_a_small_stack(move || drop(run(script.as_bytes(), Limits { steps: 10_000, ..Limits::default() })));
            }
        }
    }
    let deep = format!("echo $(({}1{}))", "(".repeat(5000), ")".repeat(5000));
    on_a_small_stack(move || drop(run(deep.as_bytes(), Limits::default())));
    let deep = format!("test {} x", "! ( ".repeat(5000));
    on_a_small_stack(move || drop(run(deep.as_bytes(), Limits::default())));
}

#[test]
fn endless_scripts_stop_at_their_line() {
    let limits = Limits { steps: 20_000, bytes: 1 << 20, ..Limits::default() };
    for script in [
        "\n\nwhile :; do :; done",
        "\n\nwhile true; do continue; done",
        "\n\nuntil false; do x=$x; done",
        "\n\nx=a; while :; do x=$x$x; done",
        "\n\nx=a; while :; do set -- $x $x; x=\"$*\"; done",
        "\n\nx=aaaaaaaaaaaaaaaa; while :; do x=\"${x##b}$x${x%b}\"; done",
        "\n\nwhile :; do echo aaaaaaaa; done > /out",
        "\n\nwhile :; do printf '%1000s' a; done",
        "\n\nwhile :; do printf '%1000s' a; done | cat",
        "\n\nwhile :; do (:); done",
        "\n\nwhile :; do : & done",
    ] {
        let stop = run(script.as_bytes(), limits).unwrap_err();
        assert!(matches!(stop.kind, StopKind::Steps(_) | StopKind::Bytes(_)), "{script}: {stop}");
        let site = stop.sites.last().unwrap();
        assert_eq!((site.script.as_str(), site.line), ("x/postinst", 3), "{script}");
        assert!(site.column > 0);
    }
}

#[test]
fn a_stop_says_where_it_stood_on_every_level() {
    let script = b"f() {\n  ulimit -a\n}\nif true; then\n  f one\nfi\n";
    let stop = run(script, Limits::default()).unwrap_err();
    let sites: Vec<_> = stop.sites.iter().map(|site| (site.line, site.column, site.text.as_str())).collect();
    assert_eq!(sites, [(2, 3, "ulimit -a"), (5, 3, "f one")]);
    let stop = run(b"echo a\nif fi\n", Limits::default()).unwrap_err();
    assert_eq!((stop.sites[0].line, stop.sites[0].column), (2, 4));
    assert_eq!(stop.to_string(), "x/postinst:2:4: cannot be parsed: \"fi\" unexpected\n  if fi");
}

#[test]
fn a_trace_has_each_line_with_its_effects() {
    let mut tree = tree();
    let read = |_: &Content| -> Result<Arc<[u8]>, String> { Err("nothing was shipped".into()) };
    let mut system = System::new(&mut tree, Arch::Amd64, Epoch::ZERO, Limits::default(), &read);
    system.trace = Some(Trace::default());
    let mut process = Process::new(vec![b"x".to_vec()], [].into());
    let script = b"echo a > one\nfor i in 1 2; do\n  echo $i >> two\ndone\n";
    assert_eq!(shell::run(&mut system, &mut process, "x/postinst", script, Mode::Dash), Ok(0));
    let trace = system.trace.take().unwrap();
    let lines: Vec<_> = trace.lines.iter().map(|line| (line.site.line, line.effects)).collect();
    assert_eq!(lines[0], (1, 0));
    assert_eq!(lines.iter().map(|line| line.0).collect::<Vec<_>>(), [1, 3, 3]);
    assert!(lines[1].1 > 0 && lines[2].1 > lines[1].1);
    assert!(system.effects.iter().any(|effect| effect.path == b"two" && effect.site.line == 3));
}
