//! Each text once, known by a number.

use std::collections::HashMap;
use std::sync::Arc;

/// Hands out the numbers 0, 1, 2 … for new texts, and the same number for the same text.
#[derive(Default)]
pub(super) struct Interner {
    numbers: HashMap<Arc<str>, u32>,
    texts: Vec<Arc<str>>,
}

impl Interner {
    /// The number of `text`.
    pub(super) fn intern(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = self.texts.len() as u32;
        let shared: Arc<str> = text.into();
        self.texts.push(Arc::clone(&shared));
        self.numbers.insert(shared, number);
        number
    }

    /// All texts, each at its number.
    pub(super) fn into_texts(self) -> Vec<Arc<str>> {
        self.texts
    }
}
