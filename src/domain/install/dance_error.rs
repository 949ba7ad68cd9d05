//! Why packages cannot be installed.

use super::error::InstallError;
use crate::base::redact;
use crate::base::{Class, Fault};
use crate::domain::script::Stop;

/// Why the dance ends before its end. Packages are shown by name.
#[derive(Debug, thiserror::Error)]
pub enum DanceError {
    /// Packages do not go together.
    #[error(transparent)]
    Install(#[from] InstallError),
    /// A script cannot be interpreted.
    #[error("{package}/{script} cannot be interpreted: {stop}")]
    Stopped {
        /// The package.
        package: String,
        /// `preinst` or `postinst`.
        script: &'static str,
        /// Where and why.
        stop: Stop,
    },
    /// A script ended with a status that is not 0, as dpkg would report.
    #[error("{package}/{script} {} ended with status {status}", redact::printable(arguments).trim_end())]
    Failed {
        /// The package.
        package: String,
        /// `preinst` or `postinst`.
        script: &'static str,
        /// Its arguments.
        arguments: String,
        /// The status.
        status: u8,
    },
    /// A conffile is there already with other bytes: dpkg would ask what to do.
    #[error("{package}: a script made {} before the package's own could be put there", redact::printable(path))]
    Conffile {
        /// The package.
        package: String,
        /// The path, from `/`.
        path: String,
    },
    /// The recipe answers debconf, and there is none.
    #[error("[debconf] answers questions, but no package brings debconf")]
    NoDebconf,
    /// dpkg would leave packages unconfigured.
    #[error("{package}: {reason}")]
    Stuck {
        /// The package.
        package: String,
        /// Why.
        reason: &'static str,
    },
    /// A script left a file of the database that cannot be read.
    #[error("/{path} is malformed")]
    Database {
        /// The file, without the first `/`.
        path: &'static str,
    },
}

impl Fault for DanceError {
    fn class(&self) -> Class {
        match self {
            Self::Install(error) => error.class(),
            Self::Stopped { stop, .. } => stop.class(),
            Self::Failed { .. } | Self::Conffile { .. } => Class::Policy,
            Self::Stuck { .. } => Class::Unsatisfiable,
            Self::NoDebconf => Class::Recipe,
            Self::Database { .. } => Class::Integrity,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Install(error) => error.hint(),
            Self::Stopped { package, script, stop } if stop.class() == Class::Policy => {
                let kind = stop.kind.to_string();
                Some(waiver(package, script, kind.split(" (").next().unwrap_or_default()))
            }
            Self::Stopped { stop, .. } => stop.hint(),
            Self::Failed { package, script, status, .. } => {
                Some(waiver(package, script, &format!("it ends with status {status}")))
            }
            Self::Conffile { .. } | Self::Stuck { .. } | Self::NoDebconf | Self::Database { .. } => None,
        }
    }
}

/// The block of a recipe that leaves a script out, and what else there is.
fn waiver(package: &str, script: &str, why: &str) -> String {
    // A reason of a TOML basic string.
    let reason = redact::printable(why).replace('\\', "/").replace('"', "'");
    format!(
        "leave it out by adding this to the recipe, with a reason of yours, or say with [[effect]] what stands for it:\n\
         [[waive]]\n\
         script = \"{package}/{script}\"\n\
         reason = \"{reason}\""
    )
}
