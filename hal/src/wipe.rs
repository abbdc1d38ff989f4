//! Byte buffers that leave nothing behind when they grow or go.

use zeroize::{Zeroize, Zeroizing};

/// A growable byte buffer whose memory is zeroised when freed, also when it moves to grow.
///
/// `Zeroizing<Vec<u8>>` alone zeroises only the last allocation: each growth would leave a copy.
#[derive(Default)]
pub(crate) struct Bytes(Zeroizing<Vec<u8>>);

impl Bytes {
    /// An empty buffer that holds `capacity` bytes before it moves.
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self(Zeroizing::new(Vec::with_capacity(capacity)))
    }

    /// Appends, zeroising the old memory if the buffer has to move.
    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        let needed = self.0.len() + bytes.len();
        if needed > self.0.capacity() {
            let mut larger = Vec::with_capacity(needed.max(self.0.capacity() * 2));
            larger.extend_from_slice(&self.0);
            self.0.zeroize();
            *self.0 = larger;
        }
        self.0.extend_from_slice(bytes);
    }

    /// Removes the first `count` bytes (all, if there are fewer) and zeroises the room they leave.
    pub(crate) fn discard(&mut self, count: usize) {
        let length = self.0.len();
        let count = count.min(length);
        self.0.copy_within(count.., 0);
        self.0[length - count..].zeroize();
        self.0.truncate(length - count);
    }

    /// Hands the memory over; the caller zeroises it.
    pub(crate) fn take(mut self) -> Vec<u8> {
        std::mem::take(&mut *self.0)
    }
}

impl std::ops::Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_and_shrinks_like_a_vector() {
        let mut bytes = Bytes::with_capacity(2);
        bytes.extend(b"ab");
        bytes.extend(b"cdefg");
        assert_eq!(&*bytes, b"abcdefg");
        bytes.discard(3);
        assert_eq!(&*bytes, b"defg");
        bytes.discard(9);
        assert!(bytes.is_empty());
        bytes.extend(b"x");
        assert_eq!(bytes.take(), b"x");
    }
}
