//! Floor 2: the domain. Values in, values out: no clock, no environment, no disk, no network.

pub mod image;
