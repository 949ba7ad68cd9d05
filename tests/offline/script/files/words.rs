//! Programs whose answer is words.

use super::scene::{compare, interpret};

const SCENE: &str = "
    d 755 d
    f 644 d/one
    f 755 d/two
    f 755 d/three.sh
    d 755 d/sub
    f 644 a text
    f 755 x
    f 644 zero
    f 6711 special text
    l a la
    l d ld
    l ld/one far
    l nowhere dangling
    l self self
    l /etc/passwd absolute
    p 600 pipe
";

#[test]
fn names() {
    compare(
        SCENE,
        &[
            "basename a/b",
            "basename a/b/",
            "basename /",
            "basename a.c .c",
            "basename .c .c",
            "basename -a a/b c/d",
            "basename -s .c a.c b.c",
            "basename",
            "basename a b c",
            "basename //",
            "basename -- -a",
            "basename -z a/b",
            "dirname a/b",
            "dirname a",
            "dirname /",
            "dirname /a",
            "dirname a/b/ c/d/e",
            "dirname",
            "dirname a//b",
            "dirname ///a",
            "dirname -z a/b",
            "readlink la",
            "readlink a",
            "readlink nope",
            "readlink -f la",
            "readlink -f nope",
            "readlink -f nope/nope",
            "readlink -e nope",
            "readlink -e la",
            "readlink -m nope/nope/..",
            "readlink -f far",
            "readlink -f dangling",
            "readlink -e dangling",
            "readlink -n la",
            "readlink -f self",
            "readlink -m self",
            "readlink la ld",
            "readlink",
            "readlink -f a/b",
            "readlink -m a/b",
            "readlink -f ld/one",
            "readlink -f .",
            "readlink -f ld/../a",
            "readlink -v nope",
            "readlink -f /",
            "readlink --canonicalize la",
            "readlink -z la",
            "readlink -f a/",
            "readlink ld/",
            "readlink absolute",
            "readlink -f absolute",
            "realpath a",
            "realpath la ld",
            "realpath nope",
            "realpath nope/nope",
            "realpath -e nope",
            "realpath -m nope/x",
            "realpath -s la",
            "realpath --relative-to=d a",
            "realpath --relative-to d ld/one",
            "realpath -q nope/nope",
            "realpath",
            "realpath self",
            "realpath -z a",
            "realpath --strip ld/../x",
            "realpath -m --relative-to=/w/x/y /w/z",
            "pwd",
            "pwd -P",
            "realpath --no-symlinks ld/one",
        ],
    );
}

#[test]
fn test() {
    let expressions = [
        "",
        "a",
        "-n",
        "-n a",
        "-z a",
        "! a",
        "! -n a",
        "a = a",
        "a = b",
        "a == a",
        "a != b",
        "1 -eq 1",
        "1 -eq 01",
        "2 -gt 10",
        "1 -lt x",
        "-1 -lt 1",
        "1 -ge 1",
        "1 -le 0",
        "5 -ne 6",
        "-e a",
        "-e nope",
        "-e dangling",
        "-L dangling",
        "-h la",
        "-f a",
        "-f la",
        "-f d",
        "-d d",
        "-d ld",
        "-d a",
        "-s a",
        "-s zero",
        "-s d",
        "-r a",
        "-w a",
        "-x x",
        "-x a",
        "-x d",
        "-p pipe",
        "-b a",
        "-c /dev/null",
        "-e /dev/null",
        "-u special",
        "-g special",
        "-k special",
        "-O a",
        "-G a",
        "-S a",
        "-t 0",
        "a -nt b",
        "a -ef la",
        "a -ef x",
        "a -ot nope",
        "a -nt nope",
        "nope -ot a",
        "a -a b",
        "a -o b",
        "( a )",
        "( -f a )",
        "( a = a )",
        "! ( a = b )",
        "-f a -a -d d",
        "-f nope -o -d d",
        "-f a -a ( -d nope -o -d d )",
        "! -f a -o -d d",
        "a b",
        "a b c",
        "-q a",
        "1 -eq 1 -a 2 -eq 2 -o 3 -eq 4",
        "( )",
        "! !",
        "! ! a",
        "= = =",
        "-n = -n",
        "! = !",
        "( = (",
        "! a = b",
        "! ! a = a",
        "-f",
        "-z",
        "a =",
        "-n a -a",
        "1 -eq",
        "x -a ! y",
        "-e a/b",
        "a -a ! -f nope",
        "12345678901234567890 -gt 1",
        "~1~ -eq 1",
        "1x -eq 1",
        "a = a -o",
        "-z ! -o a",
        "= -a a",
        "-L self",
        "-e self",
        "! -e nope -a ! -L nope",
    ];
    let lines: Vec<String> = expressions.iter().map(|expression| format!("test {expression}")).collect();
    compare(SCENE, &lines.iter().map(String::as_str).collect::<Vec<_>>());
    compare(SCENE, &["[ a ]", "[ a", "[ ]", "[", "[ -f a ]", "[ a = b ]"]);
}

