//! The interpreter against the real programs.

mod debian_alternatives;
mod debian_dpkg;
mod debian_machine;
mod debian_openssl;
mod debian_systemd;
mod files;
mod fuzz;
mod hostile;
mod shell;
mod text;
