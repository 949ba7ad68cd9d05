//! What may differ between two trees: rules in a file, each with its reason, and how often each was needed.
//!
//! One rule a line: `/GLOB FIELD,…  # reason`. In a glob `*` stops at `/`, `**` does not, `{a,b}` is either. A field is one of
//! [`FIELDS`]; `only` is: one side lacks the entry. A symbolic link that one side lacks is `/PATH->TARGET` to a rule, too.

use std::collections::BTreeMap;

use regex_automata::meta::Regex;
use regex_automata::util::syntax;

use super::treediff::{Item, Snapshot};

/// What can differ.
const FIELDS: [&str; 8] = ["only", "kind", "mode", "uid", "gid", "content", "hardlinks", "xattrs"];

/// Rules, in the order of their file.
pub struct Rules(Vec<Rule>);

struct Rule {
    glob: String,
    pattern: Regex,
    fields: Vec<String>,
}

/// What came out of a comparison.
#[derive(Default)]
pub struct Findings {
    /// What no rule covers: a line each.
    pub differences: Vec<String>,
    /// How many differences each rule covered, by its glob.
    pub ignored: BTreeMap<String, usize>,
}

impl Rules {
    /// # Panics
    /// At a line that is none.
    pub fn parse(text: &str) -> Self {
        let mut rules = Vec::new();
        for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
            let (rule, reason) = line.split_once('#').unwrap_or_else(|| panic!("no reason: {line}"));
            assert!(!reason.trim().is_empty(), "no reason: {line}");
            let (glob, fields) = rule.trim().split_once(' ').unwrap_or_else(|| panic!("no fields: {line}"));
            let fields: Vec<String> = fields.trim().split(',').map(str::to_owned).collect();
            assert!(fields.iter().all(|field| FIELDS.contains(&field.as_str())), "an unknown field: {line}");
            let bytes = syntax::Config::new().utf8(false).unicode(false);
            let pattern = Regex::builder().syntax(bytes).build(&expression(glob)).unwrap();
            rules.push(Rule { glob: glob.to_owned(), pattern, fields });
        }
        Self(rules)
    }

    /// The globs, in order.
    pub fn globs(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|rule| rule.glob.as_str())
    }

    /// Whether a difference in this field of a path does not count.
    pub fn covers(&self, path: &[u8], field: &str) -> bool {
        self.rule(path, None, field).is_some()
    }

    fn rule(&self, path: &[u8], item: Option<&Item>, field: &str) -> Option<&Rule> {
        let path = [b"/", path].concat();
        let target = item.and_then(|item| item.kind.strip_prefix("symlink ").filter(|_| field == "only"));
        let link = target.map(|target| [&path, &b"->"[..], target.as_bytes()].concat());
        let fits = |rule: &&Rule| {
            rule.pattern.is_match(&path) || link.as_ref().is_some_and(|link| rule.pattern.is_match(link))
        };
        self.0.iter().filter(|rule| rule.fields.iter().any(|other| other == field)).find(fits)
    }

    /// Compares two trees, field by field.
    pub fn compare(&self, ours: &Snapshot, theirs: &Snapshot) -> Findings {
        let mut findings = Findings::default();
        let mut note = |path: &[u8], item: &Item, field: &str, shown: String| match self.rule(path, Some(item), field) {
            Some(rule) => *findings.ignored.entry(rule.glob.clone()).or_default() += 1,
            None => findings.differences.push(shown),
        };
        for (path, item) in ours {
            let name = format!("/{}", String::from_utf8_lossy(path));
            let Some(other) = theirs.get(path) else {
                note(path, item, "only", format!("- {name}: only here, {}", shown(item)));
                continue;
            };
            if item == other {
                continue;
            }
            for (field, a, b) in fields(item).into_iter().zip(fields(other)).map(|((field, a), (_, b))| (field, a, b)) {
                if a != b {
                    note(path, item, field, format!("! {name}: {field} {a}, not {b}"));
                }
            }
        }
        for (path, item) in theirs.iter().filter(|(path, _)| !ours.contains_key(*path)) {
            note(path, item, "only", format!("+ /{}: missing, {}", String::from_utf8_lossy(path), shown(item)));
        }
        findings
    }
}

/// Each field of an entry, as it is shown.
fn fields(item: &Item) -> [(&'static str, String); 7] {
    let digest = item.content.map(|digest| digest.to_string()).unwrap_or_default();
    [
        ("kind", item.kind.clone()),
        ("mode", format!("{:04o}", item.mode)),
        ("uid", item.uid.to_string()),
        ("gid", item.gid.to_string()),
        ("content", digest),
        ("hardlinks", item.linked.as_ref().map(|path| path.escape_ascii().to_string()).unwrap_or_default()),
        ("xattrs", format!("{:?}", item.xattrs)),
    ]
}

fn shown(item: &Item) -> String {
    format!("{} {:04o} {}:{}", item.kind, item.mode, item.uid, item.gid)
}

/// The expression of a glob.
fn expression(glob: &str) -> String {
    let mut pattern = String::from("(?s)^");
    let mut rest = glob;
    while let Some(next) = rest.chars().next() {
        let (taken, part) = match next {
            '*' if rest.starts_with("**") => (2, ".*".to_owned()),
            '*' => (1, "[^/]*".to_owned()),
            '{' => (1, "(?:".to_owned()),
            '}' => (1, ")".to_owned()),
            ',' => (1, "|".to_owned()),
            other => (other.len_utf8(), other.to_string().bytes().map(|byte| format!("\\x{byte:02x}")).collect()),
        };
        pattern += &part;
        rest = &rest[taken..];
    }
    pattern + "$"
}
