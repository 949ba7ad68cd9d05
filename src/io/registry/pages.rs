//! Lists that come in pages: tags, and the referrers of an image (distribution-spec, "Content Discovery").

use std::collections::BTreeSet;

use reqwest::header::ACCEPT;

use super::error::{Error, Result};
use super::repository::Repository;
use crate::base::{Digest, Event, redact};
use crate::formats::oci::json::MAX_SIZE;
use crate::formats::oci::{Content, Descriptor, Document, Selector, json, link, media_type};
use crate::io::http::Call;

/// How many pages are read at most.
const MAX_PAGES: usize = 100;

impl Repository {
    /// All tags, in the registry's order.
    ///
    /// # Errors
    /// When the registry refuses, or its pages lead in circles, to another host, or have no end.
    pub async fn tags(&self) -> Result<Vec<String>> {
        let mut tags = Vec::new();
        let url = self.transport.url(&format!("{}/tags/list", self.name().path()));
        let pages = self.pages(Call::get(url)).await?;
        for (shown, page) in pages.unwrap_or_default() {
            let page = json::parse(&page).map_err(|source| Error::Document { object: shown, source })?;
            tags.extend(
                page["tags"].as_array().into_iter().flatten().filter_map(|tag| tag.as_str().map(str::to_owned)),
            );
        }
        Ok(tags)
    }

    /// What refers to the image `subject`: signatures, SBOMs and so on, of one artifact type or of all.
    ///
    /// From the referrers API, or, where it answers 404, from the tag `sha256-<hex>` that stands for it. The type is compared
    /// here, whatever the registry claims to have filtered.
    ///
    /// # Errors
    /// As [`Repository::tags`]; when the list is no index.
    pub async fn referrers(&self, subject: Digest, artifact_type: Option<&str>) -> Result<Vec<Descriptor>> {
        let url = self.transport.url(&format!("{}/referrers/{subject}", self.name().path()));
        let mut found = Vec::new();
        match self.pages(Call::get(url).header(ACCEPT, media_type::INDEX)).await? {
            Some(pages) => {
                for (object, page) in pages {
                    found.extend(listed(page, object)?);
                }
            }
            None => {
                let object = format!("{}:sha256-{}", self.name(), subject.hex());
                let Ok(tag) = format!("sha256-{}", subject.hex()).parse() else { return Ok(found) };
                let selector = Selector::Tag(tag);
                if self.head_manifest(&selector).await?.is_some() {
                    found = listed(self.manifest(&selector, None).await?.bytes().to_vec(), object)?;
                }
            }
        }
        found.retain(|entry| artifact_type.is_none_or(|kind| entry.artifact_type.as_deref() == Some(kind)));
        let mut genuine = Vec::new();
        for entry in found {
            let document = self.manifest(&Selector::Digest(entry.digest), Some(&entry.media_type)).await?;
            let about = match document.content() {
                Content::Index(index) => index.subject.as_ref(),
                Content::Manifest(manifest) => manifest.subject.as_ref(),
            };
            if about.is_some_and(|descriptor| descriptor.digest == subject) {
                genuine.push(entry);
            } else {
                let (name, digest) = (self.name(), entry.digest);
                let warning = format!("{name} lists {digest} as a referrer of {subject}, which it is not: ignored");
                self.transport.progress().emit(Event::Warning(warning));
            }
        }
        Ok(genuine)
    }

    /// The pages that start at `call`, each with its URL for messages; none when there is no such list.
    async fn pages(&self, mut call: Call) -> Result<Option<Vec<(String, Vec<u8>)>>> {
        let mut pages = Vec::new();
        let mut seen = BTreeSet::new();
        loop {
            let shown = redact::url(call.url.as_str());
            let broken = |what| Error::Pages { url: shown.clone(), what };
            if !seen.insert(call.url.clone()) {
                return Err(broken("the pages of the list lead in a circle"));
            }
            if pages.len() >= MAX_PAGES {
                return Err(broken("the list has more than 100 pages"));
            }
            let answer = self.call(&call).await?;
            match answer.status() {
                200 => {}
                404 => return Ok(None),
                _ => return Err(answer.into_error().await),
            }
            let next = answer.all("link").into_iter().find_map(link::next).map(str::to_owned);
            pages.push((shown.clone(), answer.bytes(MAX_SIZE).await?.to_vec()));
            let Some(next) = next else { return Ok(Some(pages)) };
            let url = self.transport.resolve(&call.url, &next).await?;
            if !self.transport.is_home(&url) {
                let to = redact::url(url.as_str());
                return Err(Error::Forbidden { from: shown, to, reason: "the next page is on another host".into() });
            }
            call.url = url;
        }
    }
}

/// The entries of a list of referrers.
fn listed(bytes: Vec<u8>, object: String) -> Result<Vec<Descriptor>> {
    let document = Document::parse(bytes, None).map_err(|source| Error::Document { object: object.clone(), source })?;
    match document.content() {
        Content::Index(index) => Ok(index.manifests.clone()),
        Content::Manifest(_) => {
            let source = crate::formats::oci::Error::MediaType(document.media_type().to_owned());
            Err(Error::Document { object, source })
        }
    }
}
