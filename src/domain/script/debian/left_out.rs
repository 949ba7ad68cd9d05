//! Programs whose work is left out, and said to be: caches that programs make again at run time or do without, services,
//! and compiled Python. Each adds a note to [`System::notes`] and succeeds.

use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;

/// What each program would have done.
const WHAT: [(&str, &str); 23] = [
    ("debconf-updatepo", "no translations were merged"),
    ("fc-cache", "no font cache was made: programs read the fonts themselves"),
    ("gdk-pixbuf-query-loaders", "the list of image loaders was not made"),
    ("gio-querymodules", "the list of GIO modules was not made: programs ask the modules themselves"),
    ("glib-compile-schemas", "GSettings schemas were not compiled"),
    ("gtk-query-immodules-3.0", "the list of GTK input methods was not made"),
    ("gtk-update-icon-cache", "no icon cache was made: programs read the icons themselves"),
    ("install-info", "the directory of info pages was not changed"),
    ("mandb", "the index of manual pages was not made"),
    ("pg_createcluster", "no database was made: its data is a container's, not an image's"),
    ("py3clean", "no compiled Python was there to be removed"),
    ("py3compile", "Python is not compiled: it compiles itself where it may write"),
    ("pyclean", "no compiled Python was there to be removed"),
    ("pycompile", "Python is not compiled: it compiles itself where it may write"),
    ("pypy3clean", "no compiled Python was there to be removed"),
    ("pypy3compile", "Python is not compiled: it compiles itself where it may write"),
    ("start-stop-daemon", "no service was started or stopped"),
    ("update-desktop-database", "the index of desktop files was not made"),
    ("update-gtk-immodules", "the list of GTK input methods was not made"),
    ("update-icon-caches", "no icon cache was made: programs read the icons themselves"),
    ("update-initramfs", "no initramfs was made: a container has no kernel"),
    ("update-mime-database", "the MIME database was not compiled"),
    ("xdg-mime", "no MIME types were registered"),
];

/// Any of them.
#[expect(clippy::unnecessary_wraps, reason = "an applet's signature")]
pub(super) fn left_out(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let name = process.name();
    let what = WHAT.iter().find(|(program, _)| *program == name).map_or("nothing was done", |(_, what)| *what);
    system.leave_out(format!("{name}: {what}"));
    Ok(0)
}

/// `policy-rc.d`: no service may be started while an image is built (invoke-rc.d's status 101).
#[expect(clippy::unnecessary_wraps, reason = "an applet's signature")]
pub(super) fn policy_rc_d(_: &mut System<'_>, _: &mut Process) -> Result<u8, Stop> {
    Ok(101)
}

#[cfg(test)]
mod tests {
    use super::WHAT;

    #[test]
    fn what_is_left_out_is_sorted_and_has_an_applet() {
        assert!(WHAT.is_sorted());
        let names: Vec<&str> = super::super::APPLETS.iter().map(|(name, _)| *name).collect();
        assert!(names.is_sorted());
        assert_eq!(WHAT.iter().find(|(name, _)| !names.contains(name)), None);
    }
}
