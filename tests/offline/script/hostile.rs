//! Whole scripts that mean harm: each ends, with an error or harmlessly, within what it may use, and the tree around it stays.

use std::rc::Rc;
use std::sync::{Arc, LazyLock};

use mokapot::base::{Arch, Epoch};
use mokapot::domain::rootfs::{Content, Kind, Meta, Owner, Position, Tree};
use mokapot::domain::script::shell::{self, Mode};
use mokapot::domain::script::{Limits, Process, Stop, StopKind, Stream, System};

/// Small enough that a case takes no second in a slow build. What a script may hold is bounded by `bytes`.
const LIMITS: Limits = Limits { steps: 5_000, bytes: 2 << 20, depth: 60 };

/// Programs that the tree has.
const PROGRAMS: &str = "awk basename cat chmod cp cut dd debconf-communicate dpkg-trigger env expr false find fold grep head id ln ls
    mkdir mv nl paste printf readlink rm sed seq sh sleep sort stat tail tee touch tr true truncate update-alternatives wc xargs";

/// What `w/long` holds.
static LONG: LazyLock<Arc<[u8]>> = LazyLock::new(|| [b"\x7fELF".to_vec(), vec![b'x'; 20 << 20]].concat().into());

/// What a script left.
struct Left {
    ended: Result<u8, Stop>,
    out: Vec<u8>,
    tree: Tree,
    /// What was taken of [`LIMITS`].
    steps: u64,
    bytes: u64,
    effects: usize,
}

impl Left {
    /// It stopped for want of steps, bytes or depth.
    fn is_bounded(&self) -> bool {
        matches!(&self.ended, Err(stop) if matches!(stop.kind, StopKind::Steps(_) | StopKind::Bytes(_) | StopKind::Depth(_)))
    }
}

fn tree() -> Tree {
    let mut tree = Tree::new();
    let mut put = |path: &str, kind: Kind, mode: u32| {
        tree.insert(path.as_bytes(), kind, Meta::root(mode, 0), Owner::Generated, None).unwrap();
    };
    let file = |text: &str| Kind::File(Content::bytes(text.as_bytes().to_vec()));
    for name in PROGRAMS.split_ascii_whitespace() {
        put(&format!("usr/bin/{name}"), file("\x7fELF"), 0o755);
    }
    put("bin", Kind::Symlink(b"usr/bin".to_vec().into()), 0o777);
    put("etc/passwd", file("root:x:0:0:root:/root:/bin/sh\n"), 0o644);
    put("tmp", Kind::Directory, 0o1777);
    put("var/lib/dpkg/alternatives", Kind::Directory, 0o755);
    put("var/lib/dpkg/triggers", Kind::Directory, 0o755);
    put("w/one", file("one\n"), 0o644);
    put("w/up", Kind::Symlink(b"..".to_vec().into()), 0o777);
    put("w/out", Kind::Symlink(b"../../../../../../etc".to_vec().into()), 0o777);
    put("w/self", Kind::Symlink(b"self".to_vec().into()), 0o777);
    put("w/again", file("#!/bin/sh\nsh /w/again\n"), 0o755);
    put("w/source", file(". /w/source\n"), 0o644);
    // A program of 20 MB, as packages ship them.
    let size = 20 << 20;
    put("w/long", Kind::File(Content::Entry { at: Position { artefact: 0, entry: 0 }, size }), 0o755);
    tree
}

fn run_within(script: &str, mode: Mode, limits: Limits) -> Left {
    let mut tree = tree();
    let read = |_: &Content| Ok::<_, String>(Arc::clone(&LONG));
    let mut system = System::new(&mut tree, Arch::Amd64, Epoch::ZERO, limits, &read);
    let mut process = Process::new(vec![b"x".to_vec()], [(b"PATH".to_vec(), b"/usr/bin:/bin".to_vec())].into());
    process.cwd = b"w".to_vec();
    let out = Stream::pipe([]);
    process.streams.set(1, Rc::clone(&out));
    let ended = shell::run(&mut system, &mut process, "x/postinst", script.as_bytes(), mode);
    let (steps, bytes, effects) = (system.budget.steps(), system.budget.taken(), system.effects.len());
    drop(system);
    Left { ended, out: Stream::drain(&out), tree, steps, bytes, effects }
}

