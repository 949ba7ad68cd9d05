//! One HTTP client for everything that is fetched.
//!
//! It asks for identity encoding, so that bytes are hashed as they are stored; follows redirects by hand, under rules;
//! notices connections that stall or crawl, not only those that cannot be made; retries what may pass, with back-off,
//! jitter and `Retry-After`, a bounded number of times; resumes cut downloads; and never writes a byte more than was
//! announced by the one who knows.

pub mod address;
pub mod call;
pub mod client;
mod connect;
pub mod credentials;
pub mod download;
pub mod error;
pub mod pace;
pub mod redirect;
pub mod retry;
pub mod settings;

pub use address::Reach;
pub use call::{Answer, Call, Exchange};
pub use client::{Client, Parts};
pub use credentials::Credentials;
pub use download::{Expected, Piece};
pub use error::{Cause, HttpError};
pub use pace::Pace;
pub use settings::{Proxies, Settings};
