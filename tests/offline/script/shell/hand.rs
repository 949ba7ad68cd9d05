//! Cases written by hand: a line each, or a block each.

/// Scripts for dash: every line of `lines.sh` but comments and blank ones, every block of `blocks.sh`.
pub(super) fn cases() -> Vec<String> {
    let lines = include_str!("cases/lines.sh").lines();
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with("## ")).map(str::to_owned);
    let blocks = include_str!("cases/blocks.sh").split("%%\n").map(str::to_owned);
    lines.chain(blocks).collect()
}

/// Scripts for bash, one a line.
pub(super) fn bash() -> Vec<String> {
    include_str!("cases/bash.sh").lines().map(str::to_owned).collect()
}
