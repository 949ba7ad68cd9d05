//! The config of one platform's image (image-spec, `config.md`).

use serde_json::{Map, Value, json};

use super::{Error, LayerDescriptor, Made, Settings};
use crate::base::{Epoch, Platform};
use crate::formats::oci::media_type;

/// Makes the config: `created` is the epoch, and history has one step a layer, `mokapot: <title>`.
///
/// # Errors
/// When a name in the environment is empty or has a `=`, or a port is none.
pub fn config(
    platform: Platform,
    epoch: Epoch,
    settings: &Settings,
    layers: &[LayerDescriptor],
) -> Result<Made, Error> {
    let created = epoch.rfc3339();
    let history: Vec<Value> = layers
        .iter()
        .map(|layer| json!({"created": created, "created_by": format!("mokapot: {}", layer.title)}))
        .collect();
    let diff_ids: Vec<String> = layers.iter().map(|layer| layer.diff_id.to_string()).collect();
    let value = json!({
        "created": created,
        "architecture": platform.0.name(),
        "os": "linux",
        "config": execution(settings)?,
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
        "history": history,
    });
    Ok(Made::new(media_type::CONFIG, &value))
}

/// The member `config`; what is not set is left out.
fn execution(settings: &Settings) -> Result<Value, Error> {
    let mut config = Map::new();
    let mut set = |name: &str, value: Value| {
        let empty = match &value {
            Value::Null => true,
            Value::Array(items) => items.is_empty(),
            Value::Object(members) => members.is_empty(),
            _ => false,
        };
        if !empty {
            config.insert(name.to_owned(), value);
        }
    };
    set("User", json!(settings.user));
    set("Env", Value::Array(settings.env.iter().map(|(name, value)| variable(name, value)).collect::<Result<_, _>>()?));
    set("Entrypoint", json!(settings.entrypoint));
    set("Cmd", json!(settings.cmd));
    set("WorkingDir", json!(settings.working_dir));
    set(
        "ExposedPorts",
        Value::Object(settings.exposed_ports.iter().map(|port| valid_port(port)).collect::<Result<_, _>>()?),
    );
    set("Volumes", Value::Object(settings.volumes.iter().map(|path| (path.clone(), json!({}))).collect()));
    set("StopSignal", json!(settings.stop_signal));
    set("Labels", json!(settings.labels));
    Ok(Value::Object(config))
}

fn variable(name: &str, value: &str) -> Result<Value, Error> {
    if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
        return Err(Error::Variable(name.to_owned()));
    }
    Ok(Value::String(format!("{name}={value}")))
}

/// `port[/protocol]` as a member without content, Go's way to write a set.
fn valid_port(text: &str) -> Result<(String, Value), Error> {
    let (port, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let number = port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0);
    if number && matches!(protocol, "tcp" | "udp" | "sctp") {
        Ok((text.to_owned(), json!({})))
    } else {
        Err(Error::Port(text.to_owned()))
    }
}
