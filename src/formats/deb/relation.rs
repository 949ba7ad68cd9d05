//! Relations between packages: `Depends`, `Breaks`, `Provides` and kin. Debian Policy chapter 7, deb-control(5).

use std::fmt;
use std::str::FromStr;

use super::package::PackageName;
use super::version::Version;

/// How a version in a relation compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operator {
    /// `<<`
    Earlier,
    /// `<=`, and the obsolete `<`
    EarlierOrEqual,
    /// `=`
    Equal,
    /// `>=`, and the obsolete `>`
    LaterOrEqual,
    /// `>>`
    Later,
}

/// One package named in a relation: `name[:arch] [(op version)]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Relation {
    /// The package's name, or a virtual one.
    pub name: PackageName,
    /// The architecture qualifier: `any`, `native` or an architecture.
    pub qualifier: Option<Box<str>>,
    /// Which versions are meant; all of them without it.
    pub version: Option<(Operator, Version)>,
}

/// `a | b | c`: any of them will do. Never empty.
pub type Alternatives = Vec<Relation>;

/// Why a text is no relation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed relation `{text}`: {reason}")]
pub struct ParseRelationError {
    text: String,
    reason: String,
}

impl Operator {
    /// Whether `candidate` stands in this relation to `wanted`.
    #[must_use]
    pub fn holds(self, candidate: &Version, wanted: &Version) -> bool {
        let order = candidate.cmp(wanted);
        match self {
            Self::Earlier => order.is_lt(),
            Self::EarlierOrEqual => order.is_le(),
            Self::Equal => order.is_eq(),
            Self::LaterOrEqual => order.is_ge(),
            Self::Later => order.is_gt(),
        }
    }
}

impl Relation {
    /// A relation to any version of `name`.
    #[must_use]
    pub fn any_version(name: PackageName) -> Self {
        Self { name, qualifier: None, version: None }
    }

    /// Whether `version` is among the versions meant.
    #[must_use]
    pub fn admits(&self, version: &Version) -> bool {
        self.version.as_ref().is_none_or(|(operator, wanted)| operator.holds(version, wanted))
    }
}

/// Parses a whole field: groups parted by commas, alternatives by `|`. An empty field has no groups.
///
/// # Errors
/// When one of the relations is malformed.
pub fn parse_field(field: &str) -> Result<Vec<Alternatives>, ParseRelationError> {
    field
        .split(',')
        .filter(|group| !group.trim().is_empty())
        .map(|group| group.split('|').map(str::parse).collect())
        .collect()
}

impl FromStr for Relation {
    type Err = ParseRelationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fail = |reason: String| ParseRelationError { text: text.trim().chars().take(120).collect(), reason };
        let text_end = text.trim();
        let (head, rest) =
            text_end.split_at(text_end.find(|c: char| c.is_whitespace() || c == '(').unwrap_or(text_end.len()));
        let (name, qualifier) = match head.split_once(':') {
            Some((name, qualifier)) => {
                if qualifier.is_empty()
                    || !qualifier.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-')
                {
                    return Err(fail(format!("`{qualifier}` is no architecture")));
                }
                (name, Some(qualifier.into()))
            }
            None => (head, None),
        };
        let name = name.parse().map_err(|error: super::package::ParseNameError| fail(error.to_string()))?;
        let rest = rest.trim();
        let version = if rest.is_empty() {
            None
        } else {
            let inside = rest
                .strip_prefix('(')
                .and_then(|r| r.strip_suffix(')'))
                .ok_or_else(|| fail("expected `(operator version)` after the name".into()))?
                .trim();
            let (symbol, version) =
                inside.split_at(inside.find(|c| !matches!(c, '<' | '>' | '=')).unwrap_or(inside.len()));
            let operator = match symbol {
                "<<" => Operator::Earlier,
                "<=" | "<" => Operator::EarlierOrEqual,
                "=" => Operator::Equal,
                ">=" | ">" => Operator::LaterOrEqual,
                ">>" => Operator::Later,
                other => return Err(fail(format!("`{other}` is none of << <= = >= >>"))),
            };
            Some((
                operator,
                version.trim().parse().map_err(|e: super::version::ParseVersionError| fail(e.to_string()))?,
            ))
        };
        Ok(Self { name, qualifier, version })
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Earlier => "<<",
            Self::EarlierOrEqual => "<=",
            Self::Equal => "=",
            Self::LaterOrEqual => ">=",
            Self::Later => ">>",
        })
    }
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.name)?;
        if let Some(qualifier) = &self.qualifier {
            write!(f, ":{qualifier}")?;
        }
        if let Some((operator, version)) = &self.version {
            write!(f, " ({operator} {version})")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_parse_and_print() {
        let field = "libc6 (>= 2.34), debconf (>= 0.5) | debconf-2.0,python3:any(>=3.9~),\n mawk | gawk";
        let groups = parse_field(field).unwrap();
        let shown: Vec<Vec<String>> = groups.iter().map(|g| g.iter().map(ToString::to_string).collect()).collect();
        assert_eq!(
            shown,
            [
                vec!["libc6 (>= 2.34)"],
                vec!["debconf (>= 0.5)", "debconf-2.0"],
                vec!["python3:any (>= 3.9~)"],
                vec!["mawk", "gawk"]
            ]
        );
        assert!(parse_field(" ").unwrap().is_empty());
    }

    #[test]
    fn operators_hold_as_policy_says() {
        let relation: Relation = "xy (<< 2)".parse().unwrap();
        assert!(relation.admits(&"1.9".parse().unwrap()));
        assert!(!relation.admits(&"2".parse().unwrap()));
        assert!("xy (> 2)".parse::<Relation>().unwrap().admits(&"2".parse().unwrap()));
    }

    #[test]
    fn malformed_relations_are_refused() {
        for bad in
            ["", "aa b", "aa (1)", "aa (== 1)", "aa (>= )", "aa (>= 1", "aa: (>= 1)", "а", "-a", "aa || bb", "aa | "]
        {
            assert!(parse_field(bad).map(|g| g.is_empty()) != Ok(false), "{bad} was accepted");
        }
    }
}
