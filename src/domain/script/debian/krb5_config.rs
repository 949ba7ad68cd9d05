//! `krb5-config`'s config and postinst scripts, which are Perl programs (2.6+nmu1 and 2.7): debconf's questions about the
//! realm, and `/etc/krb5.conf` from the package's template with the answers in it.
//!
//! The machine has no name, no domain and no DNS, so a realm is known only from a preseeded answer or from an
//! `/etc/krb5.conf` that is there.

use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;
use super::confmodule::{ConfModule, Started};
use super::failure::{Failure, conclude};
use super::pattern::{Pattern, lines, words};

const FILE: &[u8] = b"etc/krb5.conf";
const NEW: &[u8] = b"etc/krb5.conf.dpkg-new";
const TEMPLATE: &[u8] = b"usr/share/kerberos-configs/krb5.conf.template";

const REALM: &str = "krb5-config/default_realm";
const READ: &str = "krb5-config/read_conf";
const ADD: &str = "krb5-config/add_servers";
const ADDED_TO: &str = "krb5-config/add_servers_realm";
const SERVERS: &str = "krb5-config/kerberos_servers";
const ADMIN: &str = "krb5-config/admin_server";

/// Realms whose servers the template had when the script was written: none is asked for these.
const REALMS: [&str; 10] = [
    "1TS.ORG",
    "ANDREW.CMU.EDU",
    "ATHENA.MIT.EDU",
    "CS.CMU.EDU",
    "CSAIL.MIT.EDU",
    "DEMENTIA.ORG",
    "IHTFP.ORG",
    "UTORONTO.CA",
    "ZONE.MIT.EDU",
    "stanford.edu",
];

/// What an `/etc/krb5.conf` says.
struct Said {
    default_realm: Vec<u8>,
    realms: Vec<Vec<u8>>,
}

/// `krb5-config.config`.
pub(super) fn config(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let debconf = match start(system, process)? {
        Started::Talking(debconf) => debconf,
        Started::Ran(status) => return Ok(status),
    };
    debconf.ask(system, process, &[b"SETTITLE", b"krb5-config/title"])?;
    let mut said = None;
    if debconf.get(system, process, READ)? == b"true" {
        said = read(system)?;
    }
    let mut realm = said.as_ref().map(|said| said.default_realm.clone()).unwrap_or_default();
    let realms = said.map_or_else(|| REALMS.map(|realm| realm.as_bytes().to_vec()).to_vec(), |said| said.realms);
    let found = truth(&realm);
    if !found {
        realm = debconf.get(system, process, REALM)?;
    }
    if truth(&realm) {
        if system.stat(b"usr/bin/host").is_err() {
            return Ok(0);
        }
        debconf.set(system, process, REALM, &realm)?;
    }
    let sure = found || realms.contains(&realm);
    debconf.input(system, process, if sure { "medium" } else { "critical" }, REALM)?;
    debconf.go(system, process)?;
    realm = debconf.get(system, process, REALM)?;
    let before = debconf.get(system, process, ADDED_TO)?;
    if truth(&before) && before != realm {
        for question in [ADD, SERVERS, ADMIN] {
            debconf.ask(system, process, &[b"RESET", question.as_bytes()])?;
        }
    }
    if !realms.contains(&realm) {
        servers(system, process, &debconf, &realm, &before)?;
    }
    debconf.set(system, process, READ, b"false")?;
    Ok(0)
}

/// Asks for the servers of a realm that nothing is known of.
fn servers(
    system: &mut System<'_>,
    process: &mut Process,
    debconf: &ConfModule,
    realm: &[u8],
    before: &[u8],
) -> Result<(), Stop> {
    let words: [&[u8]; 3] = [b"METAGET", b"krb5-config/no_dns", b"Extended_description"];
    let text = debconf.ask(system, process, &words)?;
    debconf.ask(system, process, &[b"SUBST", ADD.as_bytes(), b"dns", &text])?;
    if before != realm {
        debconf.set(system, process, ADD, b"true")?;
    }
    debconf.input(system, process, "low", ADD)?;
    debconf.set(system, process, ADDED_TO, realm)?;
    debconf.go(system, process)?;
    if debconf.get(system, process, ADD)? != b"true" {
        return Ok(());
    }
    for question in [SERVERS, ADMIN] {
        debconf.ask(system, process, &[b"SUBST", question.as_bytes(), b"realm", realm])?;
    }
    debconf.input(system, process, "high", SERVERS)?;
    debconf.get(system, process, ADMIN)?;
    debconf.input(system, process, "high", ADMIN)?;
    debconf.go(system, process)
}

