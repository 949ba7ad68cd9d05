//! A small HTTP/1.1 server on loopback whose every answer, and every fault, a test decides.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A request as it came in. Header names are lower case.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    /// Path and query, as sent.
    pub target: String,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Request {
    /// The target without its query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// One parameter of the query, as sent (not decoded).
    pub fn query(&self, name: &str) -> Option<&str> {
        let query = self.target.split_once('?')?.1;
        query.split('&').find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name).map(|(_, value)| value))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// An answer. The default is what a well-behaved server sends.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub fault: Option<Fault>,
}

/// How an answer goes wrong.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// The connection closes before any byte of the answer.
    Hangup,
    /// The connection closes after so many bytes of the body, which was announced in full.
    CutAfter(usize),
    /// Nothing is sent for so long, then the connection closes.
    Silence(Duration),
    /// Headers are sent, then nothing for so long.
    StallAfterHeaders(Duration),
    /// The body comes byte by byte, with a pause after each.
    Trickle(Duration),
    /// Chunks without end and without a length.
    Endless,
}

impl Reply {
    pub fn new(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    pub fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self { status: 200, body: body.into(), ..Self::default() }
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    #[must_use]
    pub fn fault(mut self, fault: Fault) -> Self {
        self.fault = Some(fault);
        self
    }

    /// The part of `body` that a `Range: bytes=N-` or `bytes=N-M` header asks for, with 206, or all of it.
    pub fn ranged(body: &[u8], request: &Request) -> Self {
        let range = request.header("range").and_then(|r| r.strip_prefix("bytes=")).and_then(|r| r.split_once('-'));
        let Some((start, end)) = range else { return Self::ok(body) };
        let start: usize = start.parse().unwrap_or(0);
        let end = end.parse::<usize>().map_or(body.len(), |last| (last + 1).min(body.len()));
        if start >= end {
            return Self::new(416);
        }
        Self::new(206)
            .header("content-range", format!("bytes {start}-{}/{}", end - 1, body.len()))
            .body(&body[start..end])
    }
}

/// A running server; it stops when dropped.
pub struct Server {
    address: String,
    log: Arc<Mutex<Vec<Request>>>,
    stop: Arc<AtomicBool>,
}

impl Server {
    /// Answers every request with `handler`, one thread a connection.
    pub fn start(handler: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_cutting(|_| None, handler)
    }

    /// Like [`Server::start`]; where `cut` says so, only that many bytes of a request's body are read: the handler sees those,
    /// and the connection closes without its answer. `cut` sees requests without their bodies.
    pub fn start_cutting(
        cut: impl Fn(&Request) -> Option<u64> + Send + Sync + 'static,
        handler: impl Fn(&Request) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let log = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let (thread_log, thread_stop) = (Arc::clone(&log), Arc::clone(&stop));
        let (cut, handler) = (Arc::new(cut), Arc::new(handler));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if thread_stop.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let (log, cut, handler) = (Arc::clone(&thread_log), Arc::clone(&cut), Arc::clone(&handler));
                thread::spawn(move || {
                    let _ = serve(&stream, &log, &*cut, &*handler);
                });
            }
        });
        Self { address, log, stop }
    }

    /// `host:port`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// `http://host:port`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.log.lock().unwrap().clone()
    }

    /// Forgets the requests so far.
    pub fn clear(&self) {
        self.log.lock().unwrap().clear();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(&self.address);
    }
}

fn serve(
    stream: &TcpStream,
    log: &Mutex<Vec<Request>>,
    cut: &(dyn Fn(&Request) -> Option<u64> + Send + Sync),
    handler: &(dyn Fn(&Request) -> Reply + Send + Sync),
) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    while let Some((request, whole)) = read_request(&mut reader, cut)? {
        log.lock().unwrap().push(request.clone());
        let reply = handler(&request);
        if !whole {
            return stream.shutdown(std::net::Shutdown::Both);
        }
        if !write_reply(stream, &request, &reply)? {
            return stream.shutdown(std::net::Shutdown::Both);
        }
    }
    Ok(())
}

/// A request, and whether its body was read to the end.
fn read_request(
    reader: &mut impl BufRead,
    cut: &(dyn Fn(&Request) -> Option<u64> + Send + Sync),
) -> std::io::Result<Option<(Request, bool)>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let (method, target) = (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
    let mut headers = BTreeMap::new();
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let mut body = Vec::new();
    let mut request = Request { method, target, headers, body: Vec::new() };
    if let Some(limit) = cut(&request) {
        reader.by_ref().take(limit).read_to_end(&mut request.body)?;
        return Ok(Some((request, false)));
    }
    let headers = &request.headers;
    if headers.get("transfer-encoding").is_some_and(|v| v == "chunked") {
        loop {
            line.clear();
            reader.read_line(&mut line)?;
            let length = u64::from_str_radix(line.trim(), 16).unwrap_or(0);
            reader.by_ref().take(length).read_to_end(&mut body)?;
            reader.read_line(&mut String::new())?;
            if length == 0 {
                break;
            }
        }
    } else if let Some(length) = headers.get("content-length").and_then(|v| v.parse().ok()) {
        reader.by_ref().take(length).read_to_end(&mut body)?;
    }
    request.body = body;
    Ok(Some((request, true)))
}

/// Whether the connection stays open.
fn write_reply(mut stream: &TcpStream, request: &Request, reply: &Reply) -> std::io::Result<bool> {
    if matches!(reply.fault, Some(Fault::Hangup)) {
        return Ok(false);
    }
    if let Some(Fault::Silence(time)) = reply.fault {
        thread::sleep(time);
        return Ok(false);
    }
    let mut head = format!("HTTP/1.1 {} Status\r\n", reply.status);
    for (name, value) in &reply.headers {
        head += &format!("{name}: {value}\r\n");
    }
    let has = |name: &str| reply.headers.iter().any(|(n, _)| n.eq_ignore_ascii_case(name));
    if matches!(reply.fault, Some(Fault::Endless)) {
        write!(stream, "{head}transfer-encoding: chunked\r\n\r\n")?;
        loop {
            write!(stream, "10000\r\n")?;
            stream.write_all(&[b'x'; 0x10000])?;
            write!(stream, "\r\n")?;
        }
    }
    if !has("content-length") && reply.status != 204 {
        head += &format!("content-length: {}\r\n", reply.body.len());
    }
    write!(stream, "{head}\r\n")?;
    if request.method == "HEAD" {
        return Ok(true);
    }
    match reply.fault {
        Some(Fault::CutAfter(n)) => {
            stream.write_all(&reply.body[..n.min(reply.body.len())])?;
            Ok(false)
        }
        Some(Fault::Trickle(pause)) => {
            for byte in &reply.body {
                stream.write_all(&[*byte])?;
                thread::sleep(pause);
            }
            Ok(true)
        }
        Some(Fault::StallAfterHeaders(time)) => {
            thread::sleep(time);
            Ok(false)
        }
        _ => {
            stream.write_all(&reply.body)?;
            Ok(true)
        }
    }
}
