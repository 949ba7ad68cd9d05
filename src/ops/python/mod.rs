//! Python packages of a recipe: locked, fetched, made into fragments.

pub mod fragments;
mod image;
pub(super) mod lock;
mod pages;

pub(super) use fragments::Fragments;
pub use fragments::WheelArtefact;
pub(super) use image::interpreter;
pub(super) use pages::inputs;
