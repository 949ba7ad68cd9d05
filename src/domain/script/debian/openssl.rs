//! `openssl rehash`(1ssl) and `openssl x509 -hash`(1ssl): links by which OpenSSL finds certificates in a folder.
//!
//! A link is called `HASH.N`: the hash of the subject, and a number that tells apart those of one hash, in the order of
//! their files' names. Links that are there and right keep their numbers.

use std::collections::{BTreeMap, BTreeSet};

use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;
use super::failure::{Failure, conclude, text};
use crate::domain::rootfs::Kind;
use crate::formats::x509;

/// `openssl`.
pub(super) fn openssl(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let args = process.arguments().to_vec();
    let (command, rest) = args.split_first().map_or((&b""[..], &[][..]), |(command, rest)| (command.as_slice(), rest));
    let result = match command {
        b"rehash" => rehash(system, process, rest),
        b"x509" => hash(system, process, rest),
        b"req" => return super::unmade::unmade(system, process),
        _ => Err(Stop::unsupported("openssl", format!("command {}", text(command))).into()),
    };
    conclude(system, process, result)
}

/// `c_rehash`, which is `openssl rehash` by another name.
pub(super) fn c_rehash(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let args = process.arguments().to_vec();
    let result = rehash(system, process, &args);
    conclude(system, process, result)
}

/// One certificate of a folder, or a link to one.
struct Entry {
    file: Vec<u8>,
    /// The number of a link that is there.
    old: Option<u32>,
    /// The certificate's fingerprint, where the file was read.
    digest: Option<[u8; 20]>,
}

fn rehash(system: &mut System<'_>, process: &mut Process, args: &[Vec<u8>]) -> Result<u8, Failure> {
    let mut verbose = false;
    let mut folders = Vec::new();
    for arg in args {
        match arg.as_slice() {
            b"-v" => verbose = true,
            arg if arg.first() == Some(&b'-') => {
                return Err(Stop::unsupported("openssl", format!("rehash {}", text(arg))).into());
            }
            folder => folders.push(folder.to_vec()),
        }
    }
    if folders.is_empty() {
        folders.push(b"/usr/lib/ssl/certs".to_vec());
    }
    for folder in folders {
        if verbose {
            process.out(system, format!("Doing {}\n", text(&folder)).as_bytes())?;
        }
        one_folder(system, process, &folder, verbose)?;
    }
    Ok(0)
}

