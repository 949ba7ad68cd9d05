//! `sort`, `uniq`, `cut`, `tr`, `head`, `tail`, `wc`, `tee`, `printf`.

use super::compare;

const FILES: &[(&str, &[u8])] = &[
    ("five", b"one\ntwo\nthree\nfour\nfive\n"),
    ("ten", b"1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n"),
    ("nonl", b"alpha\nbeta\ngamma"),
    ("empty", b""),
    ("passwd", b"root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n_apt:x:100:65534::/nonexistent:/bin/false\nbin:x:2:2:bin:/bin:/bin/sh\n"),
    ("mixed", b"b\nA\na\nB\n a\n  b\n_\n10\n9\n-1\n0\n\n1.5\n1.25\n"),
    ("dups", b"a\na\nb\nA\nb\nb\nc\n\n\n"),
    ("fields", b"x  3 c\ny 1 b\nz\t2 a\nx 10 a\n"),
    ("sizes", b"1K\n2M\n512\n1.5K\n-3K\n1G\n0\n"),
    ("versions", b"a-1.10.tar.gz\na-1.9.tar.gz\na-1.9~rc1.tar.gz\n.hidden\nlib1.2\nlib1.12\nlib1.2.3\n1.0\n1.0-1\n1.0~a\n"),
    ("tabs", b"a\tb\tc\nd\te\nnone\n\tx\n"),
    ("utf8", b"caf\xc3\xa9 na\xc3\xafve\n\xe2\x82\xac5\n"),
    ("words", b"Hello World  foo\n\n  lead\ttab\nlast line no newline"),
    ("zlist", b"b\0a\0c"),
    ("nums", b"10\n9\n2\n1\n02\n2.0\n-5\nabc\n+3\n1e3\n"),
    ("d/file", b"x\n"),
];

#[test]
fn sort_and_uniq() {
    let cases = [
        "sort", "sort five", "sort -r five", "sort mixed", "sort -f mixed", "sort -b mixed", "sort -n mixed", "sort -rn mixed", "sort -d mixed", "sort -i mixed", "sort -u dups", "sort -fu dups", "sort -nu nums", "sort -n nums", "sort -nr nums", "sort -s -f mixed", "sort -fr mixed", "sort -h sizes", "sort -hr sizes", "sort -V versions", "sort -rV versions", "sort -k2 fields", "sort -k2,2 fields", "sort -k2n fields", "sort -k2,2n -k1,1 fields", "sort -k2nr fields", "sort -b -k2,2 fields", "sort -k2b,2 fields", "sort -k1,1 -k3,3r fields", "sort -t: -k3n passwd", "sort -t : -k 3,3n passwd", "sort -t: -k3,3nr passwd", "sort -t: -k1.2,1.3 passwd", "sort -t: -k7 passwd", "sort -t: -k5,5 -k1,1r passwd", "sort -t: -n -k4 passwd", "sort -r -k1,1 passwd", "sort -sk2,2 fields", "sort -uk1,1 fields", "sort -c five", "sort -c ten -n", "sort -C five", "sort -cu dups", "sort -c nonl", "sort -m five ten", "sort nonl five", "sort -z zlist", "sort - nonl < five", "sort -o out five", "sort -o five five", "sort missing five", "sort d", "sort -k0 five", "sort -k five", "sort -k1x five", "sort -k1,x five", "sort -t ab five", "sort -t '' five", "sort -Q five", "sort --numeric-sort --reverse ten", "sort --key=2 --field-separator=: passwd", "sort --unique dups", "sort five -r", "sort -c five ten", "sort -k1.0 five", "sort -k 2.2,2.3n fields", "sort -k2.1b,2.2b fields", "sort -t '\\0' zlist", "sort -k3 -t: passwd -u", "sort -ru dups", "sort -bf mixed", "sort -bn mixed", "sort -nk2 -k1 fields", "sort -df mixed", "sort utf8", "sort -S 1M five", "sort -T /tmp five",
        "uniq", "uniq dups", "uniq -c dups", "uniq -d dups", "uniq -u dups", "uniq -i dups", "uniq -ci dups", "uniq -D dups", "uniq -du dups", "uniq -f1 fields", "uniq -f 2 fields", "uniq -s1 dups", "uniq -w1 five", "uniq -f1 -s1 fields", "uniq < dups", "uniq - < dups", "uniq dups out", "uniq -c dups out", "uniq missing", "uniq d", "uniq a b c", "uniq -x dups", "uniq -f x dups", "uniq nonl", "uniq empty", "uniq --count dups", "uniq -z zlist", "uniq -cd dups", "uniq -cu dups", "uniq --repeated dups", "uniq -iD dups",
    ];
    let count = compare(FILES, &cases);
    eprintln!("sort, uniq: {count} cases equal");
}

