//! Users and groups that a recipe adds: passwd(5), group(5), shadow(5), gshadow(5).
//!
//! Lines are those that Debian's `useradd` and `groupadd` write for an account without a password, appended at the end:
//!
//! ```text
//! passwd   name:x:uid:gid::home:shell        shadow   name:!:last-change:0:99999:7:::
//! group    name:x:gid:member,member          gshadow  name:!::member,member
//! ```
//!
//! A file that is missing is made, with `root` in it: nothing works without. `shadow` and `gshadow` are kept in step.

use std::collections::BTreeSet;

use crate::base::{Class, Epoch, Fault, redact};
use crate::domain::rootfs::{Content, Kind, Meta, Owner, Tree, TreeError};

/// The number of Debian's group `shadow`, which may read the shadow files.
const SHADOW: u32 = 42;

/// A group to add.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Its number.
    pub gid: u32,
}

/// A user to add.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The name.
    pub name: String,
    /// Number.
    pub uid: u32,
    /// Number of the primary group. A group of the user's name is made if no group has this number.
    pub gid: u32,
    /// Home folder, from `/`. It is not made.
    pub home: String,
    /// Login shell, from `/`.
    pub shell: String,
    /// Names of more groups.
    pub groups: BTreeSet<String>,
}

/// The texts of the four files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accounts {
    passwd: Vec<String>,
    group: Vec<String>,
    shadow: Vec<String>,
    gshadow: Vec<String>,
    /// Days since 1970, for `shadow`.
    day: i64,
}

