//! Logging in to registries: passwords, tokens, and token servers that are none.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use mokapot::base::{Class, Fault as _};
use mokapot::io::registry::Options;

use crate::support::client::{hasty, login_file, push, tagged};
use crate::support::http::Reply;
use crate::support::project::{Project, Ran};
use crate::support::registry::{Behaviour, Endpoint, Login, Registry};

/// REG-04: the token runs out in the middle of a part, and at every other moment.
#[test]
fn tokens_run_out() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, image) = tagged(&dir, "one", 2 << 20);
    for uses in [1, 2, 3, 7] {
        let registry = Registry::start(Behaviour { login: Login::Bearer("u:p".into(), uses), ..Behaviour::default() });
        let options = Options {
            docker_config: Some(login_file(&dir, registry.host(), "u:p")),
            chunk: 300_000,
            parallel: 1,
            ..hasty()
        };
        push(&layout, registry.host(), "a", "v1", &options).unwrap_or_else(|error| panic!("{uses} uses: {error}"));
        assert_eq!(registry.tag("a", "v1"), Some(image.digest.to_string()));
        registry.assert_clean();
    }
    // a token that is good for nothing does not make us go round in circles
    let registry = Registry::start(Behaviour { login: Login::Bearer("u:p".into(), 0), ..Behaviour::default() });
    let options = Options { docker_config: Some(login_file(&dir, registry.host(), "u:p")), ..hasty() };
    let error = push(&layout, registry.host(), "a", "v1", &options).unwrap_err();
    assert!(error.to_string().contains("still 401 with a fresh login"), "{error}");
    assert!(registry.requests().len() <= 4, "{:?}", registry.log());
    assert_eq!(error.class(), Class::Policy);
}

#[test]
fn passwords_and_identity_tokens() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, image) = tagged(&dir, "one", 100);
    let registry =
        Registry::start(Behaviour { login: Login::Basic("u:canary-password".into()), ..Behaviour::default() });
    let good = Options { docker_config: Some(login_file(&dir, registry.host(), "u:canary-password")), ..hasty() };
    push(&layout, registry.host(), "a", "v1", &good).unwrap();
    assert_eq!(registry.tag("a", "v1"), Some(image.digest.to_string()));
    for config in [None, Some(login_file(&dir, registry.host(), "u:canary-wrong")), Some(dir.path().join("none.json"))]
    {
        let error =
            push(&layout, registry.host(), "a", "v2", &Options { docker_config: config, ..hasty() }).unwrap_err();
        let all = format!("{error} {error:?} {:?}", error.hint());
        assert!(!all.contains("canary"), "{all}");
        assert_eq!(error.class(), Class::Policy, "{all}");
        assert!(all.contains("docker login"), "{all}");
    }
    assert_eq!(registry.tag("a", "v2"), None);

    let registry = Registry::start(Behaviour { login: Login::Bearer("u:p".into(), 1000), ..Behaviour::default() });
    let config = dir.path().join("identity.json");
    std::fs::write(&config, format!(r#"{{"auths":{{"{}":{{"identitytoken":"identity"}}}}}}"#, registry.host()))
        .unwrap();
    push(&layout, registry.host(), "a", "v1", &Options { docker_config: Some(config), ..hasty() }).unwrap();
}

/// REG-05: token servers that are none.
#[test]
fn bad_token_servers() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, _) = tagged(&dir, "one", 100);
    for (reply, says) in [
        (Reply::ok("{}"), "no JSON object with a `token`"),
        (Reply::ok("<html>login</html>"), "no JSON object with a `token`"),
        (Reply::ok("x".repeat(2 << 20)), "longer than 1048576 bytes"),
        (
            Reply::ok(r#"{"token":"t","scope":"repository:a:pull"}"#),
            "insufficient scope: asked for `repository:a:pull,push`",
        ),
        (Reply::new(403).body("no such account"), "no token: GET"),
        (Reply::ok(r#"{"token":"old","issued_at":"2001-01-01T00:00:00Z","expires_in":60}"#), "still 401"),
    ] {
        let registry = Registry::start(Behaviour { login: Login::Bearer("u:p".into(), 10), ..Behaviour::default() });
        let options = Options { docker_config: Some(login_file(&dir, registry.host(), "u:p")), ..hasty() };
        registry.fail(Endpoint::Token, usize::MAX, reply);
        let error = push(&layout, registry.host(), "a", "v1", &options).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
        assert_eq!(registry.tag("a", "v1"), None);
        assert!(registry.requests().len() <= 8);
    }
}

/// A login goes to the registry, not to where it sends us.
#[test]
fn logins_stay_at_home() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, _) = tagged(&dir, "one", 2 << 20);
    let elsewhere = Registry::start(Behaviour::default());
    let registry = Registry::start(Behaviour {
        login: Login::Basic("u:canary".into()),
        location: Some(format!("{}{{}}", elsewhere.url())),
        ..Behaviour::default()
    });
    let options = Options { docker_config: Some(login_file(&dir, registry.host(), "u:canary")), ..hasty() };
    push(&layout, registry.host(), "a", "v1", &options).unwrap_err();
    assert!(!elsewhere.requests().is_empty());
    assert!(elsewhere.requests().iter().all(|request| request.header("authorization").is_none()));
    assert_eq!(registry.tag("a", "v1"), None);
}

