//! chmod, chown, chgrp, stat, ls: numbers of files.

use super::scene::{compare, is_root};

const SCENE: &str = "
    d 755 d
    f 600 d/inner inside
    d 700 d/sub
    f 644 d/sub/deep deeper
    l inner d/link
    d 2775 shared
    f 644 a one
    f 4755 b two
    f 2755 g two
    f 2644 h two
    f 755 x
    h x x2
    l a la
    l d ld
    l nowhere dangling
    f 644 .hidden
    p 600 pipe
";

#[test]
fn chmod() {
    let modes = [
        "644",
        "0644",
        "4755",
        "04755",
        "1777",
        "0",
        "+x",
        "-x",
        "a+x",
        "u+s",
        "g+s",
        "+t",
        "a-rwx",
        "u=rwx,go=rx",
        "u=rwX,go=rX",
        "go-w",
        "a=",
        "=",
        "g=u",
        "o=g",
        "u+x,g-w",
        "ug+rw",
        "-w",
        "-r",
        "+w",
        "a+rwX",
        "u-s",
        "g-s",
        "u=rws",
        "=755",
        "+111",
        "go=",
        "o+t",
        "00755",
        "u=g,g=o",
        "a+X",
        "u+rwx-x",
        "-t",
        "u=",
        "755,u+s",
        "ugo+x",
        "q",
        "88",
        "u+z",
        "",
    ];
    let lines: Vec<String> =
        modes.iter().filter(|mode| !mode.is_empty()).map(|mode| format!("chmod {mode} a b g x d shared")).collect();
    compare(SCENE, &lines.iter().map(String::as_str).collect::<Vec<_>>());
    compare(
        SCENE,
        &[
            "chmod -R go-rwx d",
            "chmod -R u=rwX,go=rX d",
            "chmod -R 755 d",
            "chmod -R a+X .",
            "chmod 600 la",
            "chmod 600 ld",
            "chmod 600 dangling",
            "chmod 600 nope",
            "chmod -f 600 nope",
            "chmod --reference=b a",
            "chmod --reference=nope a",
            "chmod -v 600 a b",
            "chmod -c 644 a b",
            "chmod",
            "chmod 644",
            "chmod --recursive 700 d",
            "chmod a",
            "chmod -R 700 ld",
            "chmod 644 a nope b",
            "chmod -vR 700 d/sub",
            "chmod -- -x x",
            "chmod -R -x d",
            "chmod -x x",
            "chmod --foo 1 a",
            "chmod --reference=shared d",
            "chmod 755 shared",
            "chmod 0755 shared",
            "chmod u-s,g-s shared",
            "chmod 600 pipe",
        ],
    );
}

#[test]
fn chown() {
    if !is_root() {
        return;
    }
    compare(
        SCENE,
        &[
            "chown daemon a",
            "chown daemon:bin a b",
            "chown :bin a",
            "chown daemon: a",
            "chown 1234:5678 a",
            "chown 1234 a",
            "chown +1234 a",
            "chown : a",
            "chown nope a",
            "chown daemon:nope a",
            "chown nope:bin a",
            "chown 1234: a",
            "chown daemon la",
            "chown -h daemon la",
            "chown daemon dangling",
            "chown -h daemon dangling",
            "chown -R daemon:bin d",
            "chown -R daemon ld",
            "chown -R daemon ld/",
            "chown --reference=a b",
            "chown --from=root daemon a",
            "chown --from=daemon bin a",
            "chown --from=:bin bin a",
            "chown daemon nope",
            "chown -f daemon nope",
            "chown",
            "chown daemon",
            "chown root b",
            "chown root:root g h b",
            "chown --no-dereference --recursive daemon d",
            "chown 0:0 b",
            "chown -R root:root .",
            "chown -Rh daemon d",
            "chgrp bin a",
            "chgrp nope a",
            "chgrp 77 a la",
            "chgrp -R bin d",
            "chgrp -h bin la",
            "chgrp",
            "chgrp bin",
            "chgrp --reference=a b",
            "chown -R daemon nope d",
            "chown daemon:daemon shared",
            "chown --dereference daemon la",
        ],
    );
}

#[test]
fn stat() {
    compare(
        SCENE,
        &[
            "stat -c %a a b d shared la",
            "stat -c %A~%F~%n a b d la pipe x",
            "stat -L -c %a la ld",
            "stat -c %u:%g:%U:%G a",
            "stat -c %s a x la",
            "stat -c %Y a",
            "stat -c %N a la",
            "stat --format=%f a d la",
            "stat -c %04a a",
            "stat -c %-6a| a",
            "stat -c %6a a",
            "stat --printf %a\\n%n\\t a b",
            "stat -c %a nope",
            "stat -c %a nope a",
            "stat",
            "stat -c %h a x x2",
            "stat -L -c %a dangling",
            "stat -c %% a",
            "stat -c %y a",
            "stat --dereference --format=%F~%a la dangling",
            "stat -c plain a",
            "stat -c %a a/b",
            "stat -c %#a a b",
            "stat -c %06s a",
        ],
    );
}

#[test]
fn ls() {
    compare(
        SCENE,
        &[
            "ls",
            "ls -1",
            "ls -a",
            "ls -A",
            "ls d",
            "ls d/",
            "ls a b",
            "ls a d",
            "ls d shared a",
            "ls nope",
            "ls nope a d",
            "ls -d d",
            "ls -d */ d",
            "ls -R",
            "ls -R d",
            "ls -AR d a",
            "ls ld",
            "ls -d ld",
            "ls la",
            "ls dangling",
            "ls -r",
            "ls -F",
            "ls -p",
            "ls -L",
            "ls -n a b x",
            "ls -ld a",
            "ls -ln d/inner",
            "ls --foo",
            "ls -1A d",
            "ls -S a x",
            "ls -ld a",
            "ls ld/",
            "ls -H ld",
            "ls -U d/sub",
            "ls .",
            "ls -a d/sub",
            "ls --color=never d",
            "ls -ld a",
            "ls -lL la",
        ],
    );
}
