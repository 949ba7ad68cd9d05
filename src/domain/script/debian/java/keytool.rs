//! `keytool`(1) `-list -rfc`: what a key store has, by its aliases.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::super::process::Process;
use super::super::super::stop::Stop;
use super::super::super::system::System;
use super::super::failure::text;
use super::store;
use crate::formats::jks::{Entry, KeyStore};

/// Runs it.
pub(in super::super) fn keytool(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let args: Vec<String> = process.arguments().iter().map(|arg| text(arg)).collect();
    let mut words = args.iter().map(String::as_str);
    let (mut list, mut rfc, mut password, mut path) = (false, false, None, None);
    while let Some(word) = words.next() {
        match word {
            "-list" => list = true,
            "-rfc" => rfc = true,
            "-storepass" => password = words.next(),
            "-keystore" => path = words.next().map(|path| process.path(path.as_bytes())),
            "-cacerts" => {
                let home = super::home(system, process);
                path = home.map(|home| [&home[..], b"/lib/security/cacerts"].concat());
            }
            _ => return Err(Stop::unsupported("keytool", format!("the call `keytool {}`", args.join(" ")))),
        }
    }
    let (true, true, Some(password), Some(path)) = (list, rfc, password, path) else {
        return Err(Stop::unsupported("keytool", format!("the call `keytool {}`", args.join(" "))));
    };
    let shown = match store::load(system, &path, password)? {
        Some(Ok(store)) => show(system, &store)?,
        Some(Err(why)) => return refuse(system, process, &format!("java.io.IOException: {why}")),
        None => {
            let why = format!("java.lang.Exception: Keystore file does not exist: /{}", text(&path));
            return refuse(system, process, &why);
        }
    };
    process.out(system, shown.as_bytes())?;
    Ok(0)
}

fn refuse(system: &mut System<'_>, process: &mut Process, why: &str) -> Result<u8, Stop> {
    process.out(system, format!("keytool error: {why}\n").as_bytes())?;
    Ok(1)
}

fn show(system: &mut System<'_>, store: &KeyStore) -> Result<String, Stop> {
    let mut entries = store.entries();
    entries.sort_by_key(|(alias, _)| alias.encode_utf16().collect::<Vec<_>>());
    let count = match entries.len() {
        1 => "1 entry".to_owned(),
        n => format!("{n} entries"),
    };
    let mut out = format!("Keystore type: JKS\nKeystore provider: SUN\n\nYour keystore contains {count}\n\n");
    for (alias, entry) in entries {
        let Entry::Certificate { time, der } = entry else {
            return Err(Stop::unsupported("keytool", "a key store with private keys"));
        };
        let date = jiff::Timestamp::from_millisecond(*time).unwrap_or_default().strftime("%b %-d, %Y").to_string();
        out += &format!("Alias name: {alias}\nCreation date: {date}\nEntry type: trustedCertEntry\n\n");
        out += "-----BEGIN CERTIFICATE-----\n";
        let base64 = STANDARD.encode(der);
        // The lines of the Base64 end as MIME's do.
        let lines: Vec<&[u8]> = base64.as_bytes().chunks(64).collect();
        out += &text(&lines.join(&b"\r\n"[..]));
        let stars = "*******************************************\n";
        out += &format!("\n-----END CERTIFICATE-----\n\n\n{stars}{stars}\n\n");
        system.budget.bytes(der.len())?;
    }
    Ok(out)
}