#[test]
fn printing() {
    compare(
        SCENE,
        &[
            "echo",
            "echo a b",
            "echo -n a",
            "echo -e a\\tb\\n",
            "echo a\\tb",
            "echo -E a\\tb",
            "echo -ne a\\nb",
            "echo -x a",
            "echo -e a\\cb c",
            "echo -e \\0101\\x41\\e\\q",
            "echo -- a",
            "echo -",
            "echo -nnn a",
            "echo -en \\xfe",
            "true",
            "false",
            "true --foo",
            "date -u -d @0",
            "date -u -d @1700000000 +%Y-%m-%d~%H:%M:%S",
            "date -u -d @1700000000 +%a~%A~%b~%B~%c~%C~%d~%D~%e~%F~%g~%G~%h~%H~%I~%j~%k~%l~%m~%M~%n~%N~%p~%P~%r~%R~%s~%S~%t~%T~%u~%U~%V~%w~%W~%x~%X~%y~%Y~%z~%Z~%%~%:z",
            "date -u -d @981173106 +%-d~%-m~%-H~%_d~%_H~%03d~%^a~%^b~%5Y~%-j~%-e~%_m~%-I~%-M~%q",
            "date -R -u -d @1700000000",
            "date -u -Iseconds -d @5",
            "date -u -I -d @5",
            "date -u --rfc-3339=seconds -d @5",
            "date -u --rfc-3339=date -d @86400",
            "date -u -d 2001-02-03 +%s",
            "date -u -d 2001-02-03~04:05:06 +%s",
            "date -u -d 2001-02-03T04:05:06Z +%s",
            "date -u -r a +%s",
            "date -r nope",
            "uname",
            "uname -s",
            "uname -o",
            "uname -p",
            "uname a",
            "uname -q",
            "sleep 0",
            "sleep x",
            "sleep",
            "whoami",
            "sync",
            "tty",
            "tty -s",
        ],
    );
}

#[test]
fn identities() {
    compare(
        SCENE,
        &[
            "id -u root",
            "id -g daemon",
            "id -G daemon",
            "id -un daemon",
            "id -gn daemon",
            "id daemon",
            "id nope",
            "id -u nope",
            "id -n",
            "id -u -g",
            "id -nG bin",
            "id 1",
            "getent passwd root",
            "getent passwd 1",
            "getent passwd daemon bin",
            "getent passwd nope",
            "getent group daemon",
            "getent group 1",
            "getent group nope",
            "getent passwd",
            "getent group",
            "getent foo",
            "getent passwd root nope",
            "getent",
            "id -u daemon bin",
            "id --user daemon",
            "getent group root daemon",
            "getent passwd 99999",
        ],
    );
}

#[test]
fn running() {
    compare(
        SCENE,
        &[
            "env -i",
            "env -i A=1 B=2",
            "env -i A=b=c",
            "env A=1 printenv A",
            "env -u PATH A=1 /usr/bin/printenv PATH",
            "env nope",
            "env -i /usr/bin/echo a",
            "env a/b",
            "env -q",
            "printenv LC_ALL",
            "printenv NOPE LC_ALL",
            "env -C d pwd",
            "env -C nope pwd",
            "env -i - A=1",
            "nice true",
            "nice -n 5 echo a",
            "nice nope",
            "timeout 5 echo a",
            "timeout 5 false",
            "timeout -s KILL 1m true",
            "nohup echo a",
            "setsid echo a",
            "setsid -w false",
            "flock a echo x",
            "flock -n new echo x",
            "flock new false",
            "timeout",
            "run-parts --list d",
            "run-parts --test d",
            "run-parts --list nope",
            "run-parts --list --reverse d",
            "run-parts --list --lsbsysinit d",
            "getopt -o ab: -- -a -b c d",
            "getopt -o ab: -l long,val: -- --long x --val=1 -b2",
            "getopt -o a -- -q x",
            "getopt -o a -l help,helper -- --he --hel=3 --foo=3 --help",
            "getopt -a -o hs:d::pv -l help,source:,version,verbose -- -help -vers -v -vx -source=3 -s 4 -foo -hv x -d",
            "getopt -a -o x -l fubar,f -- -f -fu -x -g -gh -fubar=1",
            "getopt -o a: -- -a",
            "getopt -o ab:: -- -b -bx a",
            "getopt -n me -o a -l long -- --lo y --nope",
            "getopt -T",
            "getopt -o + -- a -b",
            "getopt -o +a -- -a b -a",
            "getopt -o a -- x 'y' -- -a",
            "getopt -u -o a: -- -a b c",
            "getopt -q -o a -- -z",
            "getopt --options a --longoptions opt:: --name n -- --opt --opt=v it's",
            "getopt -o '' -l x -- --x",
            "getopt -o a",
            "mkfifo n",
            "mkfifo a",
            "mkfifo -m 600 n",
            "mkfifo",
            "mkfifo nope/n",
            "mknod n p",
            "mknod n q",
            "mknod n",
        ],
    );
}

