//! The files of `control.tar`: deb-control(5), deb-conffiles(5), deb-md5sums(5).

use std::collections::BTreeMap;

use super::model::PackageRecipe;
use super::plan::{Entries, PlacedKind};
use crate::base::Arch;
use crate::domain::recipe::ImagePath;
use crate::formats::deb::writer::Part;

/// The parts, `control` first. `md5` are the sums of all files, `sizes` their bytes, which `Installed-Size` adds up as deb-substvars(5)
/// says: whole KiB of each file and link, and one for anything else.
#[must_use]
pub fn parts(
    recipe: &PackageRecipe,
    arch: Option<Arch>,
    entries: &Entries,
    md5: &BTreeMap<&ImagePath, ([u8; 16], u64)>,
) -> Vec<Part> {
    let kib = entries.iter().map(|(path, placed)| match &placed.kind {
        PlacedKind::Bytes(_) | PlacedKind::Blob(..) => md5.get(path).map_or(0, |(_, size)| size.div_ceil(1024)),
        PlacedKind::Link(_) | PlacedKind::Directory => 1,
    });
    let installed: u64 = kib.sum();
    let is_relation = |field: &str| {
        field.contains("Depends")
            || ["Recommends", "Suggests", "Conflicts", "Breaks", "Replaces", "Provides"].contains(&field)
    };
    let fields = |wanted: fn(&str) -> bool, relation: bool| {
        let fields = recipe.fields.iter().filter(move |(field, _)| wanted(field) && is_relation(field) == relation);
        fields.map(|(field, value)| format!("{field}: {value}\n")).collect::<String>()
    };
    let architecture = arch.map_or("all", Arch::name);
    let mut control = format!("Package: {}\nVersion: {}\nArchitecture: {architecture}\n", recipe.name, recipe.version);
    control += &fields(|field| field == "Maintainer", false);
    control += &format!("Installed-Size: {installed}\n");
    control += &fields(|_| true, true);
    control += &fields(|field| field != "Maintainer", false);
    control += &format!("Description: {}\n", recipe.description);
    let text = |name: &str, text: String| Part { name: name.to_owned(), executable: false, bytes: text.into_bytes() };
    let mut parts = vec![text("control", control)];
    if !recipe.conffiles.is_empty() {
        parts.push(text("conffiles", recipe.conffiles.keys().map(|path| format!("{path}\n")).collect()));
    }
    let sums = md5.iter().filter(|(path, _)| !recipe.conffiles.contains_key(path));
    let sums = sums.map(|(path, (md5, _))| format!("{}  {}\n", hex::encode(md5), path.relative()));
    parts.push(text("md5sums", sums.collect()));
    let scripts = recipe.scripts.iter();
    parts.extend(scripts.map(|(name, bytes)| Part {
        name: (*name).to_owned(),
        executable: true,
        bytes: bytes.clone(),
    }));
    parts
}

/// The name of the package's file (dpkg-name(1)): an epoch is left out.
#[must_use]
pub fn file_name(recipe: &PackageRecipe, arch: Option<Arch>) -> String {
    format!("{}_{}_{}.deb", recipe.name, recipe.version.without_epoch(), arch.map_or("all", Arch::name))
}
