//! Wheels made in code, right or wrong, and an index that serves them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use mokapot::base::Digest;
use mokapot::formats::wheel::record_hash;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::http::{Reply, Request, Server};

/// A wheel. Every part can be made wrong.
#[derive(Clone)]
pub struct Wheel {
    pub name: String,
    pub version: String,
    pub tags: String,
    /// More lines of METADATA.
    pub metadata: String,
    /// Path, bytes and mode.
    pub files: Vec<(String, Vec<u8>, u32)>,
    /// Changes what RECORD says.
    pub record: fn(String) -> String,
    /// Changes the archive itself.
    pub bytes: fn(Vec<u8>) -> Vec<u8>,
    /// What WHEEL says, where it is not the tags.
    pub inside: Option<String>,
    /// The name in METADATA, where it is not the wheel's.
    pub called: Option<String>,
}

impl Wheel {
    pub fn new(name: &str, version: &str, tags: &str) -> Self {
        let module = format!("{name}/__init__.py");
        Self {
            name: name.into(),
            version: version.into(),
            tags: tags.into(),
            metadata: String::new(),
            files: vec![(module, format!("version = '{version}'\n").into_bytes(), 0o100_644)],
            record: |text| text,
            bytes: |bytes| bytes,
            inside: None,
            called: None,
        }
    }

    pub fn file(mut self, path: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.files.push((path.into(), bytes.into(), 0o100_644));
        self
    }

    pub fn mode(mut self, path: &str, bytes: impl Into<Vec<u8>>, mode: u32) -> Self {
        self.files.push((path.into(), bytes.into(), mode));
        self
    }

    pub fn metadata(mut self, line: &str) -> Self {
        let _ = writeln!(self.metadata, "{line}");
        self
    }

    pub fn record(mut self, change: fn(String) -> String) -> Self {
        self.record = change;
        self
    }

    pub fn bytes(mut self, change: fn(Vec<u8>) -> Vec<u8>) -> Self {
        self.bytes = change;
        self
    }

    pub fn filename(&self) -> String {
        format!("{}-{}-{}.whl", self.name, self.version, self.tags)
    }

    pub fn build(&self) -> Vec<u8> {
        let info = format!("{}-{}.dist-info", self.name, self.version);
        let mut files = self.files.clone();
        let called = self.called.as_ref().unwrap_or(&self.name);
        let metadata = format!("Metadata-Version: 2.1\nName: {called}\nVersion: {}\n{}", self.version, self.metadata);
        files.push((format!("{info}/METADATA"), metadata.into_bytes(), 0o100_644));
        let tags = self.inside.clone().unwrap_or_else(|| self.tags.clone());
        let wheel = format!("Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {tags}\n");
        files.push((format!("{info}/WHEEL"), wheel.into_bytes(), 0o100_644));
        let mut record = String::new();
        for (path, bytes, _) in &files {
            let _ = writeln!(record, "{path},{},{}", record_hash(bytes), bytes.len());
        }
        let _ = writeln!(record, "{info}/RECORD,,");
        files.push((format!("{info}/RECORD"), (self.record)(record).into_bytes(), 0o100_644));
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (path, bytes, mode) in files {
            let options = SimpleFileOptions::default().unix_permissions(mode & 0o7777);
            if mode & 0o170_000 == 0o120_000 {
                writer.add_symlink(path.as_str(), String::from_utf8(bytes).unwrap().as_str(), options).unwrap();
                continue;
            }
            writer.start_file(path.as_str(), options).unwrap();
            writer.write_all(&bytes).unwrap();
        }
        (self.bytes)(writer.finish().unwrap().into_inner())
    }
}

/// How an index tells of its files.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// JSON with sizes; METADATA is read by ranges.
    Json,
    /// HTML without sizes, METADATA beside each wheel.
    Html,
    /// JSON, by a server that knows no ranges.
    Plain,
}

/// Serves wheels as an index does.
pub fn serve(wheels: &[Wheel], form: Form) -> Server {
    let built: BTreeMap<String, Vec<u8>> = wheels.iter().map(|wheel| (wheel.filename(), wheel.build())).collect();
    let mut pages: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for wheel in wheels {
        pages.entry(wheel.name.replace('_', "-").to_lowercase()).or_default().push(wheel.filename());
    }
    Server::start(move |request: &Request| {
        let path = request.path().trim_matches('/').to_owned();
        if let Some(file) = path.strip_prefix("files/") {
            if let Some(wheel) = file.strip_suffix(".metadata").and_then(|name| built.get(name)) {
                let mut archive = zip::ZipArchive::new(Cursor::new(wheel)).unwrap();
                let name =
                    archive.file_names().map(|n| n.unwrap().into_owned()).find(|n| n.ends_with("/METADATA")).unwrap();
                let mut bytes = Vec::new();
                std::io::copy(&mut archive.by_name(&name).unwrap(), &mut bytes).unwrap();
                return Reply::ok(bytes);
            }
            let Some(bytes) = built.get(file) else { return Reply::new(404) };
            return if form == Form::Plain { Reply::ok(bytes.clone()) } else { suffix(bytes, request) };
        }
        let Some(files) = path.strip_prefix("simple/").and_then(|name| pages.get(name)) else { return Reply::new(404) };
        if form == Form::Html {
            let mut text = String::from("<!DOCTYPE html><html><body>\n");
            for file in files {
                let hash = Digest::of(&built[file]).hex();
                let _ = writeln!(
                    text,
                    "<a href=\"/files/{file}#sha256={hash}\" data-dist-info-metadata=\"true\">{file}</a><br>"
                );
            }
            return Reply::ok(text + "</body></html>").header("content-type", "text/html");
        }
        let files: Vec<serde_json::Value> = files
            .iter()
            .map(|file| {
                let bytes = &built[file];
                let hash = Digest::of(bytes).hex();
                serde_json::json!({ "filename": file, "url": format!("/files/{file}"), "hashes": { "sha256": hash }, "size": bytes.len() })
            })
            .collect();
        let page = serde_json::json!({ "meta": { "api-version": "1.0" }, "files": files });
        Reply::ok(page.to_string()).header("content-type", "application/vnd.pypi.simple.v1+json")
    })
}

/// Ranges, those that count from the end too.
fn suffix(bytes: &[u8], request: &Request) -> Reply {
    let last =
        request.header("range").and_then(|range| range.strip_prefix("bytes=-")).and_then(|n| n.parse::<usize>().ok());
    let Some(last) = last else { return Reply::ranged(bytes, request) };
    let start = bytes.len().saturating_sub(last);
    let range = format!("bytes {start}-{}/{}", bytes.len() - 1, bytes.len());
    Reply::new(206).header("content-range", range).body(&bytes[start..])
}