/// Why an account cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// A name or path would break the file.
    #[error("user or group `{}`: {reason}", redact::printable(name))]
    Field {
        /// The account.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// The name or the number is another account's.
    #[error("{kind} {name} with number {number}: {taken}")]
    Taken {
        /// `user` or `group`.
        kind: &'static str,
        /// The name wanted.
        name: String,
        /// The number wanted.
        number: u32,
        /// What is there.
        taken: String,
    },
    /// A group that does not exist.
    #[error("user {user}: there is no group `{}`", redact::printable(group))]
    NoGroup {
        /// The user.
        user: String,
        /// The group's name.
        group: String,
    },
    /// A file of the tree that is no accounts file.
    #[error("/etc/{file}: {reason}")]
    File {
        /// Its name.
        file: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// `image.user` names somebody the image does not have.
    #[error("`{}` names no {what} of the image", redact::printable(spec))]
    Unresolved {
        /// The text.
        spec: String,
        /// `user` or `group`.
        what: &'static str,
    },
    /// The tree cannot take the files.
    #[error(transparent)]
    Tree(#[from] TreeError),
}

impl Fault for AccountError {
    fn class(&self) -> Class {
        match self {
            Self::Field { .. } | Self::Taken { .. } | Self::NoGroup { .. } | Self::Unresolved { .. } => Class::Recipe,
            Self::File { .. } | Self::Tree(_) => Class::Integrity,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Unresolved { what, .. } => {
                Some(format!("add the {what} to the recipe, or use numbers, as in `user = \"185:0\"`"))
            }
            Self::NoGroup { group, .. } => Some(format!("add a group `{group}` to the recipe")),
            Self::Field { .. } | Self::Taken { .. } | Self::File { .. } | Self::Tree(_) => None,
        }
    }
}

impl Accounts {
    /// The accounts of a tree. `read` gives the bytes of a file whose content is elsewhere. `epoch` gives `shadow` its day.
    ///
    /// # Errors
    /// When one of the files is something else, cannot be read, or is no text.
    pub fn of(
        tree: &Tree,
        epoch: Epoch,
        mut read: impl FnMut(&Content) -> Result<Vec<u8>, String>,
    ) -> Result<Self, AccountError> {
        let mut lines = |file: &'static str| -> Result<Option<Vec<String>>, AccountError> {
            let wrong = |reason: String| AccountError::File { file, reason };
            let bytes = match tree.follow(format!("etc/{file}").as_bytes())?.map(|node| node.kind) {
                None => return Ok(None),
                Some(Kind::File(Content::Bytes(bytes))) => bytes.to_vec(),
                Some(Kind::File(content)) => read(content).map_err(wrong)?,
                Some(_) => return Err(wrong("is no regular file".into())),
            };
            let text = String::from_utf8(bytes).map_err(|_| wrong("is not UTF-8".into()))?;
            Ok(Some(text.lines().map(str::to_owned).collect()))
        };
        let day = epoch.seconds() / 86_400;
        let root = |line: &str| vec![line.to_owned()];
        Ok(Self {
            passwd: lines("passwd")?.unwrap_or_else(|| root("root:x:0:0:root:/root:/bin/bash")),
            group: lines("group")?.unwrap_or_else(|| root("root:x:0:")),
            shadow: lines("shadow")?.unwrap_or_else(|| root(&format!("root:*:{day}:0:99999:7:::"))),
            gshadow: lines("gshadow")?.unwrap_or_else(|| root("root:*::")),
            day,
        })
    }

    /// Adds a group. One that is there already, with the same number, is left as it is.
    ///
    /// # Errors
    /// When the name is no name, or the name or number is another group's.
    pub fn add_group(&mut self, group: &Group) -> Result<(), AccountError> {
        check_name(&group.name)?;
        if self.free("group", &self.group, &group.name, group.gid)? {
            self.group.push(format!("{}:x:{}:", group.name, group.gid));
            self.gshadow.push(format!("{}:!::", group.name));
        }
        Ok(())
    }

    /// Adds a user and makes it a member of its groups. One that is there already, with the same number, is left as it is
    /// but for the groups.
    ///
    /// # Errors
    /// When a field cannot stand in the file, the name or number is another user's, or a group does not exist.
    pub fn add_user(&mut self, user: &User) -> Result<(), AccountError> {
        check_name(&user.name)?;
        for path in [&user.home, &user.shell] {
            if !path.starts_with('/') || path.contains([':', '\n']) {
                let reason = format!("`{}` can be no home or shell", redact::printable(path));
                return Err(AccountError::Field { name: user.name.clone(), reason });
            }
        }
        if self.free("user", &self.passwd, &user.name, user.uid)? {
            if !self.group.iter().any(|line| number(line) == Some(user.gid)) {
                self.add_group(&Group { name: user.name.clone(), gid: user.gid })?;
            }
            self.passwd.push(format!("{}:x:{}:{}::{}:{}", user.name, user.uid, user.gid, user.home, user.shell));
            self.shadow.push(format!("{}:!:{}:0:99999:7:::", user.name, self.day));
        }
        for group in &user.groups {
            let mut found = false;
            for line in self.group.iter_mut().chain(&mut self.gshadow).filter(|line| name(line) == group) {
                found = true;
                let members = line.rsplit(':').next().unwrap_or_default();
                if !members.split(',').any(|member| member == user.name) {
                    if !members.is_empty() {
                        line.push(',');
                    }
                    line.push_str(&user.name);
                }
            }
            if !found {
                return Err(AccountError::NoGroup { user: user.name.clone(), group: group.clone() });
            }
        }
        Ok(())
    }

    /// The numbers that `image.user` means: `user`, `user:group`, names or numbers. Without a group it is the user's
    /// primary one, or 0 for a number that no user has (image-spec, conversion.md, "Config.User").
    ///
    /// # Errors
    /// When a name is nobody's: a runtime would refuse to start the image.
    pub fn resolve(&self, spec: &str) -> Result<(u32, u32), AccountError> {
        let unresolved = |what| AccountError::Unresolved { spec: spec.into(), what };
        let (user, group) = spec.split_once(':').map_or((spec, None), |(user, group)| (user, Some(group)));
        let line = match user.parse::<u32>() {
            Ok(uid) => self.passwd.iter().find(|line| number(line) == Some(uid)),
            Err(_) => self.passwd.iter().find(|line| name(line) == user),
        };
        let uid = match user.parse() {
            Ok(uid) => uid,
            Err(_) => line.and_then(|line| number(line)).ok_or_else(|| unresolved("user"))?,
        };
        let gid = match group {
            None => line.and_then(|line| line.split(':').nth(3)?.parse().ok()).unwrap_or(0),
            Some(group) => match group.parse() {
                Ok(gid) => gid,
                Err(_) => {
                    let line = self.group.iter().find(|line| name(line) == group);
                    line.and_then(|line| number(line)).ok_or_else(|| unresolved("group"))?
                }
            },
        };
        Ok((uid, gid))
    }

    /// Writes the four files, owned by the recipe.
    ///
    /// # Errors
    /// When something is in the way.
    pub fn install(&self, tree: &mut Tree, mtime: i64) -> Result<(), AccountError> {
        for (file, lines, mode, gid) in [
            ("passwd", &self.passwd, 0o644, 0),
            ("group", &self.group, 0o644, 0),
            ("shadow", &self.shadow, 0o640, SHADOW),
            ("gshadow", &self.gshadow, 0o640, SHADOW),
        ] {
            let mut text = lines.join("\n");
            text.push('\n');
            let meta = Meta { gid, ..Meta::root(mode, mtime) };
            let path = format!("etc/{file}");
            tree.insert(path.as_bytes(), Kind::File(Content::bytes(text)), meta, Owner::Recipe, None)?;
        }
        Ok(())
    }

    /// Whether a name and number are nobody's (`true`) or together somebody's.
    fn free(&self, kind: &'static str, lines: &[String], wanted: &str, id: u32) -> Result<bool, AccountError> {
        let by_name = lines.iter().find(|line| name(line) == wanted);
        let by_number = lines.iter().find(|line| number(line) == Some(id));
        let taken = |taken: String| AccountError::Taken { kind, name: wanted.into(), number: id, taken };
        match (by_name, by_number) {
            (None, None) => Ok(true),
            (Some(line), _) if number(line) == Some(id) => Ok(false),
            (Some(line), _) => {
                let other = number(line).map_or_else(|| "none".into(), |number| number.to_string());
                Err(taken(format!("the name has the number {other} already")))
            }
            (None, Some(line)) => Err(taken(format!("the number is that of {}", redact::printable(name(line))))),
        }
    }
}

/// The first field.
fn name(line: &str) -> &str {
    line.split(':').next().unwrap_or_default()
}

/// The third field.
fn number(line: &str) -> Option<u32> {
    line.split(':').nth(2)?.parse().ok()
}

/// Debian's rule for names of users and groups: adduser(8), `NAME_REGEX`, plus upper case as useradd allows it.
fn check_name(name: &str) -> Result<(), AccountError> {
    let first = name.bytes().next().is_some_and(|c| c.is_ascii_alphabetic() || c == b'_');
    if first && name.len() <= 32 && name.bytes().all(|c| c.is_ascii_alphanumeric() || b"_-.".contains(&c)) {
        return Ok(());
    }
    let reason = "a name is at most 32 of letters, digits, `_`, `-` and `.`, the first a letter or `_`";
    Err(AccountError::Field { name: name.chars().take(80).collect(), reason: reason.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn none(_: &Content) -> Result<Vec<u8>, String> {
        Err("there are no artefacts".into())
    }

    fn text(tree: &Tree, path: &str) -> String {
        match tree.lookup(path.as_bytes()).unwrap().unwrap().kind {
            Kind::File(Content::Bytes(bytes)) => String::from_utf8(bytes.to_vec()).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_empty_tree_gets_root_and_the_recipes_users() {
        let mut tree = Tree::new();
        let mut accounts = Accounts::of(&tree, Epoch::try_from(86_400 * 20_000).unwrap(), none).unwrap();
        accounts.add_group(&Group { name: "data".into(), gid: 500 }).unwrap();
        let user = User {
            name: "spark".into(),
            uid: 185,
            gid: 185,
            home: "/opt/spark".into(),
            shell: "/bin/sh".into(),
            groups: BTreeSet::from(["data".into(), "root".into()]),
        };
        accounts.add_user(&user).unwrap();
        accounts.add_user(&user).unwrap();
        assert_eq!(accounts.resolve("spark:data"), Ok((185, 500)));
        assert_eq!(accounts.resolve("spark"), Ok((185, 185)));
        assert_eq!(accounts.resolve("7"), Ok((7, 0)));
        assert_eq!(accounts.resolve("185:0"), Ok((185, 0)));
        let error = accounts.resolve("app").unwrap_err();
        assert_eq!(error.to_string(), "`app` names no user of the image");
        accounts.install(&mut tree, 0).unwrap();
        assert_eq!(text(&tree, "etc/passwd"), "root:x:0:0:root:/root:/bin/bash\nspark:x:185:185::/opt/spark:/bin/sh\n");
        assert_eq!(text(&tree, "etc/group"), "root:x:0:spark\ndata:x:500:spark\nspark:x:185:\n");
        assert_eq!(text(&tree, "etc/shadow"), "root:*:20000:0:99999:7:::\nspark:!:20000:0:99999:7:::\n");
        assert_eq!(text(&tree, "etc/gshadow"), "root:*::spark\ndata:!::spark\nspark:!::\n");
        assert_eq!(tree.lookup(b"etc/shadow").unwrap().unwrap().meta.gid, 42);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let mut accounts = Accounts::of(&Tree::new(), Epoch::ZERO, none).unwrap();
        let user = |name: &str, uid, home: &str| User {
            name: name.into(),
            uid,
            gid: 0,
            home: home.into(),
            shell: "/bin/sh".into(),
            groups: BTreeSet::new(),
        };
        for (user, part) in [
            (user("root", 5, "/"), "the name has the number 0 already"),
            (user("toor", 0, "/"), "the number is that of root"),
            (user("a:b", 5, "/"), "a name is at most 32"),
            (user("ab", 5, "/x:0:0"), "can be no home"),
            (user("ab", 5, "/x\nroot2:x:0:0"), "can be no home"),
            (User { groups: BTreeSet::from(["nogroup".into()]), ..user("ab", 5, "/") }, "there is no group `nogroup`"),
        ] {
            let error = accounts.add_user(&user).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
