//! Variables: their values, `export`, `readonly`, and `local` with dynamic scope.

use std::collections::BTreeMap;

/// A variable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Variable {
    /// `None`: it has attributes, but is not set.
    pub(super) value: Option<Vec<u8>>,
    pub(super) exported: bool,
    pub(super) readonly: bool,
    /// bash's indexed array; `value` is then unused.
    pub(super) array: Option<BTreeMap<i64, Vec<u8>>>,
}

impl Variable {
    fn room(&self) -> usize {
        let array = self.array.iter().flatten().map(|(_, value)| value.len() + size_of::<Vec<u8>>());
        size_of::<Self>() + self.value.as_ref().map_or(0, Vec::len) + array.sum::<usize>()
    }
}

/// All variables of a shell.
#[derive(Clone, Debug, Default)]
pub(super) struct Variables {
    named: BTreeMap<Vec<u8>, Variable>,
    /// What functions and commands with assignments before them must put back, the innermost last.
    saved: Vec<BTreeMap<Vec<u8>, Option<Variable>>>,
}

/// The variable must not be changed.
#[derive(Debug)]
pub(super) struct ReadOnly;

impl Variables {
    /// Exported ones from an environment; what is no name is dropped, as dash does.
    pub(super) fn new(env: &BTreeMap<Vec<u8>, Vec<u8>>) -> Self {
        let named = env
            .iter()
            .filter(|(name, _)| super::word::is_variable(name))
            .map(|(name, value)| {
                let value = Some(value.clone());
                (name.clone(), Variable { value, exported: true, ..Variable::default() })
            })
            .collect();
        Self { named, saved: Vec::new() }
    }

    /// The value of a variable, or of an array's first element.
    pub(super) fn get(&self, name: &[u8]) -> Option<&Vec<u8>> {
        let variable = self.named.get(name)?;
        match &variable.array {
            Some(array) => array.get(&0),
            None => variable.value.as_ref(),
        }
    }

    pub(super) fn find(&self, name: &[u8]) -> Option<&Variable> {
        self.named.get(name)
    }

    /// Gives a variable a value.
    pub(super) fn set(&mut self, name: &[u8], value: Vec<u8>) -> Result<(), ReadOnly> {
        let variable = self.writable(name)?;
        match &mut variable.array {
            Some(array) => {
                array.insert(0, value);
            }
            None => variable.value = Some(value),
        }
        Ok(())
    }

    /// A variable that may be changed, made when there is none.
    pub(super) fn writable(&mut self, name: &[u8]) -> Result<&mut Variable, ReadOnly> {
        let variable = self.named.entry(name.to_vec()).or_default();
        if variable.readonly { Err(ReadOnly) } else { Ok(variable) }
    }

    /// Changes attributes.
    pub(super) fn mark(&mut self, name: &[u8], change: impl FnOnce(&mut Variable)) {
        change(self.named.entry(name.to_vec()).or_default());
    }

    pub(super) fn unset(&mut self, name: &[u8]) -> Result<(), ReadOnly> {
        match self.named.get(name) {
            Some(variable) if variable.readonly => Err(ReadOnly),
            _ => {
                self.named.remove(name);
                Ok(())
            }
        }
    }

    /// Begins a scope.
    pub(super) fn enter(&mut self) {
        self.saved.push(BTreeMap::new());
    }

    /// Ends the innermost scope: what it saved is as it was.
    pub(super) fn leave(&mut self) {
        for (name, variable) in self.saved.pop().unwrap_or_default() {
            match variable {
                Some(variable) => self.named.insert(name, variable),
                None => self.named.remove(&name),
            };
        }
    }

    /// How many bytes a copy of them takes.
    pub(super) fn room(&self) -> usize {
        let saved = self.saved.iter().flatten().map(|(name, old)| name.len() + old.as_ref().map_or(0, Variable::room));
        self.named.iter().map(|(name, variable)| name.len() + variable.room()).chain(saved).sum()
    }

    /// How many bytes a copy of one takes.
    pub(super) fn room_of(&self, name: &[u8]) -> usize {
        self.named.get(name).map_or(0, Variable::room)
    }

    /// Whether a scope is open.
    pub(super) const fn is_scoped(&self) -> bool {
        !self.saved.is_empty()
    }

    /// Saves a variable in the innermost scope.
    pub(super) fn save(&mut self, name: &[u8]) {
        let old = self.named.get(name).cloned();
        if let Some(scope) = self.saved.last_mut() {
            scope.entry(name.to_vec()).or_insert(old);
        }
    }

    /// The environment of a program.
    pub(super) fn environment(&self) -> BTreeMap<Vec<u8>, Vec<u8>> {
        self.named
            .iter()
            .filter(|(_, variable)| variable.exported)
            .filter_map(|(name, variable)| Some((name.clone(), variable.value.clone()?)))
            .collect()
    }

    /// All of them, by name.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Vec<u8>, &Variable)> {
        self.named.iter()
    }
}
