//! The same recipe and lock give the same bytes, whoever builds them, where, when, and on how many cores; and nothing of the
//! machine that built them is in them.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use crate::support::project::{Project, Ran, walk};
use crate::support::run::tool;

/// What is different, the program that runs ours, and variables of the environment.
type Variation = (&'static str, &'static [&'static str], &'static [(&'static str, &'static str)]);

/// The digest of `mokapot build app` in the same project, with empty store and layout.
fn cold(project: &Project, wrapper: &[&str], change: impl FnOnce(&mut Command) -> &mut Command) -> String {
    for folder in [project.store(), project.layout()] {
        let _ = fs::remove_dir_all(folder);
    }
    Ran::of(change(&mut project.build_command(wrapper, &["--locked"]))).digest("app")
}

#[test]
fn the_surroundings_do_not_matter() {
    let project = Project::new();
    let digest = project.built();
    let variations: [Variation; 12] = [
        ("a cold store", &[], &[]),
        ("one thread", &[], &[("RAYON_NUM_THREADS", "1")]),
        ("two threads", &[], &[("RAYON_NUM_THREADS", "2")]),
        ("sixteen threads", &[], &[("RAYON_NUM_THREADS", "16"), ("TOKIO_WORKER_THREADS", "16")]),
        ("one core", &["taskset", "-c", "0"], &[]),
        ("another timezone", &[], &[("TZ", "Pacific/Kiritimati")]),
        ("another language", &[], &[("LANG", "tr_TR.UTF-8"), ("LC_ALL", "tr_TR.UTF-8")]),
        ("another home", &[], &[("HOME", "/nonexistent"), ("USER", "somebody"), ("LOGNAME", "somebody")]),
        ("a strict umask", &["sh", "-c", "umask 077; exec \"$@\"", "sh"], &[]),
        ("a loose umask", &["sh", "-c", "umask 0; exec \"$@\"", "sh"], &[]),
        ("another folder", &["sh", "-c", "cd /; exec \"$@\"", "sh"], &[]),
        ("another layout of addresses", &["setarch", "--addr-no-randomize"], &[("MALLOC_PERTURB_", "85")]),
    ];
    for (name, wrapper, environment) in variations {
        let found = cold(&project, wrapper, |command| command.envs(environment.iter().copied()));
        assert_eq!(found, digest, "{name}");
    }
}

#[test]
fn the_clock_does_not_matter() {
    let project = Project::new();
    let digest = project.built();
    for moment in ["@2033-05-18 03:33:20", "@2096-10-02 07:06:40"] {
        assert_eq!(cold(&project, &["faketime", "-f", moment], |command| command), digest, "{moment}");
    }
    // An archive's Release must not be of the future, so the lock is made once only.
    assert_eq!(cold(&project, &["faketime", "-f", "@2001-09-09 01:46:40"], |command| command), digest);
}

#[test]
fn another_user_makes_the_same() {
    let project = Project::new();
    let digest = project.built();
    let program = project.path("mokapot");
    // By a process of its own: a program that this one holds open for writing, or a child it is about to start, is busy.
    Ran::of(tool("cp", [env!("CARGO_BIN_EXE_mokapot")]).arg(&program)).ok();
    let theirs = project.path("theirs");
    fs::create_dir(&theirs).unwrap();
    fs::set_permissions(&theirs, fs::Permissions::from_mode(0o777)).unwrap();
    let root = String::from_utf8(Command::new("id").arg("-u").output().unwrap().stdout).unwrap().trim() == "0";
    // Who is not root becomes it, in a namespace of its own.
    let wrapper: &[&str] = if root {
        &["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    } else {
        &["unshare", "--user", "--map-root-user"]
    };
    let mut command = tool(wrapper[0], &wrapper[1..]);
    command.arg(&program).args(["build", "app", "--locked", "--project"]).arg(project.path("project"));
    command.arg("--output").arg(format!("oci:{}", theirs.join("oci").display()));
    command.arg("--store").arg(theirs.join("store")).arg("--mirror").arg(format!("debian={}", project.server.url()));
    command.env("HOME", &theirs).env("TMPDIR", &theirs).current_dir(&theirs);
    assert_eq!(Ran::of(&mut command).digest("app"), digest);
}

#[test]
fn the_place_does_not_matter() {
    let project = Project::new();
    let digest = project.built();
    let lock = fs::read(project.lock_path()).unwrap();
    // Another folder, another port, and paths with blanks, through a link.
    let other = Project::new();
    fs::write(other.lock_path(), &lock).unwrap();
    fs::create_dir(other.path("a b")).unwrap();
    symlink(other.path("project"), other.path("a b/Projekt ü")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mokapot"));
    command.current_dir(other.path("a b")).args([
        "build",
        "Projekt ü/recipes/app.toml",
        "--locked",
        "--project",
        "Projekt ü",
    ]);
    command.args(["--output", "oci:out put", "--store", "../the store", "--mirror"]);
    command.arg(format!("debian={}", other.server.url())).env("HOME", other.path("home"));
    assert_eq!(Ran::of(&mut command).digest("app"), digest);
}

#[test]
fn what_the_store_holds_does_not_matter() {
    let mut project = Project::new();
    let digest = project.built();
    // Warm with other things: another recipe's packages, other times, another compression's.
    project.mokapot(&["build", "other", "--output", &format!("oci:{}", project.path("other").display())]).ok();
    Ran::of(project.build_command(&[], &["--tag", "old"]).env("SOURCE_DATE_EPOCH", "1500000000")).ok();
    let rebuild = |project: &Project| {
        let _ = fs::remove_dir_all(project.layout());
        project.build(&["--locked"]).digest("app")
    };
    assert_eq!(rebuild(&project), digest);
    project.mokapot(&["cache", "gc", "--max-size", "100kB"]).ok();
    assert_eq!(rebuild(&project), digest);
    project.mokapot(&["cache", "gc", "--max-age", "0s"]).ok();
    assert_eq!(rebuild(&project), digest);
    // Memos alone, and blobs alone.
    fs::remove_dir_all(project.store().join("memo")).unwrap();
    assert_eq!(rebuild(&project), digest);
    for path in walk(&project.store().join("blobs")).into_iter().filter(|path| path.is_file()) {
        fs::remove_file(path).unwrap();
    }
    assert_eq!(rebuild(&project), digest);
    project.release_newer();
    assert_eq!(rebuild(&project), digest, "the lock decides, not the archive");
}

#[test]
fn the_order_of_an_index_does_not_matter() {
    let project = Project::new();
    let digest = project.built();
    let mut other = Project::new();
    for stanzas in other.archive.suite("fake").indexes.values_mut() {
        let mut list: Vec<&str> = stanzas.split_inclusive("\n\n").collect();
        list.reverse();
        *stanzas = list.concat();
    }
    other.publish();
    let locked = Ran::of(other.command(&[], &["lock", "app"]).env("TZ", "Asia/Kathmandu").env("LC_ALL", "tr_TR.UTF-8"));
    locked.ok();
    // The Release itself is another, and the lock tells which it was; nothing else differs.
    let packages = |project: &Project| {
        let lock = fs::read_to_string(project.lock_path()).unwrap();
        let (head, rest) = lock.split_once("[[release]]").unwrap();
        (head.to_owned(), rest[rest.find("[[package]]").unwrap()..].to_owned())
    };
    assert_eq!(packages(&other), packages(&project));
    fs::copy(project.lock_path(), other.lock_path()).unwrap();
    assert_eq!(other.build(&["--locked"]).digest("app"), digest);
    // The same archive in another place gives the same lock to the byte.
    let third = Project::new();
    third.lock(&[]).ok();
    assert_eq!(fs::read(third.lock_path()).unwrap(), fs::read(project.lock_path()).unwrap());
}

#[test]
fn nothing_of_the_machine_is_in_the_image() {
    let project = Project::new();
    let canary = "canary-7f3a9";
    let secret = project.path(canary);
    fs::create_dir(&secret).unwrap();
    let output = format!("oci:{}", secret.join("oci").display());
    let store = secret.join("store").display().to_string();
    let named = format!("hostname {canary}; exec \"$@\"");
    let wrapper = ["unshare", "--user", "--map-root-user", "--uts", "sh", "-c", &named, "sh"];
    let mut command = project.command(&wrapper, &["build", "app", "--output", &output, "--store", &store]);
    for name in ["HOME", "USER", "LOGNAME", "HOSTNAME", "EMAIL", "TZ", "SHELL", "EDITOR", "CANARY", "MAVEN_HOME"] {
        command.env(name, &secret);
    }
    Ran::of(&mut command).ok();
    let port = project.server.address().rsplit_once(':').unwrap().1.to_owned();
    let address = format!("127.0.0.1:{port}");
    let folder = project.path("").display().to_string();
    let mut files = walk(&secret.join("oci"));
    files.push(project.lock_path());
    let mut looked_at = 0;
    for path in files.into_iter().filter(|path| path.is_file()) {
        let bytes = fs::read(&path).unwrap();
        let plain =
            if bytes.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) { zstd::decode_all(&*bytes).unwrap() } else { bytes };
        for word in [canary, &address, &folder, env!("CARGO_MANIFEST_DIR")] {
            let found = plain.windows(word.len()).any(|window| window == word.as_bytes());
            assert!(!found, "{word} is in {}", path.display());
        }
        looked_at += 1;
    }
    assert!(looked_at > 10);
}
