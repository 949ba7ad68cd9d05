//! Programs that work on files, each against the real one of the machine.

mod copies;
mod hostile;
mod numbers;
mod places;
mod scene;
mod search;
mod words;