#[test]
fn expressions() {
    compare(
        SCENE,
        &[
            "expr 1 + 2",
            "expr 7 / 2",
            "expr 7 % 2",
            "expr 2 * 3",
            "expr 3 - 5",
            "expr 1 - 1",
            "expr a = a",
            "expr a = b",
            "expr 10 > 9",
            "expr a > b",
            "expr 1 + x",
            "expr 1 / 0",
            "expr",
            "expr a",
            "expr 0",
            "expr -- 1",
            "expr 1 + 2 * 3",
            "expr ( 1 + 2 ) * 3",
            "expr abc : a",
            "expr abc : b",
            "expr abc : .*",
            "expr abc : a\\(.*\\)c",
            "expr foo-1.2 : .*-\\(.*\\)",
            "expr aaa : a*$",
            "expr ,~None, : .*,~None,.*",
            "expr x : [0-9]*$",
            "expr 12 : [0-9]*$",
            "x | expr a | b",
            "x | expr 0 | b",
            "expr a & 0",
            "expr length abc",
            "expr a/b/c : .*/\\([^/]*\\)",
            "expr 1 2",
            "expr 1 +",
            "expr ( 1",
            "expr match abc ab",
            "expr abc : \\(x\\)",
            "expr abc : ^ab",
            "seq 3",
            "seq 2 4",
            "seq 6 -1 0",
            "seq 3 1",
            "seq -s , 3",
            "seq -w 8 10",
            "seq -2 0",
            "seq",
            "seq x",
            "seq 1 0 2",
        ],
    );
}

/// The X of a template are the places that mktemp(1) fills in: a real one at random, ours with the first free name.
#[test]
fn temporary_names_are_free_ones_in_order() {
    let scene = "f 600 tmpAAA";
    for (line, name, entry) in [
        ("mktemp tmpXXX", "tmpAAB", "600 0:0 f \"\" 1 now"),
        ("mktemp -d dXXXX", "dAAAA", "700 0:0 d"),
        ("mktemp --suffix=.x fXXX", "fAAA.x", "600 0:0 f \"\" 1 now"),
        ("mktemp -p . fXXX", "./fAAA", "600 0:0 f \"\" 1 now"),
    ] {
        let (out, entries) = interpret(scene, line);
        assert_eq!(out, format!("{name}\n"), "{line}");
        assert_eq!(entries.get(name.trim_start_matches("./")).map(String::as_str), Some(entry), "{line}");
    }
    assert_eq!(interpret(scene, "mktemp").0, "/tmp/tmp.AAAAAAAAAA\n");
    assert_eq!(interpret(scene, "mktemp -t a.XXXXXX").0, "/tmp/a.AAAAAA\n");
    assert_eq!(interpret(scene, "mktemp -u dXXX"), ("dAAA\n".to_owned(), interpret(scene, "true").1));
}

#[test]
fn the_machine_is_the_trees() {
    for (line, out) in [
        ("uname -m", "x86_64\n"),
        ("uname -n", "localhost\n"),
        ("arch", "x86_64\n"),
        ("date +%s", "1700000000\n"),
        ("date", "Tue Nov 14 22:13:20 UTC 2023\n"),
        ("hostname", "localhost\n"),
        ("nproc", "1\n"),
        ("id", "uid=0(root) gid=0(root) groups=0(root)\n"),
        ("rm -rf ~", ""),
    ] {
        assert_eq!(interpret("", line).0, out, "{line}");
    }
}

/// Templates of mktemp(1), whose X are places to fill in: what it refuses.
#[test]
fn temporary() {
    compare(
        SCENE,
        &[
            "mktemp aX",
            "mktemp nope/aXXX",
            "mktemp -q nope/aXXX",
            "mktemp a b",
            "mktemp -d nope/XXXX",
            "mktemp --suffix=x aXb",
            "mktemp -t a/XXXX",
            "mktemp -p nope aXXX",
            "mktemp --tmpdir=d /aXXX",
            "mktemp XXX --suffix=a/b",
        ],
    );
}
