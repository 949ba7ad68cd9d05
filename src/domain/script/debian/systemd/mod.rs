//! systemd's units as packages enable and disable them. No service manager runs in a tree, so nothing is started.

mod configuration;
mod escape;
mod helper;
mod specifier;
mod systemctl;
mod sysusers;
mod tmpfiles;
mod unit;
mod words;

pub(super) use escape::systemd_escape;
pub(super) use helper::deb_systemd_helper;
pub(super) use systemctl::{deb_systemd_invoke, systemctl};
pub(super) use sysusers::systemd_sysusers;
pub(super) use tmpfiles::systemd_tmpfiles;
pub(super) use unit::{Scope, disable, enable};
