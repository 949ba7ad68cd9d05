//! The words of an AWK program.

/// A word.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Number(f64),
    Text(Vec<u8>),
    /// `/re/`.
    Pattern(Vec<u8>),
    Name(String),
    /// A name with a `(` right behind it: a call of a function of the program.
    Call(String),
    /// A keyword or the name of a built-in function.
    Word(&'static str),
    /// An operator or a bracket.
    Mark(&'static str),
    Newline,
    End,
}

/// Keywords and built-in functions.
const WORDS: [&str; 48] = [
    "BEGIN", "END", "and", "atan2", "break", "close", "continue", "cos", "delete", "do", "else", "exit", "exp",
    "fflush", "for", "func", "function", "gensub", "getline", "gsub", "if", "in", "index", "int", "length", "log",
    "match", "mktime", "next", "nextfile", "or", "print", "printf", "rand", "return", "sin", "split", "sprintf",
    "sqrt", "srand", "strftime", "sub", "substr", "system", "systime", "tolower", "toupper", "while",
];

/// Operators, the longest first.
const MARKS: [&str; 47] = [
    "**=", "&&", "||", "!~", "==", "<=", ">=", "!=", "++", "--", "+=", "-=", "*=", "/=", "%=", "^=", "**", ">>", "{",
    "}", "(", ")", "[", "]", ";", ",", "+", "-", "*", "/", "%", "^", "!", ">", "<", "|", "?", ":", "~", "$", "=", "&",
    "@", "\\", "'", "`", "#",
];

/// Splits a program into words, each with its line.
pub(super) fn words(text: &[u8]) -> Result<Vec<(Token, u32)>, (u32, String)> {
    let mut lexer = Lexer { text, at: 0, line: 1, found: Vec::new() };
    lexer.run()?;
    Ok(lexer.found)
}

struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
    line: u32,
    found: Vec<(Token, u32)>,
}

