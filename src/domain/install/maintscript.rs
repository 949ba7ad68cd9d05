//! What dpkg gives a maintainer script: its name, its arguments, its environment, `/` as working directory.

use std::collections::BTreeMap;

use crate::domain::script::Process;
use crate::formats::deb::Package;

/// The version that scripts are told of where no dpkg is installed.
const RUNNING: &str = "1.21.22";

/// The process of a script at `path` in the tree, with dpkg's variables over those of `environment`: dpkg(1), section
/// "Internal environment". `dpkg` is that package, where there is one.
pub(super) fn process(
    package: &Package,
    dpkg: Option<&Package>,
    kind: &str,
    path: &[u8],
    arguments: &[&str],
    environment: &BTreeMap<Vec<u8>, Vec<u8>>,
) -> Process {
    let architecture = package.architecture.to_string();
    let running = dpkg.map_or(RUNNING, |dpkg| dpkg.version.without_epoch());
    let own = [
        ("DPKG_ADMINDIR", "/var/lib/dpkg"),
        ("DPKG_FORCE", "security-mac,downgrade"),
        ("DPKG_MAINTSCRIPT_ARCH", &architecture),
        ("DPKG_MAINTSCRIPT_DEBUG", "0"),
        ("DPKG_MAINTSCRIPT_NAME", kind),
        ("DPKG_MAINTSCRIPT_PACKAGE", package.name.as_str()),
        ("DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT", "1"),
        ("DPKG_ROOT", ""),
        ("DPKG_RUNNING_VERSION", running),
    ];
    let mut variables = environment.clone();
    variables.extend(own.map(|(name, value)| (name.into(), value.into())));
    let name = [b"/", path].concat();
    let arguments = arguments.iter().map(|argument| argument.as_bytes().to_vec());
    Process::new([name].into_iter().chain(arguments).collect(), variables)
}

/// What mmdebstrap, apt and dpkg put into the environment of every script, so that a question is never asked; `epoch` is
/// the build's, in seconds.
#[must_use]
pub fn environment(epoch: i64) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let epoch = epoch.to_string();
    let variables = [
        ("DEBCONF_NONINTERACTIVE_SEEN", "true"),
        ("DEBIAN_FRONTEND", "noninteractive"),
        ("HOME", "/root"),
        ("LC_ALL", "C.UTF-8"),
        ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
        ("SOURCE_DATE_EPOCH", &epoch),
    ];
    variables.map(|(name, value)| (name.into(), value.into())).into()
}
