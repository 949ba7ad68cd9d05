//! The bytes of shipped files that were read before, in bounded room.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::formats::elf::SharedObject;

/// How many bytes of a file's beginning are kept apart: enough for a `#!` line and for an ELF file's headers.
pub const HEAD: usize = 4096;

/// How much is kept.
const ROOM: usize = 64 << 20;
/// The longest file that is kept: programs that scripts start again and again are no longer.
const LONGEST: usize = 16 << 20;
/// What a kept file takes beside its bytes.
const EXTRA: usize = 128;

/// A shipped file: its artefact, and its entry there.
type Key = (u32, u32);

/// Files that were read, the latest; and the beginnings of all that are long.
#[derive(Default)]
pub(super) struct FileCache {
    files: BTreeMap<Key, Arc<[u8]>>,
    /// The keys of `files`, the first that came first.
    order: VecDeque<Key>,
    /// The room that `files` take.
    taken: usize,
    heads: BTreeMap<Key, Arc<[u8]>>,
    /// What the dynamic linker sees in files: `None` for what is no shared object.
    objects: BTreeMap<Key, Option<SharedObject>>,
}

impl FileCache {
    /// Keeps the beginning of a file.
    pub(super) fn keep_head(&mut self, key: Key, head: &[u8]) {
        self.heads.insert(key, Arc::from(head));
    }

    /// All of a file.
    pub(super) fn get(&self, key: Key) -> Option<Arc<[u8]>> {
        self.files.get(&key).map(Arc::clone)
    }

    /// A file's beginning, or all of it where it is no longer than [`HEAD`].
    pub(super) fn head(&self, key: Key) -> Option<Arc<[u8]>> {
        self.heads.get(&key).or_else(|| self.files.get(&key).filter(|bytes| bytes.len() <= HEAD)).map(Arc::clone)
    }

    /// What a file is to the dynamic linker, where that was asked before.
    pub(super) fn object(&self, key: Key) -> Option<Option<SharedObject>> {
        self.objects.get(&key).cloned()
    }

    /// Keeps what a file is to the dynamic linker.
    pub(super) fn keep_object(&mut self, key: Key, object: Option<SharedObject>) {
        self.objects.insert(key, object);
    }

    /// Keeps a file; the first that came make room for it.
    pub(super) fn keep(&mut self, key: Key, bytes: &Arc<[u8]>) {
        if let Some(head) = bytes.get(..HEAD).filter(|_| bytes.len() > HEAD) {
            self.heads.entry(key).or_insert_with(|| Arc::from(head));
        }
        if bytes.len() > LONGEST || self.files.contains_key(&key) {
            return;
        }
        self.taken += bytes.len() + EXTRA;
        self.files.insert(key, Arc::clone(bytes));
        self.order.push_back(key);
        while self.taken > ROOM
            && let Some(oldest) = self.order.pop_front()
        {
            let gone = self.files.remove(&oldest).map_or(0, |bytes| bytes.len() + EXTRA);
            self.taken = self.taken.saturating_sub(gone);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_room_is_bounded_and_beginnings_stay() {
        let mut cache = FileCache::default();
        let long: Arc<[u8]> = vec![b'x'; 10 << 20].into();
        for entry in 0..20 {
            cache.keep((0, entry), &long);
            assert!(cache.taken <= ROOM);
        }
        assert!(cache.get((0, 0)).is_none());
        assert_eq!(cache.get((0, 19)).as_deref(), Some(&*long));
        assert_eq!(cache.head((0, 0)).map(|head| head.len()), Some(HEAD));
        let longer: Arc<[u8]> = vec![b'x'; LONGEST + 1].into();
        cache.keep((1, 0), &longer);
        assert!(cache.get((1, 0)).is_none() && cache.head((1, 0)).is_some());
        cache.keep((2, 0), &Arc::from(*b"short"));
        assert_eq!(cache.head((2, 0)).as_deref(), Some(&b"short"[..]));
    }
}
