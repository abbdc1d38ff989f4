//! Where head and body of a SAM_V frame part, for readers that move them through pipes of their own
//! (reference/devices.md §1, shape A): preamble and length through one, `CMD … CHK` or `SW … CHK`
//! through the other.

/// `AA AA AA 96 69 LenH LenL`.
const HEAD: usize = 7;

/// Follows a stream of frames, so that it is known through which pipe the next byte goes.
#[derive(Default)]
pub struct Seam {
    /// The last bytes of the head.
    head: [u8; HEAD],
    /// Bytes of the body that are still to come.
    body: usize,
}

impl Seam {
    /// True if the next byte belongs to a body.
    pub fn in_body(&self) -> bool {
        self.body > 0
    }

    /// How many of these bytes, which come next, go through the same pipe.
    pub fn run(&self, bytes: &[u8]) -> usize {
        if self.in_body() {
            return self.body.min(bytes.len());
        }
        let mut ahead = Self {
            head: self.head,
            body: 0,
        };
        bytes
            .iter()
            .position(|&byte| {
                ahead.push(byte);
                ahead.in_body()
            })
            .map_or(bytes.len(), |last| last + 1)
    }

    /// Goes on by these bytes.
    pub fn advance(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.push(byte);
        }
    }

    fn push(&mut self, byte: u8) {
        if self.body > 0 {
            self.body -= 1;
            return;
        }
        self.head.rotate_left(1);
        self.head[HEAD - 1] = byte;
        if let [0xAA, 0xAA, 0xAA, 0x96, 0x69, high, low] = self.head {
            self.body = usize::from(u16::from_be_bytes([high, low]));
            self.head = [0; HEAD];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STATUS: [u8; 10] = [0xAA, 0xAA, 0xAA, 0x96, 0x69, 0x00, 0x03, 0x11, 0xFF, 0xED];

    #[test]
    fn parts_a_frame_behind_its_length() {
        let mut seam = Seam::default();
        let stream = [&STATUS[..], &STATUS].concat();
        let mut rest = &stream[..];
        let mut runs = Vec::new();
        while !rest.is_empty() {
            let run = seam.run(rest);
            runs.push((seam.in_body(), run));
            seam.advance(&rest[..run]);
            rest = &rest[run..];
        }
        assert_eq!(runs, [(false, 7), (true, 3), (false, 7), (true, 3)]);
    }

    #[test]
    fn a_head_in_pieces_and_behind_noise_is_found() {
        let mut seam = Seam::default();
        seam.advance(&[0xAA, 0x13, 0xAA, 0xAA, 0xAA, 0xAA]);
        seam.advance(&[0x96, 0x69, 0x05]);
        assert!(!seam.in_body());
        seam.advance(&[0x08]);
        assert_eq!(seam.run(&[0; 2000]), 0x0508);
        seam.advance(&[0; 0x0508]);
        assert!(!seam.in_body());
    }

    proptest! {
        #[test]
        fn every_byte_goes_somewhere(bytes in prop::collection::vec(any::<u8>(), 1..80)) {
            let mut seam = Seam::default();
            let mut rest = &bytes[..];
            while !rest.is_empty() {
                let run = seam.run(rest);
                prop_assert!((1..=rest.len()).contains(&run));
                seam.advance(&rest[..run]);
                rest = &rest[run..];
            }
        }
    }
}
