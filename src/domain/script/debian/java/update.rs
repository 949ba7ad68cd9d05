//! `ca-certificates-java.jar`: brings `/etc/ssl/certs/java/cacerts` to what lines on standard input ask for.
//!
//! `+FILE` puts the file's first certificate in as `debian:NAME` (the file's name in small letters, with the build's
//! time), `-FILE` takes it away. What cannot be read is warned of and left.

use super::super::super::process::Process;
use super::super::super::stop::Stop;
use super::super::super::system::System;
use super::super::failure::{Failure, text};
use super::{jar, store};
use crate::formats::jks::{Entry, KeyStore};
use crate::formats::x509;

const CACERTS: &[u8] = b"etc/ssl/certs/java/cacerts";

/// Runs it: `jar` is its path, `arguments` are its own.
pub(super) fn update(
    system: &mut System<'_>,
    process: &mut Process,
    jar: &str,
    arguments: &[&str],
) -> Result<u8, Failure> {
    let path = process.path(jar.as_bytes());
    let Ok(bytes) = system.read(&path) else { return say(system, process, 2, "Error: Unable to access jarfile", jar) };
    let behaviour = jar::behaviour(&bytes)?;
    let home = super::home(system, process).ok_or_else(|| Stop::unsupported("java", "a Java without a folder"))?;
    let settings = [&home[..], b"/conf/security/java.security"].concat();
    if !system.exists(&settings) && !system.exists(&[&home[..], b"/lib/security/java.security"].concat()) {
        // As it is while the package of that Java is unpacked and not configured.
        return say(system, process, 2, "Exception:", "java.lang.InternalError: Error loading java.security file");
    }
    let password = match arguments {
        [] => "changeit",
        ["-storepass", password] => password,
        _ => {
            let usage = "java org.debian.security.UpdateCertificates [-storepass <password>]";
            return say(system, process, 2, "Usage:", usage);
        }
    };
    let mut store = match store::load(system, CACERTS, password)? {
        None => KeyStore::default(),
        Some(Ok(store)) => store,
        Some(Err(why)) => {
            let what = format!("Cannot open Java keystore. Is the password correct? ({why})");
            return say(system, process, 2, "InvalidKeystorePasswordException:", &what);
        }
    };
    let input = process.read_all(system, 0).unwrap_or_default();
    for line in lines(&text(&input)) {
        system.budget.step(1)?;
        let Some(operation) = line.chars().next() else {
            if behaviour.old {
                return say(system, process, 2, "Exception:", "java.lang.StringIndexOutOfBoundsException");
            }
            continue;
        };
        let file = line.get(operation.len_utf8()..).unwrap_or_default();
        let name = file.rsplit('/').next().unwrap_or_default();
        let alias = format!("debian:{name}");
        match operation {
            '+' => add(system, process, &mut store, &alias, file)?,
            '-' => {
                remove(system, process, &mut store, &alias)?;
                if behaviour.old {
                    remove(system, process, &mut store, name)?;
                }
            }
            _ => say(system, process, 2, "Unknown input:", line).map(drop)?,
        }
    }
    let new = store.to_bytes(password).map_err(|error| Stop::unsupported("java", error.to_string()))?;
    system.budget.bytes(new.len())?;
    match system.write_file(CACERTS, new, process.umask) {
        Ok(()) => Ok(0),
        Err(error) => {
            let what = format!("There was a problem saving the new Java keystore. ({error})");
            say(system, process, 2, "UnableToSaveKeystoreException:", &what)
        }
    }
}

/// Lines as `BufferedReader` parts them.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r'))
}

fn add(
    system: &mut System<'_>,
    process: &mut Process,
    store: &mut KeyStore,
    alias: &str,
    file: &str,
) -> Result<(), Failure> {
    let read = match file {
        "" => Err(" (No such file or directory)".to_owned()),
        _ => system.read(&process.path(file.as_bytes())).map_err(|error| format!("{file} ({error})")),
    };
    let parsed = read.and_then(|bytes| {
        x509::first_certificate(&bytes)
            .map_err(|error| format!("Could not parse certificate: java.io.IOException: {}", error.reason()))
    });
    match parsed {
        Err(why) => {
            let what = format!("there was a problem reading the certificate file {file}. Message:\n  {why}");
            say(system, process, 2, "Warning:", &what)?;
        }
        Ok(der) => {
            let replaces = store.contains(alias);
            say(system, process, 1, if replaces { "Replacing" } else { "Adding" }, alias)?;
            // It goes to where a new one goes, not to the old one's place.
            store.remove(alias);
            let time = system.epoch.seconds().saturating_mul(1000);
            store.insert(alias, Entry::Certificate { time, der });
        }
    }
    Ok(())
}

fn remove(system: &mut System<'_>, process: &mut Process, store: &mut KeyStore, alias: &str) -> Result<(), Failure> {
    if store.contains(alias) {
        say(system, process, 1, "Removing", alias)?;
        store.remove(alias);
    }
    Ok(())
}

/// Says a line; the status of a program that ends with it.
fn say(system: &mut System<'_>, process: &mut Process, fd: u32, what: &str, of: &str) -> Result<u8, Failure> {
    process.write(system, fd, format!("{what} {of}\n").as_bytes()).map(drop)?;
    Ok(1)
}
