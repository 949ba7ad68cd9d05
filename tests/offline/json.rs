//! The shape of what `--format json` prints: what programs may rely on, as JSON Schema. A field more, a field less or another
//! type is another `schema_version`.

use serde_json::{Value, json};

use crate::support::project::Project;

/// An object with exactly these fields. A type is `string`, `integer|null`, … or a schema of its own.
fn object(fields: &[(&str, Value)]) -> Value {
    let properties: serde_json::Map<String, Value> =
        fields.iter().map(|(name, kind)| ((*name).to_owned(), kind_of(kind))).collect();
    let required: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

fn kind_of(kind: &Value) -> Value {
    match kind.as_str() {
        Some("digest") => json!({ "type": "string", "pattern": "^sha256:[0-9a-f]{64}$" }),
        Some(words) => json!({ "type": words.split('|').collect::<Vec<_>>() }),
        None => kind.clone(),
    }
}

fn list(of: Value) -> Value {
    json!({ "type": "array", "items": kind_of(&of), "minItems": 1 })
}

fn maybe(of: Value) -> Value {
    json!({ "anyOf": [{ "type": "null" }, of] })
}

fn words() -> Value {
    json!({ "type": "array", "items": { "type": "string" } })
}

fn texts() -> Value {
    json!({ "type": "object", "additionalProperties": { "type": "string" } })
}

/// Runs a command, which prints one object, and compares that with its schema.
#[track_caller]
fn fits(project: &Project, arguments: &[&str], fields: &[(&str, Value)]) -> Value {
    let ran = project.mokapot(&[arguments, &["--format", "json"]].concat());
    let value: Value = serde_json::from_str(&ran.stdout).unwrap();
    let schema = object(&[&[("schema_version", json!({ "const": 1 }))], fields].concat());
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{arguments:?}: {errors:#?}\n{value:#}");
    value
}

#[test]
fn objects_have_their_shape() {
    let mut project = Project::new();
    project.mokapot(&["build", "app"]).ok();

    let file = object(&[
        ("path", json!("string")),
        ("type", json!({ "enum": ["file", "directory", "symlink", "character-device", "block-device", "named-pipe"] })),
        ("mode", json!({ "type": "string", "pattern": "^[0-7]{4}$" })),
        ("uid", json!("integer")),
        ("gid", json!("integer")),
        ("size", json!("integer")),
        ("layer", json!("integer|null")),
        ("packages", words()),
        ("target", json!("string|null")),
        ("device", json!("array|null")),
        ("links", json!("integer")),
    ]);
    let head = [("platform", json!("string")), ("digest", json!("digest"))];
    fits(&project, &["files", "app"], &[&head[..], &[("files", list(file))]].concat());

    let interpreter = json!({ "anyOf": [
        { "enum": ["elf", "declarations", "unknown"] },
        object(&[("program", json!("string"))]),
    ] });
    let script = object(&[
        ("package", json!("string")),
        ("version", json!("string")),
        ("kind", json!("string")),
        ("sha256", json!("digest")),
        ("size", json!("integer")),
        ("interpreter", interpreter),
        ("status", json!({ "enum": ["not interpreted"] })),
    ]);
    fits(&project, &["scripts", "app"], &[&head[..], &[("scripts", list(script))]].concat());

    let package = object(&[
        ("name", json!("string")),
        ("version", json!("string")),
        ("architecture", json!("string")),
        (
            "locked",
            maybe(object(&[
                ("mirror", json!("string")),
                ("suite", json!("string")),
                ("file", json!("string")),
                ("size", json!("integer")),
                ("sha256", json!("digest")),
            ])),
        ),
        ("locked_version", json!("string|null")),
        ("chain", maybe(object(&[("roots", list(json!("string"))), ("packages", list(json!("string")))]))),
    ]);
    let link = object(&[("path", json!("string")), ("target", json!("string")), ("packages", words())]);
    let layer = object(&[("number", json!("integer")), ("title", json!("string|null")), ("digest", json!("digest"))]);
    let sources = ["package", "recipe-file", "recipe-accounts", "script", "database", "parent", "unknown"];
    let answer = object(&[
        ("asked", json!("string")),
        ("platform", json!("string")),
        ("links", json!({ "type": "array", "items": link })),
        ("path", json!("string|null")),
        ("dangling", json!("boolean")),
        ("source", json!({ "enum": sources })),
        ("script", json!("null")),
        ("packages", json!({ "type": "array", "items": package })),
        ("layer", maybe(layer)),
        ("recipe", json!("string|null")),
        ("no_lock", json!("string|null")),
    ]);
    for subject in ["/bin/app", "libc6", "/opt/native", "/opt/run.sh", "/etc/passwd", "/var/lib/dpkg/status", "/"] {
        fits(&project, &["why", "app", subject], &[("why", answer.clone())]);
    }

    let layer = object(&[
        ("digest", json!("digest")),
        ("diff_id", json!("digest")),
        ("size", json!("integer")),
        ("media_type", json!("string")),
        ("title", json!("string|null")),
        ("annotations", texts()),
        ("shared_by", list(json!("string"))),
    ]);
    let platform = object(&[
        ("platform", json!("string")),
        ("digest", json!("digest")),
        ("annotations", texts()),
        ("config", json!("object")),
        ("layers", list(layer)),
        ("size", json!("integer")),
    ]);
    let image = object(&[
        ("digest", json!("digest")),
        ("media_type", json!("string")),
        ("annotations", texts()),
        ("platforms", list(platform)),
        ("size", json!("integer")),
        ("referrers", json!({ "type": "array", "maxItems": 0 })),
    ]);
    fits(&project, &["inspect", "app"], &[("image", image)]);

    project.release_newer();
    project.mokapot(&["lock", "app", "--update"]).ok();
    project.mokapot(&["build", "app", "--tag", "newer"]).ok();
    let newer = format!("oci:{}:newer", project.path("project/dist/oci").display());
    let change = object(&[("what", json!("string")), ("a", json!("string|null")), ("b", json!("string|null"))]);
    let changes = json!({ "type": "array", "items": change });
    let name =
        maybe(object(&[("title", json!("string|null")), ("digest", json!("digest")), ("diff_id", json!("digest"))]));
    let layer = object(&[("number", json!("integer")), ("a", name.clone()), ("b", name)]);
    let path = object(&[("path", json!("string")), ("only_in", json!("string|null")), ("changes", changes.clone())]);
    let platform = object(&[
        ("platform", json!("string")),
        ("only_in", json!("string|null")),
        ("config", changes.clone()),
        ("annotations", changes.clone()),
        ("layers", list(layer)),
        ("paths", list(path)),
    ]);
    let difference = object(&[
        ("a", json!("digest")),
        ("b", json!("digest")),
        ("annotations", changes),
        ("platforms", list(platform)),
    ]);
    let shape = [("differ", json!("boolean")), ("difference", difference)];
    let differ = fits(&project, &["diff", "app", &newer], &shape);
    assert_eq!(differ["differ"], true);
    fits(&project, &["diff", "app", "app"], &[("differ", json!({ "const": false })), ("difference", json!("object"))]);
}

#[test]
fn a_failure_is_an_object_too() {
    let project = Project::new();
    let error = object(&[
        ("class", json!("string")),
        ("code", json!("integer")),
        ("message", json!("string")),
        ("causes", words()),
        ("hint", json!("string|null")),
    ]);
    for arguments in
        [&["build", "typo"][..], &["inspect", "oci:nowhere"], &["scripts", "app"], &["build", "app", "--locked"]]
    {
        fits(&project, arguments, &[("error", error.clone())]);
    }
}
