//! A reader of resident ID cards with a SAM_V module, on a pseudo-terminal or USB.

mod block;
mod people;
mod reader;

pub use people::{Person, people, person};
pub use reader::{Reader, Wire, base};
