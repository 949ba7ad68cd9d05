//! Which version of a package is its candidate: apt_preferences(5).

use super::universe::{Build, Name, Universe};

impl Universe {
    /// Of all versions the one with the highest pin, and of those the latest; none whose pin is 0 or below.
    ///
    /// There is no installed system under a request, so that a pin above 1000 allows no more than one of 1000 does.
    pub(super) fn candidate(&self, name: Name) -> Option<Build> {
        let mut best: Option<(i16, Build)> = None;
        for build in self.builds_of(name) {
            let pin = self.pin(build);
            if pin > 0 && best.is_none_or(|(highest, _)| pin > highest) {
                best = Some((pin, build));
            }
        }
        best.map(|(_, build)| build)
    }

    /// The latest version that an archive of this suite or codename has.
    pub(super) fn in_suite(&self, name: Name, suite: &str) -> Option<Build> {
        self.builds_of(name).find(|build| self.is_in_suite(*build, suite))
    }

    pub(super) fn is_in_suite(&self, build: Build, suite: &str) -> bool {
        self.archives().iter().enumerate().any(|(at, archive)| {
            self.is_in(build, at)
                && (archive.suite.eq_ignore_ascii_case(suite) || archive.codename.eq_ignore_ascii_case(suite))
        })
    }

    /// Whether the suite that variants are taken from has it, in whichever component.
    pub(super) fn is_in_first_suite(&self, build: Build) -> bool {
        self.archives().first().is_some_and(|first| self.is_in_suite(build, &first.codename))
    }

    /// The codenames of the suites that have the package.
    pub(super) fn suites_of(&self, name: Name) -> Vec<Box<str>> {
        let has = |at: usize| self.builds_of(name).any(|build| self.is_in(build, at));
        let archives = self.archives().iter().enumerate().filter(|(at, _)| has(*at));
        archives.map(|(_, archive)| archive.codename.clone()).collect()
    }
}
