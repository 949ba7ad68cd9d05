//! Programs that work on files, each against the real one of the machine.

mod places;
mod scene;
