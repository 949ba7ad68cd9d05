//! Cases made by a small deterministic generator that puts features together.

/// The generator's numbers: a linear congruence, the same on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn pick<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.roll(of.len())]
    }
}

/// So many scripts.
pub(super) fn cases(count: usize) -> Vec<Vec<u8>> {
    (0..count)
        .map(|number| {
            let mut dice = Dice(number as u64 + 1);
            for _ in 0..4 {
                dice.roll(2);
            }
            script(&mut dice, number).into_bytes()
        })
        .collect()
}

fn script(dice: &mut Dice, number: usize) -> String {
    let mut script = String::from(PRELUDE);
    match number % 9 {
        0 => script.push_str(&format!("IFS={}\n", dice.pick(&["' '", ":", "': '", "' :'", "", "ab", "' \t'", "'\\'"]))),
        1 => script.push_str("set -e\n"),
        2 => script.push_str("set -u\n"),
        3 => script.push_str("set -f\n"),
        _ => {}
    }
    for _ in 0..=dice.roll(3) {
        script.push_str(&command(dice, 3));
        script.push('\n');
    }
    script.push_str("echo end $?\n");
    script
}

/// Variables and functions that the parts below use.
const PRELUDE: &str =
    "x=abc y='a b' z= p='a*' c=a:b::c n=7 w=' lead  trail '\nf() { echo \"f:$#:$1\"; return $(($# % 3)); }\n";

fn word(dice: &mut Dice, depth: usize) -> String {
    let mut word = String::new();
    for _ in 0..=dice.roll(3) {
        let part = if depth == 0 { dice.roll(6) } else { dice.roll(16) };
        let part = match part {
            0..=2 => dice.pick(&["a", "bc", "x:y", "-n", "1", ".", "+", "a=b", "~", "%"]).into(),
            3 => format!("'{}'", dice.pick(&["s q", "*", "\\", "\"", "$x", ""])),
            4 => format!("\\{}", dice.pick(&["a", "$", "\"", "*", " ", "\\", "'"])),
            5 => variable(dice),
            6 | 7 => format!("\"{}\"", inner(dice, depth - 1)),
            8..=10 => parameter(dice, depth - 1),
            11 => format!("$({})", command(dice, depth - 1)),
            12 => format!("`echo {}`", dice.pick(&["a b", "$x", "\\$y", "'q  q'", "\"d  d\""])),
            13 => format!("$(({}))", expression(dice, 2)),
            14 => dice.pick(&["*", "?", "[ab]", "x*", "[!a]*"]).into(),
            _ => dice.pick(&["$*", "\"$*\"", "$#", "$?"]).into(),
        };
        word.push_str(&part);
    }
    word
}

fn variable(dice: &mut Dice) -> String {
    let variables =
        ["$x", "$y", "$z", "$p", "$c", "$n", "$w", "$1", "$2", "${x}", "${y}", "\"$y\"", "\"$w\"", "\"$z\""];
    dice.pick(&variables).into()
}

/// The inside of double quotes.
fn inner(dice: &mut Dice, depth: usize) -> String {
    let mut text = String::new();
    for _ in 0..dice.roll(4) {
        let part = match if depth == 0 { dice.roll(5) } else { dice.roll(9) } {
            0 => dice.pick(&["a", " ", "b  c", "*", "'", ":", "~"]).into(),
            1 => dice.pick(&["\\$", "\\\"", "\\\\", "\\a", "\\`"]).into(),
            2..=4 => dice.pick(&["$x", "$y", "$z", "$p", "$c", "$w", "$*", "$#", "${n}"]).into(),
            5 | 6 => parameter(dice, depth - 1),
            7 => format!("$({})", command(dice, depth - 1)),
            _ => format!("$(({}))", expression(dice, 2)),
        };
        text.push_str(&part);
    }
    text
}

fn parameter(dice: &mut Dice, depth: usize) -> String {
    let name = dice.pick(&["x", "y", "z", "p", "c", "w", "u", "1", "2", "3", "v"]);
    let operand = |dice: &mut Dice| {
        if depth == 0 { dice.pick(&["d", "d e", "$y", "\"q q\"", ""]).into() } else { word(dice, depth - 1) }
    };
    match dice.roll(9) {
        0 => format!("${{#{name}}}"),
        1 | 2 => format!("${{{name}{}{}}}", dice.pick(&["-", ":-"]), operand(dice)),
        3 => format!("${{{name}{}{}}}", dice.pick(&["+", ":+"]), operand(dice)),
        4 => format!("${{{}{}{}}}", dice.pick(&["u", "v", "z", "x"]), dice.pick(&["=", ":="]), operand(dice)),
        5 => format!("${{{}:?}}", dice.pick(&["x", "y", "c"])),
        _ => {
            let operator = dice.pick(&["#", "##", "%", "%%"]);
            let patterns =
                ["a", "*a", "a*", "*:", ":*", "?", "[a-b]", "\"*\"", "$p", "\"$p\"", "*\\ ", "' '*", "\"a\"", "[!a]"];
            format!("${{{name}{operator}{}}}", dice.pick(&patterns))
        }
    }
}

