//! Variables of an AWK program, global and local.

use std::cell::RefCell;
use std::rc::Rc;

use super::run::{Jump, Machine, special};
use super::syntax::Slot;
use super::value::{Array, Cell, Value};

impl Machine<'_, '_> {
    pub(super) fn cell(&mut self, slot: Slot) -> Option<&mut Cell> {
        match slot {
            Slot::Global(n) => self.globals.get_mut(n),
            Slot::Local(n) => self.frames.last_mut().and_then(|frame| frame.get_mut(n)),
        }
    }

    /// A global variable that is no array.
    pub(super) fn value_of(&self, global: usize) -> Value {
        match self.globals.get(global) {
            Some(Cell::Value(value)) => value.clone(),
            _ => Value::Nothing,
        }
    }

    pub(super) fn text_of(&self, global: usize) -> Rc<[u8]> {
        self.value_of(global).bytes(b"%.6g")
    }

    pub(super) fn put(&mut self, global: usize, value: Value) {
        if let Some(cell) = self.globals.get_mut(global) {
            *cell = Cell::Value(value);
        }
    }

    /// The value of a variable.
    pub(super) fn get(&mut self, slot: Slot) -> Result<Value, Jump> {
        if slot == Slot::Global(special::NF) {
            self.split_record()?;
            return Ok(Value::Number(self.record.count() as f64));
        }
        match self.cell(slot) {
            Some(Cell::Value(value)) => Ok(value.clone()),
            Some(Cell::Array(_)) => Err(Jump::Fatal("type error: an array where a value is wanted".into())),
            _ => Ok(Value::Nothing),
        }
    }

    pub(super) fn set(&mut self, slot: Slot, value: Value) -> Result<(), Jump> {
        if slot == Slot::Global(special::NF) {
            self.split_record()?;
            self.record.resize(value.number().max(0.0) as usize)?;
            return Ok(());
        }
        match self.cell(slot) {
            Some(Cell::Array(_)) => Err(Jump::Fatal("type error: an array where a value is wanted".into())),
            Some(cell) => {
                *cell = Cell::Value(value);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// The array of a variable; one that was not used becomes one.
    pub(super) fn array(&mut self, slot: Slot) -> Result<Rc<RefCell<Array>>, Jump> {
        let Some(cell) = self.cell(slot) else { return Ok(Rc::default()) };
        match cell {
            Cell::Array(array) => Ok(Rc::clone(array)),
            Cell::Unused(array) => {
                let array = Rc::clone(array);
                *cell = Cell::Array(Rc::clone(&array));
                Ok(array)
            }
            Cell::Value(_) => Err(Jump::Fatal("type error: a value where an array is wanted".into())),
        }
    }

    /// Whether a variable is an array.
    pub(super) fn is_array(&mut self, slot: Slot) -> bool {
        match self.cell(slot) {
            Some(Cell::Array(_)) => true,
            Some(Cell::Unused(array)) => !array.borrow().elements.is_empty(),
            _ => false,
        }
    }
}
