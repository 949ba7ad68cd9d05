//! What is fetched: a file whose size and checksum are known, and the places that have it.

use url::Url;

use crate::base::Checksum;
use crate::domain::lock::{JarLock, Origin, PackageLock};
use crate::domain::recipe::Place;
use crate::formats::s3::ObjectName;
use crate::io::archive::below;
use crate::io::sources::mirrors::{Mirror, MirrorError, Mirrors};
use crate::io::store::Store;

/// The alias of the Maven repository.
pub const MAVEN: &str = "maven";

/// One file we want, and everything we know about it.
#[derive(Clone, Debug)]
pub struct Input {
    /// What a person calls it, such as `tini 0.19.0-1 (arm64)`.
    pub name: String,
    /// Whose index lists it, such as `debian bullseye`; nothing where no index does.
    pub listed_by: Option<String>,
    /// Objects that have it, in the order to try.
    pub objects: Vec<ObjectName>,
    /// Where it may be had after these, in the order to try.
    pub urls: Vec<Url>,
    /// Its size in bytes.
    pub size: u64,
    /// Its checksum.
    pub checksum: Checksum,
    /// What the recipe says is to be done where it cannot be had.
    pub hint: Option<String>,
}

impl Input {
    /// The `.deb` of a locked package. That of a package recipe has no address: the store has it, or it is packaged again.
    ///
    /// # Errors
    /// When its mirror's alias leads nowhere, and `store` does not have it.
    pub fn deb(package: &PackageLock, mirrors: &Mirrors, store: &Store) -> Result<Self, MirrorError> {
        let held = store.contains(&package.sha256, Some(package.size));
        let (listed_by, urls) = match &package.origin {
            Origin::Archive { mirror, .. } => {
                let url = |mirror: &Mirror| below(&mirror.url, &package.filename);
                let urls = if held { Vec::new() } else { vec![url(&mirrors.get(mirror)?)] };
                (Some(package.origin.to_string()), urls)
            }
            Origin::Local => (None, Vec::new()),
            Origin::Address => (None, package.filename.parse().into_iter().collect()),
        };
        Ok(Self {
            name: format!("{} {} ({})", package.name, package.version, package.architecture),
            listed_by,
            objects: Vec::new(),
            urls,
            size: package.size,
            checksum: package.sha256.into(),
            hint: None,
        })
    }

    /// A locked jar.
    ///
    /// # Errors
    /// When none of its places is a place for us: the alias `maven` leads nowhere.
    pub fn jar(jar: &JarLock, mirrors: &Mirrors) -> Result<Self, MirrorError> {
        let mut input = Self::held(jar);
        let mut unknown = None;
        for place in &jar.places {
            match place {
                Place::S3(object) => input.objects.push(object.clone()),
                Place::Maven(coordinate) => match mirrors.get(MAVEN) {
                    Ok(mirror) => input.urls.push(below(&mirror.url, &coordinate.path())),
                    Err(error) => unknown = Some(error),
                },
                Place::Url(url) => input.urls.push(url.clone()),
            }
        }
        match unknown {
            Some(error) if input.urls.is_empty() && input.objects.is_empty() => Err(error),
            _ => Ok(input),
        }
    }

    /// A jar that the store has.
    #[must_use]
    pub fn held(jar: &JarLock) -> Self {
        let (name, size, checksum) = (jar.label(), jar.size, jar.sha256.into());
        Self { name, listed_by: None, objects: Vec::new(), urls: Vec::new(), size, checksum, hint: None }
    }
}
