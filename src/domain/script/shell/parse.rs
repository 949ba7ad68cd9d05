//! The grammar: tokens become the syntax tree.
//!
//! `brush-parser` has the grammar. It is given tokens that stand for ours: operators and reserved words as they are, and for
//! anything else a word that says only what the grammar must know (whether it is an assignment, a redirection). A token's
//! number is its position; by it the tree that comes back is filled with what [`super::lexer`] and [`super::word`] have read.
//! The evaluator sees nothing of the crate.

use std::sync::Arc;

use brush_parser::ast;
use brush_parser::{ParseError, ParserOptions, SourcePosition, SourceSpan};

use super::lexer::Wrong;
use super::reader::{Lexeme, Token};
use super::syntax::{Command, Condition, Item, Kind, List, Pipeline, Place, Redirect, Word};

/// Parses tokens; `end` is where they end, for the message.
pub(super) fn list(tokens: Vec<Token>, end: Place) -> Result<List, Wrong> {
    if tokens.iter().all(|token| matches!(token.lexeme, Lexeme::Operator("\n"))) {
        return Ok(List::new());
    }
    let mut stand_ins = Vec::with_capacity(tokens.len() + 8);
    for (number, token) in tokens.iter().enumerate() {
        let position = Arc::new(SourcePosition { index: number, line: 0, column: 0 });
        let span = SourceSpan { start: Arc::clone(&position), end: position };
        let word = |text: &str| brush_parser::Token::Word(text.into(), span.clone());
        match &token.lexeme {
            Lexeme::Operator(text) => stand_ins.push(brush_parser::Token::Operator((*text).into(), span)),
            Lexeme::Reserved(text) => stand_ins.push(word(text)),
            Lexeme::Name(name) => stand_ins.push(word(&String::from_utf8_lossy(name))),
            Lexeme::Assignment(_) => stand_ins.push(word("name=value")),
            Lexeme::Redirect(_) => {
                stand_ins.push(brush_parser::Token::Operator(">".into(), span.clone()));
                stand_ins.push(word("target"));
            }
            Lexeme::Word(_) | Lexeme::Arithmetic(_) | Lexeme::Conditional(_) | Lexeme::Case(..) => {
                stand_ins.push(word("word"))
            }
        }
    }
    let options = ParserOptions { sh_mode: true, posix_mode: true, ..ParserOptions::default() };
    let program = brush_parser::parse_tokens(&stand_ins, &options).map_err(|error| match error {
        ParseError::ParsingNear(position) => match tokens.get(position.index) {
            Some(token) => Wrong::new(token.place, format!("{} unexpected", described(&token.lexeme))),
            None => Wrong::new(end, "syntax error"),
        },
        _ => Wrong::new(end, "end of command unexpected"),
    })?;
    let mut lowering = Lowering { tokens: tokens.into_iter().map(Some).collect() };
    let mut list = List::new();
    for part in program.complete_commands {
        list.extend(lowering.list(part)?);
    }
    Ok(list)
}

fn described(lexeme: &Lexeme) -> String {
    match lexeme {
        Lexeme::Operator("\n") => "newline".into(),
        Lexeme::Operator(text) | Lexeme::Reserved(text) => format!("\"{text}\""),
        Lexeme::Redirect(_) => "redirection".into(),
        _ => "word".into(),
    }
}

/// Fills the crate's tree with our tokens.
struct Lowering {
    tokens: Vec<Option<Token>>,
}

impl Lowering {
    fn take(&mut self, span: Option<&SourceSpan>) -> Result<Token, Wrong> {
        let number = span.map(|span| span.start.index);
        let token = number.and_then(|number| self.tokens.get_mut(number)).and_then(Option::take);
        token.ok_or_else(|| Wrong::new(Place::default(), "the grammar lost a token"))
    }

    fn place(&self, span: &SourceSpan) -> Place {
        self.tokens.get(span.start.index).and_then(Option::as_ref).map_or_else(Place::default, |token| token.place)
    }

    fn word(&mut self, word: &ast::Word) -> Result<Word, Wrong> {
        let token = self.take(word.loc.as_ref())?;
        match token.lexeme {
            Lexeme::Word(word) => Ok(word),
            other => Err(Wrong::new(token.place, format!("{} unexpected", described(&other)))),
        }
    }

