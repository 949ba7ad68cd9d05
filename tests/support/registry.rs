//! A registry in this process, on loopback, whose every misbehaviour a test can switch on.
//!
//! After every request it looks at every tag: one that names something incomplete is noted in [`State::broken`], so a
//! test sees a partial tag however short it was.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use mokapot::base::Digest;
use mokapot::formats::oci::{Content, Document};

use super::http::{Reply, Request, Server};

/// What a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Endpoint {
    Ping,
    Token,
    HeadBlob,
    GetBlob,
    StartUpload,
    Patch,
    UploadStatus,
    PutBlob,
    DeleteUpload,
    HeadManifest,
    GetManifest,
    PutManifest,
    HeadTag,
    GetTag,
    PutTag,
    Tags,
    Referrers,
}

/// What the registry wants to know about its clients.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Login {
    #[default]
    None,
    /// `user:password`.
    Basic(String),
    /// `user:password` for the token server; each token is good for so many requests.
    Bearer(String, usize),
}

/// How the registry differs from the best one.
#[derive(Clone, Debug, Default)]
pub struct Behaviour {
    pub login: Login,
    /// `OCI-Chunk-Min-Length`; shorter parts are refused.
    pub least_part: Option<usize>,
    /// Takes any part with 202, whatever its `Content-Range` says.
    pub blind_to_ranges: bool,
    /// Never mounts.
    pub no_mount: bool,
    /// Takes manifests whose children are missing.
    pub careless: bool,
    /// Tags cannot be changed.
    pub immutable: bool,
    /// So many reads of a tag after it was set still give the old answer.
    pub lag: usize,
    /// The referrers API is not there.
    pub no_referrers: bool,
    /// The `Location` of uploads; `{}` stands for the session's path.
    pub location: Option<String>,
    /// Sent with every answer.
    pub headers: Vec<(String, String)>,
    /// `realm` of the token server instead of the registry's own.
    pub realm: Option<String>,
}

/// What the registry holds.
#[derive(Debug, Default)]
pub struct State {
    pub behaviour: Behaviour,
    /// By repository and digest.
    pub blobs: BTreeMap<(String, String), Vec<u8>>,
    pub manifests: BTreeMap<(String, String), (String, Vec<u8>)>,
    /// By repository and tag: the digest.
    pub tags: BTreeMap<(String, String), String>,
    /// Sessions: the repository and the bytes so far.
    pub uploads: BTreeMap<String, (String, Vec<u8>)>,
    /// Tags that named something incomplete at some time.
    pub broken: Vec<String>,
    faults: Vec<(Endpoint, usize, Reply, bool)>,
    cuts: Vec<u64>,
    tokens: BTreeMap<String, usize>,
    lagging: BTreeMap<(String, String), (usize, Option<String>)>,
    sessions: usize,
}

/// The running registry.
pub struct Registry {
    server: Server,
    state: Arc<Mutex<State>>,
}

impl Registry {
    pub fn start(behaviour: Behaviour) -> Self {
        let state = Arc::new(Mutex::new(State { behaviour, ..State::default() }));
        let (cutting, answering) = (Arc::clone(&state), Arc::clone(&state));
        let server = Server::start_cutting(
            move |request| {
                let mut state = cutting.lock().unwrap();
                if endpoint(request) == Some(Endpoint::Patch) { state.cuts.pop() } else { None }
            },
            move |request| {
                let mut state = answering.lock().unwrap();
                let reply = state.answer(request);
                state.look_at_tags();
                state.behaviour.headers.iter().fold(reply, |reply, (name, value)| reply.header(name, value))
            },
        );
        Self { server, state }
    }

    /// `host:port`.
    pub fn host(&self) -> &str {
        self.server.address()
    }

    pub fn url(&self) -> String {
        self.server.url()
    }