fn expression(dice: &mut Dice, depth: usize) -> String {
    if depth == 0 {
        return dice.pick(&["1", "2", "7", "n", "$n", "0x1f", "010", "-3", "0", "m"]).into();
    }
    let (left, right) = (expression(dice, depth - 1), expression(dice, depth - 1));
    match dice.roll(6) {
        0 => format!("({left})"),
        1 => format!("{}({left})", dice.pick(&["!", "~", "- ", "+ "])),
        2 => format!("({left}) ? {right} : 5"),
        3 => format!("m {} {left}", dice.pick(&["=", "+=", "-=", "*=", "|=", "^=", "&="])),
        _ => {
            let operators = ["+", "-", "*", "<", ">", "<=", ">=", "==", "!=", "&", "|", "^", "&&", "||"];
            format!("({left}) {} ({right})", dice.pick(&operators))
        }
    }
}

fn words(dice: &mut Dice, depth: usize) -> String {
    // `"$@"` stands alone: dash splits wrongly what follows it in a word.
    let all = ["\"$@\"", "$@", "\"a $@ b\"", "x\"$@\"", "${1+\"$@\"}"];
    let word = |dice: &mut Dice| if dice.roll(8) == 0 { dice.pick(&all).into() } else { word(dice, depth) };
    (0..dice.roll(4)).map(|_| word(dice)).collect::<Vec<_>>().join(" ")
}

fn simple(dice: &mut Dice, depth: usize) -> String {
    match dice.roll(14) {
        0..=4 => format!("args {}", words(dice, depth)),
        5 => format!("echo {}", words(dice, depth)),
        6 => format!("f {}", words(dice, depth)),
        7 => format!("{}={}", dice.pick(&["x", "y", "v", "c"]), word(dice, depth)),
        8 => format!("v={} args \"$v\" {}", word(dice, depth), word(dice, depth)),
        9 => format!("test {} {} {}", word(dice, depth), dice.pick(&["=", "!=", "-a", "-o"]), word(dice, depth)),
        10 => {
            let operator = dice.pick(&["=", "!=", "-eq", "-lt"]);
            format!("[ \"{}\" {operator} \"{}\" ]", inner(dice, depth), inner(dice, depth))
        }
        11 => dice.pick(&["true", "false", ":", "status 3", "set -- p 'q r'", "shift", "unset x", "nosuch"]).into(),
        12 => {
            let format = dice.pick(&["%s|", "[%s]\\n", "%5s|%-3s|", "%b\\n", "x\\ty\\n"]);
            format!("printf '{format}' {}", words(dice, depth))
        }
        _ => {
            let text = dice.pick(&["echo \\$y", "v=\\\"a b\\\"", "false", "echo '$y'", "f 1 2"]);
            format!("eval \"{text}\"")
        }
    }
}

fn command(dice: &mut Dice, depth: usize) -> String {
    if depth == 0 {
        return simple(dice, 0);
    }
    let deeper = |dice: &mut Dice| command(dice, depth - 1);
    match dice.roll(22) {
        0 => format!("if {}; then {}; else {}; fi", deeper(dice), deeper(dice), deeper(dice)),
        1 => format!("for i in {}; do {}; args \"$i\"; done", words(dice, depth - 1), deeper(dice)),
        2 => {
            let patterns = dice.pick(&["a*", "[a-c]*|x", "\"a*\"", "$p", "\"$y\"", "''", "*' '*"]);
            format!("case {} in {patterns}) {};; *) {};; esac", word(dice, depth - 1), deeper(dice), deeper(dice))
        }
        3 => format!("{} && {}", deeper(dice), deeper(dice)),
        4 => format!("{} || {}", deeper(dice), deeper(dice)),
        5 => format!("! {}", simple(dice, depth - 1)),
        6 => format!("{{ {}; {}; }}", deeper(dice), deeper(dice)),
        7 => format!("({}; {})", deeper(dice), deeper(dice)),
        8 => format!("{} | cat", simple(dice, depth - 1)),
        9 => format!("{} | {{ read r s; args \"$r\" \"$s\"; }}", simple(dice, depth - 1)),
        10 => format!("{{ {}; }} > out{depth}; cat < out{depth}", deeper(dice)),
        11 => format!("g() {{ local x={}; {}; }}; g {}", word(dice, depth - 1), deeper(dice), word(dice, depth - 1)),
        12 => format!("k{depth}=0; while [ $k{depth} -lt 2 ]; do k{depth}=$((k{depth}+1)); {}; done", deeper(dice)),
        13 => format!("{{ cat <<E{depth}\n{} {}\nE{depth}\n}}", inner(dice, depth - 1), variable(dice)),
        14 => {
            let jump = dice.pick(&["[ $i = 2 ] && continue", "[ $i = 2 ] && break", ":"]);
            format!("for i in 1 2 3; do {jump}; {}; done", deeper(dice))
        }
        15 => format!("{} 2>&1 | cat", simple(dice, depth - 1)),
        16 => format!("(trap 'echo trap' EXIT; {})", deeper(dice)),
        _ => simple(dice, depth),
    }
}