    fn words(&mut self, words: &[ast::Word]) -> Result<Vec<Word>, Wrong> {
        words.iter().map(|word| self.word(word)).collect()
    }

    fn list(&mut self, list: ast::CompoundList) -> Result<List, Wrong> {
        list.0
            .into_iter()
            .map(|ast::CompoundListItem(and_or, separator)| {
                let first = self.pipeline(and_or.first)?;
                let rest = and_or
                    .additional
                    .into_iter()
                    .map(|next| match next {
                        ast::AndOr::And(pipeline) => Ok((Condition::And, self.pipeline(pipeline)?)),
                        ast::AndOr::Or(pipeline) => Ok((Condition::Or, self.pipeline(pipeline)?)),
                    })
                    .collect::<Result<_, _>>()?;
                Ok(Item { first, rest, background: matches!(separator, ast::SeparatorOperator::Async) })
            })
            .collect()
    }

    fn pipeline(&mut self, pipeline: ast::Pipeline) -> Result<Pipeline, Wrong> {
        if pipeline.seq.is_empty() {
            return Err(Wrong::new(Place::default(), "command expected after \"!\""));
        }
        let commands = pipeline.seq.into_iter().map(|command| self.command(command)).collect::<Result<_, _>>()?;
        Ok(Pipeline { negated: pipeline.bang, commands })
    }

    fn command(&mut self, command: ast::Command) -> Result<Command, Wrong> {
        match command {
            ast::Command::Simple(simple) => self.simple(simple),
            ast::Command::Compound(compound, redirects) => self.compound(compound, redirects),
            ast::Command::Function(function) => {
                let token = self.take(function.fname.loc.as_ref())?;
                let name = match token.lexeme {
                    Lexeme::Word(word) => match word.as_slice() {
                        [super::syntax::Part::Literal(name)] => name.clone(),
                        _ => return Err(Wrong::new(token.place, "bad function name")),
                    },
                    _ => return Err(Wrong::new(token.place, "bad function name")),
                };
                let ast::FunctionBody(body, redirects) = function.body;
                let body = self.compound(body, redirects)?.into();
                Ok(Command { place: token.place, kind: Kind::Function { name, body }, redirects: Vec::new() })
            }
            ast::Command::ExtendedTest(..) => Err(Wrong::new(Place::default(), "unexpected `[[`")),
        }
    }

    fn simple(&mut self, simple: ast::SimpleCommand) -> Result<Command, Wrong> {
        let (mut assignments, mut words, mut redirects) = (Vec::new(), Vec::new(), Vec::new());
        let mut place = None;
        let mut special = None;
        let prefix = simple.prefix.map(|prefix| prefix.0).unwrap_or_default();
        let name = simple.word_or_name.map(ast::CommandPrefixOrSuffixItem::Word);
        let suffix = simple.suffix.map(|suffix| suffix.0).unwrap_or_default();
        for item in prefix.into_iter().chain(name).chain(suffix) {
            let span = match &item {
                ast::CommandPrefixOrSuffixItem::IoRedirect(redirect) => target(redirect),
                ast::CommandPrefixOrSuffixItem::Word(word)
                | ast::CommandPrefixOrSuffixItem::AssignmentWord(_, word) => word.loc.as_ref(),
                ast::CommandPrefixOrSuffixItem::ProcessSubstitution(..) => None,
            };
            let token = self.take(span)?;
            place.get_or_insert(token.place);
            match token.lexeme {
                Lexeme::Assignment(assignment) => assignments.push(assignment),
                Lexeme::Redirect(redirect) => redirects.push(redirect),
                Lexeme::Word(word) => words.push(word),
                Lexeme::Arithmetic(word) => special = Some(Kind::Arithmetic(word)),
                Lexeme::Case(subject, arms) => special = Some(Kind::Case { subject, arms }),
                Lexeme::Conditional(words) => special = Some(Kind::Conditional(words)),
                other => return Err(Wrong::new(token.place, format!("{} unexpected", described(&other)))),
            }
        }
        let kind = special.unwrap_or(Kind::Simple { assignments, words });
        Ok(Command { place: place.unwrap_or_default(), kind, redirects })
    }

