//! `Link` headers of paged lists (distribution-spec, "Listing Tags"; RFC 8288).

/// The target of the link whose relation is `next`, as written between the angle brackets: absolute or relative.
#[must_use]
pub fn next(header: &str) -> Option<&str> {
    let mut rest = header;
    loop {
        let (target, after) = rest.split_once('<')?.1.split_once('>')?;
        let end = after.find('<').unwrap_or(after.len());
        let is_next = after[..end].split(';').any(|parameter| {
            let parameter = parameter.trim().trim_end_matches(',').trim();
            parameter.split_once('=').is_some_and(|(name, value)| {
                name.trim().eq_ignore_ascii_case("rel") && value.trim().trim_matches('"') == "next"
            })
        });
        if is_next {
            return Some(target);
        }
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_next_page() {
        assert_eq!(next("</v2/a/tags/list?n=2&last=b>; rel=\"next\""), Some("/v2/a/tags/list?n=2&last=b"));
        assert_eq!(next("<a>; rel=prev, <b>; rel=next"), Some("b"));
        for none in ["", "<a>", "<a>; rel=\"prev\"", "rel=next", "<a"] {
            assert_eq!(next(none), None, "{none}");
        }
    }
}
