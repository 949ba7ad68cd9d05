//! IMAGE on the command line, and the registries that it may be in.

use crate::formats::oci::ImageName;

/// The arguments that say which image a command is about.
#[derive(clap::Args)]
pub(super) struct ImageArgument {
    /// The image: `oci:DIR[:TAG|@DIGEST]`, a registry's reference, or the name of a recipe built into `dist/oci`.
    #[arg(value_name = "IMAGE")]
    pub(super) image: ImageName,
    #[command(flatten)]
    pub(super) registries: Registries,
}

/// The arguments that say how registries may be spoken to.
#[derive(clap::Args)]
pub(super) struct Registries {
    /// A registry (`HOST[:PORT]`) that may be spoken to without TLS; loopback always may. May be given several times.
    #[arg(long = "insecure-registry", value_name = "HOST")]
    pub(super) insecure: Vec<String>,
}