    fn compound(
        &mut self,
        compound: ast::CompoundCommand,
        redirects: Option<ast::RedirectList>,
    ) -> Result<Command, Wrong> {
        let (place, kind) = match compound {
            ast::CompoundCommand::BraceGroup(group) => {
                let place = self.place(&group.loc);
                (place, unwrapped(self.list(group.list)?))
            }
            ast::CompoundCommand::Subshell(shell) => (self.place(&shell.loc), Kind::Subshell(self.list(shell.list)?)),
            ast::CompoundCommand::IfClause(clause) => {
                let place = self.place(&clause.loc);
                let mut branches = vec![(self.list(clause.condition)?, self.list(clause.then)?)];
                let mut otherwise = None;
                for part in clause.elses.unwrap_or_default() {
                    match part.condition {
                        Some(condition) => branches.push((self.list(condition)?, self.list(part.body)?)),
                        None => otherwise = Some(self.list(part.body)?),
                    }
                }
                (place, Kind::If { branches, otherwise })
            }
            ast::CompoundCommand::WhileClause(ast::WhileOrUntilClauseCommand(condition, body, span)) => {
                let place = self.place(&span);
                (place, Kind::Loop { until: false, condition: self.list(condition)?, body: self.list(body.list)? })
            }
            ast::CompoundCommand::UntilClause(ast::WhileOrUntilClauseCommand(condition, body, span)) => {
                let place = self.place(&span);
                (place, Kind::Loop { until: true, condition: self.list(condition)?, body: self.list(body.list)? })
            }
            ast::CompoundCommand::ForClause(clause) => {
                let place = self.place(&clause.loc);
                // `for x in; do` has words, none of them; the crate does not tell it from `for x; do`.
                let start = clause.loc.start.index;
                let listed =
                    self.tokens.get(start..).unwrap_or_default().iter().flatten().find_map(|token| {
                        match token.lexeme {
                            Lexeme::Reserved("in") => Some(true),
                            Lexeme::Reserved("do") => Some(false),
                            _ => None,
                        }
                    });
                let words = match clause.values {
                    Some(words) => Some(self.words(&words)?),
                    None if listed == Some(true) => Some(Vec::new()),
                    None => None,
                };
                let variable = clause.variable_name.into_bytes();
                (place, Kind::For { variable, words, body: self.list(clause.body.list)? })
            }
            ast::CompoundCommand::CaseClause(_)
            | ast::CompoundCommand::Arithmetic(_)
            | ast::CompoundCommand::ArithmeticForClause(_)
            | ast::CompoundCommand::Coprocess(_) => {
                return Err(Wrong::new(Place::default(), "unexpected construct"));
            }
        };
        let redirects = redirects.map(|list| list.0).unwrap_or_default();
        let redirects = redirects.iter().map(|redirect| self.redirect(redirect)).collect::<Result<_, _>>()?;
        Ok(Command { place, kind, redirects })
    }

    fn redirect(&mut self, redirect: &ast::IoRedirect) -> Result<Redirect, Wrong> {
        let token = self.take(target(redirect))?;
        match token.lexeme {
            Lexeme::Redirect(redirect) => Ok(redirect),
            other => Err(Wrong::new(token.place, format!("{} unexpected", described(&other)))),
        }
    }
}

/// A group, or the `case` that the lexer put into one.
fn unwrapped(mut list: List) -> Kind {
    let alone = matches!(list.as_slice(), [item]
        if item.rest.is_empty() && !item.background && !item.first.negated
            && matches!(item.first.commands.as_slice(), [command]
                if command.redirects.is_empty() && matches!(command.kind, Kind::Case { .. })));
    if !alone {
        return Kind::Group(list);
    }
    match list.pop().and_then(|mut item| item.first.commands.pop()) {
        Some(command) => command.kind,
        None => Kind::Group(list),
    }
}

/// Where the crate's tree has a redirection's number.
fn target(redirect: &ast::IoRedirect) -> Option<&SourceSpan> {
    match redirect {
        ast::IoRedirect::File(_, _, ast::IoFileRedirectTarget::Filename(word)) => word.loc.as_ref(),
        _ => None,
    }
}
