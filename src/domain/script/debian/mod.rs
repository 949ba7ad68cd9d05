//! Debian's programs that are binaries or written in Perl or Python, one file or folder each.
//!
//! What Debian ships as a shell script is not here: it is interpreted from the tree.

mod accounts;
mod alternatives;
mod dpkg;
mod failure;
mod known_scripts;
mod ldconfig;
mod left_out;
mod openssl;
mod options;
mod systemd;
mod update_rc_d;

use super::command::Applet;

pub(super) use known_scripts::known as known_script;

/// Programs by their names, sorted.
pub(super) const APPLETS: &[(&str, Applet)] = &[
    ("addgroup", accounts::adduser),
    ("adduser", accounts::adduser),
    ("c_rehash", openssl::c_rehash),
    ("chage", accounts::chage),
    ("chfn", accounts::chfn),
    ("chpasswd", accounts::chpasswd),
    ("chsh", accounts::chsh),
    ("deb-systemd-helper", systemd::deb_systemd_helper),
    ("deb-systemd-invoke", systemd::deb_systemd_invoke),
    ("debconf-updatepo", left_out::left_out),
    ("delgroup", accounts::deluser),
    ("deluser", accounts::deluser),
    ("dpkg", dpkg::dpkg),
    ("dpkg-divert", dpkg::dpkg_divert),
    ("dpkg-query", dpkg::dpkg_query),
    ("dpkg-statoverride", dpkg::dpkg_statoverride),
    ("dpkg-trigger", dpkg::dpkg_trigger),
    ("fc-cache", left_out::left_out),
    ("gdk-pixbuf-query-loaders", left_out::left_out),
    ("gio-querymodules", left_out::left_out),
    ("glib-compile-schemas", left_out::left_out),
    ("gpasswd", accounts::gpasswd),
    ("groupadd", accounts::groupadd),
    ("groupdel", accounts::groupdel),
    ("groupmod", accounts::groupmod),
    ("grpck", accounts::grpck),
    ("grpconv", accounts::grpconv),
    ("gtk-query-immodules-3.0", left_out::left_out),
    ("gtk-update-icon-cache", left_out::left_out),
    ("install-info", left_out::left_out),
    ("ldconfig", ldconfig::ldconfig),
    ("mandb", left_out::left_out),
    ("openssl", openssl::openssl),
    ("passwd", accounts::passwd),
    ("policy-rc.d", left_out::policy_rc_d),
    ("pwck", accounts::pwck),
    ("pwconv", accounts::pwconv),
    ("py3clean", left_out::left_out),
    ("py3compile", left_out::left_out),
    ("pyclean", left_out::left_out),
    ("pycompile", left_out::left_out),
    ("pypy3clean", left_out::left_out),
    ("pypy3compile", left_out::left_out),
    ("start-stop-daemon", left_out::left_out),
    ("systemctl", systemd::systemctl),
    ("update-alternatives", alternatives::update_alternatives),
    ("update-desktop-database", left_out::left_out),
    ("update-gtk-immodules", left_out::left_out),
    ("update-icon-caches", left_out::left_out),
    ("update-initramfs", left_out::left_out),
    ("update-mime-database", left_out::left_out),
    ("update-passwd", accounts::update_passwd),
    ("update-rc.d", update_rc_d::update_rc_d),
    ("useradd", accounts::useradd),
    ("userdel", accounts::userdel),
    ("usermod", accounts::usermod),
    ("xdg-mime", left_out::left_out),
];
