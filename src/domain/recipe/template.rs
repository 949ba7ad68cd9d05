//! Placeholders in a recipe's values: `{arch}` is the platform's name in Debian and OCI (`amd64`), `{triplet}` the name of
//! Debian's multi-arch folders (`x86_64-linux-gnu`); `{{` and `}}` stand for the braces themselves.

use super::at::At;
use super::findings::Findings;
use super::path::ImagePath;
use crate::base::Arch;

/// `text` with its placeholders filled in for `arch`.
///
/// # Errors
/// With what is wrong and the remedy: an unknown placeholder, a brace that is neither closed nor doubled.
fn filled(text: &str, arch: Arch) -> Result<String, (String, &'static str)> {
    const DOUBLE: &str = "write `{{` and `}}` where a brace is meant";
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, brace) = rest.split_at(at);
        out.push_str(before);
        rest = if let Some(after) = brace.strip_prefix("{{") {
            out.push('{');
            after
        } else if let Some(after) = brace.strip_prefix("}}") {
            out.push('}');
            after
        } else if let Some((name, after)) = brace.strip_prefix('{').and_then(|b| b.split_once('}')) {
            out.push_str(match name {
                "arch" => arch.name(),
                "triplet" => arch.triplet(),
                other => {
                    let shown: String = other.chars().take(40).collect();
                    return Err((
                        format!("unknown placeholder `{{{shown}}}`"),
                        "`{arch}` and `{triplet}` exist; write `{{` and `}}` where a brace is meant",
                    ));
                }
            });
            after
        } else {
            return Err(("a brace stands alone".into(), DOUBLE));
        };
    }
    out.push_str(rest);
    Ok(out)
}

/// The value with its placeholders filled in.
pub(in crate::domain) fn fill(at: &At<String>, arch: Arch, findings: &mut Findings) -> Option<String> {
    match filled(&at.value, arch) {
        Ok(text) if !text.contains('\0') => Some(text),
        Ok(_) => {
            findings.report(at.span, "a value may hold no NUL", "take it out");
            None
        }
        Err((message, hint)) => {
            findings.report(at.span, message, hint);
            None
        }
    }
}

/// The path with its placeholders filled in.
pub(in crate::domain) fn path(at: &At<String>, arch: Arch, findings: &mut Findings) -> Option<ImagePath> {
    const PATH: &str = "write the whole path in its one spelling, such as /opt/app/run.sh";
    let text = fill(at, arch, findings)?;
    let shown: String = text.chars().take(80).collect();
    findings.take(at.span, ImagePath::new(&text).map_err(|rule| format!("`{shown}`: {rule}")), PATH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_and_braces() {
        assert_eq!(filled("/usr/lib/jvm/j-{arch}", Arch::Arm64).unwrap(), "/usr/lib/jvm/j-arm64");
        assert_eq!(filled("{triplet}${{X}}", Arch::Amd64).unwrap(), "x86_64-linux-gnu${X}");
        for bad in ["{", "}", "{arch", "{Arch}", "{}", "a}b", "{{arch}"] {
            assert!(filled(bad, Arch::Amd64).is_err(), "{bad} was accepted");
        }
    }
}
