//! The order in which apt wants packages unpacked, before it looks at what must be configured in between.
//!
//! As apt's `pkgOrderList` (2.2 to 3.0) does it on a system where nothing of the list is installed: what conflicts with
//! or breaks something old, and what depends on something that goes, has no effect then. Four passes walk the list, each
//! in the order that the one before left. A package is put down after what the pass lets it wait for:
//!
//! | pass | waits for |
//! |---|---|
//! | A | `Pre-Depends` with all that these need, then its `Depends` |
//! | B, C | `Pre-Depends` with all that these need |
//! | D | `Pre-Depends`, and below the first step `Depends` as well |
//!
//! *Immediate* packages (those that an `Essential` one names, however indirectly) wait for their `Depends` in A to C, too.
//! A package that is waited for while it waits itself is passed over.

use super::relations::Satisfiers;
use crate::formats::deb::{Package, Priority};

/// How many packages may wait for each other in a row; real ones come to a few dozen. What is deeper is put down later.
pub(super) const DEEPEST: usize = 2_000;

/// One alternative of a dependency.
pub(super) struct Element {
    /// The package that it names, if that is there, whatever its version.
    pub(super) named: Option<usize>,
    /// Those that satisfy it.
    pub(super) targets: Vec<usize>,
}

/// A dependency.
pub(super) struct Group {
    /// `Pre-Depends` rather than `Depends`.
    pub(super) pre: bool,
    /// Its alternatives.
    pub(super) elements: Vec<Element>,
}

/// What apt knows of the packages.
pub(super) struct Known<'a> {
    pub(super) packages: &'a [&'a Package],
    /// What is installed already.
    pub(super) installed: &'a [bool],
    /// `Pre-Depends`, then `Depends`, of each package.
    pub(super) groups: Vec<Vec<Group>>,
    /// What is configured as soon as it is unpacked.
    pub(super) immediate: Vec<bool>,
}

impl<'a> Known<'a> {
    pub(super) fn new(packages: &'a [&'a Package], installed: &'a [bool]) -> Self {
        let satisfiers = Satisfiers::new(packages);
        let group = |pre: bool, alternatives: &Vec<_>| Group {
            pre,
            elements: alternatives
                .iter()
                .map(|relation| Element { named: satisfiers.named(relation), targets: satisfiers.targets(relation) })
                .collect(),
        };
        let groups: Vec<Vec<Group>> = packages
            .iter()
            .map(|package| {
                let pre = package.pre_depends.iter().map(|alternatives| group(true, alternatives));
                pre.chain(package.depends.iter().map(|alternatives| group(false, alternatives))).collect()
            })
            .collect();
        let mut immediate: Vec<bool> = packages.iter().map(|package| package.essential).collect();
        let mut open: Vec<usize> = (0..packages.len()).filter(|i| immediate.get(*i) == Some(&true)).collect();
        while let Some(i) = open.pop() {
            for named in groups.get(i).into_iter().flatten().flat_map(|group| &group.elements).filter_map(|e| e.named) {
                if let Some(flag) = immediate.get_mut(named).filter(|flag| !**flag) {
                    *flag = true;
                    open.push(named);
                }
            }
        }
        Self { packages, installed, groups, immediate }
    }

    pub(super) fn groups(&self, package: usize) -> &[Group] {
        self.groups.get(package).map(Vec::as_slice).unwrap_or_default()
    }

    pub(super) fn is_installed(&self, package: usize) -> bool {
        self.installed.get(package) == Some(&true)
    }

    pub(super) fn is_immediate(&self, package: usize) -> bool {
        self.immediate.get(package) == Some(&true)
    }

    /// The weight of a package in the order before the first pass; heavier is earlier.
    fn score(&self, package: &Package, place: usize) -> i32 {
        let priority = match package.priority {
            Priority::Required => 5,
            Priority::Important => 4,
            Priority::Standard => 3,
            Priority::Optional => 1,
            Priority::Extra => 0,
        };
        let mut score = priority;
        score += if package.essential { 200 } else { 0 };
        score += if self.is_immediate(place) { 10 } else { 0 };
        score += if package.pre_depends.is_empty() { 0 } else { 50 };
        score
    }
}

