//! The layers of images as programs of others read them: the same tar whatever the compression, the same entries whoever
//! lists them (OUT-10).

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::data::permissions;
use crate::image::{Built, jre, jre_gzip};
use crate::support::run::{scratch, succeed, tool};
use crate::support::treediff::{self, Snapshot};

/// What one entry of a tar says: the kind's letter and mode, owner, size, seconds, path, and what a link leads to.
type Listing = Vec<String>;

/// Prints each entry as [`Listing`] has it.
const PYTHON: &str = "import sys, tarfile, stat
for m in tarfile.open(sys.argv[1]):
    t = '-' if m.isfile() else 'h' if m.islnk() else 'l' if m.issym() else 'd' if m.isdir() else \
    'c' if m.ischr() else 'b' if m.isblk() else 'p'
    link = ' -> ' + m.linkname if t == 'l' else ' link to ' + m.linkname if t == 'h' else ''
    size = f'{m.devmajor},{m.devminor}' if t in 'cb' else 0 if t == 'h' else m.size
    print(t + stat.filemode(m.mode)[1:], f'{m.uid}/{m.gid}', size, int(m.mtime), m.name + link)";

#[test]
fn out_10_four_readers_list_the_same_entries() {
    let folder = scratch("layers");
    let mut entries = 0;
    for arch in ["amd64", "arm64"] {
        let gzipped = layers(jre_gzip(), arch);
        for (number, layer) in layers(jre(), arch).into_iter().enumerate() {
            let plain = folder.join("layer.tar");
            decompress("zstd", &layer.path, &plain);
            let sum = succeed(tool("sha256sum", ["--binary"]).arg(&plain));
            assert!(layer.diff_id.ends_with(sum.split(' ').next().unwrap()), "{arch} layer {number}: {sum}");
            let again = folder.join("again.tar");
            decompress("gzip", &gzipped[number].path, &again);
            succeed(&mut tool("cmp", [&plain, &again]));

            let crates = of_crate(&plain);
            for (reader, listing) in
                [("Python", of_python(&plain)), ("GNU tar", of_gnu(&plain)), ("bsdtar", of_bsdtar(&plain))]
            {
                // bsdtar shows no seconds.
                let shown = |line: &String| if reader == "bsdtar" { without_time(line) } else { line.clone() };
                let expected: Listing = crates.iter().map(shown).collect();
                let different = expected.iter().zip(&listing).find(|(ours, theirs)| ours != theirs);
                assert_eq!(different, None, "{arch} layer {number}: the tar crate, then {reader}");
                assert_eq!(expected.len(), listing.len(), "{arch} layer {number}: {reader}");
            }
            entries += crates.len();
        }
    }
    println!("GNU tar, bsdtar, Python's tarfile and the tar crate agree on {entries} entries");
    assert!(entries > 10_000);
}

/// One layer of an image.
struct Layer {
    path: PathBuf,
    media_type: String,
    diff_id: String,
}

/// The layers of a platform, the lowest first.
fn layers(built: &Built, arch: &str) -> Vec<Layer> {
    let manifest = built.json(built.manifest(arch)["digest"].as_str().unwrap());
    let config = built.json(manifest["config"]["digest"].as_str().unwrap());
    let diff_ids = config["rootfs"]["diff_ids"].as_array().unwrap();
    let layers = manifest["layers"].as_array().unwrap();
    assert_eq!(layers.len(), diff_ids.len());
    let layer = |(layer, diff_id): (&serde_json::Value, &serde_json::Value)| {
        let hex = layer["digest"].as_str().unwrap().trim_start_matches("sha256:");
        Layer {
            path: built.layout.join("blobs/sha256").join(hex),
            media_type: layer["mediaType"].as_str().unwrap().to_owned(),
            diff_id: diff_id.as_str().unwrap().to_owned(),
        }
    };
    layers.iter().zip(diff_ids).map(layer).collect()
}

/// What the layers come to, as libraries of others decompress and read them; read once an image.
pub(crate) fn tree_of(built: &Built, arch: &str) -> Arc<Snapshot> {
    static READ: Mutex<BTreeMap<String, Arc<Snapshot>>> = Mutex::new(BTreeMap::new());
    let manifest = built.manifest(arch)["digest"].as_str().unwrap().to_owned();
    if let Some(tree) = READ.lock().unwrap().get(&manifest) {
        return Arc::clone(tree);
    }
    let tree = Arc::new(treediff::of_tars(tars(built, arch)));
    READ.lock().unwrap().insert(manifest, Arc::clone(&tree));
    tree
}

