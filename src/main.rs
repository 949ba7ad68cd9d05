//! The `mokapot` program: parse, call `cli`, exit.

fn main() {}