impl Lexer<'_> {
    fn peek(&self, n: usize) -> Option<u8> {
        self.text.get(self.at + n).copied()
    }

    fn push(&mut self, token: Token) {
        self.found.push((token, self.line));
    }

    fn run(&mut self) -> Result<(), (u32, String)> {
        while let Some(byte) = self.peek(0) {
            match byte {
                b' ' | b'\t' | b'\r' | 11 | 12 => self.at += 1,
                b'\\' if self.peek(1) == Some(b'\n') => {
                    self.at += 2;
                    self.line += 1;
                }
                b'\\' if self.peek(1) == Some(b'\r') && self.peek(2) == Some(b'\n') => {
                    self.at += 3;
                    self.line += 1;
                }
                b'\n' => {
                    self.push(Token::Newline);
                    self.at += 1;
                    self.line += 1;
                }
                b'#' => {
                    while self.peek(0).is_some_and(|byte| byte != b'\n') {
                        self.at += 1;
                    }
                }
                b'"' => self.text()?,
                b'/' if !self.after_operand() => self.pattern()?,
                b'0'..=b'9' => self.number(),
                b'.' if self.peek(1).is_some_and(|byte| byte.is_ascii_digit()) => self.number(),
                byte if byte.is_ascii_alphabetic() || byte == b'_' => self.name(),
                byte => {
                    let rest = self.text.get(self.at..).unwrap_or_default();
                    let Some(mark) = MARKS.iter().find(|mark| rest.starts_with(mark.as_bytes())) else {
                        return Err((self.line, format!("unexpected character 0x{byte:02x}")));
                    };
                    self.push(Token::Mark(mark));
                    self.at += mark.len();
                }
            }
        }
        self.push(Token::Newline);
        self.push(Token::End);
        Ok(())
    }

    /// Whether the last word ends an operand, so that `/` divides.
    fn after_operand(&self) -> bool {
        match self.found.last() {
            Some((Token::Number(_) | Token::Text(_) | Token::Pattern(_) | Token::Name(_), _)) => true,
            Some((Token::Mark(mark), _)) => matches!(*mark, ")" | "]" | "$" | "++" | "--"),
            Some((Token::Word(word), _)) => *word == "length",
            _ => false,
        }
    }

    fn text(&mut self) -> Result<(), (u32, String)> {
        self.at += 1;
        let mut made = Vec::new();
        loop {
            match self.peek(0) {
                None | Some(b'\n') => return Err((self.line, "runaway string constant".into())),
                Some(b'"') => break,
                Some(b'\\') if self.peek(1) == Some(b'\n') => {
                    self.at += 2;
                    self.line += 1;
                }
                Some(b'\\') => {
                    let (bytes, length) = escape(self.text.get(self.at..).unwrap_or_default());
                    made.extend(bytes);
                    self.at += length;
                }
                Some(byte) => {
                    made.push(byte);
                    self.at += 1;
                }
            }
        }
        self.at += 1;
        self.push(Token::Text(made));
        Ok(())
    }

    fn pattern(&mut self) -> Result<(), (u32, String)> {
        self.at += 1;
        let mut made = Vec::new();
        let mut bracket = None;
        loop {
            match self.peek(0) {
                None | Some(b'\n') => return Err((self.line, "runaway regular expression".into())),
                Some(b'/') if bracket.is_none() => break,
                Some(b'\\') => {
                    if self.peek(1) != Some(b'/') {
                        made.push(b'\\');
                    }
                    made.extend(self.peek(1));
                    self.at += 2;
                }
                Some(byte) => {
                    made.push(byte);
                    self.at += 1;
                    match (byte, bracket) {
                        (b'[', None) => {
                            if self.peek(0) == Some(b'^') {
                                made.push(b'^');
                                self.at += 1;
                            }
                            bracket = Some(self.at);
                        }
                        (b'[', Some(_)) if self.peek(0) == Some(b':') => {
                            while let Some(byte) = self.peek(0).filter(|byte| !matches!(byte, b']' | b'\n')) {
                                made.push(byte);
                                self.at += 1;
                            }
                            if self.peek(0) == Some(b']') {
                                made.push(b']');
                                self.at += 1;
                            }
                        }
                        (b']', Some(start)) if self.at > start + 1 => bracket = None,
                        _ => {}
                    }
                }
            }
        }
        self.at += 1;
        self.push(Token::Pattern(made));
        Ok(())
    }

    fn number(&mut self) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let length = super::super::printf::number_length(rest).max(1);
        let text = rest.get(..length).unwrap_or_default();
        let value = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).unwrap_or(0.0);
        self.push(Token::Number(value));
        self.at += length;
    }

    fn name(&mut self) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let length = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
        let name = String::from_utf8_lossy(rest.get(..length).unwrap_or_default()).into_owned();
        self.at += length;
        let token = match WORDS.iter().find(|word| **word == name) {
            Some(word) => Token::Word(word),
            None if self.peek(0) == Some(b'(') => Token::Call(name),
            None => Token::Name(name),
        };
        self.push(token);
    }
}

/// What an escape at the start of `text` stands for, and its length; one that is unknown stands for itself.
pub(super) fn escape(text: &[u8]) -> (Vec<u8>, usize) {
    let Some(letter) = text.get(1).copied() else { return (vec![b'\\'], 1) };
    let byte = match letter {
        b'"' | b'\\' => letter,
        b'n' => b'\n',
        b't' => b'\t',
        b'r' => b'\r',
        b'a' => 7,
        b'b' => 8,
        b'f' => 12,
        b'v' => 11,
        b'0'..=b'7' => {
            let digits = text.iter().skip(1).take(3).take_while(|byte| (b'0'..=b'7').contains(*byte)).count();
            let value = text.iter().skip(1).take(digits).fold(0_u32, |value, byte| value * 8 + u32::from(byte - b'0'));
            return (vec![(value & 0xff) as u8], 1 + digits);
        }
        b'x' => {
            let digits: Vec<u32> =
                text.iter().skip(2).take(2).map_while(|byte| char::from(*byte).to_digit(16)).collect();
            let value = digits.iter().fold(0, |value, digit| value * 16 + digit);
            match u8::try_from(value) {
                Ok(byte) if !digits.is_empty() => return (vec![byte], 2 + digits.len()),
                _ => return (vec![b'\\', b'x'], 2),
            }
        }
        other => return (vec![b'\\', other], 2),
    };
    (vec![byte], 2)
}

/// A text with its escapes undone, as `-v` and operands have it.
pub(super) fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut made = Vec::new();
    let mut at = 0;
    while let Some(byte) = text.get(at).copied() {
        if byte == b'\\' {
            let (bytes, length) = escape(text.get(at..).unwrap_or_default());
            made.extend(bytes);
            at += length;
        } else {
            made.push(byte);
            at += 1;
        }
    }
    made
}
