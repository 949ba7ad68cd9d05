//! Audit: what an image lacks to work on its platforms, told from its files.

use serde::Serialize;

use super::contents::{self, Remember};
use super::inspect::inspect;
use crate::base::{Arch, Digest};
use crate::domain::audit::Finding;
use crate::formats::oci::Selector;
use crate::io::registry::Images;

/// An image that was looked through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Audited {
    /// Its platforms, in their order.
    pub platforms: Vec<PlatformAudit>,
}

/// What was found on one platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlatformAudit {
    /// `linux/amd64`.
    pub platform: String,
    /// The digest of its manifest.
    pub digest: Digest,
    /// What was found, sorted.
    pub findings: Vec<Finding>,
}

impl Audited {
    /// How many findings say that the image cannot work, and how many warn.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        let all = || self.platforms.iter().flat_map(|platform| &platform.findings);
        let warnings = all().filter(|finding| finding.code.is_warning()).count();
        (all().count() - warnings, warnings)
    }
}

/// Reads the image that `selector` names, and looks through `arch`'s platform, or all of ours.
///
/// # Errors
/// When the image cannot be read, is not what its digests say, or is not for the platform.
pub async fn audit(images: &Images, selector: Option<&Selector>, arch: Option<Arch>) -> Result<Audited, super::Error> {
    let image = inspect(images, selector).await?;
    if arch.is_some() {
        contents::platform(&image, arch)?;
    }
    let mut platforms = Vec::new();
    for platform in &image.platforms {
        let own = Arch::ALL.into_iter().find(|own| contents::is_for(&platform.platform, *own));
        let Some(own) = own.filter(|own| arch.is_none_or(|arch| arch == *own)) else { continue };
        let contents = contents::read(images, platform, Remember::LOOKS).await?;
        let (platform, digest) = (platform.platform.clone(), platform.digest);
        platforms.push(PlatformAudit { platform, digest, findings: contents.audit(own) });
    }
    Ok(Audited { platforms })
}
