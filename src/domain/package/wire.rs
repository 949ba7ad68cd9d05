//! The sections and keys of a package recipe, as they are written; their doc comments are what an editor shows.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::domain::recipe::{At, OneOrMore};
use crate::formats::deb::DataCompression;

/// A Debian package: `packages/NAME/package.toml`, with the files that it names beside it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(title = "Mokapot package recipe")]
pub(super) struct PackageFile {
    /// The package's name.
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9+.-]+$"), example = &"hadoop")]
    pub(super) name: At<String>,
    /// Its version, which is that of the changelog's newest entry.
    #[schemars(example = &"2.10.2-1")]
    pub(super) version: At<String>,
    /// `all` for one package that fits every platform (the default), or `any` for one a platform.
    pub(super) architecture: Option<At<Fits>>,
    /// Who looks after it: `NAME <ADDRESS>`.
    pub(super) maintainer: At<String>,
    /// The section of the archive; `misc` if not said.
    pub(super) section: Option<At<String>>,
    /// Where the software's own pages are.
    pub(super) homepage: Option<At<String>>,
    /// What it is, in a line of at most 80 characters.
    pub(super) synopsis: At<String>,
    /// What it is, in some lines; empty lines part paragraphs.
    pub(super) description: At<String>,
    /// The file with the changelog, as deb-changelog(5) describes it. The newest entry's date is the moment of all files.
    pub(super) changelog: At<String>,
    /// The file with copyright and licences.
    pub(super) copyright: At<String>,
    /// How the package is compressed: `gzip` (the default) or `xz`.
    pub(super) compression: Option<At<DataCompression>>,
    /// `foreign` where the package serves those of other architectures too.
    pub(super) multi_arch: Option<At<Serves>>,
    /// Packages it needs before it is unpacked.
    #[serde(default)]
    pub(super) pre_depends: Vec<At<String>>,
    /// Packages it needs; `a | b` for either.
    #[serde(default)]
    pub(super) depends: Vec<At<String>>,
    /// Packages that most users of it want.
    #[serde(default)]
    pub(super) recommends: Vec<At<String>>,
    /// Packages that some users of it want.
    #[serde(default)]
    pub(super) suggests: Vec<At<String>>,
    /// Packages that cannot be installed beside it.
    #[serde(default)]
    pub(super) conflicts: Vec<At<String>>,
    /// Packages that it would break.
    #[serde(default)]
    pub(super) breaks: Vec<At<String>>,
    /// Packages whose files it takes over.
    #[serde(default)]
    pub(super) replaces: Vec<At<String>>,
    /// Virtual packages that it stands for.
    #[serde(default)]
    pub(super) provides: Vec<At<String>>,
    /// Shipped files that an administrator may change; all files below `/etc` must be among them.
    #[serde(default)]
    pub(super) conffiles: Vec<At<String>>,
    /// Maintainer scripts: files beside the recipe.
    #[serde(default)]
    pub(super) scripts: ScriptsSection,
    /// Files of a Maven repository into a folder.
    #[serde(default)]
    pub(super) maven: Vec<At<MavenSection>>,
    /// A folder, or a file, of a tar archive.
    #[serde(default)]
    pub(super) tree: Vec<At<TreeSection>>,
    /// One file.
    #[serde(default)]
    pub(super) file: Vec<At<FileSection>>,
    /// Symbolic links.
    #[serde(default)]
    pub(super) link: Vec<At<LinkSection>>,
    /// Folders that would be empty, or have a mode of their own.
    #[serde(default)]
    pub(super) directory: Vec<At<DirectorySection>>,
    /// Jars that are shipped without some of their entries.
    #[serde(default)]
    pub(super) strip: Vec<At<StripSection>>,
    /// Jars that may lack native code for a platform, each with the reason why that is fine.
    #[serde(default)]
    pub(super) accept_native: Vec<At<AcceptSection>>,
}

/// What a package fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Fits {
    /// Every platform.
    All,
    /// One platform; there is a package for each.
    Any,
}

/// What architectures a package serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Serves {
    /// Any.
    Foreign,
}

/// Maintainer scripts.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ScriptsSection {
    /// Before unpacking.
    pub(super) preinst: Option<At<String>>,
    /// To configure.
    pub(super) postinst: Option<At<String>>,
    /// Before removal.
    pub(super) prerm: Option<At<String>>,
    /// After removal.
    pub(super) postrm: Option<At<String>>,
}

/// Files of a Maven repository. One that was named before is a relative link to where it is.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct MavenSection {
    /// The folder.
    pub(super) into: At<String>,
    /// `GROUP:ARTIFACT:VERSION[:CLASSIFIER][@EXTENSION]` of each.
    #[schemars(length(min = 1))]
    pub(super) files: Vec<At<String>>,
    /// The platform that they are for, in a package with one for each.
    pub(super) arch: Option<At<String>>,
}

/// A folder, or a file, of a tar archive. Say one of `pypi` and `url`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct TreeSection {
    /// The source distribution of a Python project: `NAME==VERSION`.
    pub(super) pypi: Option<At<String>>,
    /// An address that is no package registry's.
    pub(super) url: Option<At<String>>,
    /// SHA-256 of the archive, `sha256:HEX`, where it is known beforehand.
    pub(super) sha256: Option<At<String>>,
    /// What is taken: a path in the archive, from its one folder at the top.
    pub(super) from: At<String>,
    /// Where it goes: the folder's place, or the file's own path.
    pub(super) into: At<String>,
    /// Paths below `from` that are left out, each a file or a folder; `*` in a name stands for anything.
    #[serde(default)]
    pub(super) exclude: Vec<At<String>>,
    /// Permission bits of the files in octal; `0755` or `0644`, as the archive says which may be run, if not said.
    pub(super) mode: Option<At<String>>,
    /// The platform that it is for, in a package with one for each.
    pub(super) arch: Option<At<String>>,
}

/// One file. Say one of `source`, `content` and `url`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct FileSection {
    /// Where it goes; several places for one file and links to it.
    pub(super) path: At<OneOrMore<String>>,
    /// A file beside the recipe.
    pub(super) source: Option<At<String>>,
    /// The text itself.
    pub(super) content: Option<At<String>>,
    /// A file that is fetched.
    pub(super) url: Option<At<String>>,
    /// SHA-256 of what is fetched, `sha256:HEX`, where it is known beforehand.
    pub(super) sha256: Option<At<String>>,
    /// Permission bits in octal; `0644` if not said.
    pub(super) mode: Option<At<String>>,
    /// The platform that it is for, in a package with one for each.
    pub(super) arch: Option<At<String>>,
}

/// A symbolic link.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct LinkSection {
    /// Where it is.
    pub(super) path: At<String>,
    /// Where it leads: a path from `/`, which becomes a relative one where Debian wants that (Policy §10.5).
    pub(super) target: At<String>,
}

/// A folder.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct DirectorySection {
    /// Where it is.
    pub(super) path: At<String>,
    /// Permission bits in octal; `0755` if not said.
    pub(super) mode: Option<At<String>>,
}

/// A jar that is shipped without some of its entries.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct StripSection {
    /// The jar's file name.
    pub(super) jar: At<String>,
    /// The entries: names, or folders with `/` at their end.
    #[schemars(length(min = 1))]
    pub(super) entries: Vec<At<String>>,
    /// Why.
    pub(super) reason: At<String>,
}

/// A jar that may lack native code for a platform.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct AcceptSection {
    /// The jar's file name.
    pub(super) jar: At<String>,
    /// Why that is fine.
    pub(super) reason: At<String>,
}
