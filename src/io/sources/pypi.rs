//! A Python package index: pages of projects, and what wheels say of themselves without fetching them whole.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom};

use bytes::Bytes;
use pep508_rs::PackageName;
use reqwest::header::{ACCEPT, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderValue, RANGE};
use url::Url;

use crate::base::{Class, Digest, Fault, redact};
use crate::formats::simple_index::{self, Listed, PageError};
use crate::formats::wheel::{self, Metadata, Problem, WheelError, WheelName};
use crate::io::http::address::is_loopback;
use crate::io::http::redirect::target;
use crate::io::http::{Call, Client, HttpError, Reach};

/// The largest page that is read, in bytes.
const MAX_PAGE: u64 = 64 << 20;
/// The largest `METADATA` that is read, in bytes.
const MAX_METADATA: u64 = 8 << 20;
/// How much of a wheel is asked for at a time: enough for most directories of archives.
const PIECE: u64 = 64 << 10;
/// How many pieces of a wheel are asked for before it is given up.
const MOST_PIECES: usize = 8;

/// An index that is not what it should be.
#[derive(Debug, thiserror::Error)]
pub enum PypiError {
    /// It could not be asked.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// A page is none.
    #[error("{}: {source}", redact::url(url))]
    Page {
        /// Its address.
        url: String,
        /// What is wrong.
        source: PageError,
    },
    /// A wheel is not what it should be.
    #[error(transparent)]
    Wheel(#[from] WheelError),
    /// A page leads where it may not.
    #[error("{}: the address of `{}` is refused: {reason}", redact::url(page), redact::printable(file))]
    Address {
        /// The page.
        page: String,
        /// The file.
        file: String,
        /// Why.
        reason: String,
    },
    /// The index does not have what the lock names.
    #[error("`{file}` has vanished: the page of {project} in `{mirror}` does not list it")]
    Vanished {
        /// The file.
        file: String,
        /// Its project.
        project: String,
        /// The alias of the index.
        mirror: String,
    },
    /// The index does not say by what a file would be known.
    #[error("{project}: the index gives no SHA-256 of `{}`", redact::printable(file))]
    NoHash {
        /// The file.
        file: String,
        /// Its project.
        project: String,
    },
    /// `METADATA` beside a wheel is not the one that the page announces.
    #[error("the METADATA of `{wheel}` has {got}, and its page says {expected}")]
    Metadata {
        /// The wheel.
        wheel: String,
        /// What the page says.
        expected: Digest,
        /// What it is.
        got: Digest,
    },
}

/// A page, and where it came from.
#[derive(Clone, Debug)]
pub struct Page {
    url: Url,
    /// What it lists.
    pub files: Vec<Listed>,
}

/// The page of a project in the index at `root`; none where the index does not have it.
///
/// # Errors
/// When the index does not answer, or with what is no page.
pub async fn page(client: &Client, root: &Url, name: &PackageName) -> Result<Option<Page>, PypiError> {
    let mut url = root.clone();
    url.set_path(&format!("{}/{name}/", root.path().trim_end_matches('/')));
    let call = Call::get(url.clone()).header(ACCEPT, simple_index::ACCEPT);
    let answer = match client.call(&call, MAX_PAGE).await {
        Ok(answer) => answer,
        Err(error) if error.is_absent() => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let kind = answer.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("text/html");
    let files = simple_index::parse(&answer.body, &kind.to_ascii_lowercase());
    let files = files.map_err(|source| PypiError::Page { url: url.to_string(), source })?;
    Ok(Some(Page { url: answer.url, files }))
}

impl Page {
    /// Where a file of the page is.
    ///
    /// # Errors
    /// When the page leads to where a redirect may not lead either.
    pub fn address(&self, file: &Listed) -> Result<Url, PypiError> {
        let reach = if is_loopback(&self.url) { Reach::Machine } else { Reach::Network };
        let mut found = target(&self.url, &file.url, reach).map_err(|reason| PypiError::Address {
            page: self.url.to_string(),
            file: file.filename.clone(),
            reason,
        })?;
        found.set_fragment(None);
        Ok(found)
    }
}

/// `METADATA` of a listed wheel: the file beside it where the page announces one (PEP 658), else read out of the wheel by ranges. None
/// where the server gives no ranges: then only the whole wheel tells.
///
/// # Errors
/// When the server fails, or what it gives is not what the page says.
pub async fn metadata(
    client: &Client,
    page: &Page,
    listed: &Listed,
    name: &WheelName,
) -> Result<Option<Metadata>, PypiError> {
    let url = page.address(listed)?;
    if let Some(announced) = &listed.metadata {
        let mut beside = url.clone();
        beside.set_path(&format!("{}.metadata", url.path()));
        let answer = client.get(&beside, MAX_METADATA).await?;
        let got = Digest::of(&answer.body);
        if let Some(expected) = announced.filter(|expected| *expected != got) {
            return Err(PypiError::Metadata { wheel: name.to_string(), expected, got });
        }
        let wrong = |problem: Problem| WheelError { wheel: name.to_string(), problem };
        return Ok(Some(Metadata::parse(&answer.body).map_err(wrong)?));
    }
    let Some((size, etag, tail)) = piece(client, &url, format!("bytes=-{PIECE}")).await? else { return Ok(None) };
    let mut sparse =
        Sparse { size, pieces: BTreeMap::from([(size.saturating_sub(tail.len() as u64), tail)]), at: 0, missing: None };
    for _ in 0..MOST_PIECES {
        match wheel::metadata(&mut sparse, name) {
            Ok(found) => return Ok(Some(found)),
            Err(error) => {
                let Some(start) = sparse.missing.take() else { return Err(error.into()) };
                let end = (start + PIECE).min(size);
                let got = piece(client, &url, format!("bytes={start}-{}", end.saturating_sub(1))).await?;
                // Of another version of the file a piece is worthless.
                let Some((_, _, bytes)) = got.filter(|(other, tag, _)| (*other, tag) == (size, &etag)) else {
                    return Ok(None);
                };
                sparse.pieces.insert(start, bytes);
            }
        }
    }
    Ok(None)
}

/// Size, version and bytes.
type Piece = (u64, Option<HeaderValue>, Bytes);

/// A range of a file, with the size of the whole and what identifies its version; none where the server gives no ranges.
async fn piece(client: &Client, url: &Url, range: String) -> Result<Option<Piece>, PypiError> {
    let call = Call::get(url.clone()).header(RANGE, &range);
    let answer = match client.call(&call, 2 * PIECE).await {
        Ok(answer) => answer,
        Err(HttpError {
            cause: crate::io::http::Cause::Limit { .. } | crate::io::http::Cause::Status { status: 416, .. },
            ..
        }) => {
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    };
    let text = answer.headers.get(CONTENT_RANGE).and_then(|value| value.to_str().ok());
    let size = text.and_then(|text| text.rsplit('/').next()?.parse().ok());
    let length = answer.body.len() as u64;
    let etag = answer.headers.get(ETAG).cloned();
    Ok(match size {
        Some(size) if length <= size => Some((size, etag, answer.body)),
        Some(_) => None,
        // The whole file, which is small.
        None => Some((length, etag, answer.body)),
    })
}

/// A file of which some pieces are there.
struct Sparse {
    size: u64,
    pieces: BTreeMap<u64, Bytes>,
    at: u64,
    /// Where something was to be read that is not there.
    missing: Option<u64>,
}

impl Read for Sparse {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.size || buffer.is_empty() {
            return Ok(0);
        }
        let piece = self.pieces.range(..=self.at).next_back();
        let rest = piece.and_then(|(start, bytes)| bytes.get(usize::try_from(self.at - start).ok()?..));
        let Some(rest) = rest.filter(|rest| !rest.is_empty()) else {
            self.missing = Some(self.at);
            return Err(io::Error::other("this part of the wheel is not there yet"));
        };
        let length = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..length), rest.get(..length)) {
            to.copy_from_slice(from);
        }
        self.at += length as u64;
        Ok(length)
    }
}

impl Seek for Sparse {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.size.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}

impl Fault for PypiError {
    fn class(&self) -> Class {
        match self {
            Self::Http(error) => error.class(),
            Self::Page { source, .. } => source.class(),
            Self::Wheel(error) => error.class(),
            Self::Address { .. } | Self::Vanished { .. } => Class::Network,
            Self::NoHash { .. } | Self::Metadata { .. } => Class::Integrity,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Http(error) => error.hint(),
            Self::Page { source, .. } => source.hint(),
            Self::Wheel(error) => error.hint(),
            Self::Address { .. } | Self::Metadata { .. } => {
                Some("ask whoever runs the index, or use another: --mirror pypi=URL".into())
            }
            Self::Vanished { .. } => Some(
                "`mokapot lock --update` takes what the index has now; or use another index: --mirror pypi=URL".into(),
            ),
            Self::NoHash { .. } => {
                Some("use an index that lists SHA-256: what it gives could not be told from anything else".into())
            }
        }
    }
}
