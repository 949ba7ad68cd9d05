//! `mokapot cache`: the store of inputs and fragments.

use std::process::ExitCode;
use std::time::Duration;

use serde_json::json;

use super::session::{DONE, Session};
use super::size::Size;
use super::table::table;
use super::{Outcome, exit};
use crate::ops::cache;

/// Look after the store of inputs and fragments.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  mokapot cache info
  mokapot cache verify
  mokapot cache gc --max-age 30d --max-size 20GiB")]
pub(super) struct Cache {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// What is in the store, and how big it is.
    Info,
    /// Hash everything again; put aside what is damaged and exit with 1.
    Verify,
    /// Remove what was not used for long, then the least recently used; never what a running build uses.
    Gc {
        /// Remove what was not used for so long: `12h`, `30d`.
        #[arg(long, value_name = "TIME", value_parser = parse_age)]
        max_age: Option<Duration>,
        /// Keep no more than this: `500MiB`, `20GiB`, or a number of bytes.
        #[arg(long, value_name = "SIZE", value_parser = parse_size)]
        max_size: Option<u64>,
    },
}

impl Cache {
    pub(super) fn run(self, session: &Session<'_>) -> Outcome {
        let mut store = session.store()?;
        let root = store.root().display().to_string();
        match self.action {
            Action::Info => {
                let stats = cache::stats(&store)?;
                let row = |name: &str, (count, bytes): (u64, u64)| {
                    vec![name.to_owned(), count.to_string(), Size(bytes).to_string()]
                };
                let memos = stats.memos.iter().map(|(kind, both)| row(&format!("memos: {kind}"), *both));
                let rows = [row("blobs", stats.blobs)].into_iter().chain(memos);
                let rows = rows.chain([row("put aside", stats.quarantine)]);
                let text = format!("{root}\n{}", table(&["what", ">entries", ">size"], rows));
                session.print(
                    text,
                    &json!({
                        "store": root,
                        "blobs": { "entries": stats.blobs.0, "bytes": stats.blobs.1 },
                        "memos": stats.memos,
                        "quarantine": { "entries": stats.quarantine.0, "bytes": stats.quarantine.1 },
                    }),
                )?;
                DONE
            }
            Action::Verify => {
                let verified = cache::verify(&store, &*session.progress())?;
                let mut text = format!("{} entries, {}: ", verified.blobs, Size(verified.bytes));
                if verified.damaged.is_empty() {
                    text += "all sound\n";
                } else {
                    text += &format!("{} damaged, put aside\n", verified.damaged.len());
                    for (entry, reason) in &verified.damaged {
                        text += &format!("{entry}: {reason}\n");
                    }
                }
                session.print(
                    text,
                    &json!({
                        "store": root, "entries": verified.blobs, "bytes": verified.bytes, "damaged": verified.damaged,
                    }),
                )?;
                if verified.damaged.is_empty() { DONE } else { Ok(ExitCode::from(exit::DIFFERENT)) }
            }
            Action::Gc { max_age, max_size } => {
                let swept = cache::gc(&mut store, max_age, max_size)?;
                let text = format!("removed {} files, {}; {} left\n", swept.files, Size(swept.bytes), Size(swept.left));
                let value = json!({ "store": root, "files": swept.files, "bytes": swept.bytes, "left": swept.left });
                session.print(text, &value)?;
                DONE
            }
        }
    }
}

/// A number and a unit, such as `30d` or `20GiB`.
fn split(text: &str) -> Result<(u64, &str), String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number = text[..digits].parse().map_err(|_| format!("`{text}` does not start with a number"))?;
    Ok((number, text[digits..].trim()))
}

fn parse_age(text: &str) -> Result<Duration, String> {
    let (number, unit) = split(text)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        "w" => 7 * 86_400,
        _ => return Err("expected a unit: s, m, h, d or w".into()),
    };
    number.checked_mul(seconds).map(Duration::from_secs).ok_or_else(|| "too long".into())
}

fn parse_size(text: &str) -> Result<u64, String> {
    let (number, unit) = split(text)?;
    let factor = match unit {
        "" | "B" => 1,
        "kB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        _ => return Err("expected a unit: B, kB, MB, GB, TB, KiB, MiB, GiB or TiB".into()),
    };
    number.checked_mul(factor).ok_or_else(|| "too large".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_understood_and_nonsense_is_not() {
        assert_eq!(parse_age("30d"), Ok(Duration::from_secs(2_592_000)));
        assert_eq!(parse_size("20GiB"), Ok(20 << 30));
        assert_eq!(parse_size("7"), Ok(7));
        for bad in ["", "d", "3y", "99999999999999999999d", "18446744073709551615w"] {
            assert!(parse_age(bad).is_err(), "{bad}");
        }
        for bad in ["", "GiB", "1X", "-1", "99999999999999TiB"] {
            assert!(parse_size(bad).is_err(), "{bad}");
        }
    }
}
