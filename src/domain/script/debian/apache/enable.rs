//! `a2enmod`, `a2dismod`, `a2enconf`, `a2disconf`, `a2ensite`, `a2dissite`: a program that goes by its name.

mod links;

use super::super::failure::text;
use super::super::options::{Line, flag};
use super::state::{End, Folders, Link, Object, path};
use crate::domain::script::core::pattern;
use crate::domain::script::process::Process;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

/// One run of the program.
struct Run<'r, 's> {
    system: &'r mut System<'s>,
    process: &'r mut Process,
    folders: Folders,
    object: Object,
    enable: bool,
    /// What follows the program's name: another instance's.
    instance: String,
    quiet: bool,
    force: bool,
    purge: bool,
    by: &'static str,
    changed: bool,
    cleans_cache: bool,
    /// Modules around this one, whose dependency it is.
    depth: u32,
}

/// `a2enmod` and the other names.
pub(in super::super) fn a2enmod(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    match run(system, process) {
        Ok(status) => Ok(status),
        Err(End::Stop(stop)) => Err(stop),
        Err(End::Die(status, text)) => {
            process.write(system, 2, text.as_bytes()).map(drop)?;
            Ok(status)
        }
    }
}

fn run(system: &mut System<'_>, process: &mut Process) -> Result<u8, End> {
    let known = [flag(b'q', "quiet"), flag(b'f', "force"), flag(b'm', "maintmode"), flag(b'p', "purge")];
    let line = match Line::parse(process.arguments(), &known) {
        Ok(line) => line,
        Err(text) => return Err(End::Die(2, format!("{text}\n"))),
    };
    let name = process.name();
    let call = name.strip_prefix("a2").and_then(|rest| {
        let (enable, rest) = match rest.strip_prefix("en") {
            Some(rest) => (true, rest),
            None => (false, rest.strip_prefix("dis")?),
        };
        let kinds = [("mod", Object::Module), ("conf", Object::Conf), ("site", Object::Site)];
        let (object, instance) =
            kinds.into_iter().find_map(|(word, object)| Some((object, rest.strip_prefix(word)?)))?;
        let valid = instance.is_empty() || (instance.len() > 1 && instance.starts_with('-'));
        valid.then(|| (enable, object, instance.to_owned()))
    });
    let Some((enable, object, instance)) = call else { return Err(End::Die(2, format!("{name} call name unknown\n"))) };
    let folders = Folders::find(system, process, object, &instance)?;
    let mut run = Run {
        system,
        process,
        folders,
        object,
        enable,
        instance,
        quiet: line.has("quiet"),
        force: line.has("force"),
        purge: line.has("purge"),
        by: if line.has("maintmode") { "maint" } else { "admin" },
        changed: false,
        cleans_cache: false,
        depth: 0,
    };
    run.all(&line.operands)
}

