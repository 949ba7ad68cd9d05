//! `mokapot inspect`: an image as a table.

use std::fmt::Write as _;

use serde_json::json;

use super::Outcome;
use super::image_name::ImageArgument;
use super::session::{DONE, Session};
use super::size::Size;
use super::table::table;
use crate::ops::build::PACKAGES;
use crate::ops::inspect::{Inspected, Layer, inspect};

/// Show an image: its platforms, its layers with their packages and sizes, and what platforms share.
///
/// Layers are numbered from the lowest; `shared` ones are one blob for all platforms.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  mokapot inspect jre-11
  mokapot inspect oci:dist/oci:base --format json
  mokapot inspect registry.example/moka/jre:11")]
pub(super) struct Inspect {
    #[command(flatten)]
    image: ImageArgument,
}

impl Inspect {
    pub(super) fn run(self, session: &Session<'_>) -> Outcome {
        let inspected = session.run(async {
            let (images, selector) = session.open_image(&self.image.image, &self.image.registries.insecure)?;
            Ok(inspect(&images, selector.as_ref()).await?)
        })?;
        session.print(text(&inspected), &json!({ "image": inspected }))?;
        DONE
    }
}

fn text(image: &Inspected) -> String {
    let mut text = format!("digest     {}\ntype       {}\n", image.digest, image.media_type);
    let _ = writeln!(text, "size       {} (what platforms share counted once)", Size(image.size));
    for (name, value) in &image.annotations {
        let _ = writeln!(text, "annotation {name} = {value}");
    }
    for platform in &image.platforms {
        let _ = writeln!(text, "\n{}  {}  {}", platform.platform, platform.digest, Size(platform.size));
        let config = &platform.config;
        let mut line = |name: &str, value: String| {
            if !value.is_empty() {
                let _ = writeln!(text, "  {name:10} {value}");
            }
        };
        line("created", config.created.clone().unwrap_or_default());
        line("user", config.user.clone().unwrap_or_default());
        line("entrypoint", config.entrypoint.join(" "));
        line("cmd", config.cmd.join(" "));
        line("env", config.env.join(" "));
        let rows = platform.layers.iter().enumerate().map(|(number, layer)| {
            vec![
                (number + 1).to_string(),
                Size(layer.size).to_string(),
                short(layer),
                if layer.shared_by.len() > 1 { "shared".into() } else { String::new() },
                layer.title.clone().unwrap_or_default(),
                packages(layer),
            ]
        });
        let rows = table(&[">layer", ">size", "digest", "platforms", "title", "packages"], rows);
        for row in rows.lines() {
            let _ = writeln!(text, "  {row}");
        }
    }
    for referrer in &image.referrers {
        let kind = referrer.artifact_type.as_deref().unwrap_or("unknown");
        let _ = writeln!(text, "\nreferrer   {} {kind}", referrer.digest);
    }
    text
}

/// Enough of a digest to tell layers apart.
fn short(layer: &Layer) -> String {
    layer.digest.hex().chars().take(12).collect()
}

/// The packages of a layer: their number, and the first few names.
fn packages(layer: &Layer) -> String {
    const SHOWN: usize = 4;
    let Some(packages) = layer.annotations.get(PACKAGES) else { return String::new() };
    let names: Vec<&str> = packages.split(' ').map(|package| package.split('=').next().unwrap_or(package)).collect();
    let shown = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(" ");
    if names.len() > SHOWN { format!("{}: {shown} …", names.len()) } else { format!("{}: {shown}", names.len()) }
}
