//! Archives over TLS: an authority that the machine trusts is enough, and nothing less is.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::support::project::{Project, Ran, layout_is_sound, tree_hash};
use crate::support::run::{succeed, tool};

/// An authority, and a server's certificate for `name` that it signed, as files of the project: the authority's certificate,
/// the server's, and the server's key.
fn certificates(project: &Project, name: &str) -> [PathBuf; 3] {
    project.write("tls/empty.cnf", "[req]\ndistinguished_name = dn\n[dn]\n");
    let path = |file: &str| project.path("tls").join(file);
    let make = |subject: &str, key: &str, certificate: &str, extensions: &[&str], signed_by: &[PathBuf]| {
        let mut command =
            tool("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]);
        command.args(["-days", "30", "-subj", subject, "-config"]).arg(path("empty.cnf"));
        command.arg("-keyout").arg(path(key)).arg("-out").arg(path(certificate));
        for extension in extensions {
            command.args(["-addext", extension]);
        }
        if let [certificate, key] = signed_by {
            command.arg("-CA").arg(certificate).arg("-CAkey").arg(key);
        }
        succeed(&mut command);
    };
    let authority = ["basicConstraints=critical,CA:TRUE", "keyUsage=keyCertSign", "subjectKeyIdentifier=hash"];
    make("/CN=Tests", "ca.key", "ca.pem", &authority, &[]);
    let name = format!("subjectAltName={name}");
    let server = ["basicConstraints=critical,CA:FALSE", &name];
    make("/CN=server", "server.key", "server.pem", &server, &[path("ca.pem"), path("ca.key")]);
    ["ca.pem", "server.pem", "server.key"].map(path)
}

/// A server that speaks TLS and hands every request to another that does not. Returns its address.
fn terminate(plain: &str, certificate: &PathBuf, key: &PathBuf) -> String {
    let chain = CertificateDer::pem_file_iter(certificate).unwrap().collect::<Result<Vec<_>, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_file(key).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(builder.with_no_client_auth().with_single_cert(chain, key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let plain = plain.to_owned();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (config, plain) = (Arc::clone(&config), plain.clone());
            thread::spawn(move || drop(relay(stream, &plain, config)));
        }
    });
    address
}

fn relay(stream: TcpStream, plain: &str, config: Arc<ServerConfig>) -> io::Result<()> {
    let mut tls = StreamOwned::new(ServerConnection::new(config).map_err(io::Error::other)?, stream);
    loop {
        let (mut head, mut byte) = (Vec::new(), [0]);
        while !head.ends_with(b"\r\n\r\n") {
            if tls.read(&mut byte)? == 0 {
                return Ok(());
            }
            head.push(byte[0]);
        }
        let mut upstream = TcpStream::connect(plain)?;
        upstream.write_all(&head)?;
        upstream.shutdown(Shutdown::Write)?;
        let mut answer = Vec::new();
        upstream.read_to_end(&mut answer)?;
        tls.write_all(&answer)?;
        tls.flush()?;
    }
}

/// Builds from `https://ADDRESS`, with the authorities of a file.
fn build(project: &Project, wrapper: &[&str], address: &str, authorities: &str) -> Ran {
    let mirror = format!("debian=https://{address}");
    let mut command = project.build_command(wrapper, &[]);
    // The address that comes last counts.
    command.args(["--mirror", &mirror]).env("SSL_CERT_FILE", authorities);
    Ran::of(&mut command)
}

#[test]
fn an_archive_with_a_good_certificate_is_as_good_as_any() {
    let plain = Project::new();
    let digest = plain.built();
    let project = Project::new();
    let [authority, certificate, key] = certificates(&project, "IP:127.0.0.1");
    let address = terminate(project.server.address(), &certificate, &key);
    assert_eq!(build(&project, &[], &address, &authority.display().to_string()).digest("app"), digest);
    project.assert_tidy();
}

/// REG-23 for archives, and CLK-02.
#[test]
fn certificates_that_nobody_vouches_for_are_refused() {
    let project = Project::new();
    let [authority, certificate, key] = certificates(&project, "IP:127.0.0.1");
    let address = terminate(project.server.address(), &certificate, &key);
    let authority = authority.display().to_string();
    let before = tree_hash(&project.path("project"));
    let refused = |ran: Ran, named: &[&str]| {
        ran.failed(9, named);
        assert!(project.server.requests().is_empty(), "nothing is asked of a server that is not who it should be");
        assert_eq!(tree_hash(&project.path("project")), before);
        assert!(layout_is_sound(&project.layout()).is_empty());
    };
    // An authority of the same name, with another key.
    let other = Project::new();
    let [stranger, ..] = certificates(&other, "IP:127.0.0.1");
    refused(build(&project, &[], &address, &stranger.display().to_string()), &["certificate", &address]);
    // Clocks that are wrong, or certificates that are.
    refused(build(&project, &["faketime", "-f", "@2001-09-09 01:46:40"], &address, &authority), &["system clock"]);
    refused(build(&project, &["faketime", "-f", "@2096-10-02 07:06:40"], &address, &authority), &["expired", &address]);
    // Another server's.
    let [authority, certificate, key] = certificates(&other, "DNS:other.example");
    let address = terminate(project.server.address(), &certificate, &key);
    refused(build(&project, &[], &address, &authority.display().to_string()), &["certificate", &address]);
    // One that speaks no TLS at all: there is no way back to plain HTTP.
    let plain = project.server.address().to_owned();
    let ran = build(&project, &[], &plain, &authority.display().to_string());
    ran.failed(9, &[&format!("https://{plain}")]);
    assert!(!project.server.requests().iter().any(|request| request.method == "GET"));
}

#[test]
fn a_machine_without_authorities_reads_plain_archives() {
    let project = Project::new();
    let empty = project.path("empty");
    std::fs::create_dir(&empty).unwrap();
    let mut command = project.build_command(&[], &[]);
    Ran::of(command.env("SSL_CERT_DIR", &empty)).ok();
    // A file that is asked for and not there is told by its name.
    let mut command = project.command(&[], &["lock", "app", "--update"]);
    Ran::of(command.env("SSL_CERT_FILE", project.path("none.pem"))).failed(9, &["none.pem", "No such file"]);
}
