//! Go's module proxy: `GOPROXY` in the environment, in the user's settings, in those of the installation.

use super::{Clients, Found, text_of};

/// The first proxy that Go would ask.
pub(super) fn find(clients: &Clients) -> Found {
    let environment = clients.goproxy.as_ref().filter(|value| !value.is_empty());
    if let Some(value) = environment {
        return Some((first_proxy(value)?, "GOPROXY".into()));
    }
    // The nearest file that names any proxy counts, even if it says `off`.
    let (value, path) = clients.go_env.iter().find_map(|path| Some((setting(&text_of(path)?)?, path)))?;
    Some((first_proxy(&value)?, format!("go ({})", path.display())))
}

fn setting(text: &str) -> Option<String> {
    let values = text.lines().filter_map(|line| line.trim().strip_prefix("GOPROXY="));
    values.map(|value| value.trim().to_owned()).next_back()
}

/// The first address of a list parted by commas or bars; `direct` and `off` are none.
fn first_proxy(list: &str) -> Option<String> {
    let mut words = list.split([',', '|']).map(str::trim);
    words.find(|word| word.starts_with("http://") || word.starts_with("https://")).map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_words() {
        assert_eq!(first_proxy("https://a.example,direct").as_deref(), Some("https://a.example"));
        assert_eq!(first_proxy("direct|http://b.example").as_deref(), Some("http://b.example"));
        assert_eq!(first_proxy("off"), None);
        assert_eq!(setting("# GOPROXY=x\nGOPROXY=off\n").as_deref(), Some("off"));
    }
}
