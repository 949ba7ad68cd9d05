//! The sections and keys of a recipe file, as they are written. The types are read by [`super::de`] and printed as the JSON
//! Schema; their doc comments are what an editor shows.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::at::{At, OneOrMore};
use super::debconf::Answer;
use super::model::Scripts;
use crate::formats::compress::Compression;
use crate::formats::deb::Variant;

/// A container image: one TOML file.
///
/// With `extends`, tables merge, lists append, and the nearer value wins; `platforms`, `image.entrypoint` and `image.cmd` are
/// one value each. In paths and in the values of `image` and `debconf`, `{arch}` (`amd64`) and `{triplet}` (`x86_64-linux-gnu`) are filled in for
/// each platform; `{{` and `}}` are the braces themselves.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(title = "Mokapot recipe", example = example())]
pub(super) struct RecipeFile {
    /// The image's name; `NAME` of `recipes/NAME.toml` by custom.
    #[schemars(regex(pattern = r"^[a-z0-9]+([._-][a-z0-9]+)*$"), length(max = 128), example = &"jre-11")]
    pub(super) name: At<String>,
    /// Another recipe that this one adds to: a name (the file of that name beside this one) or a path from this file's folder.
    #[expect(dead_code, reason = "read from the tree before the chain is merged; here it makes the key known")]
    #[schemars(length(min = 1), example = &"base")]
    pub(super) extends: Option<At<String>>,
    /// What to build for; both platforms if not said.
    #[schemars(length(min = 1), inner(regex(pattern = r"^linux/(amd64|arm64)$")), example = ["linux/amd64", "linux/arm64"])]
    pub(super) platforms: Option<At<Vec<At<String>>>>,
    /// What happens to the packages' maintainer scripts; `interpret` if not said. With `list` the image holds the packages' files as
    /// they were unpacked, and nothing of what scripts would make.
    pub(super) scripts: Option<At<Scripts>>,
    /// Debian archives to take packages from.
    #[serde(default)]
    pub(super) archive: Vec<At<ArchiveSection>>,
    /// What to install.
    #[serde(default)]
    pub(super) packages: PackagesSection,
    /// Debian packages that are in no archive: they are taken from an address, and installed.
    #[serde(default)]
    pub(super) deb: Vec<At<DebSection>>,
    /// Python packages, from wheels.
    pub(super) python: Option<At<PythonSection>>,
    /// Directories of our own. One that is there already gets this mode and owner.
    #[serde(default)]
    pub(super) directory: Vec<At<DirectorySection>>,
    /// Files and symbolic links of our own.
    #[serde(default)]
    pub(super) file: Vec<At<FileSection>>,
    /// Modes and owners of what packages and their scripts leave.
    #[serde(default)]
    pub(super) access: Vec<At<AccessSection>>,
    /// Jars, the same on all platforms.
    #[serde(default)]
    pub(super) jar: Vec<At<JarSection>>,
    /// Users to add to `/etc/passwd`.
    #[serde(default)]
    pub(super) user: Vec<At<UserSection>>,
    /// Groups to add to `/etc/group`.
    #[serde(default)]
    pub(super) group: Vec<At<GroupSection>>,
    /// How containers start, and how the image is stored.
    #[serde(default)]
    pub(super) image: ImageSection,
    /// Maintainer scripts that are left out, each with the reason why that is fine.
    #[serde(default)]
    pub(super) waive: Vec<At<WaiveSection>>,
    /// Maintainer scripts that are not interpreted, each with what it leaves.
    #[serde(default)]
    pub(super) effect: Vec<At<EffectSection>>,
    /// Answers to the questions that packages ask through debconf, by package.
    #[serde(default)]
    #[schemars(extend("propertyNames" = { "pattern": "^[a-z0-9][a-z0-9+.-]+$" }))]
    pub(super) debconf: BTreeMap<At<String>, DebconfSection>,
}

fn example() -> serde_json::Value {
    serde_json::json!({
        "name": "tools", "extends": "base", "packages": { "install": ["curl"] }, "image": { "entrypoint": ["/usr/bin/curl"] },
    })
}

