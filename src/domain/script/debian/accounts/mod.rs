//! Users and groups: the programs of `passwd`, `login` and `adduser`, on the files of the tree.
//!
//! | part | one sentence |
//! |---|---|
//! | [`table`] | one file of lines and fields, written once, its backup beside it |
//! | [`database`] | all files at once: free numbers, members |
//! | [`defaults`] | `login.defs` and `/etc/default/useradd` |
//! | the others | one program or a few of one kind |

mod adduser;
mod adduser_home;
mod aging;
mod database;
mod date;
mod defaults;
mod deluser;
mod groups;
mod home;
mod logs;
pub(super) mod names;
mod shadow;
pub(super) mod table;
mod useradd;
mod users;

pub(super) use adduser::adduser;
pub(super) use aging::{chage, chfn, chpasswd, chsh, passwd};
pub(super) use deluser::deluser;
pub(super) use groups::{gpasswd, groupadd, groupdel, groupmod};
pub(super) use shadow::{grpck, grpconv, pwck, pwconv, update_passwd};
pub(super) use useradd::useradd;
pub(super) use users::{userdel, usermod};
