//! Expressions, from the loosest binding to the tightest.

use super::lex::Token;
use super::parse::{Parser, Wrong};
use super::syntax::{Expr, Operator, Place, Relation, Source};

/// Functions that may be called without brackets or arguments.
const BARE: &str = "length";

impl Parser {
    pub(super) fn expr(&mut self) -> Result<Expr, Wrong> {
        self.enter()?;
        let made = self.ternary();
        self.leave();
        made
    }

    fn ternary(&mut self) -> Result<Expr, Wrong> {
        let left = self.or()?;
        if self.accept("?") {
            self.newlines();
            let yes = self.expr()?;
            self.newlines();
            self.expect(":")?;
            self.newlines();
            let no = self.expr()?;
            return Ok(Expr::Choose(Box::new(left), Box::new(yes), Box::new(no)));
        }
        self.assignment(left)
    }

    /// The rest of an assignment, where there is one.
    fn assignment(&mut self, left: Expr) -> Result<Expr, Wrong> {
        let operator = match self.peek() {
            Token::Mark("=") => None,
            Token::Mark("+=") => Some(Operator::Add),
            Token::Mark("-=") => Some(Operator::Subtract),
            Token::Mark("*=") => Some(Operator::Multiply),
            Token::Mark("/=") => Some(Operator::Divide),
            Token::Mark("%=") => Some(Operator::Remainder),
            Token::Mark("^=" | "**=") => Some(Operator::Power),
            _ => return Ok(left),
        };
        // `a && b = c` assigns to `b`: the place is the last operand.
        match left {
            Expr::Get(place) => {
                self.next();
                self.newlines();
                let value = Box::new(self.expr()?);
                Ok(match operator {
                    None => Expr::Assign(place, value),
                    Some(operator) => Expr::Update(place, operator, value),
                })
            }
            Expr::And(a, b) => Ok(Expr::And(a, Box::new(self.assignment(*b)?))),
            Expr::Or(a, b) => Ok(Expr::Or(a, Box::new(self.assignment(*b)?))),
            Expr::Not(a) => Ok(Expr::Not(Box::new(self.assignment(*a)?))),
            Expr::Compare(relation, a, b) => Ok(Expr::Compare(relation, a, Box::new(self.assignment(*b)?))),
            _ => self.unexpected(),
        }
    }