/// A Debian archive, as a deb822 source describes it. Its address is found by the alias, on the machine that locks.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ArchiveSection {
    /// The alias of the mirror; never an address.
    #[schemars(regex(pattern = r"^[a-z][a-z0-9-]*$"), length(max = 64), example = &"debian")]
    pub(super) mirror: At<String>,
    /// Suites or codenames.
    #[schemars(length(min = 1), inner(regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9.+~_-]*(/[A-Za-z0-9.+~_-]+)*$")), example = ["bookworm"])]
    pub(super) suites: Vec<At<String>>,
    /// Components; `main` if not said.
    #[schemars(length(min = 1), inner(regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9.+~_-]*(/[A-Za-z0-9.+~_-]+)*$")), example = ["main"])]
    pub(super) components: Option<Vec<At<String>>>,
    /// Files with the OpenPGP keys that may sign the suites' Release files, as paths from this recipe's folder.
    pub(super) signed_by: At<OneOrMore<String>>,
    /// The only packages to be taken from here; all of them if not said.
    #[schemars(length(min = 1), inner(regex(pattern = r"^[a-z0-9][a-z0-9+.-]+$")))]
    pub(super) only: Option<Vec<At<String>>>,
    /// The pin priority of its packages, as in apt_preferences(5); 500 if not said.
    #[schemars(range(min = -32768, max = 32767))]
    pub(super) priority: Option<At<i64>>,
    /// Refuses a Release file that is older than so many days, even one that has no `Valid-Until`.
    #[schemars(range(min = 1, max = 36500))]
    pub(super) max_age_days: Option<At<i64>>,
    /// Takes a Release file after its `Valid-Until` too; the value says why that is fine.
    #[schemars(regex(pattern = r"\S"))]
    pub(super) accept_expired: Option<At<String>>,
}

/// What to install.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct PackagesSection {
    /// What is installed before the recipe's own packages; `essential` if not said.
    pub(super) variant: Option<At<Variant>>,
    /// Packages, as apt-get(8) takes them: `NAME`, `NAME=VERSION`, `NAME/SUITE`, or `NAME-` for one that must not be installed. Of two
    /// that name the same package, the later one counts.
    #[serde(default)]
    #[schemars(inner(regex(pattern = r"^[a-z0-9][a-z0-9+.-]+(=[0-9][A-Za-z0-9.+~:-]*|/[A-Za-z0-9][A-Za-z0-9._-]*)?$")), example = ["tini", "curl=7.88.1-10+deb12u12"])]
    pub(super) install: Vec<At<String>>,
    /// Package recipes of this project, by name (`packages/NAME/package.toml`): their packages are built, and installed.
    #[serde(default)]
    #[schemars(inner(regex(pattern = r"^[a-z0-9][a-z0-9+.-]+$")), example = ["hadoop", "spark"])]
    pub(super) local: Vec<At<String>>,
    /// Whether recommended packages are installed too; no if not said.
    pub(super) recommends: Option<At<bool>>,
    /// Packages that may have different versions on the two platforms.
    #[serde(default)]
    #[schemars(inner(regex(pattern = r"^[a-z0-9][a-z0-9+.-]+$")))]
    pub(super) accept_skew: Vec<At<String>>,
}

/// A Debian package that somebody offers at an address: with one `sha256` for all platforms, or one for each.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(extend("oneOf" = [{ "required": ["sha256"] }, { "anyOf": [{ "required": ["amd64"] }, { "required": ["arm64"] }] }]))]
pub(super) struct DebSection {
    /// The address; `{arch}` in it is filled in for each platform.
    #[schemars(regex(pattern = r"^https?://"), example = &"https://downloads.example.com/agent_1.2-1_{arch}.deb")]
    pub(super) url: At<String>,
    /// SHA-256 of the file that is for all platforms.
    #[schemars(regex(pattern = r"^sha256:[0-9a-f]{64}$"))]
    pub(super) sha256: Option<At<String>>,
    /// SHA-256 of the file for linux/amd64.
    #[schemars(regex(pattern = r"^sha256:[0-9a-f]{64}$"))]
    pub(super) amd64: Option<At<String>>,
    /// SHA-256 of the file for linux/arm64.
    #[schemars(regex(pattern = r"^sha256:[0-9a-f]{64}$"))]
    pub(super) arm64: Option<At<String>>,
    /// What to do where the address cannot be reached: the error's hint.
    #[schemars(regex(pattern = r"\S"))]
    pub(super) hint: Option<At<String>>,
}