/// The list of all that is not installed, in the order after the four passes.
pub(super) fn unpack_order(known: &Known<'_>) -> Vec<usize> {
    let mut list: Vec<usize> = (0..known.packages.len()).filter(|i| !known.is_installed(*i)).collect();
    list.sort_by_key(|i| known.packages.get(*i).map(|package| (-known.score(package, *i), &package.name)));
    for (depth, configure) in
        [(Depth::Critical, true), (Depth::Critical, false), (Depth::Critical, false), (Depth::Pre, false)]
    {
        list = Pass::new(known, &list, depth, configure).run(&list);
    }
    list
}

/// Which dependencies a package waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// `Pre-Depends`.
    Critical,
    /// `Pre-Depends` and `Depends`: below a `Pre-Depends`, and for immediate packages.
    Deep,
    /// `Pre-Depends`, and `Depends` of what is not at the top of the walk.
    Pre,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// Not on the list.
    Out,
    Waiting,
    Entered,
    Added,
}

/// One pass over the list.
struct Pass<'a> {
    known: &'a Known<'a>,
    depth: Depth,
    /// Whether `Depends` are walked after everything else.
    configure: bool,
    marks: Vec<Mark>,
    level: usize,
    order: Vec<usize>,
}

impl<'a> Pass<'a> {
    fn new(known: &'a Known<'a>, list: &[usize], depth: Depth, configure: bool) -> Self {
        let mut marks = vec![Mark::Out; known.packages.len()];
        for i in list {
            if let Some(mark) = marks.get_mut(*i) {
                *mark = Mark::Waiting;
            }
        }
        Self { known, depth, configure, marks, level: 0, order: Vec::with_capacity(list.len()) }
    }

    fn run(mut self, list: &[usize]) -> Vec<usize> {
        for i in list {
            self.visit(*i);
        }
        self.order
    }

    fn mark(&self, package: usize) -> Mark {
        self.marks.get(package).copied().unwrap_or(Mark::Out)
    }

    fn set(&mut self, package: usize, mark: Mark) {
        if let Some(place) = self.marks.get_mut(package) {
            *place = mark;
        }
    }

    fn visit(&mut self, package: usize) {
        if self.mark(package) != Mark::Waiting || self.level > DEEPEST {
            return;
        }
        self.set(package, Mark::Entered);
        self.level += 1;
        let outer = self.depth;
        if self.known.is_immediate(package) && self.depth != Depth::Pre {
            self.depth = Depth::Deep;
        }
        let known = self.known;
        for group in known.groups(package) {
            let waits = match self.depth {
                Depth::Critical => group.pre,
                Depth::Deep => true,
                Depth::Pre => group.pre || self.level > 1 || known.is_immediate(package),
            };
            if waits {
                for element in &group.elements {
                    self.element(element, group.pre);
                }
            }
        }
        if self.configure {
            for element in known.groups(package).iter().filter(|group| !group.pre).flat_map(|group| &group.elements) {
                for target in &element.targets {
                    self.visit(*target);
                }
            }
        }
        self.set(package, Mark::Added);
        self.order.push(package);
        self.depth = outer;
        self.level -= 1;
    }

    /// Visits what satisfies one alternative, unless something does already.
    fn element(&mut self, element: &Element, pre: bool) {
        let named = element.named.map_or(Mark::Out, |named| self.mark(named));
        let satisfied =
            element.targets.iter().any(|target| self.mark(*target) == Mark::Added || self.known.is_installed(*target));
        // A satisfied alternative whose name is being visited is a loop of `Pre-Depends`; it ends here as well.
        if satisfied || matches!(named, Mark::Added | Mark::Entered) {
            return;
        }
        let outer = self.depth;
        if pre && self.depth == Depth::Critical {
            self.depth = Depth::Deep;
        }
        for target in &element.targets {
            self.visit(*target);
        }
        self.depth = outer;
    }
}
