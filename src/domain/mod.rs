//! Floor 2: values in, values out. No clock, no environment, no disk, no network.

pub mod resolve;
