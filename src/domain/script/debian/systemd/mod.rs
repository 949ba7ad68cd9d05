//! systemd's units as packages enable and disable them. No service manager runs in a tree, so nothing is started.

mod helper;
mod systemctl;
mod unit;

pub(super) use helper::deb_systemd_helper;
pub(super) use systemctl::{deb_systemd_invoke, systemctl};
pub(super) use unit::{Scope, disable, enable};
