//! Expressions, evaluated.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::rc::Rc;

use super::super::super::stop::Stop;
use super::super::regex::Regex;
use super::run::{Jump, Machine, special};
use super::syntax::{Expr, Operator, Place, Relation, Slot, Source};
use super::value::{Array, Value};

/// How deep expressions may stand in each other, through calls of functions as well.
const DEPTH: u32 = 500;

/// A place whose subscripts are known.
pub(super) enum Resolved {
    Variable(Slot),
    Field(usize),
    Element(Rc<RefCell<Array>>, Rc<[u8]>),
}

impl<'m> Machine<'m, '_> {
    /// The value of an expression. What each kind does is a function of its own, so that this one, which calls itself,
    /// takes little of the stack.
    pub(super) fn eval(&mut self, expr: &'m Expr) -> Result<Value, Jump> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(Stop::unsupported("awk", "expressions and calls that are nested so deeply").into());
        }
        let value = match expr {
            Expr::Number(number) => Ok(Value::Number(*number)),
            Expr::Text(text) => Ok(Value::Text(Rc::clone(text))),
            Expr::Pattern(regex) => self.matches_record(regex),
            Expr::Get(place) => self.get_place(place),
            Expr::Assign(place, value) => self.assign(place, value),
            Expr::Update(place, operator, value) => self.update(place, *operator, value),
            Expr::Step(place, by, first) => self.step(place, *by, *first),
            Expr::Choose(condition, yes, no) => self.choose(condition, yes, no),
            Expr::And(a, b) => self.logic(a, b, false),
            Expr::Or(a, b) => self.logic(a, b, true),
            Expr::Not(a) => self.eval(a).map(|value| truth(!value.is_true())),
            Expr::Negate(a) => self.eval(a).map(|value| Value::Number(-value.number())),
            Expr::Number0(a) => self.eval(a).map(|value| Value::Number(value.number())),
            Expr::Compute(operator, a, b) => self.arithmetic(*operator, a, b),
            Expr::Compare(relation, a, b) => self.relation(*relation, a, b),
            Expr::Match(text, pattern, negated) => self.matches(text, pattern, *negated),
            Expr::Concat(a, b) => self.concat(a, b),
            Expr::In(subscript, array) => self.is_in(subscript, *array),
            Expr::Group(list) => self.group(list),
            Expr::Call(function, arguments) => self.call(*function, arguments),
            Expr::Builtin(name, arguments) => self.builtin(name, arguments),
            Expr::GetLine(source, place) => self.get_line(source, place.as_deref()),
        };
        self.depth -= 1;
        value
    }

    fn matches_record(&mut self, regex: &Regex) -> Result<Value, Jump> {
        let text = self.record_text();
        Ok(truth(regex.is_match(&mut self.system.budget, &text)?))
    }

    fn get_place(&mut self, place: &'m Place) -> Result<Value, Jump> {
        let place = self.resolve(place)?;
        self.load(&place)
    }

    fn assign(&mut self, place: &'m Place, value: &'m Expr) -> Result<Value, Jump> {
        let place = self.resolve(place)?;
        let value = self.eval(value)?;
        self.store(&place, value.clone())?;
        Ok(value)
    }

    fn update(&mut self, place: &'m Place, operator: Operator, value: &'m Expr) -> Result<Value, Jump> {
        let place = self.resolve(place)?;
        let right = self.eval(value)?.number();
        let value = Value::Number(compute(operator, self.load(&place)?.number(), right));
        self.store(&place, value.clone())?;
        Ok(value)
    }

    fn step(&mut self, place: &'m Place, by: f64, first: bool) -> Result<Value, Jump> {
        let place = self.resolve(place)?;
        let old = self.load(&place)?.number();
        self.store(&place, Value::Number(old + by))?;
        Ok(Value::Number(if first { old + by } else { old }))
    }

    fn choose(&mut self, condition: &'m Expr, yes: &'m Expr, no: &'m Expr) -> Result<Value, Jump> {
        let chosen = if self.eval(condition)?.is_true() { yes } else { no };
        self.eval(chosen)
    }

    /// `&&` and `||`: the second part counts only where the first does not decide.
    fn logic(&mut self, a: &'m Expr, b: &'m Expr, decides: bool) -> Result<Value, Jump> {
        if self.eval(a)?.is_true() == decides {
            return Ok(truth(decides));
        }
        Ok(truth(self.eval(b)?.is_true()))
    }

    fn arithmetic(&mut self, operator: Operator, a: &'m Expr, b: &'m Expr) -> Result<Value, Jump> {
        let a = self.eval(a)?.number();
        Ok(Value::Number(compute(operator, a, self.eval(b)?.number())))
    }

    fn relation(&mut self, relation: Relation, a: &'m Expr, b: &'m Expr) -> Result<Value, Jump> {
        let a = self.eval(a)?;
        let b = self.eval(b)?;
        Ok(truth(holds(relation, a.order(&b, &self.text_of(special::CONVFMT)))))
    }

    fn matches(&mut self, text: &'m Expr, pattern: &'m Expr, negated: bool) -> Result<Value, Jump> {
        let text = self.text(text)?;
        let regex = self.regex(pattern)?;
        Ok(truth(regex.is_match(&mut self.system.budget, &text)? != negated))
    }

    fn concat(&mut self, a: &'m Expr, b: &'m Expr) -> Result<Value, Jump> {
        let a = self.text(a)?;
        let b = self.text(b)?;
        self.system.budget.bytes(a.len() / 64 + b.len())?;
        Ok(Value::text([&*a, &*b].concat()))
    }

    fn is_in(&mut self, subscript: &'m [Expr], array: Slot) -> Result<Value, Jump> {
        let key = self.key(subscript)?;
        let array = self.array(array)?;
        let found = array.borrow().elements.contains_key(&key);
        Ok(truth(found))
    }

    fn group(&mut self, list: &'m [Expr]) -> Result<Value, Jump> {
        match list {
            [only] => self.eval(only),
            list => Ok(Value::Text(self.key(list)?)),
        }
    }

    /// The text of an expression.
    pub(super) fn text(&mut self, expr: &'m Expr) -> Result<Rc<[u8]>, Jump> {
        let value = self.eval(expr)?;
        Ok(value.bytes(&self.text_of(special::CONVFMT)))
    }

    /// An expression as a pattern.
    pub(super) fn regex(&mut self, expr: &'m Expr) -> Result<Rc<Regex>, Jump> {
        match expr {
            Expr::Pattern(regex) => Ok(Rc::clone(regex)),
            Expr::Group(list) if matches!(list.as_slice(), [Expr::Pattern(_)]) => match list.first() {
                Some(only) => self.regex(only),
                None => self.pattern(b""),
            },
            other => {
                let text = self.text(other)?;
                self.pattern(&text)
            }
        }
    }

    /// The key that subscripts make.
    pub(super) fn key(&mut self, subscript: &'m [Expr]) -> Result<Rc<[u8]>, Jump> {
        let mut texts = Vec::with_capacity(subscript.len());
        for part in subscript {
            texts.push(self.text(part)?);
        }
        match texts.as_slice() {
            [only] => Ok(Rc::clone(only)),
            texts => Ok(texts.join(&*self.text_of(special::SUBSEP)).into()),
        }
    }

    pub(super) fn resolve(&mut self, place: &'m Place) -> Result<Resolved, Jump> {
        Ok(match place {
            Place::Variable(slot) => Resolved::Variable(*slot),
            Place::Field(number) => {
                let number = self.eval(number)?.number();
                if number < 0.0 {
                    return Err(Jump::Fatal(format!("run time error: negative field index ${number}")));
                }
                Resolved::Field(number as usize)
            }
            Place::Element(array, subscript) => {
                let key = self.key(subscript)?;
                Resolved::Element(self.array(*array)?, key)
            }
        })
    }

    pub(super) fn load(&mut self, place: &Resolved) -> Result<Value, Jump> {
        match place {
            Resolved::Variable(slot) => self.get(*slot),
            Resolved::Field(0) => Ok(Value::input(&self.record_text())),
            Resolved::Field(number) => {
                self.split_record()?;
                Ok(self.record.field(*number))
            }
            Resolved::Element(array, key) => {
                self.system.budget.bytes(key.len() / 16)?;
                Ok(array.borrow_mut().get(key))
            }
        }
    }

    pub(super) fn store(&mut self, place: &Resolved, value: Value) -> Result<(), Jump> {
        match place {
            Resolved::Variable(slot) => self.set(*slot, value),
            Resolved::Field(0) => {
                let text = value.bytes(&self.text_of(special::CONVFMT));
                self.set_record(text);
                Ok(())
            }
            Resolved::Field(number) => {
                self.split_record()?;
                // A field that is assigned keeps its kind, but is text from now on when it was a number.
                self.record.set_field(*number, value)?;
                Ok(())
            }
            Resolved::Element(array, key) => {
                self.system.budget.bytes(key.len())?;
                array.borrow_mut().set(Rc::clone(key), value);
                Ok(())
            }
        }
    }

    fn get_line(&mut self, source: &'m Source, place: Option<&'m Place>) -> Result<Value, Jump> {
        let record = match source {
            Source::Input => self.next_record()?,
            Source::File(name) | Source::Command(name) => {
                let is_command = matches!(source, Source::Command(_));
                let name = self.text(name)?;
                let end = self.record_end()?;
                let Some(text) = self.streams.reader(self.system, self.process, &name, is_command)? else {
                    return Ok(Value::Number(-1.0));
                };
                let record = text.record(self.system, &end)?;
                if is_command && record.is_some() {
                    let count = self.value_of(special::NR).number() + 1.0;
                    self.put(special::NR, Value::Number(count));
                }
                record
            }
        };
        let Some(record) = record else { return Ok(Value::Number(0.0)) };
        match place {
            None => self.set_record(record),
            Some(place) => {
                let place = self.resolve(place)?;
                self.store(&place, Value::input(&record))?;
            }
        }
        Ok(Value::Number(1.0))
    }
}

fn truth(yes: bool) -> Value {
    Value::Number(if yes { 1.0 } else { 0.0 })
}

fn compute(operator: Operator, a: f64, b: f64) -> f64 {
    match operator {
        Operator::Add => a + b,
        Operator::Subtract => a - b,
        Operator::Multiply => a * b,
        Operator::Divide => a / b,
        Operator::Remainder => a % b,
        Operator::Power => a.powf(b),
    }
}

fn holds(relation: Relation, order: Option<Ordering>) -> bool {
    match relation {
        Relation::Less => order == Some(Ordering::Less),
        Relation::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        Relation::Equal => order == Some(Ordering::Equal),
        Relation::NotEqual => order != Some(Ordering::Equal),
        Relation::Greater => order == Some(Ordering::Greater),
        Relation::GreaterOrEqual => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
    }
}