    pub fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state.lock().unwrap())
    }

    /// The next `times` requests of this kind get `reply`, and nothing else happens.
    pub fn fail(&self, endpoint: Endpoint, times: usize, reply: Reply) {
        self.with(|state| state.faults.push((endpoint, times, reply, false)));
    }

    /// The next `times` requests of this kind are carried out, and then answered by `reply`.
    pub fn lose(&self, endpoint: Endpoint, times: usize, reply: Reply) {
        self.with(|state| state.faults.push((endpoint, times, reply, true)));
    }

    /// The next parts of uploads break off after so many bytes.
    pub fn cut_parts(&self, lengths: &[u64]) {
        self.with(|state| state.cuts = lengths.iter().rev().copied().collect());
    }

    /// What a tag names.
    pub fn tag(&self, repository: &str, tag: &str) -> Option<String> {
        self.with(|state| state.tags.get(&(repository.to_owned(), tag.to_owned())).cloned())
    }

    /// All requests since the start or the last [`Registry::forget`].
    pub fn requests(&self) -> Vec<Request> {
        self.server.requests()
    }

    /// The same, as `METHOD path`.
    pub fn log(&self) -> Vec<String> {
        self.requests().iter().map(|request| format!("{} {}", request.method, request.target)).collect()
    }

    pub fn count(&self, wanted: Endpoint) -> usize {
        self.requests().iter().filter(|request| endpoint(request) == Some(wanted)).count()
    }

    pub fn forget(&self) {
        self.server.clear();
    }

    /// No tag was ever partial, and no upload is left open.
    pub fn assert_clean(&self) {
        self.with(|state| {
            assert!(state.broken.is_empty(), "partial tags: {:?}", state.broken);
            assert!(state.uploads.is_empty(), "open uploads: {:?}", state.uploads.keys());
        });
    }
}

fn endpoint(request: &Request) -> Option<Endpoint> {
    let path = request.path();
    let method = request.method.as_str();
    if path == "/v2/" {
        return Some(Endpoint::Ping);
    }
    if path == "/token" {
        return Some(Endpoint::Token);
    }
    if path.contains("/blobs/uploads/") {
        return Some(match method {
            "POST" => Endpoint::StartUpload,
            "PATCH" => Endpoint::Patch,
            "PUT" => Endpoint::PutBlob,
            "DELETE" => Endpoint::DeleteUpload,
            _ => Endpoint::UploadStatus,
        });
    }
    if path.contains("/blobs/") {
        return Some(if method == "HEAD" { Endpoint::HeadBlob } else { Endpoint::GetBlob });
    }
    if let Some((_, reference)) = path.split_once("/manifests/") {
        return Some(match (method, reference.starts_with("sha256:")) {
            ("HEAD", true) => Endpoint::HeadManifest,
            ("GET", true) => Endpoint::GetManifest,
            ("PUT", true) => Endpoint::PutManifest,
            ("HEAD", false) => Endpoint::HeadTag,
            ("GET", false) => Endpoint::GetTag,
            _ => Endpoint::PutTag,
        });
    }
    if path.ends_with("/tags/list") {
        return Some(Endpoint::Tags);
    }
    path.contains("/referrers/").then_some(Endpoint::Referrers)
}

/// An error as the specification writes it.
pub fn refusal(status: u16, code: &str, message: &str) -> Reply {
    let body = serde_json::json!({"errors": [{"code": code, "message": message}]});
    Reply::new(status).header("content-type", "application/json").body(body.to_string())
}

impl State {
    /// Forgets all faults that did not happen yet.
    pub fn heal(&mut self) {
        self.faults.clear();
    }

    fn answer(&mut self, request: &Request) -> Reply {
        let Some(endpoint) = endpoint(request) else { return Reply::new(404) };
        let fault = self.faults.iter().position(|(at, times, ..)| *at == endpoint && *times > 0);
        let fault = fault.map(|i| {
            let (_, times, reply, lost) = &mut self.faults[i];
            *times -= 1;
            (reply.clone(), *lost)
        });
        if let Some((reply, false)) = fault {
            return reply;
        }
        let reply = if endpoint == Endpoint::Token {
            self.token(request)
        } else if let Some(challenge) = self.challenge(request) {
            challenge
        } else {
            self.serve(endpoint, request)
        };
        fault.map_or(reply, |(lost, _)| lost)
    }

