//! The whole way through the program, with Debian's `docker-registry` at the other end: build and push, look, pull back.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use serde_json::Value;

use crate::image::{digest_of, jre};
use crate::servers::DockerRegistry;
use crate::support::project::Project;
use crate::support::run::{mokapot, run, scratch, succeed, tool};

/// A folder for `DOCKER_CONFIG`, with a login for the registry.
fn login(folder: &Path, host: &str, account: &str) {
    let auth = base64::engine::general_purpose::STANDARD.encode(account);
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("config.json"), format!(r#"{{"auths":{{"{host}":{{"auth":"{auth}"}}}}}}"#)).unwrap();
}

/// The digest under which a layout has its tag.
fn tagged(layout: &Path, tag: &str) -> Value {
    let index: Value = serde_json::from_slice(&fs::read(layout.join("index.json")).unwrap()).unwrap();
    let named = |entry: &&Value| entry["annotations"]["org.opencontainers.image.ref.name"] == tag;
    index["manifests"].as_array().unwrap().iter().find(named).unwrap()["digest"].clone()
}

#[test]
fn an_image_goes_to_a_registry_and_comes_back_the_same() {
    for account in [None, Some("moka:canary-password")] {
        let project = Project::new();
        let docker_config = project.path("docker");
        let registry = DockerRegistry::start(&project.path("tmp"), account);
        let host = &registry.host;
        login(&docker_config, host, account.unwrap_or("nobody:nothing"));
        let ours = |arguments: &[&str]| {
            let mut command = project.command(&[], arguments);
            command.env("DOCKER_CONFIG", &docker_config);
            command
        };
        let skopeo = |arguments: &[&str]| {
            let credentials = account.map(|account| ["--creds", account]);
            let mut command = tool("skopeo", arguments);
            let text = succeed(command.arg("--tls-verify=false").args(credentials.iter().flatten()));
            serde_json::from_str::<Value>(&text).unwrap()
        };

        // Built and pushed at once; then pushed by its name, where nothing is left to send.
        let repository = format!("{host}/moka/app");
        let (first, second) = (format!("{repository}:1"), format!("{repository}:2"));
        let layout = format!("oci:{}", project.layout().display());
        let line = succeed(&mut ours(&["build", "app", "--output", &layout, "--push", &first]));
        let digest = digest_of(&line, "app");
        let line = succeed(&mut ours(&["push", &format!("{layout}:app"), &second]));
        assert_eq!(digest_of(&line, &repository), digest);
        let plan = succeed(&mut ours(&["push", &format!("{layout}:app"), &second, "--dry-run"]));
        assert_eq!(plan, format!("tag    2 as {digest} (as it is)\n"));

        // What we say of it there is what skopeo says.
        let shown: Value = serde_json::from_str(&succeed(&mut ours(&["inspect", &first, "--format", "json"]))).unwrap();
        agrees(&shown["image"], &digest, &repository, |arguments| skopeo(&[&["inspect"], arguments].concat()));

        // Back into another layout, by tag and by digest.
        let back = project.path("back");
        for (from, tag) in [(first.clone(), "one"), (format!("{repository}@{digest}"), "two")] {
            let to = format!("oci:{}", back.display());
            let line = succeed(&mut ours(&["push", &from, &format!("{to}:{tag}")]));
            assert_eq!(digest_of(&line, &to), digest);
            assert_eq!(tagged(&back, tag), *digest);
        }
        let same = succeed(&mut ours(&["diff", &format!("{layout}:app"), &format!("oci:{}:one", back.display())]));
        assert!(same.contains("no difference"), "{same}");

        if account.is_some() {
            // Nobody else is let in, and no secret is told.
            login(&docker_config, host, "moka:canary-wrong");
            for arguments in
                [["push", &format!("{layout}:app"), &format!("{host}/moka/app:3")].as_slice(), &["inspect", &first]]
            {
                let output = run(&mut ours(arguments));
                let text = String::from_utf8_lossy(&output.stderr);
                assert_eq!(output.status.code(), Some(11), "{text}");
                assert!(text.contains("401") && text.contains(host.as_str()) && !text.contains("canary"), "{text}");
            }
        }
    }
}

#[test]
fn the_jre_goes_to_a_registry_and_comes_back_the_same() {
    let folder = scratch("roundtrip");
    let registry = DockerRegistry::start(&folder, None);
    let remote = format!("{}/moka/jre:11", registry.host);
    let back = format!("oci:{}:back", folder.join("back").display());
    for (from, to) in [(&jre().reference(), &remote), (&remote, &back)] {
        let line = succeed(mokapot().args(["push", from, to]));
        assert_eq!(digest_of(&line, to.rsplit_once(':').unwrap().0), jre().digest);
    }
    assert_eq!(tagged(&folder.join("back"), "back"), *jre().digest);
    let shown: Value =
        serde_json::from_str(&succeed(mokapot().args(["inspect", &remote, "--format", "json"]))).unwrap();
    agrees(&shown["image"], &jre().digest, remote.trim_end_matches(":11"), |arguments| {
        serde_json::from_str(&succeed(tool("skopeo", ["inspect", "--tls-verify=false"]).args(arguments))).unwrap()
    });
}

/// Checks what `mokapot inspect` says of an image of a repository against `skopeo inspect`.
fn agrees(image: &Value, digest: &str, repository: &str, skopeo: impl Fn(&[&str]) -> Value) {
    assert_eq!(image["digest"], *digest);
    let reference = |digest: &str| format!("docker://{repository}@{digest}");
    let index = skopeo(&["--raw", &reference(digest)]);
    assert_eq!(image["annotations"], index["annotations"]);
    let manifests = index["manifests"].as_array().unwrap();
    let platforms = image["platforms"].as_array().unwrap();
    assert_eq!((manifests.len(), platforms.len()), (2, 2));
    for (entry, platform) in manifests.iter().zip(platforms) {
        let arch = entry["platform"]["architecture"].as_str().unwrap();
        assert_eq!(platform["platform"], format!("linux/{arch}"));
        assert_eq!(platform["digest"], entry["digest"]);
        let manifest = skopeo(&["--raw", &reference(entry["digest"].as_str().unwrap())]);
        let layers = platform["layers"].as_array().unwrap();
        let theirs = manifest["layers"].as_array().unwrap();
        assert_eq!(layers.len(), theirs.len());
        for (layer, theirs) in layers.iter().zip(theirs) {
            assert_eq!(
                [&layer["digest"], &layer["size"], &layer["media_type"], &layer["annotations"]],
                [&theirs["digest"], &theirs["size"], &theirs["mediaType"], &theirs["annotations"]]
            );
        }
        let chosen = |more: &[&str]| skopeo(&[&["--override-arch", arch], more, &[&reference(digest)]].concat());
        let (shown, config) = (chosen(&[]), chosen(&["--config"]));
        assert_eq!((&shown["Architecture"], &shown["Os"]), (&Value::from(arch), &Value::from("linux")));
        let column = |name: &str| Value::from(layers.iter().map(|layer| layer[name].clone()).collect::<Vec<_>>());
        assert_eq!(column("digest"), shown["Layers"]);
        assert_eq!(column("diff_id"), config["rootfs"]["diff_ids"]);
        let ours = &platform["config"];
        assert_eq!(ours["created"], shown["Created"]);
        assert_eq!(ours["env"], shown["Env"]);
        let or_empty = |value: &Value| if value.is_null() { Value::Array(Vec::new()) } else { value.clone() };
        assert_eq!(ours["entrypoint"], or_empty(&config["config"]["Entrypoint"]));
        assert_eq!(ours["user"], config["config"]["User"]);
    }
}
