//! Whether an image can work on its platform, told from its files alone.
//!
//! ```text
//! bytes of a file ──look──▶ Look (ELF: what it is linked with; jar: native code and classes)
//! Tree + Looks ──audit──▶ findings, each with a code
//! ```
//!
//! | code | is found |
//! |---|---|
//! | `AUD-MACHINE` | a program or shared object for another processor |
//! | `AUD-NATIVE` | a jar with native code for the other platform and not for this one |
//! | `AUD-LIBRARY` | a library, or the dynamic linker, that a program asks for and the image does not have |
//! | `AUD-CLASS` | a class that two jars of one folder have with different bytes: which one Java takes, the folder's order decides |
//!
//! | `AUD-UNREAD` | what begins like machine code or a jar and cannot be read, so that nothing is said of it |
//!
//! The last two are warnings. A class hurts only if somebody puts the whole folder on a class path and the two differ where it matters.

mod classes;
mod libraries;
mod look;
pub mod native;

use std::collections::BTreeMap;

use serde::Serialize;

pub use look::{Jar, Look, Peek};

use crate::base::Arch;
use crate::domain::rootfs::{Content, Kind, Node, Position, Tree};
use crate::formats::elf;

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// What kind of thing it is.
    pub code: Code,
    /// The file, or the folder of jars.
    pub path: String,
    /// What is the matter with it.
    pub what: String,
}

/// The kinds of findings. Their names are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Code {
    /// Machine code for another processor.
    #[serde(rename = "AUD-MACHINE")]
    Machine,
    /// A jar's native code for another platform alone.
    #[serde(rename = "AUD-NATIVE")]
    Native,
    /// A library that is not there.
    #[serde(rename = "AUD-LIBRARY")]
    Library,
    /// A class of which the order of a folder decides.
    #[serde(rename = "AUD-CLASS")]
    Class,
    /// A file that could not be looked at.
    #[serde(rename = "AUD-UNREAD")]
    Unread,
}

impl Code {
    /// The code's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Machine => "AUD-MACHINE",
            Self::Native => "AUD-NATIVE",
            Self::Library => "AUD-LIBRARY",
            Self::Class => "AUD-CLASS",
            Self::Unread => "AUD-UNREAD",
        }
    }

    /// Whether an image with it may work all the same.
    #[must_use]
    pub const fn is_warning(self) -> bool {
        matches!(self, Self::Class | Self::Unread)
    }
}

/// All findings in a tree for `arch`, sorted. `looks` are by the place of a file's bytes; `linker` are the texts of ld.so.conf(5) and the
/// files in its folder.
#[must_use]
pub fn audit(tree: &Tree, looks: &BTreeMap<Position, Look>, linker: &[&[u8]], arch: Arch) -> Vec<Finding> {
    let files = Files { tree, looks };
    let mut findings = libraries::missing(&files, linker, arch);
    for (path, look) in files.walk() {
        match look {
            Look::Elf(linked) if is_foreign(linked.machine, arch) => {
                let what = format!("it is for {}", processor(linked.machine));
                findings.push(Finding { code: Code::Machine, path: shown(&path), what });
            }
            Look::Elf(_) => {}
            Look::Unread(why) => {
                findings.push(Finding { code: Code::Unread, path: shown(&path), what: why.clone() });
            }
            Look::Jar(jar) => {
                for missing in native::missing(&jar.natives).into_iter().filter(|missing| missing.lacks == arch) {
                    let what = format!("{} is for {}, and there is none for {arch}", missing.entry, missing.has);
                    findings.push(Finding { code: Code::Native, path: shown(&path), what });
                }
            }
        }
    }
    findings.extend(classes::conflicts(&files));
    findings.sort();
    findings
}

/// A tree and what its files are.
struct Files<'a> {
    tree: &'a Tree,
    looks: &'a BTreeMap<Position, Look>,
}

impl<'a> Files<'a> {
    fn of(&self, node: &Node<'_>) -> Option<&'a Look> {
        match node.kind {
            Kind::File(Content::Entry { at, .. }) => self.looks.get(at),
            _ => None,
        }
    }

    /// Every name of a file that is known.
    fn walk(&self) -> impl Iterator<Item = (Vec<u8>, &'a Look)> {
        self.tree.walk().filter_map(|(path, node)| Some((path, self.of(&node)?)))
    }
}

const fn machine(arch: Arch) -> u16 {
    match arch {
        Arch::Amd64 => elf::X86_64,
        Arch::Arm64 => elf::AARCH64,
    }
}

/// Programs for the kernel's own machine (BPF) run on every processor.
const fn is_foreign(own: u16, arch: Arch) -> bool {
    const BPF: u16 = 247;
    own != machine(arch) && own != BPF && own != 0
}

fn processor(machine: u16) -> String {
    match machine {
        elf::X86_64 => "x86-64".into(),
        elf::AARCH64 => "AArch64".into(),
        elf::I386 => "i386".into(),
        other => format!("processor {other}"),
    }
}

fn shown(path: &[u8]) -> String {
    format!("/{}", crate::base::redact::printable_bytes(path))
}