fn one_folder(system: &mut System<'_>, process: &mut Process, folder: &[u8], verbose: bool) -> Result<(), Failure> {
    let path = process.path(folder);
    let names = system.names(&path);
    let names = names.map_err(|_| Failure::Exit(1, format!("Skipping {}, can't write", text(folder))))?;
    let inside = |name: &[u8]| [path.as_slice(), b"/", name].concat();
    let mut buckets: BTreeMap<u32, Vec<Entry>> = BTreeMap::new();
    for name in names {
        system.budget.step(1)?;
        let place = inside(&name);
        let target = system.lstat(&place).ok().and_then(|node| node.target().map(<[u8]>::to_vec));
        if let (Some((hash, number)), Some(target)) = (link_name(&name), target) {
            let bucket = buckets.entry(hash).or_default();
            let known = bucket.iter_mut().find(|entry| entry.file == target);
            match known {
                Some(entry) => entry.old = entry.old.or(Some(number)),
                None => bucket.push(Entry { file: target, old: Some(number), digest: None }),
            }
            continue;
        }
        let extension = name.rsplit(|byte| *byte == b'.').next().unwrap_or_default().to_ascii_lowercase();
        let named = name.contains(&b'.') && matches!(extension.as_slice(), b"pem" | b"crt" | b"cer" | b"crl");
        if !named || !system.stat(&place).is_ok_and(|node| matches!(node.kind, Kind::File(_))) {
            continue;
        }
        let bytes = system.read(&place).map_err(|error| Failure::call("cannot open", &place, error))?;
        if bytes.windows(14).any(|part| part == b"BEGIN X509 CRL" || part == b"BEGIN TRUSTED ") {
            return Err(Stop::unsupported("openssl", format!("rehash of {}", text(&name))).into());
        }
        let shown = text(&name);
        let all = x509::certificates(&bytes).unwrap_or_default();
        let [certificate] = all.as_slice() else {
            let text =
                format!("rehash: warning: skipping {shown},it does not contain exactly one certificate or CRL\n");
            process.write(system, 2, text.as_bytes()).map(drop)?;
            continue;
        };
        let hash = x509::subject_hash(certificate)
            .map_err(|error| Failure::from(Stop::unsupported("openssl", format!("rehash of {shown}: {error}"))))?;
        let digest = x509::fingerprint(certificate);
        let bucket = buckets.entry(hash).or_default();
        if bucket.iter().any(|entry| entry.digest == Some(digest)) {
            let text = format!("rehash: warning: skipping duplicate certificate in {shown}\n");
            process.write(system, 2, text.as_bytes()).map(drop)?;
            continue;
        }
        match bucket.iter_mut().find(|entry| entry.file == name) {
            Some(entry) => entry.digest = Some(digest),
            None => bucket.push(Entry { file: name, old: None, digest: Some(digest) }),
        }
    }
    for (hash, bucket) in buckets {
        let needed = u32::try_from(bucket.iter().filter(|entry| entry.digest.is_some()).count()).unwrap_or(u32::MAX);
        let stays = |entry: &Entry| entry.digest.is_some() && entry.old.is_some_and(|old| old < needed);
        let mut used: BTreeSet<u32> =
            bucket.iter().filter(|entry| stays(entry)).filter_map(|entry| entry.old).collect();
        for entry in &bucket {
            let link = |number: u32| format!("{hash:08x}.{number}");
            if entry.digest.is_none() || (!stays(entry) && entry.old.is_some()) {
                let old = link(entry.old.unwrap_or(0));
                if verbose {
                    process.out(system, format!("unlink {old}\n").as_bytes())?;
                }
                // A later link may have taken the name already.
                let _ = system.unlink(&inside(old.as_bytes()));
            }
            if entry.digest.is_none() {
                continue;
            }
            let number = match entry.old {
                Some(old) if stays(entry) => old,
                _ => (0..=needed).find(|number| !used.contains(number)).unwrap_or(needed),
            };
            let name = link(number);
            if verbose {
                process.out(system, format!("link {} -> {name}\n", text(&entry.file)).as_bytes())?;
            }
            if !stays(entry) {
                let place = inside(name.as_bytes());
                system
                    .replace(&place, Kind::Symlink(entry.file.as_slice().into()), 0o777)
                    .map_err(|error| Failure::call("Can't symlink", &place, error))?;
            }
            used.insert(number);
        }
    }
    Ok(())
}

/// The hash and the number of a link's name.
fn link_name(name: &[u8]) -> Option<(u32, u32)> {
    let (hash, number) = std::str::from_utf8(name).ok()?.split_once('.')?;
    let valid = hash.len() == 8 && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let number = number.parse().ok().filter(|number| *number < 256 && valid)?;
    Some((u32::from_str_radix(hash, 16).ok()?, number))
}

/// `openssl x509 -hash -noout -in FILE`.
fn hash(system: &mut System<'_>, process: &mut Process, args: &[Vec<u8>]) -> Result<u8, Failure> {
    let (mut file, mut hashes, mut silent) = (None, false, false);
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_slice() {
            b"-hash" | b"-subject_hash" => hashes = true,
            b"-noout" => silent = true,
            b"-in" => file = args.next(),
            other => return Err(Stop::unsupported("openssl", format!("x509 {}", text(other))).into()),
        }
    }
    if !hashes || !silent {
        return Err(Stop::unsupported("openssl", "x509 without -hash and -noout").into());
    }
    let bytes = match file {
        Some(file) => system.read(&process.path(file)).map(|bytes| bytes.to_vec()),
        None => process.read_all(system, 0),
    };
    let all = x509::certificates(&bytes.unwrap_or_default()).unwrap_or_default();
    let Some(hash) = all.first().and_then(|certificate| x509::subject_hash(certificate).ok()) else {
        let shown = file.map_or("stdin".to_owned(), |file| text(file));
        let text = format!("Could not read certificate from {shown}\nUnable to load certificate\n");
        process.write(system, 2, text.as_bytes()).map(drop)?;
        return Ok(1);
    };
    process.out(system, format!("{hash:08x}\n").as_bytes())?;
    Ok(0)
}
