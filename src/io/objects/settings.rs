//! What the environment and the profile files say about AWS. The names are those of the "AWS SDKs and Tools Reference Guide".

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use rusty_s3::{Bucket, UrlStyle};
use url::Url;

use super::profile::Profile;

/// Tells the time, which signatures hold.
pub type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// The region that is asked first where nobody says one; a bucket elsewhere tells where it is.
const REGION: &str = "us-east-1";

/// Everything the client does not decide by itself.
#[derive(Clone)]
pub struct Settings {
    /// The environment's variables that begin with `AWS_`.
    pub environment: BTreeMap<String, String>,
    /// The user's home, where the profile files are if the environment does not name them.
    pub home: Option<PathBuf>,
    /// The clock.
    pub clock: Clock,
}

impl Settings {
    /// A variable that is set and not blank.
    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(name).map(String::as_str).filter(|value| !value.trim().is_empty())
    }

    /// A profile file: the one that a variable names, or else the usual one in the user's home.
    pub(super) fn file(&self, variable: &str, name: &str) -> Option<PathBuf> {
        let named = self.variable(variable).map(PathBuf::from);
        named.or_else(|| Some(self.home.as_ref()?.join(".aws").join(name)))
    }

    /// The region of requests whose bucket has not told its own.
    pub(super) fn region(&self, profile: &Profile) -> String {
        let named = self.variable("AWS_REGION").or_else(|| self.variable("AWS_DEFAULT_REGION"));
        named.or_else(|| profile.get("region")).unwrap_or(REGION).to_owned()
    }

    /// The endpoint that somebody configured for a service (`S3`, `STS`), by the reference's "Service-specific endpoints".
    pub(super) fn endpoint(&self, service: &str, profile: &Profile) -> Option<String> {
        let own = self.variable(&format!("AWS_ENDPOINT_URL_{service}"));
        let of_profile = format!("{}.endpoint_url", service.to_ascii_lowercase());
        let named = own.or_else(|| self.variable("AWS_ENDPOINT_URL"));
        let named = named.or_else(|| profile.service(&of_profile)).or_else(|| profile.get("endpoint_url"));
        named.map(str::to_owned)
    }

    /// The bucket as the signer knows it. A configured endpoint is asked in path style unless the profile says `virtual`; AWS itself
    /// with the bucket in the host's name, unless a dot in it would break TLS or the profile says `path`.
    ///
    /// # Errors
    /// With what is wrong with the endpoint.
    pub(super) fn bucket(&self, name: &str, region: &str, profile: &Profile) -> Result<Bucket, String> {
        let style = profile.get("s3.addressing_style");
        let (endpoint, path_style) = match self.endpoint("S3", profile) {
            Some(endpoint) => (endpoint, style != Some("virtual")),
            None => (format!("https://s3.{region}.{}", suffix(region)), name.contains('.') || style == Some("path")),
        };
        let wrong = |reason: String| format!("the endpoint of S3: {reason}");
        let endpoint: Url = endpoint.parse().map_err(|error| wrong(format!("{error}")))?;
        let style = if path_style { UrlStyle::Path } else { UrlStyle::VirtualHost };
        Bucket::new(endpoint, style, name.to_owned(), region.to_owned()).map_err(|error| wrong(error.to_string()))
    }
}

/// The domain of a region's services.
pub(super) fn suffix(region: &str) -> &'static str {
    if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" }
}

/// Whether a text can be the name of a region: it becomes part of a host's name.
pub(super) fn is_region(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> Settings {
        let environment = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Settings { environment, home: None, clock: Arc::new(|| SystemTime::UNIX_EPOCH) }
    }

    #[test]
    fn endpoints_and_styles() {
        let url = |pairs: &[(&str, &str)], bucket: &str, region: &str, profile: &Profile| {
            settings(pairs).bucket(bucket, region, profile).unwrap().object_url("k").to_string()
        };
        let none = Profile::default();
        assert_eq!(url(&[], "jars", "eu-west-1", &none), "https://jars.s3.eu-west-1.amazonaws.com/k");
        assert_eq!(url(&[], "jars", "cn-north-1", &none), "https://jars.s3.cn-north-1.amazonaws.com.cn/k");
        assert_eq!(url(&[], "a.b.c", "us-east-1", &none), "https://s3.us-east-1.amazonaws.com/a.b.c/k");
        let both = [("AWS_ENDPOINT_URL", "https://all.example"), ("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9000")];
        assert_eq!(url(&both, "jars", "x", &none), "http://127.0.0.1:9000/jars/k");
        assert_eq!(url(&both[..1], "jars", "x", &none), "https://all.example/jars/k");
        let profile = Profile::of(
            "[default]\ns3 =\n  addressing_style = virtual\nendpoint_url = https://p.example\n",
            "",
            "default",
        )
        .unwrap();
        assert_eq!(url(&[], "jars", "x", &profile), "https://jars.p.example/k");
        assert!(settings(&[("AWS_ENDPOINT_URL", "ftp://x")]).bucket("jars", "x", &none).is_err());
    }

    #[test]
    fn regions_come_from_the_environment_then_the_profile() {
        let profile = Profile::of("[default]\nregion = eu-central-1\n", "", "default").unwrap();
        assert_eq!(settings(&[("AWS_DEFAULT_REGION", "b"), ("AWS_REGION", "a")]).region(&profile), "a");
        assert_eq!(settings(&[("AWS_DEFAULT_REGION", "b"), ("AWS_REGION", " ")]).region(&profile), "b");
        assert_eq!(settings(&[]).region(&profile), "eu-central-1");
        assert_eq!(settings(&[]).region(&Profile::default()), REGION);
        assert!(is_region("us-gov-west-1") && !is_region("x.evil") && !is_region("") && !is_region("a/b"));
    }
}