#[test]
fn cut_and_tr() {
    let cases = [
        "cut", "cut five", "cut -d: -f1 passwd", "cut -d : -f 1,3 passwd", "cut -d: -f3- passwd", "cut -d: -f-2 passwd", "cut -d: -f2-4,6 passwd", "cut -d: -f7,1 passwd", "cut -f2 tabs", "cut -sf2 tabs", "cut -f1,3 tabs", "cut -c1 five", "cut -c2- five", "cut -c-2 five", "cut -c1,3 five", "cut -c1-3 nonl", "cut -b2-3 five", "cut -c2 utf8", "cut -b4-5 utf8", "cut -d: -f1 --complement passwd", "cut -c2 --complement five", "cut -d: -f1,7 --output-delimiter=' -> ' passwd", "cut -c1,3 --output-delimiter=- five", "cut -c1-2,3-4 --output-delimiter=- five", "cut -c1-2,2-4 --output-delimiter=- five", "cut -d '' -f1 five", "cut -d ab -f1 five", "cut -f0 five", "cut -f x five", "cut -f 3-2 five", "cut -f - five", "cut -f1 -c1 five", "cut -c1 -d: five", "cut -c1 -s five", "cut -f1- missing five", "cut -d' ' -f2 words", "cut -d' ' -f2- words", "cut -c3-5 words", "cut -f1 < tabs", "cut -d, -f1 five", "cut -sd, -f1 five", "cut -z -c1 zlist", "cut -x five", "cut -f1 d", "cut -d: -f1 -f2 passwd", "cut -d: -f'1 3' passwd", "cut -d: -f1,,3 passwd", "cut -c0 five", "cut -b x five", "cut --delimiter=: --fields=1 passwd", "cut -d: -f9 passwd", "cut -d: -f1- passwd", "cut -n -b1 five",
        "tr", "tr a", "tr a b < mixed", "tr a-z A-Z < words", "tr '[:lower:]' '[:upper:]' < words", "tr '[:upper:]' '[:lower:]' < words", "tr '[a-z]' '[A-Z]' < words", "tr -d '\\n' < five", "tr -d aeiou < words", "tr -d '[:space:]' < words", "tr -s ' ' < words", "tr -s '\\n' < dups", "tr -s a-z < dups", "tr -cd '[:alnum:]' < words", "tr -cd '[:alnum:]\\n' < words", "tr -c a-zA-Z _ < words", "tr -cs '[:alnum:]' '\\n' < words", "tr -cs 'a-zA-Z0-9' '[\\n*]' < words", "tr ' ' '\\n' < words", "tr '\\n' ' ' < five", "tr ':' '\\t' < passwd", "tr '\\\\' / < passwd", "tr / '\\\\' < passwd", "tr abc x < mixed", "tr abc xy < mixed", "tr -t abc xy < mixed", "tr a-c '[x*]' < mixed", "tr a-e '[x*2]yz' < words", "tr '\\101' b < mixed", "tr '\\0' '\\n' < zlist", "tr '[=a=]' b < mixed", "tr -d a b < mixed", "tr -s a b < dups", "tr -ds a b < dups", "tr -ds a < dups", "tr -d < mixed", "tr a b c < mixed", "tr z-a b < mixed", "tr a '' < mixed", "tr '[:foo:]' x < mixed", "tr a '[:digit:]' < mixed", "tr '[:digit:]' x < mixed", "tr -d '[:punct:]' < words", "tr '[:lower:]' x < words", "tr a '[:upper:]' < words", "tr '[:alpha:]' '[:upper:]' < words", "tr a- bc < nums", "tr -- -5 +6 < nums", "tr 'a\\-z' 123 < words", "tr '[' '(' < words", "tr '[]' '()' < words", "tr -x a < words", "tr -dc 0-9 < nums", "tr -sc '[:digit:]' ' ' < nums", "tr -C a b < empty", "tr '\\r\\t' '  ' < tabs", "tr -d '\\r' < tabs", "tr '[:blank:]' _ < tabs", "tr '[:cntrl:]' _ < tabs", "tr -s '[:space:]' ' ' < words", "tr --delete a < dups", "tr '\\' x < words", "tr a-cb x-z1 < mixed", "tr '[x*]' a < mixed", "tr -s '[:upper:]' '[:lower:]' < dups",
    ];
    let count = compare(FILES, &cases);
    eprintln!("cut, tr: {count} cases equal");
}