/// Runs a script on a stack of the size that builds give; it must not take more than [`LIMITS`] say.
fn run(script: &str) -> Left {
    let left = run_within(script, Mode::Dash, LIMITS);
    assert!(left.out.len() as u64 <= LIMITS.bytes, "{script}: {} bytes of output", left.out.len());
    assert!(left.effects as u64 <= LIMITS.bytes / 100, "{script}: {} effects", left.effects);
    let held: u64 = left
        .tree
        .walk()
        .map(|(path, node)| {
            path.len() as u64 + if let Kind::File(Content::Bytes(bytes)) = node.kind { bytes.len() as u64 } else { 0 }
        })
        .sum();
    assert!(held <= LIMITS.bytes + (1 << 20), "{script}: a tree of {held} bytes");
    left
}

/// These never end by themselves.
#[test]
fn endless_scripts_are_stopped() {
    for script in [
        "bomb() { bomb & bomb; }; bomb",
        "f() { f; }; f",
        "f() { eval f; }; f",
        "f() { x=$(f); }; f",
        ". /w/source",
        "sh /w/again",
        "/w/again",
        "while :; do :; done",
        "while :; do echo x >> f; done",
        "while :; do echo x; done > f",
        "while :; do echo x; done | cat",
        "while :; do cat one one > two; cat two two > one; done",
        "i=0; while :; do i=$((i + 1)); mkdir d$i; done",
        "i=0; while :; do i=$((i + 1)); touch f$i; done",
        "i=0; while :; do i=$((i + 1)); eval \"v$i=1\"; done",
        "i=0; while :; do i=$((i + 1)); eval \"f$i() { :; }\"; done",
        "i=0; while :; do i=$((i + 1)); alias a$i=b; done",
        "x=x; while :; do x=$x$x; done",
        "x=x; while :; do set -- $* x; done",
        "x=x; while :; do x=\"$x$(echo $x)\"; done",
        "while :; do sed ':a;ba' one; done",
        "awk 'BEGIN { while (1) x = x \"xxxxxxxx\" }'",
        "awk 'BEGIN { x = \"x\"; while (1) x = x x }'",
        "awk 'function f(n) { return f(n + 1) } BEGIN { f(0) }'",
        "awk 'BEGIN { while (1) print \"x\" > \"f\" }'",
        "awk 'BEGIN { while ((\"cat one\" | getline) >= 0) close(\"cat one\") }'",
        "sed ':a;s/x*$/&xxxxxxxx/;ta' one",
        "sed -n ':a;H;G;h;ba' one",
        "trap 'while :; do :; done' EXIT; exit 0",
        "while :; do (trap 'echo x >> f' EXIT); done",
        "seq 1 1000000000 | while read x; do :; done",
        "seq 1 1000000000 | head -n 1",
        "while :; do find / -exec echo {} ';'; done",
        "while :; do find / | xargs -n 1 echo; done",
        "while :; do printf '%100000s'; done",
        "while :; do dd if=/dev/zero of=f bs=1M count=1; done",
        "while :; do truncate -s 1M f; truncate -s 0 f; done",
        "while :; do ln -s a b; rm b; done",
        "while :; do chmod 700 one; chmod 600 one; done",
        "while :; do (:); done",
        "while :; do : & done",
        "while :; do cat long; done",
        "while :; do grep -c nothing long; done",
        "while read x; do echo x >> f; done < f & while :; do cat f >> f; done",
        "i=0; while :; do i=$((i + 1)); touch /usr/bin/x$i; update-alternatives --install /usr/bin/x x /usr/bin/x$i $i; done",
        "i=0; while :; do i=$((i + 1)); update-alternatives --install /usr/bin/x$i x$i /bin/sh 1; done",
        "while :; do dpkg-trigger --by-package=x ldconfig; done",
    ] {
        let left = run(script);
        assert!(left.is_bounded(), "{script}: {:?} after {} steps and {} bytes", left.ended, left.steps, left.bytes);
    }
}

