//! A layer: one member with the directories, its fragments' members as they are, one with what was generated, and the end.

use std::io::{self, Read, Write};

use super::error::LayerError;
use super::index::Index;
use super::members::{self, Members};
use crate::base::{DiffId, Digest, Epoch, Hasher};
use crate::formats::compress::{Compression, MemberDecoder};
use crate::formats::tar::{Entry, writer};

/// A layer that was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assembled {
    /// The digest of the blob.
    pub digest: Digest,
    /// The digest of its tar.
    pub diff_id: DiffId,
    /// Bytes of the blob.
    pub size: u64,
    /// Bytes of its tar.
    pub plain_size: u64,
}

/// Writes one layer to `out`. The order of the calls is the order of the bytes; entries that are pushed one after the other share
/// members.
///
/// A layer's tar has every directory before what lies in it, so the caller pushes directories first and sorted. Memory is a
/// few MiB, whatever the layer's size; several layers may be written at once.
pub struct LayerWriter<W> {
    members: Members<W, Hasher>,
    compression: Compression,
    epoch: Epoch,
    decoder: MemberDecoder,
    compressed: Vec<u8>,
    plain: Vec<u8>,
}

impl<W: Write> LayerWriter<W> {
    /// Starts a layer. Modification times of pushed entries after `epoch` become `epoch`.
    ///
    /// # Errors
    /// When memory is short.
    pub fn new(compression: Compression, epoch: Epoch, out: W) -> Result<Self, LayerError> {
        Ok(Self {
            members: Members::new(compression, out, Hasher::new())?,
            compression,
            epoch,
            decoder: MemberDecoder::new(compression)?,
            compressed: Vec::new(),
            plain: Vec::new(),
        })
    }

    /// Adds an entry; of a file, `content` must give [`Entry::size`] bytes.
    ///
    /// # Errors
    /// When the content is short or cannot be read, the entry cannot be written as tar, or `out` fails.
    pub fn push(&mut self, entry: &Entry, content: &mut dyn Read) -> Result<(), LayerError> {
        let mtime = self.epoch.clamp(entry.mtime);
        if mtime == entry.mtime {
            self.members.entry(entry, content)?;
        } else {
            self.members.entry(&Entry { mtime, ..entry.clone() }, content)?;
        }
        Ok(())
    }

    /// Adds entries without content, such as directories and symbolic links.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub fn push_all<'e>(&mut self, entries: impl IntoIterator<Item = &'e Entry>) -> Result<(), LayerError> {
        entries.into_iter().try_for_each(|entry| self.push(entry, &mut io::empty()))
    }

    /// Copies a fragment's members from `input`, which must hold exactly its bytes: they are hashed again as they pass.
    ///
    /// # Errors
    /// When the bytes are not those that the index describes, or are compressed in another way; the layer is spoiled then.
    pub fn fragment(&mut self, index: &Index, input: &mut dyn Read) -> Result<(), LayerError> {
        if index.compression != self.compression {
            return Err(LayerError::MixedCompression(index.digest));
        }
        let mut input = Hasher::around(input);
        for member in &index.members {
            if let Err(source) = members::read_member(&mut input, *member, &mut self.compressed) {
                return Err(match source.kind() {
                    io::ErrorKind::UnexpectedEof => changed(index, input),
                    _ => LayerError::Fragment { digest: index.digest, source },
                });
            }
            self.plain.resize(usize::try_from(member.plain).unwrap_or(usize::MAX), 0);
            if self.decoder.decode(&self.compressed, &mut self.plain).is_err() {
                return Err(changed(index, input));
            }
            self.members.copy(*member, &self.compressed, &self.plain)?;
        }
        let mut more = [0];
        match input.read(&mut more) {
            Ok(0) => {}
            Ok(_) => return Err(changed(index, input)),
            Err(source) => return Err(LayerError::Fragment { digest: index.digest, source }),
        }
        let (actual, ..) = input.finish();
        if actual == index.digest { Ok(()) } else { Err(LayerError::Changed { expected: index.digest, actual }) }
    }

    /// Ends the layer; gives its digests and `out` back.
    ///
    /// # Errors
    /// When `out` fails.
    pub fn finish(mut self) -> Result<(Assembled, W), LayerError> {
        self.members.write(&writer::END)?;
        let written = self.members.finish()?;
        let diff_id = DiffId(written.tap.finish().0);
        let assembled =
            Assembled { digest: written.digest, diff_id, size: written.size, plain_size: written.plain_size };
        Ok((assembled, written.out))
    }
}

/// The error of a fragment that has other bytes; those up to here were hashed.
fn changed(index: &Index, input: Hasher<&mut dyn Read>) -> LayerError {
    LayerError::Changed { expected: index.digest, actual: input.finish().0 }
}