impl Run<'_, '_> {
    fn act(&self) -> &'static str {
        if self.enable { "enable" } else { "disable" }
    }

    /// `Module`, `Conf`, `Site`.
    fn title(&self) -> &'static str {
        match self.object {
            Object::Module => "Module",
            Object::Conf => "Conf",
            Object::Site => "Site",
        }
    }

    fn say(&mut self, text: &str) -> Result<(), Stop> {
        self.process.out(self.system, text.as_bytes())
    }

    fn info(&mut self, text: &str) -> Result<(), Stop> {
        if self.quiet { Ok(()) } else { self.say(text) }
    }

    fn error(&mut self, text: &str) -> Result<(), Stop> {
        self.process.write(self.system, 2, format!("ERROR: {text}").as_bytes()).map(drop)
    }

    /// Acts on all that is named.
    fn all(&mut self, named: &[Vec<u8>]) -> Result<u8, End> {
        let mut named: Vec<String> = named.iter().map(|name| text(name)).collect();
        let (object, act) = (self.object.name(), self.act());
        if named.is_empty() {
            let choices = self.matching("*")?.join(" ");
            self.say(&format!(
                "Your choices are: {choices}\nWhich {object}(s) do you want to {act} (wildcards ok)?\n"
            ))?;
            let input = self.process.read_line(self.system, 0).unwrap_or_default();
            named = text(&input).split_whitespace().map(str::to_owned).collect();
        }
        let mut status = 0;
        let mut objects = Vec::new();
        for name in named {
            let found = self.matching(self.short(&name))?;
            if found.is_empty() {
                self.error(&format!("No {object} found matching {name}!\n"))?;
                status = 1;
            }
            objects.extend(found);
        }
        for name in objects {
            if !self.one(&name)? {
                status = 1;
            }
        }
        if self.changed {
            let reload = if self.object == Object::Module { "restart" } else { "reload" };
            let instance = self.instance.clone();
            let mut text =
                format!("To activate the new configuration, you need to run:\n  service apache2{instance} {reload}\n");
            if self.cleans_cache {
                let command = if self.enable { "start" } else { "stop" };
                text.push_str(&format!("  service apache-htcacheclean{instance} {command}\n"));
            }
            self.info(&text)?;
        }
        Ok(status)
    }

    /// A name without its suffix, whose dot stands for any character.
    fn short<'n>(&self, name: &'n str) -> &'n str {
        let letters = self.object.suffix().trim_start_matches('.');
        let mut rest = name.strip_suffix(letters).unwrap_or_default().chars();
        if rest.next_back().is_some() { rest.as_str() } else { name }
    }

    /// The objects that a name or a pattern stands for; a plain name is itself, there or not.
    fn matching(&mut self, wanted: &str) -> Result<Vec<String>, Stop> {
        if wanted.contains(['{', '}', '~', '\\', ' ']) {
            return Err(Stop::unsupported(&self.process.name(), format!("the pattern {wanted}")));
        }
        if !wanted.contains(['*', '?', '[']) {
            return Ok(vec![wanted.to_owned()]);
        }
        let folder = if self.enable { &self.folders.available } else { &self.folders.enabled };
        let whole = format!("{wanted}{}", self.object.suffix());
        let names = self.system.names(path(folder)).unwrap_or_default();
        let found =
            names.iter().filter(|name| !name.starts_with(b".") && pattern::matches(whole.as_bytes(), name, false));
        Ok(found.map(|name| self.short(&text(name)).to_owned()).collect())
    }

    /// Acts on one object; whether that went well.
    fn one(&mut self, name: &str) -> Result<bool, End> {
        self.system.budget.step(1)?;
        self.depth += 1;
        if self.depth > 100 {
            return Err(Stop::unsupported(&self.process.name(), "modules that depend on themselves").into());
        }
        let done = self.act_on(name);
        self.depth -= 1;
        done
    }

    fn act_on(&mut self, name: &str) -> Result<bool, End> {
        let mut name = name.to_owned();
        if self.object == Object::Module && self.enable && name == "cgi" && self.threaded()? {
            self.say("Your MPM seems to be threaded. Selecting cgid instead of cgi.\n")?;
            name = "cgid".into();
        }
        let (available, enabled, suffix) =
            (self.folders.available.clone(), self.folders.enabled.clone(), self.object.suffix());
        let (target, link) = (format!("{available}/{name}{suffix}"), format!("{enabled}/{name}{suffix}"));
        let conf = format!("{available}/{name}.conf");
        let conf = (self.object == Object::Module && self.system.exists(path(&conf)))
            .then(|| (conf, format!("{enabled}/{name}.conf")));
        if !self.system.exists(path(&target)) {
            return self.not_available(&name, &link, &format!("{enabled}/{name}.conf"));
        }
        if !self.allowed(&name, &target)? {
            return Ok(false);
        }
        if self.enable {
            self.enable(&name, (&target, &link), conf.as_ref().map(|(target, link)| (target.as_str(), link.as_str())))
        } else {
            self.disable(&name, &link, conf.as_ref().map(|(_, link)| link.as_str()))
        }
    }

    /// What there is to do about an object that is gone.
    fn not_available(&mut self, name: &str, link: &str, conf: &str) -> Result<bool, End> {
        let dangling = |system: &System<'_>, link: &str| {
            system.lstat(path(link)).is_ok_and(|node| node.target().is_some()) && !system.exists(path(link))
        };
        if dangling(self.system, link) {
            if !self.enable {
                for link in [link, conf] {
                    if dangling(self.system, link) {
                        self.info(&format!("removing dangling symlink {link}\n"))?;
                        let _ = self.system.unlink(path(link));
                    }
                }
                return Ok(true);
            }
            self.error(&format!("{link} is a dangling symlink!\n"))?;
        }
        if self.purge {
            self.mark(name)?;
            return Ok(true);
        }
        let text = format!("{} {name} does not exist!\n", self.title());
        self.error(&text)?;
        Ok(false)
    }

    /// Looks after what the object depends on, what depends on it, and what cannot be beside it.
    fn allowed(&mut self, name: &str, target: &str) -> Result<bool, End> {
        if self.object != Object::Module {
            if !self.enable {
                return Ok(true);
            }
            for other in self.header(target, "Depends")? {
                self.info(&format!("Checking dependency {other} for {name}:\n"))?;
                if !self.system.exists(path(&format!("{}/{other}.load", self.folders.modules))) {
                    let text = format!("WARNING: Module {other} is not enabled, but {name} depends on it, aborting\n");
                    self.process.write(self.system, 2, text.as_bytes()).map(drop)?;
                    return Ok(false);
                }
            }
            return Ok(true);
        }
        if self.enable {
            let others = self.header(target, "Depends")?;
            if !self.others(name, &others)? {
                return Ok(false);
            }
            let mut alone = true;
            for other in self.header(target, "Conflicts")? {
                self.info(&format!("Considering conflict {other} for {name}:\n"))?;
                let file = format!("{other}{}", self.object.suffix());
                let target = format!("{}/{file}", self.folders.available);
                let link = format!("{}/{file}", self.folders.enabled);
                if matches!(self.check(&target, &link)?, Link::Right) {
                    self.error(&format!(
                        "Module {other} is enabled - cannot proceed due to conflicts. It needs to be disabled first!\n"
                    ))?;
                    alone = false;
                }
            }
            return Ok(alone);
        }
        let mut depending = Vec::new();
        for file in self.system.names(path(&self.folders.enabled)).unwrap_or_default() {
            let file = text(&file);
            let Some(other) = file.strip_suffix(".load").filter(|other| !other.starts_with('.')) else { continue };
            let at = format!("{}/{file}", self.folders.enabled);
            if self.header(&at, "Depends")?.iter().any(|needed| needed == name) {
                depending.push(other.to_owned());
            }
        }
        if depending.is_empty() {
            return Ok(true);
        }
        if self.force {
            return self.others(name, &depending);
        }
        let list = depending.join(" ");
        self.error(&format!("The following modules depend on {name} and need to be disabled first: {list}\n"))?;
        Ok(false)
    }

    /// Acts on other modules first.
    fn others(&mut self, name: &str, others: &[String]) -> Result<bool, End> {
        for other in others {
            self.info(&format!("Considering dependency {other} for {name}:\n"))?;
            if !self.one(other)? {
                let act = self.act();
                self.error(&format!("Could not {act} dependency {other} for {name}, aborting\n"))?;
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// An essential module goes only when the standard input says so.
    fn insist(&mut self, name: &str) -> Result<(), End> {
        self.say(&format!(
            "WARNING: The following essential module will be disabled.\nThis might result in unexpected behavior and \
             should NOT be done\nunless you know exactly what you are doing!\n {name}\n\nTo continue type in the phrase \
             'Yes, do as I say!' or retry by passing '-f': "
        ))?;
        let input = self.process.read_line(self.system, 0).unwrap_or_default();
        if text(&input).trim_end_matches('\n') != "Yes, do as I say!" {
            self.say("Aborting\n")?;
            return Err(End::Die(1, String::new()));
        }
        Ok(())
    }
}