/// Python packages. They are taken from wheels only, in the same versions for all platforms, and lie as pip leaves them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct PythonSection {
    /// What is asked for, as pip takes it: `NAME`, `NAME[EXTRA]`, with versions and markers.
    #[serde(default)]
    #[schemars(inner(length(min = 1)), example = ["numpy==1.26.4"])]
    pub(super) requirements: Vec<At<String>>,
    /// A file of pinned requirements with hashes, as a path from this recipe's folder; it takes the place of `requirements`, and what
    /// it does not list is not taken.
    #[schemars(length(min = 1), example = &"requirements.txt")]
    pub(super) requirements_file: Option<At<String>>,
    /// The interpreter, as Debian names it; the only one that the image has if not said.
    #[schemars(regex(pattern = r"^python3\.[0-9]{1,2}$"), example = &"python3.9")]
    pub(super) interpreter: Option<At<String>>,
    /// The folder that they go to, as with `pip install --target`; where pip puts them on Debian if not said, which is
    /// `/usr/local/lib/python3.9/dist-packages` and `/usr/local/bin`.
    #[schemars(regex(pattern = r"^/[^/]"), length(max = 4096))]
    pub(super) into: Option<At<String>>,
    /// The alias of the index; `pypi` if not said.
    #[schemars(regex(pattern = r"^[a-z][a-z0-9-]*$"), length(max = 64))]
    pub(super) mirror: Option<At<String>>,
}

/// A file, or a symbolic link: exactly one of `source`, `content` and `symlink` is said.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(extend("oneOf" = [{ "required": ["source"] }, { "required": ["content"] }, { "required": ["symlink"] }]))]
pub(super) struct FileSection {
    /// Where it is in the image.
    #[schemars(regex(pattern = r"^/"), length(max = 4096), example = &"/opt/entrypoint.sh")]
    pub(super) path: At<String>,
    /// A file with its bytes, as a path from this recipe's folder.
    #[schemars(length(min = 1))]
    pub(super) source: Option<At<String>>,
    /// Its text. No placeholder is filled in here.
    pub(super) content: Option<At<String>>,
    /// What the symbolic link points to.
    #[schemars(length(min = 1))]
    pub(super) symlink: Option<At<String>>,
    /// Permissions in octal digits; `0644` if not said.
    #[schemars(regex(pattern = r"^0?[0-7]{3,4}$"), example = &"0755")]
    pub(super) mode: Option<At<String>>,
    /// Numbers of the owner and the group; `0:0` if not said.
    #[schemars(regex(pattern = r"^[0-9]+:[0-9]+$"), example = &"185:0")]
    pub(super) owner: Option<At<String>>,
}

/// A jar, and the places that have its bytes: at least one of `s3`, `maven` and `url`. The places are asked in this order, and must
/// all have the same bytes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(extend("anyOf" = [{ "required": ["s3"] }, { "required": ["maven"] }, { "required": ["url"] }]))]
pub(super) struct JarSection {
    /// An object in S3, or several.
    #[schemars(inner(regex(pattern = r"^s3://[a-z0-9][a-z0-9.-]+[a-z0-9]/.+$")), example = &"s3://moka-jars/postgresql-42.7.3.jar")]
    pub(super) s3: Option<At<OneOrMore<String>>>,
    /// A Maven coordinate: `GROUP:ARTIFACT:VERSION[:CLASSIFIER][@EXTENSION]`, of one immutable version. The repository's address is
    /// found by the alias `maven`.
    #[schemars(regex(pattern = r"^[A-Za-z0-9._-]+:[A-Za-z0-9._-]+:[A-Za-z0-9._+-]+(:[A-Za-z0-9._-]+)?(@[A-Za-z0-9._-]+)?$"), example = &"org.postgresql:postgresql:42.7.3")]
    pub(super) maven: Option<At<String>>,
    /// An address of somebody's own download site, never of a package registry. It needs `sha256`.
    #[schemars(regex(pattern = r"^https?://[^\s?#@]+$"))]
    pub(super) url: Option<At<String>>,
    /// SHA-256 of its bytes. Without it, they are what the first place that has them says when the lock is made.
    #[schemars(regex(pattern = r"^sha256:[0-9a-f]{64}$"))]
    pub(super) sha256: Option<At<String>>,
    /// The folder that it goes to.
    #[schemars(regex(pattern = r"^/"), length(max = 4096), example = &"/opt/spark/jars")]
    pub(super) into: At<String>,
    /// Its name there; the one that it has at its place if not said.
    #[schemars(regex(pattern = r"^[^/]+$"), length(max = 255), example = &"postgresql.jar")]
    pub(super) name: Option<At<String>>,
    /// Permissions in octal digits; `0644` if not said.
    #[schemars(regex(pattern = r"^0?[0-7]{3,4}$"), example = &"0644")]
    pub(super) mode: Option<At<String>>,
}

