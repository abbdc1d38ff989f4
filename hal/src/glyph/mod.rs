//! Text and slips as dots, on the grid of receipt printers: 12×24 dots for ASCII, 24×24 for the rest.
//!
//! The printer driver draws lines that the printer's own characters cannot show; `kiosk slip render`
//! draws whole slips. Both use the same lines, so the picture is what comes out.

mod bitmap;
mod face;
mod picture;

pub use crate::slip::to_text;
pub use bitmap::Bitmap;
pub use face::{Face, GlyphError, with_face};
pub use picture::raster;

pub(crate) use picture::{LINE_PITCH, pitch, rule};

/// Height of a line's characters in dots; twice that if tall.
pub const CELL: usize = 24;
