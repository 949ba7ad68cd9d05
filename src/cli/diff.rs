//! `mokapot diff`: how two images differ.

use std::fmt::Write as _;
use std::process::ExitCode;

use serde_json::json;

use super::arch::arch;
use super::image_name::Registries;
use super::session::{DONE, Session};
use super::{Outcome, exit};
use crate::base::Arch;
use crate::formats::oci::ImageName;
use crate::ops::diff::{Change, Difference, LayerName, PathDifference, PlatformDifference, Side, diff};

/// Show how two images differ: platforms, configs, layers, and paths, the first differing path first.
///
/// Equal digests end it at once; files are read only where the layers' tars differ. Exits with 1 when the images differ.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  mokapot diff jre-11 registry.example/jre:11
  mokapot diff oci:old:jre oci:new:jre --arch arm64")]
pub(super) struct Diff {
    /// The first image, as `mokapot inspect` takes it.
    #[arg(value_name = "A")]
    a: ImageName,
    /// The second image.
    #[arg(value_name = "B")]
    b: ImageName,
    /// Only this platform.
    #[arg(long, value_name = "ARCH", value_parser = arch())]
    arch: Option<Arch>,
    #[command(flatten)]
    registries: Registries,
}

impl Diff {
    pub(super) fn run(self, session: &Session<'_>) -> Outcome {
        let difference = session.run(async {
            let (a, a_selector) = session.open_image(&self.a, &self.registries.insecure)?;
            let (b, b_selector) = session.open_image(&self.b, &self.registries.insecure)?;
            let left = Side { images: &a, selector: a_selector.as_ref() };
            diff(left, Side { images: &b, selector: b_selector.as_ref() }, self.arch).await
        })?;
        let differ = self.differ(&difference);
        session.print(text(&difference, differ), &json!({ "differ": differ, "difference": difference }))?;
        if differ { Ok(ExitCode::from(exit::DIFFERENT)) } else { DONE }
    }

    /// Whether what was asked about differs. Indexes that differ in nothing that is compared differ all the same.
    fn differ(&self, difference: &Difference) -> bool {
        if self.arch.is_some() { !difference.is_empty() } else { difference.a != difference.b }
    }
}

fn text(difference: &Difference, differ: bool) -> String {
    if !differ {
        return "no difference\n".into();
    }
    let mut text = String::new();
    if let Some((platform, path)) = difference.first_path() {
        let _ = writeln!(text, "first differing path: {} ({platform})", path.path);
    }
    let _ = writeln!(text, "A {}\nB {}", difference.a, difference.b);
    difference.annotations.iter().for_each(|change| line(&mut text, "  annotation ", change));
    difference.platforms.iter().for_each(|platform| describe(&mut text, platform));
    if difference.is_empty() {
        text += "the documents differ in form only: no platform does\n";
    }
    text
}

fn describe(text: &mut String, platform: &PlatformDifference) {
    let only = platform.only_in.map(|image| format!(": only in {image}")).unwrap_or_default();
    let _ = writeln!(text, "\n{}{only}", platform.platform);
    platform.config.iter().for_each(|change| line(text, "  config ", change));
    platform.annotations.iter().for_each(|change| line(text, "  annotation ", change));
    for layer in &platform.layers {
        let _ = write!(text, "  layer {}", layer.number);
        match (&layer.a, &layer.b) {
            (Some(a), Some(b)) if a.diff_id == b.diff_id => *text += ": the same tar, stored in another way",
            (Some(a), Some(b)) if a.title == b.title => *text += &title(a),
            (Some(a), Some(b)) => *text += &format!("{} in A, {} in B", title(a), title(b).trim_start_matches(": ")),
            (Some(a), None) => *text += &format!("{}: only in A", title(a)),
            (None, Some(b)) => *text += &format!("{}: only in B", title(b)),
            (None, None) => {}
        }
        text.push('\n');
    }
    platform.paths.iter().for_each(|path| path_lines(text, path));
    let same_files = platform.only_in.is_none() && platform.paths.is_empty();
    if same_files && platform.layers.iter().any(|layer| diff_id(layer.a.as_ref()) != diff_id(layer.b.as_ref())) {
        *text += "  no path differs: only how layers hold them\n";
    }
}

fn diff_id(layer: Option<&LayerName>) -> Option<crate::base::DiffId> {
    layer.map(|layer| layer.diff_id)
}

fn title(layer: &LayerName) -> String {
    format!(": {}", layer.title.as_deref().unwrap_or("(without a title)"))
}

fn path_lines(text: &mut String, path: &PathDifference) {
    match path.only_in {
        Some(image) => drop(writeln!(text, "  {}: only in {image}", path.path)),
        None => path.changes.iter().for_each(|change| line(text, &format!("  {}: ", path.path), change)),
    }
}

fn line(text: &mut String, head: &str, change: &Change) {
    let value = |side: &Option<String>| side.clone().unwrap_or_else(|| "(none)".into());
    let _ = writeln!(text, "{head}{}: {} -> {}", change.what, value(&change.a), value(&change.b));
}