/// These ask for more at once than there is. What they get is an error of the program's own, or a stop.
#[test]
fn what_is_too_large_is_refused() {
    let long = "x".repeat(20_000);
    for script in [
        "printf '%1000000000s' x".into(),
        "printf '%99999999999999999999s' x".into(),
        format!("printf '{}'", "%999999s".repeat(1000)),
        format!("env printf '{}'", "%999999s".repeat(1000)),
        "awk 'BEGIN { printf \"%1000000000s\", 1 }'".into(),
        "awk 'BEGIN { $1000000000 = 1 }'".into(),
        "dd if=/dev/zero of=f bs=1G count=1".into(),
        "dd if=one of=f bs=1 seek=1000000000".into(),
        "truncate -s 1G f".into(),
        "truncate -s 1000000000000 f".into(),
        "cat /dev/zero".into(),
        "head -c 1000000000 /dev/zero".into(),
        "cat /dev/urandom".into(),
        "tr -dc a-z < /dev/urandom | head -c 16".into(),
        "dd if=/dev/urandom bs=1G count=1".into(),
        "yes".into(),
        format!("x={long}; echo \"${{x##*a*b*c*d*e*f*g*h*i*j*k*l*m*n*o*p*q*r*s*t*u*v*w*y*z}}\""),
        format!("x={long}; case $x in {}y) ;; esac", "*x".repeat(5000)),
        format!("x={long}; f() {{ local x=$x; f; }}; f"),
        format!("x={long}; f() {{ (f); }}; f"),
        format!("x={long}; export x; while :; do env true; done"),
        format!("x={long}; seq -s $x 1 10000 | wc -c"),
        "seq 1 10000 | tr -d '\\n' | sed 's/./&&&&&&&&&&&&&&&&/g;s/./&&&&&&&&&&&&&&&&/g' | wc -c".into(),
        "x='********************'; echo /$x/$x/$x/*/../*/../*/../*/../*/../*/../*/../*".into(),
        "grep -E '(x{1000}){1000}' one".into(),
        "grep -E '((((x{100}){100}){100}){100}){100}' one".into(),
        "echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx | grep -E '^(((x+)+)+)+\\1y$'".into(),
        "echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx | sed 's/\\(\\(x*\\)*\\)*\\2y/z/'".into(),
        "expr xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx : '\\(\\(x*\\)*\\)*y'".into(),
        format!("cat <<E > f\n{}\nE\n", "a line of a long text\n".repeat(20_000)),
        format!("eval '{}'", ": ;".repeat(50_000)),
        format!("mkdir -p {}", "a/".repeat(5_000)),
        format!("cd {}", "up/".repeat(5_000)),
        "cp -r / /w/copy".into(),
        "while :; do cp -r /w /w/copy$x; x=x$x; done".into(),
        "nl -w 1000000000 one".into(),
        "fold -w 1 long | wc -l".into(),
        "paste -s long long long long".into(),
        "sort long long long long long long long long | wc -c".into(),
    ] {
        // What is refused is refused before it is made: output and tree are looked at.
        run(&script);
    }
}

/// bash alone has variables whose values are expressions, and arrays.
#[test]
fn bash_has_no_way_around() {
    let doubled = (1..60).map(|i| format!("x{i}='x{}+x{}'; ", i - 1, i - 1)).collect::<String>();
    for script in [
        format!("x0=1; {doubled} echo $((x40))"),
        "a=x; while :; do a+=$a; done".into(),
        "a=(x); while :; do a=(\"${a[@]}\" \"${a[@]}\"); done".into(),
        "a=(x); while :; do a[i++]=xxxxxxxx; done".into(),
        "a=xxxxxxxxxxxxxxxx; while :; do a=${a//x/xx}; done".into(),
        "a[0]=x; while :; do a[0]+=${a[0]}; done".into(),
    ] {
        let left = run_within(&script, Mode::Bash, LIMITS);
        assert!(left.is_bounded(), "{script}: {:?} after {} steps", left.ended, left.steps);
    }
}

