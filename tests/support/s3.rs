//! A small S3: objects in memory, signatures checked, and every fault that a test asks for.
//!
//! Signatures are checked by the text of "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)" of the Amazon S3 API
//! Reference, and by no code that signs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use mokapot::base::Digest;
use sha2::{Digest as _, Sha256};

use super::http::{Reply, Request, Server};

pub const KEY: &str = "AKIDEXAMPLE";
pub const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/// What the service holds and knows.
#[derive(Default)]
pub struct State {
    /// Regions of buckets.
    pub buckets: BTreeMap<String, String>,
    /// Bytes by `bucket/key`.
    pub objects: BTreeMap<String, Vec<u8>>,
    /// Keys and secrets.
    pub keys: BTreeMap<String, String>,
    /// Session tokens that have ended.
    pub ended: BTreeSet<String>,
    /// The clock, as `YYYYMMDDThhmmssZ`, where requests of another day are refused.
    pub day: Option<String>,
    /// Whether heads tell checksums.
    pub mute: bool,
}

/// What a test wants instead of an answer, asked before anything else.
type Hook = Box<dyn Fn(&Request, &mut State) -> Option<Reply> + Send + Sync>;

/// A running service.
pub struct S3 {
    pub server: Server,
    pub state: Arc<Mutex<State>>,
}

impl S3 {
    /// A service with one bucket, `jars`.
    pub fn start() -> Self {
        Self::with(|_, _| None)
    }

    /// A service that a hook can disturb.
    pub fn with(hook: impl Fn(&Request, &mut State) -> Option<Reply> + Send + Sync + 'static) -> Self {
        let mut state = State::default();
        state.buckets.insert("jars".into(), "us-east-1".into());
        state.keys.insert(KEY.into(), SECRET.into());
        let state = Arc::new(Mutex::new(state));
        let (shared, hook): (_, Hook) = (Arc::clone(&state), Box::new(hook));
        let server = Server::start(move |request| {
            let mut state = shared.lock().unwrap();
            hook(request, &mut state).unwrap_or_else(|| answer(request, &mut state))
        });
        Self { server, state }
    }

    /// The environment of a client.
    pub fn environment(&self) -> Vec<(String, String)> {
        let url = self.server.url();
        let pairs = [("ACCESS_KEY_ID", KEY), ("SECRET_ACCESS_KEY", SECRET), ("ENDPOINT_URL_S3", url.as_str())];
        pairs.iter().map(|(name, value)| (format!("AWS_{name}"), (*value).to_owned())).collect()
    }

    pub fn put(&self, name: &str, bytes: &[u8]) {
        self.state.lock().unwrap().objects.insert(name.into(), bytes.into());
    }

    pub fn get(&self, name: &str) -> Option<Vec<u8>> {
        self.state.lock().unwrap().objects.get(name).cloned()
    }

    /// Verbs and paths of the requests so far.
    pub fn calls(&self) -> Vec<String> {
        self.server.requests().iter().map(|request| format!("{} {}", request.method, request.path())).collect()
    }
}

/// The service's own way to say no.
pub fn error(status: u16, code: &str) -> Reply {
    let body = format!("<?xml version=\"1.0\"?>\n<Error><Code>{code}</Code><Message>it is so</Message></Error>");
    Reply::new(status).header("content-type", "application/xml").body(body)
}

fn answer(request: &Request, state: &mut State) -> Reply {
    let name = decoded(request.path().trim_start_matches('/'));
    let bucket = name.split('/').next().unwrap_or_default();
    let Some(region) = state.buckets.get(bucket).cloned() else { return error(404, "NoSuchBucket") };
    if let Err(refusal) = authorized(request, &region, state) {
        return *refusal;
    }
    match request.method.as_str() {
        "PUT" => put(request, name, state),
        "DELETE" => {
            state.objects.remove(&name);
            Reply::new(204)
        }
        _ => get(request, &name, state),
    }
}

fn put(request: &Request, name: String, state: &mut State) -> Reply {
    if request.header("if-none-match") == Some("*") && state.objects.contains_key(&name) {
        return error(412, "PreconditionFailed");
    }
    if let Some(wanted) = request.header("if-match") {
        // "PutObject": 404 where there is no object to match.
        match state.objects.get(&name) {
            None => return error(404, "NoSuchKey"),
            Some(bytes) if etag(bytes) != wanted => return error(412, "PreconditionFailed"),
            Some(_) => {}
        }
    }
    let announced = request.header("content-length").and_then(|length| length.parse().ok());
    if announced != Some(request.body.len()) {
        return error(400, "IncompleteBody");
    }
    if request.header("x-amz-checksum-sha256").is_some_and(|said| said != checksum(&request.body)) {
        return error(400, "BadDigest");
    }
    state.objects.insert(name, request.body.clone());
    Reply::new(200)
}

