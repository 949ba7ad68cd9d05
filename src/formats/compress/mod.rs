//! Codecs: streaming decoders for foreign bytes, bounded in memory; and the encoder of our own bytes, whose output is
//! part of every digest.

pub mod decode;
pub mod encode;
pub mod whole;
mod window;

use serde::{Deserialize, Serialize};

use crate::base::{Class, Fault};

pub use decode::{Checksums, Decoder};
pub use encode::{FORMAT, MemberDecoder, MemberEncoder};

/// How foreign bytes are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Codec {
    /// Not at all.
    None,
    /// RFC 1952, any number of members.
    Gzip,
    /// The `.xz` format, any number of streams.
    Xz,
    /// RFC 8878, any number of frames.
    Zstd,
    /// bzip2, any number of streams.
    Bzip2,
    /// The older `.lzma` format of one stream.
    Lzma,
}

/// How layers are compressed.
// The two codecs of the OCI image specification whose members can be concatenated. These words are in the recipes' schema.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// Smaller and faster; containerd 1.5 and podman read it.
    #[default]
    Zstd,
    /// Every client reads it.
    Gzip,
}

/// Why bytes could not be decoded or encoded. A [`Decoder`] hands it out inside an [`std::io::Error`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompressError {
    /// The header asks for more memory than any honest file needs.
    #[error("{} data declares {} of {declared} bytes, more than the {limit} bytes allowed", codec.name(), codec.memory())]
    Memory {
        /// Which codec.
        codec: Codec,
        /// The header's value.
        declared: u64,
        /// The most that is allowed.
        limit: u64,
    },
    /// A later block asks for too much memory.
    #[error("{} data needs more than the {limit} bytes of memory allowed", codec.name())]
    MemoryLater {
        /// Which codec.
        codec: Codec,
        /// The most that is allowed.
        limit: u64,
    },
    /// The first bytes belong to another codec.
    #[error("expected {} data, found {}", expected.name(), found.name())]
    Mismatch {
        /// What the name promised.
        expected: Codec,
        /// What the bytes are.
        found: Codec,
    },
    /// The bytes are damaged or cut short.
    #[error("broken {} data: {reason}", codec.name())]
    Broken {
        /// Which codec.
        codec: Codec,
        /// In the decoder's words.
        reason: String,
    },
    /// The encoder failed; it does so only when memory is short.
    #[error("cannot compress as {compression}: {reason}")]
    Encode {
        /// Which format.
        compression: Compression,
        /// In the encoder's words.
        reason: String,
    },
    /// As xz; it fails only when memory is short, or what takes the bytes does.
    #[error("cannot compress as xz: {reason}")]
    Xz {
        /// In the encoder's words.
        reason: String,
    },
}

impl Fault for CompressError {
    fn class(&self) -> Class {
        match self {
            Self::Memory { .. }
            | Self::MemoryLater { .. }
            | Self::Mismatch { .. }
            | Self::Broken { .. }
            | Self::Encode { .. }
            | Self::Xz { .. } => Class::Integrity,
        }
    }
}

impl Codec {
    /// The codec's own name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "uncompressed",
            Self::Gzip => "gzip",
            Self::Xz => "xz",
            Self::Zstd => "zstd",
            Self::Bzip2 => "bzip2",
            Self::Lzma => "lzma",
        }
    }

    /// The codec that a file name's last part stands for: `gz`, `xz`, `zst`, `bz2`, `lzma`.
    #[must_use]
    pub fn from_extension(extension: &str) -> Option<Self> {
        Some(match extension {
            "gz" => Self::Gzip,
            "xz" => Self::Xz,
            "zst" => Self::Zstd,
            "bz2" => Self::Bzip2,
            "lzma" => Self::Lzma,
            _ => return None,
        })
    }

    /// The codec whose magic number `head` starts with. Uncompressed bytes and `.lzma` have none.
    #[must_use]
    pub fn sniff(head: &[u8]) -> Option<Self> {
        let magics: [(&[u8], Self); 4] = [
            (b"\x1f\x8b", Self::Gzip),
            (b"\xfd7zXZ\0", Self::Xz),
            (b"\x28\xb5\x2f\xfd", Self::Zstd),
            (b"BZh", Self::Bzip2),
        ];
        magics.into_iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, codec)| codec)
    }

    /// What its header calls the memory it needs.
    const fn memory(self) -> &'static str {
        match self {
            Self::Zstd => "a window",
            Self::None | Self::Gzip | Self::Xz | Self::Bzip2 | Self::Lzma => "a dictionary",
        }
    }
}

impl Compression {
    /// Its name, as recipes and media types write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }
}

impl std::fmt::Display for Compression {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}