/// A credential helper of Docker's, found on `PATH`: a password or a token for this registry, or a refusal; never shown.
#[test]
#[expect(clippy::disallowed_methods, reason = "the helper is found on PATH, with what it needs itself")]
fn a_credential_helper_logs_in() {
    let project = Project::new();
    project.built();
    let from = format!("oci:{}:app", project.layout().display());
    let helper = project.path("bin/docker-credential-fake");
    let path = format!("{}:{}", project.path("bin").display(), std::env::var("PATH").unwrap());
    let attempt = |registry: &Registry, script: &str, config: &str, tag: &str| {
        project.write("bin/docker-credential-fake", &format!("#!/bin/sh\n{script}\n"));
        fs::set_permissions(&helper, fs::Permissions::from_mode(0o755)).unwrap();
        project.write("docker/config.json", config);
        let mut command = project.command(&[], &["push", &from, &format!("{}/a:{tag}", registry.host())]);
        let ran = Ran::of(command.env("PATH", &path).env("DOCKER_CONFIG", project.path("docker")));
        assert!(!format!("{ran:?}").contains("canary"), "{ran:?}");
        ran
    };
    // It is asked for this registry, in the words of the protocol.
    let asked = |registry: &Registry, answer: &str| {
        format!("[ \"$1\" = get ] && [ \"$(cat)\" = {} ] && printf '%s' '{answer}'", registry.host())
    };
    let basic = Registry::start(Behaviour { login: Login::Basic("u:canary".into()), ..Behaviour::default() });
    let bearer = Registry::start(Behaviour { login: Login::Bearer("u:canary".into(), 1000), ..Behaviour::default() });
    let password = r#"{"ServerURL":"x","Username":"u","Secret":"canary"}"#;
    let each = |registry: &Registry| format!(r#"{{"credHelpers":{{"{}":"fake"}}}}"#, registry.host());
    for registry in [&basic, &bearer] {
        attempt(registry, &asked(registry, password), r#"{"credsStore":"fake"}"#, "all").ok();
        attempt(registry, &asked(registry, password), &each(registry), "own").ok();
        assert!(registry.tag("a", "all").is_some() && registry.tag("a", "own").is_some());
    }
    let token = r#"{"ServerURL":"x","Username":"<token>","Secret":"identity"}"#;
    attempt(&bearer, &asked(&bearer, token), &each(&bearer), "token").ok();
    for (script, named) in [
        ("cat >/dev/null; echo canary; echo canary >&2; exit 1", "`docker-credential-fake` failed"),
        ("cat >/dev/null; echo canary", "malformed"),
        ("cat >/dev/null; echo 'credentials not found in native keychain'; exit 1", "docker login"),
    ] {
        let ran = attempt(&basic, script, &each(&basic), "never");
        assert!(ran.code != 0 && ran.stderr.contains(named), "{ran:?}");
        assert!(ran.stderr.contains(basic.host()), "{ran:?}");
    }
    assert_eq!(basic.tag("a", "never"), None);
    let other = format!(r#"{{"credHelpers":{{"{}":"not-there"}}}}"#, basic.host());
    let ran = attempt(&basic, "exit 1", &other, "never");
    assert!(ran.code != 0 && ran.stderr.contains("credential helper"), "{ran:?}");
}
