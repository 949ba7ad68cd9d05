//! `dpkg-query --showformat`: `${FIELD}`, `${FIELD;WIDTH}` and backslash escapes.

use super::super::super::stop::Stop;
use super::status::Record;

/// A format, read.
pub(super) struct Format(Vec<Part>);

enum Part {
    Text(String),
    Field { name: String, width: i64 },
}

impl Format {
    /// Reads a format.
    ///
    /// # Errors
    /// What is wrong, in dpkg's words.
    pub(super) fn parse(format: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = format;
        while !rest.is_empty() {
            if let Some(field) = rest.strip_prefix("${") {
                let (inside, after) =
                    field.split_once('}').ok_or("error in show format: missing closing brace".to_owned())?;
                let (name, width) = inside.split_once(';').unwrap_or((inside, "0"));
                let width = width
                    .parse()
                    .ok()
                    .filter(|width: &i64| width.unsigned_abs() < 1 << 16)
                    .ok_or_else(|| format!("error in show format: invalid character '{width}' in field width"))?;
                parts.push(Part::Field { name: name.into(), width });
                rest = after;
            } else if let Some(escape) = rest.strip_prefix('\\') {
                let mut chars = escape.chars();
                parts.push(Part::Text(match chars.next() {
                    Some('n') => "\n".into(),
                    Some('t') => "\t".into(),
                    Some('r') => "\r".into(),
                    Some(other) => other.into(),
                    None => "\\".into(),
                }));
                rest = chars.as_str();
            } else {
                let end =
                    rest.char_indices().skip(1).find(|(_, c)| matches!(c, '$' | '\\')).map_or(rest.len(), |(at, _)| at);
                let (text, after) = rest.split_at(end);
                parts.push(Part::Text(text.into()));
                rest = after;
            }
        }
        Ok(Self(parts))
    }

    /// The text for a package.
    pub(super) fn render(&self, record: &Record) -> Result<String, Stop> {
        let mut out = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Field { name, width } => {
                    let value = field(record, name)?;
                    let size = usize::try_from(width.unsigned_abs()).unwrap_or(0);
                    match (*width).signum() {
                        0 => out.push_str(&value),
                        1 => out += &format!("{value:>size$}"),
                        _ => out += &format!("{value:<size$}"),
                    }
                }
            }
        }
        Ok(out)
    }
}

fn field(record: &Record, name: &str) -> Result<String, Stop> {
    let [want, error, state] = record.status();
    let own = |name: &str| record.get(name).unwrap_or_default().to_owned();
    let summary = || own("Description").lines().next().unwrap_or_default().to_owned();
    let source = |version: bool| -> String {
        let source = own("Source");
        let (name, of) =
            source.split_once(" (").map_or((source.as_str(), ""), |(name, of)| (name, of.trim_end_matches(')')));
        match (version, name, of) {
            (true, _, "") => own("Version"),
            (true, _, of) => of.into(),
            (false, "", _) => record.package().into(),
            (false, name, _) => name.into(),
        }
    };
    Ok(match name {
        "binary:Package" => record.binary(),
        "binary:Summary" | "binary:Synopsis" => summary(),
        "source:Package" => source(false),
        "source:Version" => source(true),
        "source:Upstream-Version" => {
            let version = source(true);
            let upstream = version.split_once(':').map_or(version.as_str(), |(_, rest)| rest);
            upstream.rsplit_once('-').map_or(upstream, |(upstream, _)| upstream).into()
        }
        "db:Status-Want" => want.into(),
        "db:Status-Eflag" => error.into(),
        "db:Status-Status" => state.into(),
        "db:Status-Abbrev" => abbreviation(record),
        _ if name.contains(':') => return Err(Stop::unsupported("dpkg-query", format!("field ${{{name}}}"))),
        // The first line is empty where a value is a list, and dpkg does not keep the end of it.
        _ => own(name).trim_start_matches('\n').to_owned(),
    })
}

/// The three letters of `dpkg -l`: what is wanted, how far it is, whether something is wrong.
pub(super) fn abbreviation(record: &Record) -> String {
    let [want, error, state] = record.status();
    let want = match want {
        "install" => 'i',
        "hold" => 'h',
        "deinstall" => 'r',
        "purge" => 'p',
        _ => 'u',
    };
    let state = match state {
        "config-files" => 'c',
        "half-installed" => 'H',
        "unpacked" => 'U',
        "half-configured" => 'F',
        "triggers-awaited" => 'W',
        "triggers-pending" => 't',
        "installed" => 'i',
        _ => 'n',
    };
    format!("{want}{state}{}", if error == "reinstreq" { 'R' } else { ' ' })
}