fn get(request: &Request, name: &str, state: &State) -> Reply {
    let Some(bytes) = state.objects.get(name) else { return error(404, "NoSuchKey") };
    let etag = etag(bytes);
    if request.header("if-match").is_some_and(|wanted| wanted != etag) {
        return error(412, "PreconditionFailed");
    }
    let mut reply = Reply::ranged(bytes, request).header("etag", etag);
    if request.header("x-amz-checksum-mode").is_some() && !state.mute {
        reply = reply.header("x-amz-checksum-sha256", checksum(bytes));
    }
    reply
}

fn etag(bytes: &[u8]) -> String {
    format!("\"{}\"", &Digest::of(bytes).hex()[..32])
}

fn checksum(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(Digest::of(bytes).as_bytes())
}

/// Checks who asks, and whether for the right region.
fn authorized(request: &Request, region: &str, state: &State) -> Result<(), Box<Reply>> {
    let no = |reply: Reply| Err(Box::new(reply));
    let Some(credential) = request.query("X-Amz-Credential").map(decoded) else {
        return no(error(403, "AccessDenied"));
    };
    let scope: Vec<&str> = credential.split('/').collect();
    let [key, _, named, "s3", "aws4_request"] = scope.as_slice() else { return no(error(400, "InvalidRequest")) };
    let Some(secret) = state.keys.get(*key) else { return no(error(403, "InvalidAccessKeyId")) };
    let date = request.query("X-Amz-Date").unwrap_or_default();
    if let Some(now) = state.day.as_ref().filter(|now| now.get(..8) != date.get(..8)) {
        return no(error(403, "RequestTimeTooSkewed").header("date", now.clone()));
    }
    if *named != region {
        let endpoint = "<Error><Code>PermanentRedirect</Code><Message>elsewhere</Message></Error>";
        return no(Reply::new(301).header("x-amz-bucket-region", region).body(endpoint));
    }
    if signature(request, secret) != request.query("X-Amz-Signature").unwrap_or_default() {
        return no(error(403, "SignatureDoesNotMatch"));
    }
    let token = request.query("X-Amz-Security-Token").map(decoded).unwrap_or_default();
    if state.ended.contains(&token) {
        return no(error(400, "ExpiredToken"));
    }
    Ok(())
}

/// The signature that a presigned request must have.
pub fn signature(request: &Request, secret: &str) -> String {
    let query = request.target.split_once('?').map_or("", |(_, query)| query);
    let mut parameters: Vec<&str> = query.split('&').filter(|pair| !pair.starts_with("X-Amz-Signature=")).collect();
    parameters.sort_unstable();
    let signed = request.query("X-Amz-SignedHeaders").map(decoded).unwrap_or_default();
    let headers: String =
        signed.split(';').map(|name| format!("{name}:{}\n", request.header(name).unwrap_or_default().trim())).collect();
    let (method, path, parameters) = (&request.method, request.path(), parameters.join("&"));
    let canonical = format!("{method}\n{path}\n{parameters}\n{headers}\n{signed}\nUNSIGNED-PAYLOAD");
    let credential = request.query("X-Amz-Credential").map(decoded).unwrap_or_default();
    let (_, scope) = credential.split_once('/').unwrap_or_default();
    let date = request.query("X-Amz-Date").unwrap_or_default();
    let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hex::encode(Sha256::digest(canonical)));
    let mut key = format!("AWS4{secret}").into_bytes();
    for word in scope.split('/') {
        key = hmac(&key, word.as_bytes());
    }
    hex::encode(hmac(&key, text.as_bytes()))
}

/// HMAC-SHA-256 (RFC 2104) with a key of at most 64 bytes.
fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let pad = |with: u8| {
        let mut block = [with; 64];
        block.iter_mut().zip(key).for_each(|(block, key)| *block ^= key);
        block
    };
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(text).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().to_vec()
}

/// Percent-encoding undone.
pub fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).unwrap()
}