    /// 401 if the request has no login that the registry accepts.
    fn challenge(&mut self, request: &Request) -> Option<Reply> {
        let sent = request.header("authorization").unwrap_or_default();
        match &self.behaviour.login {
            Login::None => None,
            Login::Basic(login) => {
                let wanted = format!("Basic {}", base64(login));
                (sent != wanted).then(|| Reply::new(401).header("www-authenticate", "Basic realm=\"fake\""))
            }
            Login::Bearer(..) => {
                let uses = sent.strip_prefix("Bearer ").and_then(|token| self.tokens.get_mut(token));
                if let Some(uses) = uses.filter(|uses| **uses > 0) {
                    *uses -= 1;
                    return None;
                }
                let own = format!("http://{}/token", request.header("host").unwrap_or_default());
                let realm = self.behaviour.realm.clone().unwrap_or(own);
                Some(Reply::new(401).header("www-authenticate", format!("Bearer realm=\"{realm}\",service=\"fake\"")))
            }
        }
    }

    fn token(&mut self, request: &Request) -> Reply {
        let Login::Bearer(login, uses) = self.behaviour.login.clone() else { return Reply::new(404) };
        let basic = request.header("authorization") == Some(&format!("Basic {}", base64(&login)));
        let refresh = String::from_utf8_lossy(&request.body).contains("refresh_token=identity");
        if !basic && !refresh {
            return Reply::new(401);
        }
        let token = format!("token-{}", self.tokens.len());
        self.tokens.insert(token.clone(), uses);
        Reply::ok(format!("{{\"token\":\"{token}\",\"expires_in\":300}}"))
    }

    fn serve(&mut self, endpoint: Endpoint, request: &Request) -> Reply {
        let path = request.path().to_owned();
        let split = |mark: &str| {
            let (repository, rest) = path.trim_start_matches("/v2/").split_once(mark).unwrap_or_default();
            (repository.to_owned(), rest.to_owned())
        };
        match endpoint {
            Endpoint::Ping | Endpoint::Token => Reply::new(200),
            Endpoint::HeadBlob | Endpoint::GetBlob => match self.blobs.get(&split("/blobs/")) {
                Some(bytes) => Reply::ranged(bytes, request),
                None => Reply::new(404),
            },
            Endpoint::StartUpload => self.start_upload(&split("/blobs/uploads/").0, request),
            Endpoint::Patch => self.patch(&split("/blobs/uploads/").1, request),
            Endpoint::UploadStatus => match self.uploads.get(&split("/blobs/uploads/").1) {
                Some(_) => self.session(204, &split("/blobs/uploads/").1),
                None => refusal(404, "BLOB_UPLOAD_UNKNOWN", "no such upload"),
            },
            Endpoint::PutBlob => self.close_upload(&split("/blobs/uploads/").1, request),
            Endpoint::DeleteUpload => match self.uploads.remove(&split("/blobs/uploads/").1) {
                Some(_) => Reply::new(204),
                None => Reply::new(404),
            },
            Endpoint::HeadManifest | Endpoint::GetManifest => {
                let (repository, digest) = split("/manifests/");
                self.manifest(&repository, &digest)
            }
            Endpoint::HeadTag | Endpoint::GetTag => {
                let key = split("/manifests/");
                let digest = match self.lagging.get_mut(&key).filter(|(left, _)| *left > 0) {
                    Some((left, old)) => {
                        *left -= 1;
                        old.clone()
                    }
                    None => self.tags.get(&key).cloned(),
                };
                digest.map_or(Reply::new(404), |digest| self.manifest(&key.0, &digest))
            }
            Endpoint::PutManifest | Endpoint::PutTag => self.put_manifest(&split("/manifests/"), request),
            Endpoint::Tags => {
                let repository = split("/tags/list").0;
                let tags: Vec<_> = self.tags.keys().filter(|(r, _)| *r == repository).map(|(_, tag)| tag).collect();
                Reply::ok(serde_json::json!({"name": repository, "tags": tags}).to_string())
            }
            Endpoint::Referrers if self.behaviour.no_referrers => Reply::new(404).body("404 page not found\n"),
            Endpoint::Referrers => self.referrers(&split("/referrers/")),
        }
    }

