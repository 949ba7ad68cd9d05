//! Placeholders in a recipe's values: `{arch}` is the platform's name in Debian and OCI (`amd64`), `{triplet}` the name of
//! Debian's multi-arch folders (`x86_64-linux-gnu`); `{{` and `}}` stand for the braces themselves.

use crate::base::Arch;

/// `text` with its placeholders filled in for `arch`.
///
/// # Errors
/// With what is wrong and the remedy: an unknown placeholder, a brace that is neither closed nor doubled.
pub(super) fn fill(text: &str, arch: Arch) -> Result<String, (String, &'static str)> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_and_braces() {
        assert_eq!(fill("/usr/lib/jvm/j-{arch}", Arch::Arm64).unwrap(), "/usr/lib/jvm/j-arm64");
        assert_eq!(fill("{triplet}${{X}}", Arch::Amd64).unwrap(), "x86_64-linux-gnu${X}");
        for bad in ["{", "}", "{arch", "{Arch}", "{}", "a}b", "{{arch}"] {
            assert!(fill(bad, Arch::Amd64).is_err(), "{bad} was accepted");
        }
    }
}
