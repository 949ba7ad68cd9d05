//! The mirrors of this machine, as its own clients know them.

use std::fs;
use std::path::Path;

use mokapot::io::http::{Client, Settings as HttpSettings};
use mokapot::io::sources::mirrors::{Clients, Mirrors, Settings};

fn mirrors() -> Mirrors {
    let clients = Clients::usual(Path::new("/"), None);
    Mirrors::discover(&Settings { clients, ..Settings::default() }).unwrap()
}

#[tokio::test]
async fn the_debian_mirrors_of_apt_answer() {
    let client = Client::new(HttpSettings::default()).unwrap();
    for (alias, suite) in [("debian", "bookworm"), ("debian-security", "bookworm-security")] {
        let mirror = mirrors().get(alias).unwrap();
        println!("{alias}: {}, from {}", mirror.url, mirror.found);
        let url = mokapot::io::archive::below(&mirror.url, &format!("dists/{suite}/InRelease"));
        client.get(&url, 16 << 20).await.unwrap();
    }
}

/// No address of a registry that this machine uses stands in a file of the repository.
#[test]
fn no_address_of_a_registry_stands_in_the_repository() {
    let hosts: Vec<String> =
        mirrors().all().into_iter().flatten().filter_map(|mirror| mirror.url.host_str().map(Into::into)).collect();
    println!("looking for {hosts:?}");
    assert!(!hosts.is_empty());
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut open: Vec<_> = ["src", "tests", "recipes", "packages", "ci", "fuzz"].map(|name| root.join(name)).into();
    let mut looked_at = 0;
    while let Some(folder) = open.pop() {
        for path in fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()) {
            if path.is_dir() && !path.ends_with("target") {
                open.push(path);
            } else if let Ok(text) = fs::read_to_string(&path) {
                looked_at += 1;
                for host in &hosts {
                    assert!(!text.contains(host.as_str()), "{} names {host}", path.display());
                }
            }
        }
    }
    assert!(looked_at > 50, "looked at {looked_at} files only");
}