/// `krb5-config.postinst`.
pub(super) fn postinst(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let debconf = match start(system, process)? {
        Started::Talking(debconf) => debconf,
        Started::Ran(status) => return Ok(status),
    };
    let [action, rest @ ..] = process.arguments() else { return Ok(0) };
    if !matches!(action.as_slice(), b"configure" | b"reconfigure") {
        return Ok(0);
    }
    if rest.first().is_some_and(|version| truth(version)) {
        return Err(Stop::unsupported("krb5-config/postinst", "an upgrade"));
    }
    let result = configure(system, process, &debconf);
    conclude(system, process, result)
}

fn configure(system: &mut System<'_>, process: &mut Process, debconf: &ConfModule) -> Result<u8, Failure> {
    debconf.set(system, process, READ, b"true")?;
    let realm = debconf.get(system, process, REALM)?;
    if system.lstat(FILE).is_ok_and(|node| node.target().is_some()) {
        return Ok(0);
    }
    if !system.exists(FILE) {
        let template = system.read(TEMPLATE).map_err(|error| failed("Unable to create /etc/krb5.conf", error))?;
        let mode = system.stat(TEMPLATE).map_or(0o644, |node| node.meta.mode) & !process.umask;
        system
            .create(FILE, template.to_vec(), mode)
            .map_err(|error| failed("Unable to create /etc/krb5.conf", error))?;
    }
    let old = system.read(FILE).map_err(|error| failed("Unable to open krb5.conf", error))?;
    let (text, known) = with_realm(&old, &realm)?;
    replace(system, process, text)?;
    if debconf.get(system, process, ADD)? != b"true" || known {
        return Ok(0);
    }
    let servers = take(system, process, debconf, SERVERS)?;
    if !truth(&servers) {
        return Ok(0);
    }
    let mut block = [b"[realms]\n\t", realm.as_slice(), b" = {\n"].concat();
    for server in words(&servers) {
        block.extend([b"\t\tkdc = ", server.as_slice(), b"\n"].concat());
    }
    let admin = take(system, process, debconf, ADMIN)?;
    if truth(&admin) {
        block.extend([b"\t\tadmin_server = ", admin.as_slice(), b"\n"].concat());
    }
    block.extend(b"\t}");
    let mut text = system.read(FILE).map_err(|error| failed("Unable to open krb5.conf", error))?.to_vec();
    if let Some(at) = text.windows(8).position(|window| window == b"[realms]") {
        text.splice(at..at + 8, block);
    }
    replace(system, process, text)?;
    Ok(0)
}

/// The text with the default realm in it, and whether the realm has servers there.
fn with_realm(text: &[u8], realm: &[u8]) -> Result<(Vec<u8>, bool), Stop> {
    let mut defaults = Section::new("libdefaults")?;
    let mut realms = Section::new("realms")?;
    let comment = Pattern::new(r"^\s*[#;]")?;
    let value = Pattern::new(r"\bdefault_realm\s*=\s*(\S+)")?;
    let line = Pattern::new(r"(?i)default_realm(\s*)=(.*)$")?;
    // The script takes the realm for an expression, too.
    let servers = Pattern::new(&format!(r"^\s*{}\s*=\s*\{{", String::from_utf8_lossy(realm)))?;
    let (mut new, mut known) = (Vec::new(), false);
    for old in lines(text) {
        if defaults.holds(old) {
            if comment.matches(old) {
                new.extend(old);
                continue;
            }
            if truth(realm) && value.groups(old).is_some_and(|groups| groups.last() != Some(&realm)) {
                let (body, end) = old.strip_suffix(b"\n").map_or((old, &b""[..]), |body| (body, b"\n"));
                new.extend(line.replace_all(body, |groups| {
                    [b"default_realm", groups.get(1).copied().unwrap_or_default(), b"= ", realm].concat()
                }));
                new.extend(end);
                known |= realms.holds(old) && servers.matches(old);
                continue;
            }
        }
        known |= realms.holds(old) && servers.matches(old);
        new.extend(old);
    }
    Ok((new, known))
}

