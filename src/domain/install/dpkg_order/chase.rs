//! Triggers that set each other off without end.

use std::collections::BTreeMap;

/// Finds triggers that set each other off without end: of all states seen since something was configured, one is compared
/// that is half as old as the latest.
#[derive(Default)]
pub(super) struct Chase {
    seen: Vec<BTreeMap<usize, Vec<String>>>,
    slow: usize,
    step: bool,
}

impl Chase {
    /// Takes the triggers that wait now. Whether all that waited half as long ago still, or again, do.
    pub(super) fn is_endless(&mut self, waiting: BTreeMap<usize, Vec<String>>) -> bool {
        self.seen.push(waiting);
        if self.seen.len() == 1 {
            return false;
        }
        self.slow += usize::from(self.step);
        self.step = !self.step;
        let (Some(then), Some(now)) = (self.seen.get(self.slow), self.seen.last()) else { return false };
        then.iter().all(|(package, names)| {
            now.get(package).is_some_and(|present| names.iter().all(|name| present.contains(name)))
        })
    }
}
