//! Apache's `a2enmod` and its other names, and `a2query` (apache2 2.4.67 to 2.4.71): links from `mods-enabled`,
//! `conf-enabled` and `sites-enabled` to what is available, and marks in `/var/lib/apache2` of who made them.

mod enable;
mod query;
mod state;

pub(super) use enable::a2enmod;
pub(super) use query::a2query;
