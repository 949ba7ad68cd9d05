//! One tree twice: on disk for the real program, in memory for the applet.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use mokapot::base::{Arch, Epoch};
use mokapot::domain::rootfs::{Content, Kind, Meta, Owner, Tree};
use mokapot::domain::script::{Applet, Limits, Process, Stream, System, command};

/// When it all happens.
pub const EPOCH: i64 = 1_700_000_000;

/// Where real programs are.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What a program said and did.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    pub status: i32,
    pub out: String,
    pub err: String,
}

/// A tree on disk and the same in memory.
pub struct Twin {
    folder: tempfile::TempDir,
    pub tree: Tree,
}

impl Twin {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), tree: Tree::new() }
    }

    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    pub fn on_disk(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }

    /// A directory, with its parents.
    pub fn dir(&mut self, path: &str) {
        let mut walked = String::new();
        for part in path.split('/') {
            walked = if walked.is_empty() { part.to_owned() } else { format!("{walked}/{part}") };
            let real = self.on_disk(&walked);
            if fs::symlink_metadata(&real).is_err() {
                fs::create_dir(&real).unwrap();
                fs::set_permissions(&real, fs::Permissions::from_mode(0o755)).unwrap();
                self.put(&walked, Kind::Directory, 0o755);
            }
        }
    }

    /// A file, with its folder.
    pub fn file(&mut self, path: &str, mode: u32, bytes: impl AsRef<[u8]>) {
        if let Some((folder, _)) = path.rsplit_once('/') {
            self.dir(folder);
        }
        let real = self.on_disk(path);
        fs::write(&real, bytes.as_ref()).unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(mode)).unwrap();
        self.put(path, Kind::File(Content::bytes(bytes.as_ref())), mode);
    }

    /// A file that only the tree in memory has, with its folder: a program, whose applet is meant.
    pub fn only_ours(&mut self, path: &str, mode: u32, bytes: impl AsRef<[u8]>) {
        for (end, _) in path.match_indices('/') {
            let folder = &path[..end];
            if self.tree.lookup(folder.as_bytes()).unwrap().is_none() {
                self.put(folder, Kind::Directory, 0o755);
            }
        }
        self.put(path, Kind::File(Content::bytes(bytes.as_ref())), mode);
    }

    /// A symbolic link, with its folder.
    pub fn link(&mut self, path: &str, target: &str) {
        if let Some((folder, _)) = path.rsplit_once('/') {
            self.dir(folder);
        }
        symlink(target, self.on_disk(path)).unwrap();
        self.put(path, Kind::Symlink(target.as_bytes().into()), 0o777);
    }

    fn put(&mut self, path: &str, kind: Kind, mode: u32) {
        self.tree.insert(path.as_bytes(), kind, Meta::root(mode, EPOCH), Owner::Generated, None).unwrap();
    }

    /// The real program, with more arguments or variables that lead it into the tree. The tree's own path is cut from
    /// what it says.
    pub fn real(&self, program: &str, args: &[&str], variables: &[(&str, &str)], input: &str) -> Outcome {
        let mut command = Command::new(program);
        command.args(args).envs(variables.iter().copied()).env("LC_ALL", "C").env("PATH", PATH).stdin(Stdio::piped());
        command.env("SOURCE_DATE_EPOCH", EPOCH.to_string());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap_or_default();
        let output = child.wait_with_output().unwrap();
        let root = self.root().to_str().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(root, "");
        Outcome { status: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// The applet.
    pub fn ours(&mut self, program: &str, args: &[&str], variables: &[(&str, &str)], input: &str) -> Outcome {
        let applet = command::applet(program.as_bytes()).unwrap();
        self.run(program, args, variables, input, applet)
    }

    /// What stands for a program of the tree, started as a script starts it: by its name, or by its path.
    pub fn started(&mut self, program: &str, args: &[&str], variables: &[(&str, &str)], input: &str) -> Outcome {
        let variables: Vec<(&str, &str)> = std::iter::once(("PATH", PATH)).chain(variables.iter().copied()).collect();
        self.run(program, args, &variables, input, command::exec)
    }

    fn run(
        &mut self,
        program: &str,
        args: &[&str],
        variables: &[(&str, &str)],
        input: &str,
        applet: Applet,
    ) -> Outcome {
        let read = |content: &Content| match content {
            Content::Bytes(bytes) => Ok(Arc::clone(bytes)),
            Content::Entry { .. } => Err("no store".to_owned()),
        };
        let epoch = Epoch::try_from(EPOCH).unwrap();
        let mut system = System::new(&mut self.tree, Arch::Amd64, epoch, Limits::default(), &read);
        let args = std::iter::once(&program).chain(args).map(|arg| arg.as_bytes().to_vec()).collect();
        let env: BTreeMap<Vec<u8>, Vec<u8>> =
            variables.iter().map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec())).collect();
        let mut process = Process::new(args, env);
        let (out, err) = (Stream::pipe(""), Stream::pipe(""));
        process.streams.set(0, Stream::pipe(input));
        process.streams.set(1, out.clone());
        process.streams.set(2, err.clone());
        let status = match applet(&mut system, &mut process) {
            Ok(status) => status.into(),
            Err(stop) => return Outcome { status: -2, out: String::new(), err: format!("{stop}") },
        };
        let text = |open| String::from_utf8_lossy(&Stream::drain(open)).into_owned();
        Outcome { status, out: text(&out), err: text(&err) }
    }

    /// The bytes of a file in memory.
    pub fn bytes(&self, path: &str) -> Vec<u8> {
        match self.tree.follow(path.as_bytes()).unwrap().unwrap().kind {
            Kind::File(Content::Bytes(bytes)) => bytes.to_vec(),
            other => panic!("{path} is {other:?}"),
        }
    }

    /// Where both trees differ: kinds, modes, owners, bytes, targets; all but what `ignored` names. Empty when they are
    /// the same.
    pub fn differences(&self, ignored: &[&str]) -> Vec<String> {
        let mut theirs = BTreeMap::new();
        let mut open = vec![self.root().to_owned()];
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                let meta = fs::symlink_metadata(&path).unwrap();
                let name = path.strip_prefix(self.root()).unwrap().to_str().unwrap().to_owned();
                let kind = if meta.is_dir() {
                    open.push(path);
                    "folder".to_owned()
                } else if meta.is_symlink() {
                    format!("-> {}", fs::read_link(&path).unwrap().display())
                } else {
                    on_disk(&path, &meta)
                };
                let mode = if meta.is_symlink() { 0o777 } else { meta.mode() & 0o7777 };
                let owner = if fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0) {
                    (meta.uid(), meta.gid())
                } else {
                    (0, 0)
                };
                theirs.insert(name, format!("{mode:o} {owner:?} {kind}"));
            }
        }
        let mut ours = BTreeMap::new();
        for (path, node) in self.tree.walk() {
            let kind = match node.kind {
                Kind::Directory => "folder".to_owned(),
                Kind::Symlink(target) => format!("-> {}", String::from_utf8_lossy(target)),
                Kind::File(Content::Bytes(bytes)) => shown(bytes),
                other => format!("{other:?}"),
            };
            let meta = node.meta;
            let owner =
                if fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0) { (meta.uid, meta.gid) } else { (0, 0) };
            ours.insert(String::from_utf8_lossy(&path).into_owned(), format!("{:o} {owner:?} {kind}", meta.mode));
        }
        let drop = |tree: &mut BTreeMap<String, String>| {
            tree.retain(|path, _| !path.is_empty() && !ignored.iter().any(|other| path.starts_with(other)));
        };
        drop(&mut theirs);
        drop(&mut ours);
        let paths: BTreeSet<&String> = theirs.keys().chain(ours.keys()).collect();
        paths
            .into_iter()
            .filter(|path| theirs.get(*path) != ours.get(*path))
            .map(|path| format!("{path}\n  real {:?}\n  ours {:?}", theirs.get(path), ours.get(path)))
            .collect()
    }
}

