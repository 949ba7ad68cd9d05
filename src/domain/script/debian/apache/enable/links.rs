//! The links of one module, configuration or site, and what its file says of it.

use super::super::super::failure::text;
use super::super::state::{End, Folders, Link, Object, path};
use super::Run;
use crate::domain::script::command;

/// Modules that are only disabled when somebody insists.
const ESSENTIAL: [&str; 16] = [
    "alias",
    "auth_basic",
    "authn_file",
    "authz_host",
    "authz_user",
    "autoindex",
    "deflate",
    "dir",
    "env",
    "filter",
    "logio",
    "mime",
    "negotiation",
    "setenvif",
    "unixd",
    "watchdog",
];

impl Run<'_, '_> {
    pub(super) fn enable(&mut self, name: &str, link: (&str, &str), conf: Option<(&str, &str)>) -> Result<bool, End> {
        let title = self.title();
        let check = self.check(link.0, link.1)?;
        if let Link::Wrong(why) = check {
            self.error(&format!("{title} {name} not properly enabled: {why}\n"))?;
            return Ok(false);
        }
        let is_there = matches!(check, Link::Right);
        let conf_check = match conf {
            Some((target, link)) => self.check(target, link)?,
            None => Link::Right,
        };
        match (conf_check, conf) {
            (Link::Wrong(why), _) => {
                self.error(&format!("Config file {name}.conf not properly enabled: {why}\n"))?;
                return Ok(false);
            }
            (Link::Missing, Some((target, link))) => {
                if is_there {
                    self.say(&format!("Enabling config file {name}.conf.\n"))?;
                }
                Folders::link(self.system, target, link)?;
                self.changed = true;
            }
            _ if is_there => self.info(&format!("{title} {name} already enabled\n"))?,
            _ => {}
        }
        if !is_there {
            let object = self.object.name();
            self.say(&format!("Enabling {object} {name}.\n"))?;
            self.special(name)?;
            Folders::link(self.system, link.0, link.1)?;
            self.changed = true;
            self.mark(name)?;
        }
        Ok(true)
    }

    pub(super) fn disable(&mut self, name: &str, link: &str, conf: Option<&str>) -> Result<bool, End> {
        let title = self.title();
        let conf = conf.filter(|conf| self.system.exists(path(conf)));
        if self.system.lstat(path(link)).is_ok() {
            self.special(name)?;
            if self.object == Object::Module && ESSENTIAL.contains(&name) && !self.force {
                self.insist(name)?;
            }
            self.unlink(link)?;
            if let Some(conf) = conf {
                self.unlink(conf)?;
            }
            self.mark(name)?;
            self.say(&format!("{title} {name} disabled.\n"))?;
        } else if let Some(conf) = conf {
            self.say(&format!("Disabling stale config file {name}.conf.\n"))?;
            self.unlink(conf)?;
        } else {
            self.info(&format!("{title} {name} already disabled\n"))?;
            if self.purge {
                self.mark(name)?;
            }
        }
        Ok(true)
    }

    pub(super) fn unlink(&mut self, link: &str) -> Result<(), End> {
        if self.system.lstat(path(link)).is_ok_and(|node| node.target().is_some()) {
            let gone = self.system.unlink(path(link));
            gone.map_err(|error| End::Die(2, format!("Could not remove {link}: {error}\n")))?;
        } else if self.system.exists(path(link)) {
            self.error(&format!("{link} is not a symbolic link, not deleting\n"))?;
            return Ok(());
        }
        self.changed = true;
        Ok(())
    }

    pub(super) fn check(&mut self, target: &str, link: &str) -> Result<Link, End> {
        let (link, said) = Folders::check(self.system, target, link);
        self.info(&said)?;
        Ok(link)
    }

    pub(super) fn mark(&mut self, name: &str) -> Result<(), End> {
        let (act, by, purge) = (self.act(), self.by, self.purge);
        self.folders.mark(self.system, act, by, name, purge)
    }

    /// A file's line `# Depends: …` or `# Conflicts: …`, which comes before all else.
    pub(super) fn header(&mut self, file: &str, field: &str) -> Result<Vec<String>, End> {
        let bytes = match self.system.read(path(file)) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.error(&format!("Can't open {file}: {error}"))?;
                return Ok(Vec::new());
            }
        };
        let start = format!("# {field}:");
        for line in text(&bytes).lines() {
            if let Some(rest) = line.strip_prefix(&start).filter(|rest| rest.starts_with(char::is_whitespace)) {
                return Ok(rest.split_whitespace().map(str::to_owned).collect());
            }
            let line = line.trim_start();
            if !line.is_empty() && !line.starts_with('#') {
                break;
            }
        }
        Ok(Vec::new())
    }

    /// Whether the processing module that is enabled has threads, as `apache2ctl -V` would say.
    pub(super) fn threaded(&mut self) -> Result<bool, End> {
        if !self.system.stat(b"usr/sbin/apache2ctl").is_ok_and(|node| node.meta.mode & 0o111 != 0) {
            return Err(End::Die(2, "Can't parse output from apache2ctl -V:\n\n".into()));
        }
        let has = |name: &str| self.system.exists(path(&format!("{}/mpm_{name}.load", self.folders.enabled)));
        if has("prefork") {
            return Ok(false);
        }
        if has("worker") || has("event") {
            return Ok(true);
        }
        self.error("Can't determine enabled MPM")?;
        Ok(false)
    }

    /// Two modules want more than a link.
    pub(super) fn special(&mut self, name: &str) -> Result<(), End> {
        match (self.object, name) {
            (Object::Module, "ssl") if self.enable => self.info(
                "See /usr/share/doc/apache2/README.Debian.gz on how to configure SSL and create self-signed \
                 certificates.\n",
            )?,
            (Object::Module, "cache_disk") => {
                self.cleans_cache = true;
                let (act, instance) = (self.act(), self.instance.clone());
                let verb = if self.enable { "Enabling" } else { "Disabling" };
                let systemd = self.system.stat(b"run/systemd").is_ok_and(|node| node.is_directory())
                    && self.system.stat(b"bin/systemctl").is_ok_and(|node| node.meta.mode & 0o111 != 0);
                let unit = match instance.strip_prefix('-') {
                    Some(instance) => format!("apache-htcacheclean@{instance}.service"),
                    None => "apache-htcacheclean".into(),
                };
                let script = format!("apache-htcacheclean{instance}");
                let words = if systemd { ["systemctl", act, &unit] } else { ["update-rc.d", &script, act] };
                self.info(&format!("{verb} external service {}\n", if systemd { &unit } else { &script }))?;
                let mut child = self.process.clone();
                child.args = words.map(|word| word.as_bytes().to_vec()).to_vec();
                if command::exec(self.system, &mut child)? != 0 {
                    let text = format!("WARNING: '{}' failed\n", words.join(" "));
                    self.process.write(self.system, 2, text.as_bytes()).map(drop)?;
                } else if self.enable {
                    self.info("The service will be started on next reboot.\n")?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}
