//! cp, install, cmp, diff, dd, truncate: bytes of files.

use super::scene::{compare, is_root};

const SCENE: &str = "
    d 755 d
    f 600 d/inner inside
    d 3770 d/sub
    f 755 d/sub/deep deeper
    l inner d/link
    h d/inner d/twin
    d 755 empty
    d 2775 shared
    f 644 a one
    f 4755 b two
    f 640 c one
    h c c2
    f 644 zero
    f 644 lines one\\ntwo
    l a la
    l d ld
    l nowhere dangling
    p 600 pipe
";

#[test]
fn cp() {
    compare(
        SCENE,
        &[
            "cp a n",
            "cp b n",
            "cp -p b n",
            "cp -p a n",
            "cp a b",
            "cp -p a b",
            "cp a d",
            "cp a d/",
            "cp a ld",
            "cp -T a ld",
            "cp a nope/",
            "cp a nope/n",
            "cp d n",
            "cp -r d n",
            "cp -R d n",
            "cp -a d n",
            "cp -a d empty",
            "cp -aT d empty",
            "cp -rT d empty",
            "cp -r d/. empty",
            "cp -a d/. empty",
            "cp -r empty empty",
            "cp -r empty empty/x",
            "cp -pZ b n",
            "cp a a",
            "cp a la",
            "cp la n",
            "cp -d la n",
            "cp -P la n",
            "cp -a la n",
            "cp -r la n",
            "cp -rL la n",
            "cp -rH ld n",
            "cp -L la n",
            "cp dangling n",
            "cp -d dangling n",
            "cp a dangling",
            "cp -f a dangling",
            "cp --remove-destination a dangling",
            "cp --remove-destination a la",
            "cp a b d",
            "cp a b n",
            "cp -t d a b",
            "cp -t nope a",
            "cp -n a b",
            "cp -u a b",
            "cp -l a n",
            "cp -l a b",
            "cp -lf a b",
            "cp -s a n",
            "cp -s a b",
            "cp -sf a b",
            "cp -v a n",
            "cp -rv d/sub n",
            "cp nope n",
            "cp nope a d",
            "cp",
            "cp a",
            "cp -dp la n",
            "cp -dp a n",
            "cp -a c c2 d",
            "cp c c2 d",
            "cp -d c c2 d",
            "cp --preserve=mode b n",
            "cp --preserve=links c c2 d",
            "cp --preserve=timestamps a n",
            "cp --preserve=mode,timestamps b n",
            "cp --no-preserve=mode b n",
            "cp -p --no-preserve=timestamps a n",
            "cp --preserve=all b n",
            "cp --preserve=foo a n",
            "cp -r d a",
            "cp a empty/a",
            "cp -T a d",
            "cp -a pipe n",
            "cp -R pipe n",
            "cp -d la b",
            "cp -P dangling b",
            "cp -a ld n",
            "cp -r ld n",
            "cp ld n",
            "cp /dev/null n",
            "cp /dev/null a",
            "cp a /dev/null",
            "cp -a d/link n",
            "cp d/inner d/sub/deep empty",
            "cp -r d shared",
            "cp -a d shared",
            "cp -p d/sub/deep shared",
            "cp -al d n",
            "cp -rs d n",
            "cp --archive --no-dereference d n",
            "cp -f a b",
            "cp --force --preserve a n",
            "cp -fp a b c",
            "cp -r shared n",
            "cp --reflink=auto a n",
            "cp --sparse=always a n",
            "cp a ./b",
            "cp ./a ../w/n",
            "cp -x -r d n",
            "cp -af la b",
        ],
    );
}

#[test]
fn install() {
    compare(
        SCENE,
        &[
            "install a n",
            "install -m 644 a n",
            "install -m 4711 a n",
            "install -m u=rw,go=r a n",
            "install a b",
            "install a la",
            "install a d",
            "install a b d",
            "install -d n",
            "install -d n/m/o",
            "install -d -m 700 n/m",
            "install -d d",
            "install -m 750 -d d",
            "install -d a",
            "install -D a n/m/f",
            "install -D -m 600 a n/f",
            "install -t d a b",
            "install -D -t n/m a b",
            "install -T a n",
            "install -T a d",
            "install -p a n",
            "install nope n",
            "install d n",
            "install",
            "install a",
            "install -d",
            "install -v a n",
            "install -c -m 755 a n",
            "install a dangling",
            "install a a",
            "install -m zz a n",
            "install -dm 2755 n",
            "install /dev/null n",
            "install -m 644 /dev/null n",
            "install a nope/n",
            "install -d shared/n",
            "install a shared",
            "install -o nope a n",
            "install -g nope a n",
            "install -dv n/m",
            "install a b n",
            "install -o root -g root a n",
        ],
    );
    if is_root() {
        compare(
            SCENE,
            &[
                "install -o daemon -g bin a n",
                "install -o daemon -m 4755 a n",
                "install -d -o daemon -g bin -m 1770 n/m",
                "install -g bin -d d",
                "install -o 55 a d",
                "install -D -o daemon a n/m",
            ],
        );
    }
}

#[test]
fn comparisons() {
    compare(
        SCENE,
        &[
            "cmp a c",
            "cmp a b",
            "cmp -s a b",
            "cmp a zero",
            "cmp zero a",
            "cmp -s a nope",
            "cmp a nope",
            "cmp --quiet a c",
            "cmp --silent a b",
            "cmp a d",
            "one | cmp a",
            "onex | cmp a -",
            "cmp a lines",
            "cmp lines a",
            "cmp",
            "diff a c",
            "diff -q a b",
            "diff -q a c",
            "diff -s a c",
            "diff -q a nope",
            "diff -qN nope a",
            "diff -q a d",
            "diff --brief lines a",
            "diff",
            "diff -u a c",
            "diff -q la a",
        ],
    );
}

#[test]
fn bytes() {
    compare(
        SCENE,
        &[
            "dd if=a of=n status=none",
            "dd if=a of=n bs=2 count=1 status=none",
            "dd if=a of=n bs=1 skip=1 status=none",
            "dd if=a of=b bs=1 seek=1 conv=notrunc status=none",
            "dd if=a of=b bs=1 seek=1 status=none",
            "dd if=/dev/zero of=n bs=4 count=2 status=none",
            "hello | dd bs=1 count=3 status=none",
            "dd if=nope of=n",
            "dd foo",
            "dd if=a of=n bs=x",
            "dd if=a",
            "dd if=/dev/zero of=n bs=1 count=1 seek=5 status=none",
            "dd if=a of=n conv=nocreat status=none",
            "truncate -s 2 a",
            "truncate -s 5 a",
            "truncate -s 0 a",
            "truncate -s +2 a",
            "truncate -s -1 a",
            "truncate -s 1K n",
            "truncate -c -s 1 n",
            "truncate -s x a",
            "truncate a",
            "truncate -r lines a",
            "truncate -s 3",
            "truncate --size=1 a b n",
        ],
    );
}
