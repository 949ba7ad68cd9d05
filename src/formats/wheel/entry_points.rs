//! `entry_points.txt`: the scripts that a wheel asks for ("Entry points specification" on packaging.python.org).

use super::error::Problem;

/// A script: `NAME = MODULE:FUNCTION`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryPoint {
    /// The script's name.
    pub name: String,
    /// The module.
    pub module: String,
    /// The function in it, with dots where it is one of a class.
    pub function: String,
}

/// The scripts of a wheel, in its order. Of two of one name the later one counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntryPoints {
    /// `console_scripts`.
    pub console: Vec<EntryPoint>,
    /// `gui_scripts`.
    pub gui: Vec<EntryPoint>,
}

impl EntryPoints {
    /// Reads `entry_points.txt`; groups of no concern to an installer are passed over.
    ///
    /// # Errors
    /// When it is no text, or a script's line is not what pip would take.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Problem> {
        let wrong = |reason: &str| Problem::Malformed { file: "entry_points.txt", reason: reason.into() };
        let text = std::str::from_utf8(bytes).map_err(|_| wrong("it is not UTF-8"))?;
        let mut points = Self::default();
        let mut section = "";
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', ';'])) {
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                section = name.trim();
                continue;
            }
            let group = match section {
                "console_scripts" => &mut points.console,
                "gui_scripts" => &mut points.gui,
                _ => continue,
            };
            let point = point(line).map_err(|reason| Problem::EntryPoint { point: line.to_owned(), reason })?;
            group.retain(|other| other.name != point.name);
            group.push(point);
        }
        Ok(points)
    }

    /// Whether a script of this name is made.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.console.iter().chain(&self.gui).any(|point| point.name == name)
    }
}

/// A line, in the form that distlib takes.
fn point(line: &str) -> Result<EntryPoint, &'static str> {
    let (name, value) = line.split_once('=').ok_or("has no `=`")?;
    let (name, value) = (name.trim(), value.trim());
    // Extras in brackets are a relict.
    let value = value.split('[').next().unwrap_or_default().trim();
    let (module, function) = value.split_once(':').ok_or("names no function")?;
    let (module, function) = (module.trim(), function.trim());
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let dotted = |text: &str| text.split('.').all(|part| !part.is_empty() && part.chars().all(word));
    if name.is_empty() || matches!(name, "." | "..") || !name.chars().all(|c| word(c) || matches!(c, '-' | '.' | '+')) {
        return Err("has a name that cannot be a script's");
    }
    if !dotted(module) || !dotted(function) {
        return Err("is not `MODULE:FUNCTION`");
    }
    Ok(EntryPoint { name: name.to_owned(), module: module.to_owned(), function: function.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_have_safe_names() {
        let text = b"[console_scripts]\nf2py = numpy.f2py.f2py2e:main\n# note\nold=a.b:C.run [extra]\n[array_api]\nnumpy = numpy\n[gui_scripts]\ng = g:g\n";
        let points = EntryPoints::parse(text).unwrap();
        assert_eq!(points.console.len(), 2);
        assert_eq!(points.console[1].function, "C.run");
        assert!(points.has("g") && points.has("f2py") && !points.has("numpy"));
        for bad in ["../x = a:b", "x/y = a:b", ". = a:b", "x = a", "x = a:b;c", "x = a:", "x", " = a:b", "x y = a:b"] {
            let text = format!("[console_scripts]\n{bad}\n");
            assert!(EntryPoints::parse(text.as_bytes()).is_err(), "{bad}");
        }
    }
}