/// What an `/etc/krb5.conf` that is there says.
fn read(system: &mut System<'_>) -> Result<Option<Said>, Stop> {
    let Ok(text) = system.read(FILE) else { return Ok(None) };
    let mut defaults = Section::new("libdefaults")?;
    let mut realms = Section::new("realms")?;
    let block = Pattern::new(r"^\s*([^\s=]+)\s*=\s*\{")?;
    let mut said = Said { default_realm: Vec::new(), realms: Vec::new() };
    for line in lines(&text) {
        let line = line.split(|byte| matches!(byte, b'#' | b'\n')).next().unwrap_or_default();
        if defaults.holds(line) {
            let mut fields = line.split(|byte| *byte == b'=').map(|field| words(field).concat());
            let (name, value) = (fields.next().unwrap_or_default(), fields.next().unwrap_or_default());
            let assigns = line.iter().position(|byte| matches!(byte, b'=' | b';'));
            let assigns = assigns.is_some_and(|at| at > 0 && line.get(at) == Some(&b'='));
            let names = |wanted: &[u8]| name.windows(wanted.len()).any(|window| window == wanted);
            if assigns && (names(b"default_realm") || names(b"default-realm")) {
                said.default_realm = value;
            }
        }
        if realms.holds(line)
            && let Some(groups) = block.groups(line)
        {
            said.realms.push(groups.last().copied().unwrap_or_default().to_vec());
        }
    }
    Ok(Some(said))
}

/// A section of the file, line by line, as the script's range operators see it: from its header to the next one's line.
struct Section {
    header: Pattern,
    next: Pattern,
    name: &'static str,
    inside: bool,
}

impl Section {
    fn new(name: &'static str) -> Result<Self, Stop> {
        let header = Pattern::new(&format!(r"(?i)^\s*\[{name}\]"))?;
        Ok(Self { header, next: Pattern::new(r"^\s*\[(\w*)")?, name, inside: false })
    }

    /// Whether the next line belongs to it; the header that ends it does.
    fn holds(&mut self, line: &[u8]) -> bool {
        if !self.inside {
            self.inside = self.header.matches(line);
            return self.inside;
        }
        let other = |groups: Vec<&[u8]>| {
            !groups.last().is_some_and(|name| name.to_ascii_lowercase().starts_with(self.name.as_bytes()))
        };
        self.inside = !self.next.groups(line).is_some_and(other);
        true
    }
}

fn start(system: &mut System<'_>, process: &mut Process) -> Result<Started, Stop> {
    let program = process.args.first().cloned().unwrap_or_default();
    let started = ConfModule::start(system, process, &program)?;
    if let Started::Talking(debconf) = &started {
        debconf.ask(system, process, &[b"VERSION", b"2.0"])?;
    }
    Ok(started)
}

/// A question's value, which is forgotten.
fn take(system: &mut System<'_>, process: &mut Process, debconf: &ConfModule, question: &str) -> Result<Vec<u8>, Stop> {
    let value = debconf.get(system, process, question)?;
    debconf.ask(system, process, &[b"RESET", question.as_bytes()])?;
    Ok(value)
}

fn replace(system: &mut System<'_>, process: &Process, text: Vec<u8>) -> Result<(), Failure> {
    system.write_file(NEW, text, process.umask).map_err(|error| failed("Unable too open temporary config", error))?;
    system.rename(NEW, FILE).map_err(|error| failed("Unable to rename file", error))
}

fn failed(what: &str, error: super::super::errno::Errno) -> Failure {
    Failure::Exit(2, format!("{what}: {error}"))
}

/// What Perl takes for true.
fn truth(value: &[u8]) -> bool {
    !value.is_empty() && value != b"0"
}