/// Nothing of the machine that builds can be seen or changed.
#[test]
fn there_is_no_way_out() {
    let secret = tempfile::tempdir().unwrap();
    let path = secret.path().join("secret");
    std::fs::write(&path, "secret").unwrap();
    let path = path.to_str().unwrap();
    for script in [
        format!("cat {path} /proc/self/environ /proc/1/cmdline /etc/hostname /etc/shadow"),
        format!("cat ../../../../../../..{path} up/up/up/..{path} out/..{path}"),
        format!("rm -rf {path} ../../../..{path}; rm -rf --no-preserve-root /"),
        format!("ln -s {path} link; cat link; echo changed > link; mv link other; cp other {path}.copy"),
        format!("cd /; cd ..; cd ../..; echo changed > ..{path}"),
        format!("exec 3<> {path}; echo changed >&3; : > {path}"),
        "kill -9 $$ $PPID 1 -1".into(),
        "exec sleep 1000000".into(),
        "sleep infinity".into(),
        "echo x > /dev/tcp/127.0.0.1/80; cat < /dev/tcp/127.0.0.1/22".into(),
        // In dash the built-in goes before the function; `shell/bounds.rs` has it in bash.
        ":(){ :|:& };:".into(),
        "ulimit -n 0; umask 777; echo x > f; cat f".into(),
        "read x; echo \"$x\"".into(),
        "exec <&- >&- 2>&-; echo x; cat; read x".into(),
        "cat self up/self; readlink -f self; find -L / -name x; ls -R up".into(),
        "PATH=$PATH:/proc/self/cwd; LD_PRELOAD=/w/long ls /".into(),
    ] {
        let left = run(&script);
        assert!(!left.out.windows(6).any(|part| part == b"secret"), "{script}");
        assert_eq!(std::fs::read_to_string(path).unwrap(), "secret", "{script}");
        assert_eq!(std::fs::read_dir(secret.path()).unwrap().count(), 1, "{script}");
    }
}

/// `rm -rf /` takes the tree's files at most, and asks for a word first.
#[test]
fn the_root_is_guarded_and_stays() {
    let left = run("rm -rf / || rm -rf // /. /w/../ up");
    assert!(left.tree.lookup(b"etc/passwd").unwrap().is_some());
    let left = run("rm -rf --no-preserve-root /; echo $?");
    assert!(left.ended.is_ok());
    assert!(left.tree.lookup(b"").unwrap().is_some_and(|root| root.is_directory()));
}

/// A line's length and a script's do not make each of its commands dear, and neither does a long program's.
#[test]
fn what_is_done_again_is_cheap() {
    let text = format!("{}\nfor i in $(seq 1 2000); do :; done", ": a line of text\n".repeat(5000));
    assert_eq!(run_within(&text, Mode::Dash, Limits::default()).ended, Ok(0));
    let text = format!(": '{}'; for i in $(seq 1 2000); do :; done", "x".repeat(1 << 20));
    assert_eq!(run_within(&text, Mode::Dash, Limits::default()).ended, Ok(0));
    let reads = std::cell::Cell::new(0);
    let mut tree = tree();
    let read = |_: &Content| {
        reads.set(reads.get() + 1);
        Ok::<_, String>(Arc::clone(&LONG))
    };
    let mut system = System::new(&mut tree, Arch::Amd64, Epoch::ZERO, Limits::default(), &read);
    for _ in 0..100 {
        assert!(system.head(b"w/long").unwrap().starts_with(b"\x7fELF"));
    }
    assert_eq!(reads.get(), 1, "the beginning of a long file is kept");
    assert!(system.budget.taken() < 10 << 20);
}