/// A user.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct UserSection {
    /// Login name.
    #[schemars(regex(pattern = r"^[a-z_][a-z0-9_-]*$"), length(max = 32))]
    pub(super) name: At<String>,
    /// Number.
    #[schemars(range(min = 0, max = 4_294_967_294_u32))]
    pub(super) uid: At<i64>,
    /// Number of the primary group; the user's own number if not said.
    #[schemars(range(min = 0, max = 4_294_967_294_u32))]
    pub(super) gid: Option<At<i64>>,
    /// Home folder; `/nonexistent` if not said. It is not made.
    #[schemars(regex(pattern = r"^/"))]
    pub(super) home: Option<At<String>>,
    /// Login shell; `/usr/sbin/nologin` if not said.
    #[schemars(regex(pattern = r"^/"))]
    pub(super) shell: Option<At<String>>,
    /// Names of more groups that the user is in.
    #[serde(default)]
    #[schemars(inner(regex(pattern = r"^[a-z_][a-z0-9_-]*$")))]
    pub(super) groups: Vec<At<String>>,
}

/// A group.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct GroupSection {
    /// Name.
    #[schemars(regex(pattern = r"^[a-z_][a-z0-9_-]*$"), length(max = 32))]
    pub(super) name: At<String>,
    /// Number.
    #[schemars(range(min = 0, max = 4_294_967_294_u32))]
    pub(super) gid: At<i64>,
}

/// How containers start (the OCI image configuration), and how the image is stored.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ImageSection {
    /// `USER[:GROUP]`, names or numbers; root if not said.
    #[schemars(regex(pattern = r"^[a-z0-9_][a-z0-9_-]*(:[a-z0-9_][a-z0-9_-]*)?$"), example = &"185:0")]
    pub(super) user: Option<At<String>>,
    /// Environment variables.
    #[serde(default)]
    #[schemars(extend("propertyNames" = { "pattern": "^[^=]+$" }))]
    pub(super) env: BTreeMap<At<String>, At<String>>,
    /// Labels of the configuration.
    #[serde(default)]
    #[schemars(extend("propertyNames" = { "pattern": r"^\S+$" }))]
    pub(super) labels: BTreeMap<At<String>, At<String>>,
    /// The program that containers run, with its first arguments.
    #[schemars(length(min = 1), extend("prefixItems" = [{ "minLength": 1 }]))]
    pub(super) entrypoint: Option<Vec<At<String>>>,
    /// The arguments, or the program where there is no entrypoint, that a container's own replace.
    #[schemars(extend("prefixItems" = [{ "minLength": 1 }]))]
    pub(super) cmd: Option<Vec<At<String>>>,
    /// The folder that containers start in.
    #[schemars(regex(pattern = r"^/"))]
    pub(super) workdir: Option<At<String>>,
    /// Ports: `PORT`, `PORT/tcp` or `PORT/udp`.
    #[serde(default)]
    #[schemars(inner(regex(pattern = r"^[1-9][0-9]{0,4}(/(tcp|udp))?$")), example = ["8080/tcp"])]
    pub(super) ports: Vec<At<String>>,
    /// Folders that hold data of containers.
    #[serde(default)]
    #[schemars(inner(regex(pattern = r"^/")))]
    pub(super) volumes: Vec<At<String>>,
    /// The signal that stops a container; `SIGTERM` if not said.
    #[schemars(regex(pattern = r"^(SIG[A-Z0-9+-]+|[0-9]{1,2})$"), example = &"SIGINT")]
    pub(super) stop_signal: Option<At<String>>,
    /// Annotations of the manifests and the index.
    #[serde(default)]
    #[schemars(extend("propertyNames" = { "pattern": r"^\S+$" }))]
    pub(super) annotations: BTreeMap<At<String>, At<String>>,
    /// How layers are compressed; `zstd` if not said.
    pub(super) compression: Option<At<Compression>>,
    /// The moment of the image in seconds since 1970; the newest Release file's date if not said.
    #[schemars(range(min = 0, max = 253_402_300_799_i64))]
    pub(super) epoch: Option<At<i64>>,
}

