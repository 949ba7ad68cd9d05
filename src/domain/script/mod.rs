//! Maintainer scripts: interpreted over a [tree](super::rootfs), with nothing else to reach.
//!
//! ```text
//! script's bytes ──shell::parse──▶ syntax ──shell──▶ commands ──command::exec──▶ applets ──System──▶ Tree, effects
//! ```
//!
//! | part | one sentence |
//! |---|---|
//! | [`system`] | what a kernel would be: the tree, its files' bytes, limits, and a note of every change |
//! | [`process`] | what a process has: arguments, environment, working directory, umask, streams |
//! | [`stream`] | file descriptors as values in memory |
//! | [`command`] | from a path in the tree to what stands for the program there |
//! | [`shell`] | the POSIX shell: expansion, control flow, built-ins |
//! | [`core`] | programs that work on files, and small ones |
//! | [`text`] | programs that read and write text: `sed`, `grep`, `awk`, `sort` … |
//! | [`debian`] | Debian's own programs that are no shell scripts |
//! | [`account`] | what a script did: its steps, programs, changes |
//! | [`maintainer`] | one maintainer script after the other, and what each said and did |
//! | [`ledger`] | every script accounted for |

pub mod account;
pub mod command;
pub mod core;
pub mod debian;
pub mod errno;
mod file_cache;
pub mod ledger;
pub mod limits;
pub mod maintainer;
pub mod process;
pub mod shell;
pub mod stop;
pub mod stream;
pub mod system;
pub mod text;

pub use account::Account;
pub use command::{Applet, exec};
pub use debian::{Answer, preseed, type_of};
pub use errno::Errno;
pub use ledger::{Interpreter, Ledger, Row, Run, Status};
pub use limits::{Budget, Limits};
pub use maintainer::{Maintainer, Watched};
pub use process::Process;
pub use shell::{Reached, Trace};
pub use stop::{Site, Stop, StopKind};
pub use stream::{Stream, Streams};
pub use system::{Change, Effect, System};
