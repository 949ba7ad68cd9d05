//! Debian's programs that are binaries or written in Perl or Python, one file or folder each.
//!
//! What Debian ships as a shell script is not here: it is interpreted from the tree.

mod accounts;
mod alternatives;
mod apache;
mod as_user;
mod bash_preinst;
mod confmodule;
mod debconf;
mod dpkg;
mod emacsen;
mod failure;
mod java;
mod known_scripts;
mod krb5_config;
mod ldconfig;
mod left_out;
mod locale;
mod machine;
mod openssl;
mod options;
mod pam;
mod pattern;
mod perl;
mod postgresql;
mod python;
mod sgml_catalog;
mod sshd;
mod systemd;
mod unmade;
mod update_locale;
mod update_rc_d;
mod usrmerge;
mod xml_catalog;

use super::command::Applet;
pub(super) use debconf::Kept;
pub use debconf::{Answer, preseed, type_of};

pub(super) use known_scripts::known as known_script;

/// What stands for a shell script of the tree that makes nothing but a secret.
pub(super) fn in_place_of(name: &[u8]) -> Option<Applet> {
    unmade::SCRIPTS.iter().any(|(script, _)| script.as_bytes() == name).then_some(unmade::unmade_script as Applet)
}

/// Programs by their names, sorted.
pub(super) const APPLETS: &[(&str, Applet)] = &[
    ("a2disconf", apache::a2enmod),
    ("a2dismod", apache::a2enmod),
    ("a2dissite", apache::a2enmod),
    ("a2enconf", apache::a2enmod),
    ("a2enmod", apache::a2enmod),
    ("a2ensite", apache::a2enmod),
    ("a2query", apache::a2query),
    ("addgroup", accounts::adduser),
    ("adduser", accounts::adduser),
    ("c_rehash", openssl::c_rehash),
    ("chage", accounts::chage),
    ("chfn", accounts::chfn),
    ("chpasswd", accounts::chpasswd),
    ("chsh", accounts::chsh),
    ("convert-etc-shells", usrmerge::convert_etc_shells),
    ("convert-usrmerge", usrmerge::convert_usrmerge),
    ("dbus-uuidgen", unmade::unmade),
    ("deb-systemd-helper", systemd::deb_systemd_helper),
    ("deb-systemd-invoke", systemd::deb_systemd_invoke),
    ("debconf", debconf::debconf),
    ("debconf-communicate", debconf::communicate),
    ("debconf-escape", debconf::escape),
    ("debconf-loadtemplate", debconf::load_template),
    ("debconf-set-selections", debconf::set_selections),
    ("debconf-show", debconf::show),
    ("debconf-updatepo", left_out::left_out),
    ("delgroup", accounts::deluser),
    ("deluser", accounts::deluser),
    ("df", machine::df),
    ("dnsdomainname", machine::dnsdomainname),
    ("dpkg", dpkg::dpkg),
    ("dpkg-divert", dpkg::dpkg_divert),
    ("dpkg-query", dpkg::dpkg_query),
    ("dpkg-realpath", dpkg::dpkg_realpath),
    ("dpkg-statoverride", dpkg::dpkg_statoverride),
    ("dpkg-trigger", dpkg::dpkg_trigger),
    ("emacs-package-install", emacsen::emacs_package_install),
    ("exim4", unmade::unmade),
    ("fc-cache", left_out::left_out),
    ("frontend", debconf::frontend),
    ("fuser", machine::no_process),
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
    ("initdb", unmade::unmade),
    ("install-info", left_out::left_out),
    ("java", java::java),
    ("journalctl", unmade::unmade),
    ("keytool", java::keytool),
    ("killall", machine::no_process),
    ("ldconfig", ldconfig::ldconfig),
    ("locale", locale::locale),
    ("lsof", machine::no_process),
    ("mandb", left_out::left_out),
    ("mariadb-install-db", unmade::unmade),
    ("mariadbd", unmade::unmade),
    ("my_print_defaults", unmade::unmade),
    ("mysqld", unmade::unmade),
    ("openssl", openssl::openssl),
    ("pam-auth-update", pam::pam_auth_update),
    ("pam_getenv", update_locale::pam_getenv),
    ("paperconf", locale::paperconf),
    ("passwd", accounts::passwd),
    ("perl", perl::perl),
    ("pg_checksystem", postgresql::pg_checksystem),
    ("pg_conftool", postgresql::pg_conftool),
    ("pg_createcluster", left_out::left_out),
    ("pg_lsclusters", postgresql::pg_lsclusters),
    ("pg_updatedicts", postgresql::pg_updatedicts),
    ("pgrep", machine::no_process),
    ("pidof", machine::no_process),
    ("pkill", machine::no_process),
    ("policy-rc.d", left_out::policy_rc_d),
    ("pwck", accounts::pwck),
    ("pwconv", accounts::pwconv),
    ("py3clean", left_out::left_out),
    ("py3compile", left_out::left_out),
    ("pyclean", left_out::left_out),
    ("pycompile", left_out::left_out),
    ("pypy3clean", left_out::left_out),
    ("pypy3compile", left_out::left_out),
    ("runlevel", machine::runlevel),
    ("runuser", as_user::su),
    ("setpriv", as_user::setpriv),
    ("ss", machine::ss),
    ("ssh-keygen", unmade::unmade),
    ("sshd", sshd::sshd),
    ("sshd.session-split", sshd::sshd),
    ("start-stop-daemon", left_out::left_out),
    ("su", as_user::su),
    ("sysctl", unmade::unmade),
    ("systemctl", systemd::systemctl),
    ("systemd-detect-virt", machine::systemd_detect_virt),
    ("systemd-escape", systemd::systemd_escape),
    ("systemd-hwdb", unmade::unmade),
    ("systemd-machine-id-setup", unmade::systemd_machine_id_setup),
    ("systemd-sysusers", systemd::systemd_sysusers),
    ("systemd-tmpfiles", systemd::systemd_tmpfiles),
    ("tput", machine::tput),
    ("udevadm", unmade::unmade),
    ("update-alternatives", alternatives::update_alternatives),
    ("update-catalog", sgml_catalog::update_catalog),
    ("update-desktop-database", left_out::left_out),
    ("update-gtk-immodules", left_out::left_out),
    ("update-icon-caches", left_out::left_out),
    ("update-initramfs", left_out::left_out),
    ("update-locale", update_locale::update_locale),
    ("update-mime-database", left_out::left_out),
    ("update-passwd", accounts::update_passwd),
    ("update-rc.d", update_rc_d::update_rc_d),
    ("update-xmlcatalog", xml_catalog::update_xmlcatalog),
    ("useradd", accounts::useradd),
    ("userdel", accounts::userdel),
    ("usermod", accounts::usermod),
    ("users", machine::nobody),
    ("who", machine::nobody),
    ("xdg-mime", left_out::left_out),
];

/// The program of a name that carries a version.
pub(super) fn versioned(name: &str) -> Option<Applet> {
    python::is_python(name).then_some(python::python as Applet)
}
