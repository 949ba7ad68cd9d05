//! `grep` and `cat`.

use super::compare;

const FILES: &[(&str, &[u8])] = &[
    ("passwd", b"root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\nbin:x:2:2:bin:/bin:/bin/sh\n\n# comment\n  indented line\n"),
    ("abc", b"abc\nABC\nabcabc\nfoo bar\nfoobar\nfoo_bar\nbar foo\nabc abc\n.*[]\na+b\na?b\na{2}\na|b\n(x)\nx^y$z\n"),
    ("nonl", b"one\ntwo\nthree"),
    ("empty", b""),
    ("zero", b"text\na\0b\nmore text\n"),
    ("utf8", b"caf\xc3\xa9\nna\xc3\xafve\nplain\n\xe2\x82\xac5\n"),
    ("broken", b"good\nbad \xff byte\ngood again\n"),
    ("pats", b"abc\nfoo\n"),
    ("d/one.txt", b"needle one\n"),
    ("d/two.c", b"no\nneedle two\n"),
    ("d/e/three.txt", b"needle three\nneedle\n"),
    ("nums", b"1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n"),
    ("tabs", b"a\tb\n\x01\x7f\n\n\n\nend\r\n"),
    ("zlist", b"one\0two\0three\n3\0"),
];

#[test]
fn grep() {
    let cases = [
        "grep root passwd", "grep -q root passwd", "grep -q nobody passwd", "grep -c : passwd", "grep -v : passwd", "grep -n bin passwd",
        "grep -o '[a-z]*bin' passwd", "grep -i ABC abc", "grep -x abc abc", "grep -w foo abc", "grep -wo 'foo' abc", "grep -F '.*[]' abc",
        "grep -Fx 'a|b' abc", "grep -E 'a\\|b' abc", "grep 'a\\|b' abc", "grep -E '^(root|bin):' passwd", "grep '^\\(root\\|bin\\):' passwd",
        "grep -e root -e bin passwd", "grep -f pats abc", "grep -f empty abc", "grep -vf empty abc", "grep -l root passwd abc", "grep -L root passwd abc",
        "grep -h foo abc passwd", "grep -H root passwd", "grep root passwd abc", "grep -c foo abc passwd", "grep -m 2 foo abc", "grep -m1 foo abc passwd",
        "grep -A1 root passwd", "grep -B1 bin passwd", "grep -C1 daemon passwd", "grep -1 'foobar' abc", "grep -A 1 'x' abc", "grep -n -A1 foo abc",
        "grep -nC1 5 nums", "grep -A2 -m2 1 nums", "grep -c 1 nums", "grep -n -B2 7 nums passwd", "grep three nonl", "grep -v one nonl",
        "grep x missing", "grep -s x missing", "grep -s root missing passwd", "grep -q root missing passwd", "grep root missing passwd", "grep -q x empty", "grep '' empty", "grep '' nonl",
        "grep -c '' nonl", "grep -v '' nonl", "grep text zero", "grep -a text zero", "grep -c text zero", "grep -q text zero", "grep -I text zero", "grep -v text zero", "grep nothing zero",
        "grep good broken", "grep byte broken", "grep -a byte broken", "grep -c byte broken", "grep 'caf.$' utf8", "grep '^....$' utf8", "grep -o 'na.v' utf8",
        "grep '^.5' utf8", "grep -i 'CAF\u{c9}' utf8", "grep '[\u{e9}\u{ef}]' utf8", "grep -o '[^a-z]' utf8", "~grep -r needle d", "~grep -rl needle d", "~grep -rc needle d", "~grep -rh needle d", "~grep -r --include='*.txt' needle d", "grep -r --exclude='*.txt' needle d",
        "~grep -r --exclude-dir=e needle d", "grep -rn needle d/e", "~grep -rL two d", "grep needle d", "grep -d skip needle d", "grep -R needle d/one.txt",
        "grep root < passwd", "grep root - < passwd", "grep -H root < passwd", "grep -n root - passwd < abc", "grep -c root < empty",
        "grep 'a+b' abc", "grep 'a\\+b' abc", "grep 'a\\?b' abc", "grep -E 'a+b' abc", "grep -E 'a\\+b' abc", "grep -E 'a{2}' abc", "grep 'a{2}' abc", "grep 'a\\{1\\}' abc",
        "grep -E 'a\\{2\\}' abc", "grep -E '\\(x\\)' abc", "grep '(x)' abc", "grep 'x^y$z' abc", "grep -E 'x\\^y\\$z' abc", "grep -E 'x^y' abc",
        "grep '\\(abc\\)\\1' abc", "grep -E '(abc) \\1' abc", "grep -E '^(.*)\\1$' abc", "grep -o -E '(.)(.)c\\1\\2' abc", "grep -w 'abc' abc", "grep -cw abc abc", "grep '\\<foo\\>' abc", "grep '\\bfoo\\b' abc", "grep 'foo\\B' abc", "grep '\\w\\s\\w' abc", "grep '\\W' abc", "grep -o '\\S*' abc",
        "grep '[[:upper:]]' abc", "grep '[[:space:]]' passwd", "grep '^[[:space:]]*$' passwd", "grep '^[[:space:]]*#' passwd", "grep -v '^[[:space:]]*\\(#\\|$\\)' passwd", "grep '[]]' abc", "grep '[^]a-z]' abc", "grep '[a' abc", "grep '\\(a' abc", "grep 'a\\)' abc", "grep -E 'a)' abc", "grep -E '(a' abc", "grep '[[:foo:]]' abc", "grep 'a\\{1' abc", "grep 'a\\{2,1\\}' abc", "grep '[z-a]' abc", "grep '\\1' abc", "grep -E 'a{1' abc", "grep -E 'a{,2}b' abc", "grep -E '{' abc", "grep '*' abc", "grep '\\(*\\)' abc", "grep '^*' abc", "grep -E '()' abc", "grep -E 'a||foo' abc", "grep -E '(a|)b' abc", "grep '[0-9]\\+:[0-9]\\+' passwd",
        "grep -on '[0-9]' passwd", "grep -b root passwd", "grep -ob bin passwd", "grep -z one zlist", "grep -zc . zlist", "grep -z '^3' zlist", "grep -Z -l root passwd", "grep -lv zzz passwd abc", "grep -Lq zzz passwd", "grep -ow 'bar\\|foo' abc", "grep -xF -e abc -e ABC abc", "grep -xv abc abc", "grep -iw FOO abc", "grep -o b abc", "grep -vo b abc", "grep -ox abc abc", "grep -F 'abc\nfoo' abc", "grep 'abc\nfoo' abc", "grep -e '' abc", "grep -E 'foo|' nonl", "grep -w '' abc", "grep -x '' passwd", "grep -c -v x passwd",
        "egrep -q '^(a|b)' abc", "grep", "grep -Q x abc", "grep --foo x abc", "grep -A x abc", "grep -m x a abc", "grep --max-count=1 foo abc", "grep --quiet foo abc", "grep --line-number --ignore-case FOO abc", "grep --regexp=foo abc", "grep -e", "grep --fixed foo abc", "grep foo abc -n", "grep -- -n abc", "grep -n -- foo abc -v", "grep -m0 foo abc", "grep -cm1 foo abc", "grep -lm1 foo abc", "grep -no foo abc", "grep -E 'ab{1,2}c' abc", "grep -E '^[^:]*:x:0:' passwd", "grep -E '^\\s*(#|$)' passwd", "grep -Ei '^(ROOT|daemon):x:[0-9]+' passwd", "grep -o '[^:]*$' passwd", "grep -Eo '^[a-z]+' passwd", "grep -w -E 'b|fo*' abc", "grep -c '^' passwd", "grep -y ABC abc", "grep -P foo /dev/null x",
    ];
    let count = compare(FILES, &cases[..cases.len() - 1]);
    eprintln!("grep: {count} cases equal");
}

#[test]
fn cat() {
    let cases = [
        "cat", "cat < passwd", "cat passwd abc", "cat - abc < nonl", "cat nonl nonl", "cat -n passwd", "cat -b passwd", "cat -A tabs", "cat -e tabs", "cat -t tabs", "cat -v broken", "cat -E nonl", "cat -s tabs", "cat -sn tabs", "cat -T tabs", "cat missing abc", "cat d", "cat -nb passwd", "cat -n nonl nonl", "cat -z", "cat --number nonl", "cat --show-all tabs", "cat -u nonl", "cat -- nonl",
    ];
    let count = compare(FILES, &cases);
    eprintln!("cat: {count} cases equal");
}