    fn start_upload(&mut self, repository: &str, request: &Request) -> Reply {
        let decoded = |name| request.query(name).map(|text| text.replace("%3A", ":").replace("%2F", "/"));
        if let (Some(digest), Some(from), false) = (decoded("mount"), decoded("from"), self.behaviour.no_mount)
            && let Some(bytes) = self.blobs.get(&(from, digest.clone())).cloned()
        {
            self.blobs.insert((repository.to_owned(), digest), bytes);
            return Reply::new(201).header("location", "/v2/somewhere");
        }
        self.sessions += 1;
        let session = format!("s{}", self.sessions);
        self.uploads.insert(session.clone(), (repository.to_owned(), Vec::new()));
        let reply = self.session(202, &session);
        match self.behaviour.least_part {
            Some(least) => reply.header("oci-chunk-min-length", least.to_string()),
            None => reply,
        }
    }

    /// An answer about a session. The `state` in its location must come back.
    fn session(&self, status: u16, session: &str) -> Reply {
        let Some((repository, bytes)) = self.uploads.get(session) else { return Reply::new(404) };
        let path = format!("/v2/{repository}/blobs/uploads/{session}?state=a%2Fb");
        let location = self.behaviour.location.as_deref().unwrap_or("{}").replace("{}", &path);
        let reply = Reply::new(status).header("range", format!("0-{}", bytes.len().saturating_sub(1)));
        if location.is_empty() { reply } else { reply.header("location", location) }
    }

    fn patch(&mut self, session: &str, request: &Request) -> Reply {
        if request.query("state") != Some("a%2Fb") {
            return refusal(400, "BLOB_UPLOAD_INVALID", "the state of the upload is gone");
        }
        let Behaviour { blind_to_ranges, least_part, .. } = self.behaviour.clone();
        let announced: usize = request.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
        let Some((_, bytes)) = self.uploads.get_mut(session) else {
            return refusal(404, "BLOB_UPLOAD_UNKNOWN", "no such upload");
        };
        let start = request.header("content-range").and_then(|range| range.split_once('-')?.0.parse::<usize>().ok());
        if !blind_to_ranges && start != Some(bytes.len()) {
            return self.session(416, session);
        }
        if least_part.is_some_and(|least| announced < least) && bytes.len() % least_part.unwrap_or(1) != 0 {
            return refusal(400, "SIZE_INVALID", "the part is too short");
        }
        bytes.extend_from_slice(&request.body);
        self.session(202, session)
    }

    fn close_upload(&mut self, session: &str, request: &Request) -> Reply {
        let Some((repository, mut bytes)) = self.uploads.get(session).cloned() else {
            return refusal(404, "BLOB_UPLOAD_UNKNOWN", "no such upload");
        };
        bytes.extend_from_slice(&request.body);
        let digest = request.query("digest").unwrap_or_default().replace("%3A", ":");
        if Digest::of(&bytes).to_string() != digest {
            return refusal(400, "DIGEST_INVALID", "provided digest did not match uploaded content");
        }
        self.uploads.remove(session);
        self.blobs.insert((repository, digest.clone()), bytes);
        Reply::new(201).header("docker-content-digest", digest)
    }