    fn or(&mut self) -> Result<Expr, Wrong> {
        let mut left = self.and()?;
        while self.accept("||") {
            self.newlines();
            left = Expr::Or(Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Expr, Wrong> {
        let mut left = self.membership()?;
        while self.accept("&&") {
            self.newlines();
            left = Expr::And(Box::new(left), Box::new(self.membership()?));
        }
        Ok(left)
    }

    fn membership(&mut self) -> Result<Expr, Wrong> {
        let mut left = self.matching()?;
        while self.is_word("in") && !self.plain_in {
            self.next();
            let Token::Name(name) = self.next() else { return self.unexpected() };
            let slot = self.slot(&name);
            let subscript = match left {
                Expr::Group(list) => list,
                other => vec![other],
            };
            left = Expr::In(subscript, slot);
        }
        Ok(left)
    }

    fn matching(&mut self) -> Result<Expr, Wrong> {
        let mut left = self.comparison()?;
        loop {
            let negated = match self.peek() {
                Token::Mark("~") => false,
                Token::Mark("!~") => true,
                _ => return Ok(left),
            };
            self.next();
            left = Expr::Match(Box::new(left), Box::new(self.comparison()?), negated);
        }
    }

    fn comparison(&mut self) -> Result<Expr, Wrong> {
        let left = self.concatenation()?;
        let relation = match self.peek() {
            Token::Mark("<") => Relation::Less,
            Token::Mark("<=") => Relation::LessOrEqual,
            Token::Mark("==") => Relation::Equal,
            Token::Mark("!=") => Relation::NotEqual,
            Token::Mark(">") if !self.plain_greater => Relation::Greater,
            Token::Mark(">=") => Relation::GreaterOrEqual,
            _ => return self.piped(left),
        };
        self.next();
        let right = self.concatenation()?;
        self.piped(Expr::Compare(relation, Box::new(left), Box::new(right)))
    }

    /// `command | getline`.
    fn piped(&mut self, mut left: Expr) -> Result<Expr, Wrong> {
        while self.is("|") && *self.peek_at(1) == Token::Word("getline") {
            self.next();
            self.next();
            let place = self.optional_place()?;
            left = Expr::GetLine(Source::Command(Box::new(left)), place);
        }
        Ok(left)
    }

    pub(super) fn concatenation(&mut self) -> Result<Expr, Wrong> {
        let mut left = self.sum()?;
        while self.starts_operand() {
            left = Expr::Concat(Box::new(left), Box::new(self.sum()?));
        }
        Ok(left)
    }

    /// Whether the next word starts another operand of a concatenation.
    fn starts_operand(&self) -> bool {
        match self.peek() {
            Token::Number(_) | Token::Text(_) | Token::Pattern(_) | Token::Name(_) | Token::Call(_) => true,
            Token::Mark(mark) => matches!(*mark, "$" | "(" | "!" | "-" | "+" | "++" | "--"),
            Token::Word(word) => !matches!(
                *word,
                "in" | "getline"
                    | "BEGIN"
                    | "END"
                    | "if"
                    | "else"
                    | "while"
                    | "for"
                    | "do"
                    | "break"
                    | "continue"
                    | "next"
                    | "nextfile"
                    | "exit"
                    | "return"
                    | "delete"
                    | "print"
                    | "printf"
                    | "function"
                    | "func"
            ),
            _ => false,
        }
    }

    fn sum(&mut self) -> Result<Expr, Wrong> {
        let mut left = self.product()?;
        loop {
            let operator = match self.peek() {
                Token::Mark("+") => Operator::Add,
                Token::Mark("-") => Operator::Subtract,
                _ => return Ok(left),
            };
            self.next();
            left = Expr::Compute(operator, Box::new(left), Box::new(self.product()?));
        }
    }

    fn product(&mut self) -> Result<Expr, Wrong> {
        let mut left = self.unary()?;
        loop {
            let operator = match self.peek() {
                Token::Mark("*") => Operator::Multiply,
                Token::Mark("/") => Operator::Divide,
                Token::Mark("%") => Operator::Remainder,
                _ => return Ok(left),
            };
            self.next();
            left = Expr::Compute(operator, Box::new(left), Box::new(self.unary()?));
        }
    }

    fn unary(&mut self) -> Result<Expr, Wrong> {
        self.enter()?;
        let made = if self.accept("!") {
            Expr::Not(Box::new(self.unary()?))
        } else if self.accept("-") {
            Expr::Negate(Box::new(self.unary()?))
        } else if self.accept("+") {
            Expr::Number0(Box::new(self.unary()?))
        } else {
            self.power()?
        };
        self.leave();
        Ok(made)
    }

    fn power(&mut self) -> Result<Expr, Wrong> {
        let base = self.stepped()?;
        if self.accept("^") || self.accept("**") {
            // To the right, and a sign may stand there.
            let exponent = if self.is("-") || self.is("+") || self.is("!") { self.unary()? } else { self.power()? };
            return Ok(Expr::Compute(Operator::Power, Box::new(base), Box::new(exponent)));
        }
        Ok(base)
    }

    fn stepped(&mut self) -> Result<Expr, Wrong> {
        for (mark, by) in [("++", 1.0), ("--", -1.0)] {
            if self.accept(mark) {
                let Expr::Get(place) = self.operand()? else { return self.unexpected() };
                return Ok(Expr::Step(place, by, true));
            }
        }
        let operand = self.operand()?;
        match operand {
            Expr::Get(place) => {
                for (mark, by) in [("++", 1.0), ("--", -1.0)] {
                    if self.accept(mark) {
                        return Ok(Expr::Step(place, by, false));
                    }
                }
                Ok(Expr::Get(place))
            }
            other => Ok(other),
        }
    }

    fn operand(&mut self) -> Result<Expr, Wrong> {
        match self.peek().clone() {
            Token::Number(number) => {
                self.next();
                Ok(Expr::Number(number))
            }
            Token::Text(text) => {
                self.next();
                Ok(Expr::Text(text.into()))
            }
            Token::Pattern(text) => {
                let regex = self.regex(&text)?;
                self.next();
                Ok(Expr::Pattern(regex))
            }
            Token::Mark("$") => {
                self.next();
                self.enter()?;
                let number =
                    if self.is("-") || self.is("+") || self.is("!") { self.unary()? } else { self.stepped_index()? };
                self.leave();
                Ok(Expr::Get(Place::Field(Box::new(number))))
            }
            Token::Mark("(") => {
                self.next();
                let (greater, member) = (self.plain_greater, self.plain_in);
                (self.plain_greater, self.plain_in) = (false, false);
                let list = self.list(")")?;
                (self.plain_greater, self.plain_in) = (greater, member);
                if list.len() > 1 && !self.is_word("in") && !self.plain_greater {
                    return self.unexpected();
                }
                Ok(Expr::Group(list))
            }
            Token::Call(name) => {
                self.next();
                self.next();
                let function = self.function(&name);
                Ok(Expr::Call(function, self.arguments()?))
            }
            Token::Name(name) => {
                self.next();
                let slot = self.slot(&name);
                if self.accept("[") {
                    let subscript = self.list("]")?;
                    return Ok(Expr::Get(Place::Element(slot, subscript)));
                }
                Ok(Expr::Get(Place::Variable(slot)))
            }
            Token::Word("getline") => {
                self.next();
                let place = self.optional_place()?;
                if self.accept("<") {
                    let file = self.stepped()?;
                    return Ok(Expr::GetLine(Source::File(Box::new(file)), place));
                }
                Ok(Expr::GetLine(Source::Input, place))
            }
            Token::Word(word) => self.builtin(word),
            _ => self.unexpected(),
        }
    }

    /// What stands behind `$`: `$i++` steps the field, `$++i` the number.
    fn stepped_index(&mut self) -> Result<Expr, Wrong> {
        if self.is("++") || self.is("--") { self.stepped() } else { self.operand() }
    }

    fn builtin(&mut self, word: &'static str) -> Result<Expr, Wrong> {
        if matches!(
            word,
            "BEGIN"
                | "END"
                | "if"
                | "else"
                | "while"
                | "for"
                | "do"
                | "in"
                | "print"
                | "printf"
                | "break"
                | "continue"
                | "next"
                | "nextfile"
                | "exit"
                | "return"
                | "delete"
                | "function"
                | "func"
        ) {
            return self.unexpected();
        }
        self.next();
        if !self.accept("(") {
            return if word == BARE { Ok(Expr::Builtin(word, Vec::new())) } else { self.unexpected() };
        }
        let arguments = self.arguments()?;
        let (least, most) = match word {
            "length" | "srand" | "rand" | "fflush" | "systime" => (0, 1),
            "substr" | "split" | "sub" | "gsub" => (2, 3),
            "atan2" | "index" => (2, 2),
            "match" => (2, 3),
            "gensub" => (3, 4),
            "sprintf" => (1, usize::MAX),
            "strftime" | "and" | "or" | "mktime" => (0, 3),
            _ => (1, 1),
        };
        if arguments.len() < least || arguments.len() > most {
            return Err((self.line(), format!("wrong number of arguments in call to {word}")));
        }
        Ok(Expr::Builtin(word, arguments))
    }

    /// Arguments up to the bracket, which may be none.
    fn arguments(&mut self) -> Result<Vec<Expr>, Wrong> {
        self.newlines();
        if self.accept(")") {
            return Ok(Vec::new());
        }
        let (greater, member) = (self.plain_greater, self.plain_in);
        (self.plain_greater, self.plain_in) = (false, false);
        let list = self.list(")");
        (self.plain_greater, self.plain_in) = (greater, member);
        list
    }

    /// Expressions up to a closing mark.
    pub(super) fn list(&mut self, end: &str) -> Result<Vec<Expr>, Wrong> {
        let (greater, member) = (self.plain_greater, self.plain_in);
        (self.plain_greater, self.plain_in) = (false, false);
        let mut list = Vec::new();
        loop {
            self.newlines();
            list.push(self.expr()?);
            self.newlines();
            if self.accept(end) {
                break;
            }
            self.expect(",")?;
        }
        (self.plain_greater, self.plain_in) = (greater, member);
        Ok(list)
    }

    /// The variable that `getline` sets, where one follows.
    fn optional_place(&mut self) -> Result<Option<Box<Place>>, Wrong> {
        if !matches!(self.peek(), Token::Name(_) | Token::Mark("$")) {
            return Ok(None);
        }
        match self.operand()? {
            Expr::Get(place) => Ok(Some(Box::new(place))),
            _ => self.unexpected(),
        }
    }
}
