//! rm, mkdir, rmdir, ln, mv, touch: programs that make and move names.

use super::scene::compare;

const SCENE: &str = "
    d 755 d
    f 600 d/inner inside
    d 700 d/sub
    f 644 d/sub/deep deeper
    d 755 empty
    d 2775 shared
    f 644 a one
    f 4755 b two
    f 644 c three
    h c c2
    l a la
    l d ld
    l nowhere dangling
    l self self
    p 644 pipe
";

#[test]
fn rm() {
    compare(
        SCENE,
        &[
            "rm a",
            "rm a b nope c",
            "rm -f nope a",
            "rm d",
            "rm -r d",
            "rm -rf d nope",
            "rm -R d/",
            "rm -d empty",
            "rm -d d",
            "rm ld",
            "rm -r ld",
            "rm -r ld/",
            "rm ld/",
            "rm la/",
            "rm -rv d",
            "rm -v a",
            "rm",
            "rm -f",
            "rm -q",
            "rm --foo",
            "rm -r .",
            "rm -r d/..",
            "rm -rf d/.",
            "rm --recursive --force d",
            "rm --f a",
            "rm -- -x",
            "rm a/b",
            "rm -f a/b",
            "rm dangling self pipe",
            "rm -rf ./d ./ld",
            "rm c",
            "rm -rf --one-file-system d",
            "rm -fr d/sub empty shared",
        ],
    );
}

#[test]
fn mkdir() {
    compare(
        SCENE,
        &[
            "mkdir n",
            "mkdir a",
            "mkdir d",
            "mkdir n/m",
            "mkdir -p n/m/o",
            "mkdir -p d",
            "mkdir -p a",
            "mkdir -p a/b",
            "mkdir -m 700 n",
            "mkdir -m 2755 n",
            "mkdir -pm 711 n/m",
            "mkdir -m u=rwx,go= n",
            "mkdir -m zz n",
            "mkdir",
            "mkdir -p ld/new/er",
            "mkdir -p dangling/x",
            "mkdir dangling",
            "mkdir -p dangling",
            "mkdir -v n m",
            "mkdir -pv n/m d/q",
            "mkdir n/",
            "mkdir -p n//m/",
            "mkdir shared/n",
            "mkdir -p shared/n/m",
            "mkdir -m 755 shared/n",
            "mkdir -m 1777 n",
            "mkdir -p ./n/./m",
            "mkdir -p n/../m",
            "mkdir -m 0755 shared/n",
            "mkdir --parents --mode=750 x/y",
            "mkdir -p d/sub n a/x",
            "mkdir -m g+s n",
            "mkdir -m 00755 shared/n",
        ],
    );
}

#[test]
fn rmdir() {
    compare(
        SCENE,
        &[
            "rmdir empty",
            "rmdir d",
            "rmdir nope",
            "rmdir a",
            "rmdir ld",
            "rmdir --ignore-fail-on-non-empty d empty",
            "rmdir -p empty",
            "rmdir -v empty",
            "rmdir",
            "rmdir -p d/sub",
            "rmdir empty/",
            "rmdir -p --ignore-fail-on-non-empty shared",
        ],
    );
}

#[test]
fn ln() {
    compare(
        SCENE,
        &[
            "ln -s a n",
            "ln -s a la",
            "ln -sf b la",
            "ln -sf x ld",
            "ln -sfn x ld",
            "ln -snf x d",
            "ln -sfT x ld",
            "ln -sfT x d",
            "ln -sf a a",
            "ln -sf ./a a",
            "ln a n",
            "ln a la",
            "ln -f a b",
            "ln -f a a",
            "ln la n",
            "ln d n",
            "ln nope n",
            "ln -s nope",
            "ln -s ../x/y",
            "ln -s a b c",
            "ln -s a b d",
            "ln -st d a b",
            "ln -s -t nope a",
            "ln -sv a n",
            "ln -v a n",
            "ln",
            "ln -sr d/sub/deep n",
            "ln -sr a d/sub/n",
            "ln -sr d d/sub/n",
            "ln -rs nope d/n",
            "ln -sr la n",
            "ln -r a n",
            "ln -s a d/",
            "ln -s a nope/n",
            "ln -s a n/",
            "ln -sf a dangling",
            "ln -s x dangling",
            "ln -T a d",
            "ln -sT a b c",
            "ln -nsf d/sub ld",
            "ln --symbolic --force --no-dereference q ld",
            "ln -sf /abs/path b",
            "ln -f c c2",
            "ln dangling n",
            "ln -sf d ld",
            "ln -s d/inner d/sub",
            "ln -s a/ empty",
            "ln -sf d/sub/deep .",
        ],
    );
}

#[test]
fn mv() {
    compare(
        SCENE,
        &[
            "mv a n",
            "mv a b",
            "mv a d",
            "mv a d/",
            "mv a ld",
            "mv -T a ld",
            "mv a nope/",
            "mv a nope/n",
            "mv d n",
            "mv d empty",
            "mv -T d empty",
            "mv -T empty d",
            "mv d a",
            "mv -T a d",
            "mv d d/x",
            "mv d d",
            "mv a a",
            "mv -f a b",
            "mv -n a b",
            "mv a b d",
            "mv a b c",
            "mv -t d a b",
            "mv -v a n",
            "mv nope n",
            "mv nope a b d",
            "mv c c2",
            "mv la n",
            "mv la b",
            "mv dangling n",
            "mv a dangling",
            "mv",
            "mv a",
            "mv -nf a b",
            "mv -fn a b",
            "mv -u a b",
            "mv pipe n",
            "mv ld n",
            "mv ld empty",
            "mv d/sub/deep .",
            "mv d/inner b",
            "mv empty/ n",
            "mv empty n/",
            "mv a b/",
            "mv -Tf empty shared",
            "mv d/sub d/inner shared",
            "mv --no-clobber a b",
            "mv -t nope a",
        ],
    );
}

#[test]
fn touch() {
    compare(
        SCENE,
        &[
            "touch a",
            "touch n",
            "touch n a b",
            "touch -c n",
            "touch -c a",
            "touch nope/n",
            "touch d",
            "touch ld",
            "touch dangling",
            "touch -h la",
            "touch -d @5 a",
            "touch -d @5 n",
            "touch -r a n",
            "touch -r nope n",
            "touch -m a",
            "touch -a a",
            "touch -am a",
            "touch -t 202001020304.05 a",
            "touch -t 01 a",
            "touch",
            "touch --date=2001-02-03 a",
            "touch -d 2001-02-03T04:05:06Z a",
            "touch --reference=a b n",
            "touch self",
            "touch a/b",
            "touch --no-create n a",
            "touch n/",
            "touch -d 2001-02-03~04:05 a",
            "touch shared/n",
            "touch -c dangling",
        ],
    );
}
