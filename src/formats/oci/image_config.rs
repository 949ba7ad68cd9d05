//! An image's config as it is read: what `inspect` shows and what a push checks (image-spec, `config.md`).

use std::collections::BTreeMap;

use super::error::Error;
use super::json::{self, Node};
use crate::base::DiffId;

/// The members of a config that we read. Unknown ones stay in the bytes, which are never rewritten.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ImageConfig {
    /// `os/architecture[/variant]`.
    pub platform: String,
    /// RFC 3339, as written.
    pub created: Option<String>,
    /// One a layer, the lowest first.
    pub diff_ids: Vec<DiffId>,
    /// `user[:group]`.
    pub user: Option<String>,
    /// `NAME=value`, in order.
    pub env: Vec<String>,
    /// The program and its first arguments.
    pub entrypoint: Vec<String>,
    /// The arguments that a caller may replace.
    pub cmd: Vec<String>,
    /// Where the program starts.
    pub working_dir: Option<String>,
    /// `port/protocol`, sorted.
    pub exposed_ports: Vec<String>,
    /// Sorted by key.
    pub labels: BTreeMap<String, String>,
    /// `created_by` of each step that made a layer, in order.
    pub history: Vec<String>,
}

/// The most entries of any list in a config.
const MAX_ENTRIES: usize = 10_000;

impl ImageConfig {
    /// Reads a config strictly.
    ///
    /// # Errors
    /// As [`json::parse`], and when a member is missing or wrong; the error has its JSON pointer.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let value = json::parse(bytes)?;
        let root = Node::root(&value);
        let mut platform = root.require("os", "an operating system")?.text()?.to_owned();
        platform = platform + "/" + root.require("architecture", "an architecture")?.text()?;
        if let Some(variant) = root.get("variant")? {
            platform = platform + "/" + variant.text()?;
        }
        let rootfs = root.require("rootfs", "the layers' diff_ids")?;
        let kind = rootfs.require("type", "`layers`")?;
        if kind.text()? != "layers" {
            return Err(kind.wrong("`layers`"));
        }
        let diff_ids = rootfs.require("diff_ids", "a list of digests")?.items(MAX_ENTRIES)?;
        let config = root.get("config")?;
        let text = |name| -> Result<Option<String>, Error> {
            let Some(config) = &config else { return Ok(None) };
            let text = config.get(name)?.map(|node| node.text().map(str::to_owned)).transpose()?;
            Ok(text.filter(|text| !text.is_empty()))
        };
        let list = |name| -> Result<Vec<String>, Error> {
            let Some(config) = &config else { return Ok(Vec::new()) };
            Ok(config.get(name)?.map(|node| node.texts(MAX_ENTRIES)).transpose()?.unwrap_or_default())
        };
        let members = |name| -> Result<Vec<(String, Node<'_>)>, Error> {
            let Some(node) = config.as_ref().map(|config| config.get(name)).transpose()?.flatten() else {
                return Ok(Vec::new());
            };
            Ok(node.members()?.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
        };
        let mut exposed_ports: Vec<String> = members("ExposedPorts")?.into_iter().map(|(name, _)| name).collect();
        exposed_ports.sort();
        Ok(Self {
            platform,
            created: root.get("created")?.map(|node| node.text().map(str::to_owned)).transpose()?,
            diff_ids: diff_ids.iter().map(|node| node.digest().map(DiffId)).collect::<Result<_, _>>()?,
            user: text("User")?,
            env: list("Env")?,
            entrypoint: list("Entrypoint")?,
            cmd: list("Cmd")?,
            working_dir: text("WorkingDir")?,
            exposed_ports,
            labels: members("Labels")?
                .into_iter()
                .map(|(name, value)| Ok((name, value.text()?.to_owned())))
                .collect::<Result<_, Error>>()?,
            history: history(&root)?,
        })
    }
}

fn history(root: &Node<'_>) -> Result<Vec<String>, Error> {
    let Some(history) = root.get("history")? else { return Ok(Vec::new()) };
    let mut steps = Vec::new();
    for step in history.items(MAX_ENTRIES)? {
        let empty = step.get("empty_layer")?.is_some_and(|node| node.is_true());
        if !empty {
            let by = step.get("created_by")?.map(|node| node.text().map(str::to_owned)).transpose()?;
            steps.push(by.unwrap_or_default());
        }
    }
    Ok(steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_members_and_nulls_are_fine() {
        let config = ImageConfig::parse(
            br#"{"os":"linux","architecture":"arm64","variant":"v8","future":{"x":[1.5]},"config":{"Entrypoint":null,"Env":["A"]},"rootfs":{"type":"layers","diff_ids":[]}}"#,
        )
        .unwrap();
        assert_eq!((config.platform.as_str(), config.env), ("linux/arm64/v8", vec!["A".to_owned()]));
    }

    #[test]
    fn another_kind_of_rootfs_is_refused() {
        let error =
            ImageConfig::parse(br#"{"os":"linux","architecture":"amd64","rootfs":{"type":"snapshots","diff_ids":[]}}"#)
                .unwrap_err();
        assert_eq!(error.to_string(), "`/rootfs/type`: expected `layers`, found \"snapshots\"");
    }
}
