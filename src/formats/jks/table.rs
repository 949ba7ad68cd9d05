//! The order in which `java.util.Hashtable` walks its keys.
//!
//! A table starts with 11 chains. A key goes to the head of the chain of its hash (of its UTF-16, without the sign)
//! modulo the number of chains. Where three quarters of that number are reached before a new key comes, the chains become
//! twice as many and one, and all keys move in the order of a walk, each to the head of its new chain. A walk goes from the
//! last chain to the first, from head to end.
//!
//! Kept here is not the chains but when each key was put at its head: that gives the same order, and a hostile set of
//! keys with one hash costs no more than any other.

use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Keys and values.
#[derive(Clone, Debug)]
pub(super) struct Table<V> {
    slots: BTreeMap<String, Slot<V>>,
    chains: u32,
    /// The turn of the next key that is put at a head.
    turn: u64,
}

#[derive(Clone, Debug)]
struct Slot<V> {
    hash: u32,
    turn: u64,
    value: V,
}

impl<V> Default for Table<V> {
    fn default() -> Self {
        Self { slots: BTreeMap::new(), chains: 11, turn: 0 }
    }
}

impl<V> Table<V> {
    /// How many keys there are.
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether a key is there.
    pub(super) fn contains(&self, key: &str) -> bool {
        self.slots.contains_key(key)
    }

    /// Puts a value in: in the place of the key's old one, or at the head of its chain.
    pub(super) fn insert(&mut self, key: String, value: V) {
        if let Some(slot) = self.slots.get_mut(&key) {
            slot.value = value;
            return;
        }
        let most = u64::from(self.chains) * 3 / 4;
        if self.slots.len() as u64 >= most {
            self.grow();
        }
        let slot = Slot { hash: hash(&key), turn: self.turn, value };
        self.turn += 1;
        self.slots.insert(key, slot);
    }

    /// Takes a key away.
    pub(super) fn remove(&mut self, key: &str) {
        self.slots.remove(key);
    }

    /// All keys and values as a walk finds them.
    pub(super) fn in_order(&self) -> Vec<(&str, &V)> {
        let mut all: Vec<(&String, &Slot<V>)> = self.slots.iter().collect();
        all.sort_by_key(|(_, slot)| slot.place(self.chains));
        all.into_iter().map(|(key, slot)| (key.as_str(), &slot.value)).collect()
    }

    fn grow(&mut self) {
        let chains = self.chains;
        let mut all: Vec<&mut Slot<V>> = self.slots.values_mut().collect();
        all.sort_by_key(|slot| slot.place(chains));
        for slot in all {
            slot.turn = self.turn;
            self.turn += 1;
        }
        self.chains = chains.saturating_mul(2).saturating_add(1);
    }
}

impl<V> Slot<V> {
    /// What a walk goes by.
    const fn place(&self, chains: u32) -> (Reverse<u32>, Reverse<u64>) {
        (Reverse((self.hash & 0x7fff_ffff) % chains), Reverse(self.turn))
    }
}

/// `String.hashCode()`.
fn hash(key: &str) -> u32 {
    key.encode_utf16().fold(0u32, |hash, unit| hash.wrapping_mul(31).wrapping_add(unit.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_that_java_writes_down() {
        assert_eq!(hash(""), 0);
        assert_eq!(hash("hello world"), 1_794_106_052);
        // Two keys of one hash.
        assert_eq!(hash("Aa"), hash("BB"));
        assert_eq!(hash("polygenelubricants"), 0x8000_0000);
    }

    #[test]
    fn the_newest_of_a_chain_comes_first_until_the_table_grows() {
        let mut table = Table::default();
        let walk = |table: &Table<()>| table.in_order().into_iter().map(|(key, ())| key.to_owned()).collect::<Vec<_>>();
        for key in ["Aa", "BB"] {
            table.insert(key.into(), ());
        }
        assert_eq!(walk(&table), ["BB", "Aa"]);
        table.insert("Aa".into(), ());
        assert_eq!(walk(&table), ["BB", "Aa"]);
        for key in ["a", "b", "c", "d", "e", "f"] {
            table.insert(key.into(), ());
        }
        assert_eq!(table.chains, 11);
        table.insert("g".into(), ());
        assert_eq!(table.chains, 23);
        let order = walk(&table);
        let at = |key: &str| order.iter().position(|other| other == key).unwrap();
        assert!(at("Aa") < at("BB"));
        table.remove("Aa");
        table.insert("Aa".into(), ());
        assert_eq!((table.len(), table.contains("Aa")), (9, true));
    }
}
