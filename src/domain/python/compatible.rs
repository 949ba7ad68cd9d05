//! A platform of an image, as markers and tags see it.

use pep440_rs::Version;
use pep508_rs::{ExtraName, MarkerEnvironment, MarkerEnvironmentBuilder};

use super::interpreter::Interpreter;
use crate::base::Arch;
use crate::formats::wheel::{Requirement, Supported, WheelName};

/// CPython on one platform of an image.
#[derive(Clone, Debug)]
pub struct Environment {
    /// The platform.
    pub arch: Arch,
    /// The interpreter's version, with all three numbers.
    pub python: Version,
    supported: Supported,
    markers: MarkerEnvironment,
}

impl Environment {
    /// With the interpreter's upstream version (`3.9.2`) and the minor version of glibc (31 for `2.31`). What would be of one machine
    /// (the kernel's release and version) is empty, so that no image depends on it.
    ///
    /// # Errors
    /// When `version` is none.
    pub fn new(arch: Arch, interpreter: Interpreter, version: &str, glibc: u32) -> Result<Self, String> {
        let wrong = || format!("`{version}` is no version of {interpreter}");
        let python: Version = version.parse().map_err(|_| wrong())?;
        if python.release().get(..2) != Some(&[3, interpreter.minor.into()]) {
            return Err(wrong());
        }
        let markers = MarkerEnvironment::try_from(MarkerEnvironmentBuilder {
            implementation_name: "cpython",
            implementation_version: version,
            os_name: "posix",
            platform_machine: match arch {
                Arch::Amd64 => "x86_64",
                Arch::Arm64 => "aarch64",
            },
            platform_python_implementation: "CPython",
            platform_release: "",
            platform_system: "Linux",
            platform_version: "",
            python_full_version: version,
            python_version: &format!("3.{}", interpreter.minor),
            sys_platform: "linux",
        });
        let markers = markers.map_err(|_| wrong())?;
        Ok(Self { arch, python, supported: Supported::cpython(interpreter.minor, arch, glibc), markers })
    }

    /// How well a wheel fits: less is better; none where it does not.
    #[must_use]
    pub fn rank(&self, wheel: &WheelName) -> Option<usize> {
        self.supported.rank(wheel)
    }

    /// Whether a requirement holds here, for a package with these extras.
    #[must_use]
    pub fn asks(&self, requirement: &Requirement, extras: &[ExtraName]) -> bool {
        requirement.marker.evaluate(&self.markers, extras)
    }
}
