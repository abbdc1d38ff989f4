//! Pictures that leave nothing behind.

use std::ops::{Deref, DerefMut};

use image::{ImageBuffer, Pixel};
use zeroize::Zeroize;

/// A picture whose memory is zeroised when dropped.
pub(super) struct Wiped<P: Pixel<Subpixel = u8>>(pub(super) ImageBuffer<P, Vec<u8>>);

impl<P: Pixel<Subpixel = u8>> Deref for Wiped<P> {
    type Target = ImageBuffer<P, Vec<u8>>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<P: Pixel<Subpixel = u8>> DerefMut for Wiped<P> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl<P: Pixel<Subpixel = u8>> Drop for Wiped<P> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}
