//! Object storage: S3 and what speaks its protocol; and folders, where publishers need no more than a few verbs ([`Place`]).
//!
//! ```text
//! environment, profile ──Settings──▶ Objects ──credentials, sts, metadata──▶ who we are
//! s3://BUCKET/KEY ──request──▶ signed calls: region found, retried, refreshed ──▶ download, upload
//! DIR | s3://BUCKET/PREFIX ──Place──▶ read, put where there is none, replace what was read, remove
//! ```
//!
//! Requests are signed by `rusty-s3` as presigned URLs (Signature Version 4 in the query), and sent by the one HTTP client; no error
//! shows a query. An address that an endpoint redirects to is never followed: of a redirect only the bucket's region is believed.

mod credentials;
mod download;
mod error;
mod folder;
mod metadata;
mod place;
mod profile;
mod request;
mod settings;
mod sts;
mod upload;

pub use error::{ObjectCause, ObjectError};
pub use place::{Content, Place, PlaceError, Tag};
pub use request::Head;
pub use settings::{Clock, Settings};
pub use upload::{Put, Source, Swap};

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::sync::Semaphore;

use self::credentials::Held;
use super::http::Client;

/// Bytes of a large object that are asked for at a time.
const PART: u64 = 8 << 20;

/// How many parts are in memory at a time, of all objects together.
const PARTS: usize = 6;

/// Reads and writes objects. Clones share credentials, regions and limits.
#[derive(Clone)]
pub struct Objects {
    client: Client,
    settings: Arc<Settings>,
    /// Who we are, once somebody asked.
    held: Arc<tokio::sync::Mutex<Option<Held>>>,
    /// The regions that buckets turned out to be in.
    regions: Arc<Mutex<BTreeMap<String, String>>>,
    parts: Arc<Semaphore>,
}

impl Objects {
    /// Nothing is asked yet. `client` must know no logins of its own, since a request has one signature only.
    #[must_use]
    pub fn new(client: Client, settings: Settings) -> Self {
        Self {
            client,
            settings: Arc::new(settings),
            held: Arc::default(),
            regions: Arc::default(),
            parts: Arc::new(Semaphore::new(PARTS)),
        }
    }
}
