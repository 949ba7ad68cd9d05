//! A profile of AWS's shared files: `config` and `credentials`, by the "AWS SDKs and Tools Reference Guide".
//!
//! Sections are `[default]` and `[profile NAME]` in `config`, `[NAME]` in `credentials`, whose keys win. An indented line below a key
//! without value is a setting of its own inside that key: `s3 =` and `  addressing_style = path` are `s3.addressing_style`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::settings::Settings;

/// More than any such file.
const MAX_FILE: u64 = 1 << 20;

/// The keys of one profile.
#[derive(Clone, Default)]
pub(super) struct Profile {
    keys: BTreeMap<String, String>,
    /// The keys of the `[services NAME]` section that it names.
    services: BTreeMap<String, String>,
}

type Sections = BTreeMap<String, BTreeMap<String, String>>;

impl Profile {
    /// The profile that the environment names, or else `default`.
    ///
    /// # Errors
    /// When a named profile is in neither file.
    pub(super) fn read(settings: &Settings) -> Result<Self, String> {
        let text = |variable, name| settings.file(variable, name).and_then(|path| text_of(&path)).unwrap_or_default();
        let config = text("AWS_CONFIG_FILE", "config");
        let credentials = text("AWS_SHARED_CREDENTIALS_FILE", "credentials");
        let named = settings.variable("AWS_PROFILE");
        match Self::of(&config, &credentials, named.unwrap_or("default")) {
            Some(profile) => Ok(profile),
            None if named.is_none() => Ok(Self::default()),
            None => Err("AWS_PROFILE names a profile that is in neither of the shared files".to_owned()),
        }
    }

    /// A profile of these texts; nothing where neither has it.
    pub(super) fn of(config: &str, credentials: &str, name: &str) -> Option<Self> {
        let (mut config, mut credentials) = (sections(config), sections(credentials));
        let own = config.remove(&format!("profile {name}"));
        let plain = config.remove(name).filter(|_| name == "default");
        let (shared, login) = (own.or(plain), credentials.remove(name));
        if shared.is_none() && login.is_none() {
            return None;
        }
        let mut keys = shared.unwrap_or_default();
        keys.extend(login.unwrap_or_default());
        let services = keys.get("services").and_then(|name| config.remove(&format!("services {name}")));
        Some(Self { keys, services: services.unwrap_or_default() })
    }

    /// A key's value.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.keys.get(key).map(String::as_str)
    }

    /// A key's value in its services section.
    pub(super) fn service(&self, key: &str) -> Option<&str> {
        self.services.get(key).map(String::as_str)
    }
}

fn text_of(path: &Path) -> Option<String> {
    let small = fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.len() <= MAX_FILE);
    small.then(|| fs::read_to_string(path).ok()).flatten()
}

fn sections(text: &str) -> Sections {
    let mut found = Sections::new();
    let (mut section, mut parent) = (None::<String>, String::new());
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if let Some(head) = trimmed.strip_prefix('[') {
            let name = head.split(']').next().unwrap_or_default();
            let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
            found.entry(name.clone()).or_default();
            section = Some(name);
            continue;
        }
        let (Some(section), Some((key, value))) = (&section, trimmed.split_once('=')) else { continue };
        let value = value.split(" #").next().unwrap_or_default().trim();
        let key = key.trim().to_ascii_lowercase();
        let nested = line.starts_with([' ', '\t']) && !parent.is_empty();
        let full = if nested { format!("{parent}.{key}") } else { key.clone() };
        if !nested {
            parent = if value.is_empty() { key } else { String::new() };
        }
        if !value.is_empty() {
            found.entry(section.clone()).or_default().insert(full, value.to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_files_make_a_profile() {
        let config = "# c\n[default]\nregion = a\n[profile  dev]\nregion=b # why\ns3 =\n  addressing_style = path\n  x = y\n\
                      role_arn = r\nservices = local\n[services local]\ns3 =\n  endpoint_url = http://e.example\n[dev]\nregion = no\n";
        let credentials = "[dev]\naws_access_key_id = K\naws_secret_access_key = S=/+\nregion = c\n";
        let dev = Profile::of(config, credentials, "dev").unwrap();
        assert_eq!(dev.get("region"), Some("c"), "the credentials file wins");
        assert_eq!(dev.get("s3.addressing_style"), Some("path"));
        assert_eq!(dev.get("role_arn"), Some("r"));
        assert_eq!(dev.get("aws_secret_access_key"), Some("S=/+"));
        assert_eq!(dev.service("s3.endpoint_url"), Some("http://e.example"));
        assert_eq!(Profile::of(config, "", "default").unwrap().get("region"), Some("a"));
        assert!(Profile::of(config, credentials, "other").is_none());
        assert!(Profile::of("garbage\n=\n[", "]]", "default").is_none());
    }
}