/// The layers of a platform, decompressed by libraries of others, the lowest first.
pub(crate) fn tars(built: &Built, arch: &str) -> impl Iterator<Item = Box<dyn Read>> {
    layers(built, arch).into_iter().map(|layer| -> Box<dyn Read> {
        let file = BufReader::new(File::open(&layer.path).unwrap());
        match layer.media_type.as_str() {
            "application/vnd.oci.image.layer.v1.tar+zstd" => Box::new(zstd::Decoder::new(file).unwrap()),
            other => {
                assert_eq!(other, "application/vnd.oci.image.layer.v1.tar+gzip");
                Box::new(flate2::read::MultiGzDecoder::new(file))
            }
        }
    })
}

fn decompress(program: &str, from: &Path, to: &Path) {
    let status = tool(program, ["-dc"]).arg(from).stdout(File::create(to).unwrap()).status().unwrap();
    assert!(status.success(), "{program} cannot decompress {}", from.display());
}

fn of_crate(tar: &Path) -> Listing {
    let mut archive = tar::Archive::new(BufReader::new(File::open(tar).unwrap()));
    let line = |entry: std::io::Result<tar::Entry<'_, BufReader<File>>>| {
        let entry = entry.unwrap();
        let header = entry.header();
        let target = || entry.link_name_bytes().map(|target| String::from_utf8_lossy(&target).into_owned()).unwrap();
        let device = || (header.device_major().unwrap().unwrap(), header.device_minor().unwrap().unwrap());
        let device = || format!("{},{}", device().0, device().1);
        let (letter, size, link) = match header.entry_type() {
            tar::EntryType::Directory => ('d', "0".into(), String::new()),
            tar::EntryType::Symlink => ('l', "0".into(), format!(" -> {}", target())),
            tar::EntryType::Link => ('h', "0".into(), format!(" link to {}", target())),
            tar::EntryType::Char => ('c', device(), String::new()),
            tar::EntryType::Block => ('b', device(), String::new()),
            tar::EntryType::Fifo => ('p', "0".into(), String::new()),
            _ => ('-', entry.size().to_string(), String::new()),
        };
        let (mode, uid, gid) = (header.mode().unwrap(), header.uid().unwrap(), header.gid().unwrap());
        let path = entry.path_bytes();
        let path = path.strip_suffix(b"/").unwrap_or(&path);
        let (time, path) = (header.mtime().unwrap(), String::from_utf8_lossy(path));
        format!("{letter}{} {uid}/{gid} {size} {time} {path}{link}", permissions(mode))
    };
    archive.entries().unwrap().map(line).collect()
}

fn of_python(tar: &Path) -> Listing {
    let listed = succeed(tool("python3", ["-c", PYTHON]).arg(tar).env("PYTHONUTF8", "1"));
    listed.lines().map(str::to_owned).collect()
}

/// `-rwxr-xr-x 0/0  68496 2022-09-20 10:53:45 usr/bin/[`
fn of_gnu(tar: &Path) -> Listing {
    let arguments = ["-tv", "--numeric-owner", "--full-time", "--quoting-style=literal", "-f"];
    let listed = succeed(tool("tar", arguments).arg(tar).env("TZ", "UTC").env("LC_ALL", "C.UTF-8"));
    let line = |line: &str| {
        let ([mode, owner, size, date, time], path) = columns(line);
        let seconds = format!("{date}T{time}Z").parse::<jiff::Timestamp>().unwrap().as_second();
        format!("{mode} {owner} {size} {seconds} {}", slashless(path))
    };
    listed.lines().map(line).collect()
}

/// `-rwxr-xr-x  0 0      0       68496 Sep 20  2022 usr/bin/[`
fn of_bsdtar(tar: &Path) -> Listing {
    let listed =
        succeed(tool("bsdtar", ["-tv", "--numeric-owner", "-f"]).arg(tar).env("TZ", "UTC").env("LC_ALL", "C.UTF-8"));
    let line = |line: &str| {
        let ([mode, _links, uid, gid, size, _month, _day, _year], path) = columns(line);
        let mode = if path.contains(" link to ") { format!("h{}", &mode[1..]) } else { mode.to_owned() };
        format!("{mode} {uid}/{gid} {size} {}", slashless(path))
    };
    listed.lines().map(line).collect()
}

/// The first words of a line, and all that follows them.
fn columns<const N: usize>(line: &str) -> ([&str; N], &str) {
    let mut rest = line;
    let words = [(); N].map(|()| {
        let (word, after) = rest.trim_start().split_once(' ').unwrap();
        rest = after;
        word
    });
    (words, rest)
}

fn slashless(path: &str) -> &str {
    path.strip_suffix('/').unwrap_or(path)
}

fn without_time(line: &str) -> String {
    let ([mode, owner, size, _time], path) = columns(line);
    format!("{mode} {owner} {size} {path}")
}
