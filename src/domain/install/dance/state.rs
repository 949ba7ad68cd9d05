//! The files in which dpkg keeps what it is at: the control archive in its hands, triggers that were set off, `status`.

use super::super::dance_error::DanceError;
use super::super::error::InstallError;
use super::super::{info, stanza};
use super::database_files::{self, in_database, put};
use super::{CONTROL, Dance};
use crate::domain::rootfs::{Content, Kind, Meta, Owner, Position};
use crate::domain::script::System;
use crate::formats::tar;

pub(super) const STATUS: &str = "var/lib/dpkg/status";
pub(super) const UNINCORP: &str = "var/lib/dpkg/triggers/Unincorp";

impl Dance<'_> {
    /// The members of a package's control archive, where dpkg has them before it unpacks the rest.
    pub(super) fn control_files(&self, system: &mut System<'_>, package: usize) -> Result<(), DanceError> {
        let Some(shipment) = self.shipments.get(package) else { return Ok(()) };
        let stem = info::path(shipment.package, "");
        let artefact = u32::try_from(package).unwrap_or(u32::MAX);
        for (entry, shipped) in (0u32..).zip(&shipment.entries) {
            let Some(kind) = shipped.path.strip_prefix(stem.as_slice()).filter(|kind| *kind != b"list") else {
                continue;
            };
            if let tar::Kind::File { size } = shipped.kind {
                let path = [CONTROL, b"/", kind].concat();
                let kind = Kind::File(Content::Entry { at: Position { artefact, entry }, size });
                let meta = Meta::root(shipped.mode, shipped.mtime);
                system.tree.insert(&path, kind, meta, Owner::Generated, None).map_err(in_database)?;
            }
        }
        // debconf reads in it whose `preinst` it is.
        let fields = shipment.facts.fields.iter();
        let control: String = fields.map(|(name, value)| format!("{name}: {value}\n")).collect();
        put(system, &[CONTROL, b"/control"].concat(), control.into_bytes())
    }

    /// Takes up the triggers that a script set off.
    pub(super) fn incorporate(&mut self, system: &mut System<'_>) -> Result<(), DanceError> {
        let text = database_files::file(system, UNINCORP)?;
        if text.is_empty() {
            return Ok(());
        }
        put(system, UNINCORP.as_bytes(), Vec::new())?;
        let text = std::str::from_utf8(&text).map_err(|_| DanceError::Database { path: UNINCORP })?;
        for line in text.lines() {
            let mut words = line.split(' ').filter(|word| !word.is_empty());
            let Some(trigger) = words.next() else { continue };
            for awaiter in words {
                let name = awaiter.split(':').next().unwrap_or_default();
                let place = self.packages.iter().position(|package| package.name.as_str() == name);
                self.dpkg.activate(trigger, place);
            }
        }
        Ok(())
    }

    /// Writes `status` as it is now.
    pub(super) fn write_status(&mut self, system: &mut System<'_>) -> Result<(), DanceError> {
        let mut changed = false;
        for place in &self.sorted {
            let (Some(shipment), Some(paragraph)) = (self.shipments.get(*place), self.paragraphs.get_mut(*place))
            else {
                continue;
            };
            let (condition, pending) = (self.dpkg.condition(*place), self.dpkg.pending(*place));
            let awaits = self.dpkg.awaits(*place);
            let same = paragraph
                .made_for
                .as_ref()
                .is_some_and(|(old, names, others)| *old == condition && names == pending && others == awaits);
            if same {
                continue;
            }
            changed = true;
            let awaited: Vec<&str> =
                awaits.iter().filter_map(|other| self.packages.get(*other)).map(|other| other.name.as_str()).collect();
            paragraph.text.clear();
            let written = stanza::write_condition(shipment.facts, condition, pending, &awaited, &mut paragraph.text);
            written.map_err(|error| InstallError::Package {
                package: format!("{} {}", shipment.package.name, shipment.package.version),
                reason: error.to_string(),
            })?;
            paragraph.made_for = Some((condition, pending.to_vec(), awaits.to_vec()));
        }
        if !changed {
            return Ok(());
        }
        let texts = self.sorted.iter().filter_map(|place| self.paragraphs.get(*place));
        let text: String = texts.map(|paragraph| paragraph.text.as_str()).collect();
        put(system, STATUS.as_bytes(), text.into_bytes())
    }
}
