//! Logging in to registries: passwords, tokens, and token servers that are none.

use mokapot::base::{Class, Fault as _};
use mokapot::io::registry::Options;

use crate::support::client::{hasty, login_file, push, tagged};
use crate::support::http::Reply;
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