/// A file's bytes, or what else there is, in the words of [`Kind`].
fn on_disk(path: &Path, meta: &fs::Metadata) -> String {
    match meta.mode() & 0o170_000 {
        0o010_000 => format!("{:?}", Kind::Fifo),
        0o100_000 => shown(&fs::read(path).unwrap()),
        other => format!("kind {other:o}"),
    }
}

fn shown(bytes: &[u8]) -> String {
    format!("{} bytes {:?}", bytes.len(), String::from_utf8_lossy(bytes.get(..bytes.len().min(2000)).unwrap()))
}

/// What differed in a list of calls; a test ends with it.
#[derive(Default)]
pub struct Findings(Vec<String>);

impl Findings {
    /// Compares what was said, and what is there.
    pub fn call(&mut self, call: &str, twin: &Twin, ours: &Outcome, real: &Outcome, ignored: &[&str]) {
        if ours != real {
            self.0.push(format!("{call}\n  real {real:?}\n  ours {ours:?}"));
        }
        self.0.extend(twin.differences(ignored).into_iter().map(|text| format!("{call}\n {text}")));
    }
}

impl Drop for Findings {
    fn drop(&mut self) {
        assert!(
            self.0.is_empty() || std::thread::panicking(),
            "{}",
            self.0.iter().take(12).cloned().collect::<Vec<_>>().join("\n\n")
        );
    }
}

/// Whether a real program is on this machine; the comparison is left out where it is not.
pub fn is_here(program: &str) -> bool {
    PATH.split(':').any(|folder| Path::new(folder).join(program).exists())
}
