//! Document cameras: pictures of what lies on their base, and the page in such a picture.

mod base;
mod driver;
mod find;
mod frame;
mod page;
mod quad;
mod quality;
mod wiped;

#[cfg(test)]
mod scene;

pub use driver::{Camera, CameraError, PREVIEW, open};
pub use frame::{Encoding, Frame, FrameError, MAX_HEIGHT, MAX_WIDTH};
pub use page::{MAX_LONG_SIDE, MAX_PAGE_BYTES, MAX_SHORT_SIDE, MIN_SIDE, Page, Refusal};
