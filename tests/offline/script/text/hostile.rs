//! Text programs that would never end, or take all memory, end with a reason.

use mokapot::domain::script::Limits;

use super::{ours, words};

const FILES: &[(&str, &[u8])] = &[("five", b"one\ntwo\nthree\nfour\nfive\n"), ("as", &[b'a'; 4000])];

#[test]
fn hostile_programs_end() {
    let cases = [
        ("sed ':a;ba' five", "steps"),
        ("sed ':a;s/^/xxxxxxxx/;ta' five", "more than"),
        ("sed ':a;s/.*/&&/;ta' five", "bytes"),
        ("sed ':a;H;G;ba' five", "more than"),
        ("sed -n ':a;p;ba' five", "steps"),
        ("sed 's/\\(a*\\)*\\1b/x/' as", "steps"),
        ("sed -E 's/(a*)(a*)(a*)(a*)\\1\\2\\3\\4c/x/' as", "steps"),
        ("grep -E '(.*)(.*)(.*)\\1\\2\\3x' as", "steps"),
        ("awk 'BEGIN{while(1);}'", "steps"),
        ("awk 'BEGIN{for(;;) x = x \"abcdefgh\"}'", "more than"),
        ("awk 'BEGIN{x = \"ab\"; while (1) x = x x}'", "bytes"),
        ("awk 'BEGIN{while (1) a[i++] = i}'", "steps"),
        ("awk 'function f(n) { return f(n + 1) } BEGIN { f(0) }'", "inside each other"),
        ("awk 'BEGIN{$1000000000 = 1}'", "field 1000000000"),
        ("awk 'BEGIN{NF = 1000000000}'", "1000000000 fields"),
        ("awk 'BEGIN{printf \"%1000000000d\", 1}'", "so wide"),
        ("awk 'BEGIN{while (1) print \"x\" > \"out\"}'", "steps"),
        ("printf %1000000000d 1", "so wide"),
        ("seq 1 1000000000000", "more than"),
        ("seq 1 0.000001 1000000000", "more than"),
    ];
    for (case, reason) in cases {
        let (words, input) = words(case);
        let limits = Limits { steps: 200_000, bytes: 1 << 20, depth: 50 };
        let stop =
            ours(&words, input.as_deref(), FILES, limits).err().unwrap_or_else(|| format!("{case} ended by itself"));
        assert!(stop.contains(reason), "{case}: {stop}");
    }
}

#[test]
fn what_is_not_modelled_is_said() {
    let cases = [
        ("sed 'e date' five", "`sed`: command e"),
        ("sed s/x/y/e five", "`sed`: flag e of command s"),
        ("sed --posix p five", "`sed`: option -%"),
        ("grep -P x five", "`grep`: option -P"),
        ("sort -R five", "`sort`: option -R"),
        ("sort -k1M five", "`sort`: order M of a key"),
        ("awk 'BEGIN{srand()}'", "`awk`: function srand"),
        ("gzip five", "`gzip`: compression"),
        ("tail -f five", "`tail`: option -f"),
        ("printf %q x", "`printf`: directive %q"),
        ("cat --help", "`cat`: option --help or --version"),
    ];
    for (case, reason) in cases {
        let (words, input) = words(case);
        let stop =
            ours(&words, input.as_deref(), FILES, Limits::default()).err().unwrap_or_else(|| "ended by itself".into());
        assert_eq!(stop, reason, "{case}");
    }
}

#[test]
fn nested_programs_do_not_overflow_the_stack() {
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(5000), close.repeat(5000));
    for case in [
        format!("awk 'BEGIN{{print {}}}'", deep("(", ")")),
        format!("awk 'BEGIN{{print {}1}}'", "-".repeat(9999)),
        format!("awk 'BEGIN{{{}}}'", deep("{", "}")),
        format!("awk 'BEGIN{{print {}1}}'", "$".repeat(9999)),
        format!("grep -E '{}' five", deep("(", ")")),
        format!("expr {}1{}", "'(' ".repeat(5000), " ')'".repeat(5000)),
        format!("sed '{}p{}' five", "{".repeat(5000), "}".repeat(5000)),
        "awk 'function f(n) { if (n == 0) return 0; return tolower(f(n - 1)) } BEGIN { print f(100) }'".into(),
    ] {
        let (words, input) = words(&case);
        // An error of its own, a stop or a result: all is well that ends.
        drop(ours(&words, input.as_deref(), FILES, Limits::default()));
    }
}