    fn manifest(&self, repository: &str, digest: &str) -> Reply {
        match self.manifests.get(&(repository.to_owned(), digest.to_owned())) {
            Some((kind, bytes)) => {
                Reply::ok(bytes.clone()).header("content-type", kind).header("docker-content-digest", digest)
            }
            None => refusal(404, "MANIFEST_UNKNOWN", "manifest unknown"),
        }
    }

    fn put_manifest(&mut self, (repository, reference): &(String, String), request: &Request) -> Reply {
        let kind = request.header("content-type").unwrap_or_default().to_owned();
        let digest = Digest::of(&request.body).to_string();
        if reference.starts_with("sha256:") && *reference != digest {
            return refusal(400, "DIGEST_INVALID", "the digest is another");
        }
        if !self.behaviour.careless
            && let Some(missing) = self.missing(repository, &kind, &request.body)
        {
            let body = serde_json::json!({"errors": [
                {"code": "MANIFEST_BLOB_UNKNOWN", "message": "blob unknown to registry", "detail": missing}
            ]});
            return Reply::new(400).body(body.to_string());
        }
        let key = (repository.clone(), reference.clone());
        if !reference.starts_with("sha256:") {
            let old = self.tags.get(&key).cloned();
            if self.behaviour.immutable && old.is_some() {
                return refusal(409, "TAG_INVALID", "the tag is immutable");
            }
            self.lagging.insert(key.clone(), (self.behaviour.lag, old));
            self.tags.insert(key, digest.clone());
        }
        self.manifests.insert((repository.clone(), digest.clone()), (kind, request.body.clone()));
        Reply::new(201).header("docker-content-digest", digest)
    }

    fn referrers(&self, (repository, subject): &(String, String)) -> Reply {
        let mut entries = Vec::new();
        for ((place, digest), (kind, bytes)) in &self.manifests {
            let value: serde_json::Value = serde_json::from_slice(bytes).unwrap_or_default();
            if place == repository && value["subject"]["digest"] == **subject {
                entries.push(serde_json::json!({
                    "mediaType": kind, "digest": digest, "size": bytes.len(), "artifactType": value["artifactType"]
                }));
            }
        }
        let kind = "application/vnd.oci.image.index.v1+json";
        let index = serde_json::json!({"schemaVersion": 2, "mediaType": kind, "manifests": entries});
        Reply::ok(index.to_string()).header("content-type", kind)
    }

    /// The first child of a manifest or index that the repository does not have.
    fn missing(&self, repository: &str, kind: &str, bytes: &[u8]) -> Option<String> {
        let document = Document::parse(bytes.to_vec(), Some(kind)).ok()?;
        let key = |digest: &Digest| (repository.to_owned(), digest.to_string());
        match document.content() {
            Content::Index(index) => {
                index.manifests.iter().find_map(|child| match self.manifests.get(&key(&child.digest)) {
                    Some((kind, bytes)) => self.missing(repository, kind, bytes),
                    None => Some(child.digest.to_string()),
                })
            }
            Content::Manifest(manifest) => [&manifest.config]
                .into_iter()
                .chain(&manifest.layers)
                .find(|blob| {
                    let foreign = blob.media_type.contains("nondistributable");
                    !foreign && !self.blobs.contains_key(&key(&blob.digest))
                })
                .map(|blob| blob.digest.to_string()),
        }
    }

    fn look_at_tags(&mut self) {
        for ((repository, tag), digest) in &self.tags {
            let Some((kind, bytes)) = self.manifests.get(&(repository.clone(), digest.clone())) else {
                self.broken.push(format!("{repository}:{tag}: no manifest {digest}"));
                continue;
            };
            if let Some(missing) = self.missing(repository, kind, bytes) {
                self.broken.push(format!("{repository}:{tag}: no {missing}"));
            }
        }
    }
}

fn base64(text: &str) -> String {
    use ::base64::Engine as _;
    ::base64::engine::general_purpose::STANDARD.encode(text)
}
