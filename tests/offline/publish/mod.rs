//! Publishing to an apt repository: what readers find, what is refused, and that they always find something whole.

mod bucket;
mod faults;
mod refused;
mod scene;
mod suites;
