//! ARCH on the command line.

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::base::Arch;

/// Takes the name of an architecture, and tells which there are.
pub(super) fn arch() -> impl TypedValueParser<Value = Arch> {
    PossibleValuesParser::new(Arch::ALL.map(Arch::name)).try_map(|name| name.parse::<Arch>())
}
