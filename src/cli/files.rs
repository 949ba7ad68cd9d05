//! `mokapot files`: what is in an image.

use serde::Serialize;
use serde_json::json;

use super::Outcome;
use super::arch::arch;
use super::image_name::ImageArgument;
use super::session::{DONE, Session};
use super::table::table;
use crate::base::{Arch, redact};
use crate::domain::rootfs::{Kind, Node};
use crate::ops::contents::{self, Remember, layer_of};
use crate::ops::not_there::NotThere;

/// List the files of an image: mode, owner, size, layer, package and path.
///
/// Shows one platform, with its layers laid one over the other; sizes are in bytes. Layers are numbered as `mokapot inspect` does.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  mokapot files jre-11                        everything, of the first platform
  mokapot files jre-11 /etc --arch arm64      what is at /etc and below
  mokapot files jre-11 '*.so.6' '/usr/bin/j*' what these patterns match")]
pub(super) struct Files {
    #[command(flatten)]
    image: ImageArgument,
    /// Only these paths and what is below them; with `*` or `?` a pattern of the whole path, slashes included.
    #[arg(value_name = "PATH")]
    paths: Vec<String>,
    /// The platform [default: the first of the image].
    #[arg(long, value_name = "ARCH", value_parser = arch())]
    arch: Option<Arch>,
}

/// One line.
#[derive(Serialize)]
struct File {
    path: String,
    #[serde(rename = "type")]
    kind: &'static str,
    mode: String,
    uid: u32,
    gid: u32,
    size: u64,
    layer: Option<usize>,
    packages: Vec<String>,
    target: Option<String>,
    device: Option<[u32; 2]>,
    links: u32,
}

impl Files {
    pub(super) fn run(self, session: &Session<'_>) -> Outcome {
        let (platform, contents) = session.run(async {
            let (images, selector) = session.open_image(&self.image.image, &self.image.registries.insecure)?;
            contents::open(&images, selector.as_ref(), self.arch, Remember::DATABASE).await
        })?;
        let installed = contents.installed()?;
        let mut files = Vec::new();
        for (path, node) in contents.tree.walk() {
            let shown = format!("/{}", redact::printable_bytes(&path));
            if self.wants(&shown) {
                let packages = installed.owners(&path).iter().map(|package| package.name.clone()).collect();
                files.push(File::new(shown, &node, packages));
            }
        }
        if let Some(missing) = self.paths.iter().find(|wanted| !files.iter().any(|file| matches(wanted, &file.path))) {
            let paths = contents.tree.walk().skip(1).map(|(path, _)| format!("/{}", redact::printable_bytes(&path)));
            return Err(NotThere::path(missing, &platform.platform, paths).into());
        }
        let head = ["mode", ">owner", ">size", ">layer", "package", "path"];
        let text = table(&head, files.iter().map(File::row));
        session.print(text, &json!({ "platform": platform.platform, "digest": platform.digest, "files": files }))?;
        DONE
    }

    fn wants(&self, path: &str) -> bool {
        self.paths.is_empty() || self.paths.iter().any(|wanted| matches(wanted, path))
    }
}

/// Whether a path is meant by a pattern, or is the path named or below it.
fn matches(wanted: &str, path: &str) -> bool {
    if wanted.contains(['*', '?']) {
        return glob(wanted.as_bytes(), path.as_bytes());
    }
    let wanted = wanted.trim_matches('/');
    let rest = path.trim_start_matches('/').strip_prefix(wanted);
    rest.is_some_and(|rest| wanted.is_empty() || rest.is_empty() || rest.starts_with('/'))
}

/// Whether the text as a whole is what the pattern says: `?` is any byte, `*` any bytes.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut here) = (0, 0);
    // After the last `*`, and where its match ends for now.
    let mut retry: Option<(usize, usize)> = None;
    while here < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                at += 1;
                retry = Some((at, here));
            }
            Some(wanted) if *wanted == b'?' || text.get(here) == Some(wanted) => (at, here) = (at + 1, here + 1),
            _ => match &mut retry {
                Some((after, end)) => {
                    *end += 1;
                    (at, here) = (*after, *end);
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(at).all(|rest| *rest == b'*')
}

impl File {
    fn new(path: String, node: &Node<'_>, packages: Vec<String>) -> Self {
        let (kind, size, device) = match node.kind {
            Kind::File(content) => ("file", content.len(), None),
            Kind::Directory => ("directory", 0, None),
            Kind::Symlink(_) => ("symlink", 0, None),
            Kind::CharDevice(major, minor) => ("character-device", 0, Some([*major, *minor])),
            Kind::BlockDevice(major, minor) => ("block-device", 0, Some([*major, *minor])),
            Kind::Fifo => ("named-pipe", 0, None),
        };
        Self {
            path,
            kind,
            mode: format!("{:04o}", node.meta.mode),
            uid: node.meta.uid,
            gid: node.meta.gid,
            size,
            layer: layer_of(node).map(|layer| layer + 1),
            packages,
            target: node.target().map(redact::printable_bytes),
            device,
            links: node.links,
        }
    }

    fn row(&self) -> Vec<String> {
        let letter = match self.kind {
            "directory" => 'd',
            "symlink" => 'l',
            "character-device" => 'c',
            "block-device" => 'b',
            "named-pipe" => 'p',
            _ => '-',
        };
        let target = self.target.as_ref().map(|target| format!(" -> {target}")).unwrap_or_default();
        let size = self.device.map_or_else(|| self.size.to_string(), |[major, minor]| format!("{major},{minor}"));
        vec![
            format!("{letter}{}", self.mode),
            format!("{}:{}", self.uid, self.gid),
            size,
            self.layer.map_or_else(|| "-".into(), |layer| layer.to_string()),
            match self.packages.as_slice() {
                [] => "-".into(),
                [package] => package.clone(),
                several => format!("{} packages", several.len()),
            },
            format!("{}{target}", self.path),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_path_is_meant_by_itself_its_parents_and_patterns() {
        for (wanted, path, meant) in [
            ("/", "/etc/passwd", true),
            ("/etc", "/etc", true),
            ("etc/", "/etc/passwd", true),
            ("/etc", "/etcetera", false),
            ("/usr/bin/j*", "/usr/bin/java", true),
            ("*.so.?", "/usr/lib/libc.so.6", true),
            ("*.so.?", "/usr/lib/libc.so.60", false),
            ("*lib*c*", "/usr/lib/abc", true),
            ("/usr/?", "/usr/", false),
            ("*", "/", true),
        ] {
            assert_eq!(matches(wanted, path), meant, "{wanted} {path}");
        }
    }
}