/// A maintainer script that is left out: the image is right without what it does.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WaiveSection {
    /// The script: `PACKAGE/preinst`, `PACKAGE/config` or `PACKAGE/postinst`, those that a fresh install runs.
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9+.-]+/(preinst|config|postinst)$"), example = &"tini/postinst")]
    pub(super) script: At<String>,
    /// Why the image is right without it.
    #[schemars(regex(pattern = r"\S"))]
    pub(super) reason: At<String>,
}

/// A maintainer script that is not interpreted, and what it leaves: directories, files, users and groups, of which at least one is
/// said. They are there when the script would have ended.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(extend("anyOf" = [{ "required": ["directory"] }, { "required": ["file"] }, { "required": ["user"] }, { "required": ["group"] }]))]
pub(super) struct EffectSection {
    /// The script: `PACKAGE/preinst`, `PACKAGE/config` or `PACKAGE/postinst`, those that a fresh install runs.
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9+.-]+/(preinst|config|postinst)$"), example = &"tini/postinst")]
    pub(super) script: At<String>,
    /// How it is known that the script leaves this.
    #[schemars(regex(pattern = r"\S"))]
    pub(super) reason: At<String>,
    /// SHA-256 of the script's bytes, or all that it may have: platforms may have different scripts. With another script the build
    /// stops; any will do if not said.
    #[schemars(inner(regex(pattern = r"^sha256:[0-9a-f]{64}$")))]
    pub(super) sha256: Option<At<OneOrMore<String>>>,
    /// Directories.
    #[serde(default)]
    pub(super) directory: Vec<At<DirectorySection>>,
    /// Files and symbolic links.
    #[serde(default)]
    pub(super) file: Vec<At<FileSection>>,
    /// Users in `/etc/passwd`.
    #[serde(default)]
    pub(super) user: Vec<At<UserSection>>,
    /// Groups in `/etc/group`.
    #[serde(default)]
    pub(super) group: Vec<At<GroupSection>>,
}

impl EffectSection {
    pub(super) fn leaves_nothing(&self) -> bool {
        self.directory.is_empty() && self.file.is_empty() && self.user.is_empty() && self.group.is_empty()
    }
}

/// A directory.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct DirectorySection {
    /// Where it is in the image.
    #[schemars(regex(pattern = r"^/"), length(max = 4096), example = &"/var/lib/app")]
    pub(super) path: At<String>,
    /// Permissions in octal digits; `0755` if not said.
    #[schemars(regex(pattern = r"^0?[0-7]{3,4}$"), example = &"0700")]
    pub(super) mode: Option<At<String>>,
    /// Numbers of the owner and the group; `0:0` if not said.
    #[schemars(regex(pattern = r"^[0-9]+:[0-9]+$"), example = &"185:0")]
    pub(super) owner: Option<At<String>>,
}

/// Who may do what with a file or directory that packages or their scripts leave.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(extend("anyOf" = [{ "required": ["mode"] }, { "required": ["owner"] }]))]
pub(super) struct AccessSection {
    /// Where it is in the image. A symbolic link stands for what it leads to.
    #[schemars(regex(pattern = r"^/"), length(max = 4096), example = &"/etc/passwd")]
    pub(super) path: At<String>,
    /// Permissions in octal digits; as they are if not said.
    #[schemars(regex(pattern = r"^0?[0-7]{3,4}$"), example = &"0664")]
    pub(super) mode: Option<At<String>>,
    /// Numbers of the owner and the group; as they are if not said.
    #[schemars(regex(pattern = r"^[0-9]+:[0-9]+$"), example = &"0:0")]
    pub(super) owner: Option<At<String>>,
}

/// A package's questions, each with its answer: what a person would type, or `true` and `false`. Placeholders are filled in.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(extend("propertyNames" = { "pattern": r"^\S+$" }), example = example_answers())]
pub(super) struct DebconfSection(pub(super) BTreeMap<At<String>, At<Answer>>);

fn example_answers() -> serde_json::Value {
    serde_json::json!({ "tzdata/Areas": "Europe", "tzdata/Zones/Europe": "Berlin" })
}