#[test]
fn heads_tails_counts() {
    let cases = [
        "head ten", "head < ten", "head -1 ten", "head -n1 ten", "head -n 3 ten", "head -n -10 ten", "head -n -100 ten", "head -c 5 ten", "head -c -5 ten", "head -c5 ten", "head -3 five ten", "head -q -n1 five ten", "head -v -n1 five", "head -n1 five missing ten", "head missing", "head d", "head -n0 five", "head -n x five", "head -c x five", "head -nx five", "head -n 2 nonl", "head -n3 nonl", "head -x five", "head -n 1 - < five", "head -n1 - five < ten", "head -z -n1 zlist", "head -n 1K five", "head -c 1b five", "head --lines=2 five", "head --bytes=2 five", "head -2 -v five", "head -n -2 nonl", "head -5c five", "head -n +2 five", "head empty",
        "tail ten", "tail < ten", "tail -1 ten", "tail -n1 ten", "tail -n 3 ten", "tail -n +3 ten", "tail -n +0 ten", "tail +3 ten", "tail -c 5 ten", "tail -c +5 ten", "tail -c5 ten", "tail -n -2 ten", "tail -3 five ten", "tail -3 five", "tail -q -n1 five ten", "tail -v -n1 five", "tail -n1 five missing ten", "tail missing", "tail d", "tail -n0 five", "tail -n x five", "tail -n 1 nonl", "tail -n +2 nonl", "tail -x five", "tail -n +2 - < five", "tail -z -n1 zlist", "tail --lines=+2 five", "tail --bytes=2 five", "tail -n +100 five", "tail empty", "tail -n 100 five",
        "wc ten", "wc -l ten", "wc -w words", "wc -c words", "wc -m utf8", "wc -c utf8", "wc -L words", "wc -L tabs", "wc -lw words", "wc -wl words", "wc < words", "wc -l < words", "wc five ten", "wc -l five ten", "wc -l missing five", "wc missing", "wc d", "wc -l d five", "wc - < five", "wc -l - < five", "wc -clmwL utf8", "wc empty", "wc -l empty", "wc nonl words utf8", "wc -x five", "wc --lines five", "wc -l five - < ten", "wc utf8", "wc zlist",
        "tee < five", "tee out < five", "tee out out2 < five", "tee -a five < nonl", "tee d < five", "tee nodir/x < five", "tee -x < five", "tee -a new < five", "tee five < ten", "tee -i out < nonl", "tee --append nonl < five",
    ];
    let count = compare(FILES, &cases);
    eprintln!("head, tail, wc, tee: {count} cases equal");
}

#[test]
fn printf() {
    let cases = [
        "printf", "printf abc", "printf 'a\\n'", "printf '%s\\n' a b c", "printf '%s %s\\n' a b c", "printf '%d\\n' 5 -5 +5 0x1f 010", "printf '%i\\n' 7", "printf '%5d|%-5d|%05d\\n' 42 42 42", "printf '%x %X %o %u\\n' 255 255 8 3", "printf '%#x %#o\\n' 255 8", "printf '%+d % d\\n' 5 5", "printf '%c%c\\n' hello w", "printf '%b\\n' 'a\\tb\\n\\0101\\101'", "printf '%b' 'x\\cy' z", "printf 'a\\cb'", "printf '%%'", "printf '%5s|%-5s|%.2s\\n' abc abc abc", "printf '%*d|%-*d\\n' 5 42 5 42", "printf '%.*s\\n' 2 abc", "printf '%s'", "printf '%d'", "printf '%d\\n' abc", "printf '%d\\n' 3x", "printf '%d\\n' ''", "printf \"%d\\n\" \"'A\"", "printf '%d' '\"A'", "printf '%f %.2f %e %g\\n' 3.14159 2.5 12345.678 0.0001", "printf '%g %g %g\\n' 100000 1000000 1e-5", "printf '%10.3f|%-10.1f|\\n' 3.14159 2.25", "printf '%f\\n' abc", "printf '%f\\n' 1x", "printf '%z' a", "printf '%y' a", "printf '%' a", "printf 'x' extra", "printf 'x\\n' extra more", "printf '\\101\\x41\\u20ac\\n'", "printf '\\a\\b\\e\\f\\r\\t\\v\\\\\\\"'", "printf '\\q\\z'", "printf '%s\\0%s' a b", "printf -- '%s' -x", "printf -- -x", "printf '%d\\n' 9223372036854775807", "printf '%d\\n' 9223372036854775808", "printf '%u\\n' -1", "printf '%x\\n' -1", "printf '%.3d|%8.3d|%-8.3d|\\n' 5 5 5", "printf '%s\\n' 'a b' \"c  d\"", "printf '%s=%d\\n' a 1 b 2 c", "printf '%-10s:%5d\\n' name 12", "printf '%03d' 7", "printf '%.0f %.0f %.0f' 0.5 1.5 2.5", "printf '%E %G\\n' 12345.678 1e-10", "printf '%ld %lu\\n' 5 5", "printf '%b' '\\0123\\n'", "printf 'no newline'", "printf '%s\\n'", "printf '%5%|'", "printf '%d %s\\n' 1", "printf '%s%s%s\\n' 1 2 3 4 5", "printf '%.10g\\n' 0.1", "printf '%b\\n' 'back\\\\slash'", "printf '%5c|%-5c|\\n' x y", "printf '%05s|\\n' ab", "printf '%+5d|%+-5d|\\n' 1 2", "printf '%#.3x\\n' 10", "printf '\\x\\n'", "printf '%o\\n' 0777",
    ];
    let count = compare(FILES, &cases);
    eprintln!("printf: {count} cases equal");
}
