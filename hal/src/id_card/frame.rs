//! GA 450 frames: `AA AA AA 96 69 | LenH LenL | ... | CHK`.
//!
//! The length counts everything after itself, the check byte included. The check byte is the XOR of
//! everything after the preamble, so that the XOR from LenH through CHK is 0. A request carries
//! `CMD PARA data`, a reply `SW1 SW2 SW3 data`. SW1 and SW2 are the card's own status and may be
//! anything for a failed command: only SW3 decides.

use zeroize::Zeroizing;

use crate::wipe::Bytes;

/// What begins every frame.
pub const PREAMBLE: [u8; 5] = [0xAA, 0xAA, 0xAA, 0x96, 0x69];

/// Smallest length field of a reply: three status bytes and the check byte.
const SHORTEST: usize = 4;

/// Largest length field of a reply: text, photo and fingerprints (2321 bytes in all).
const LONGEST: usize = 0x090A;

/// Bytes that the decoder holds at most: the longest frame, and as much again that arrived with it.
const HELD: usize = 2 * (PREAMBLE.len() + 2 + LONGEST);

/// A request frame: command, parameter, no data.
pub fn request(command: u8, parameter: u8) -> [u8; 10] {
    let [p0, p1, p2, p3, p4] = PREAMBLE;
    [
        p0,
        p1,
        p2,
        p3,
        p4,
        0x00,
        0x03,
        command,
        parameter,
        0x03 ^ command ^ parameter,
    ]
}

/// A reply whose length and check byte were right.
pub struct Reply {
    /// SW3, which alone decides.
    pub sw3: u8,
    /// What follows the status bytes, without the check byte; may hold personal data.
    pub data: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Reply {{ sw3: {:02X}, data: {} bytes }}",
            self.sw3,
            self.data.len()
        )
    }
}

/// What is wrong with a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The length field is smaller or larger than any reply's.
    #[error("a reply of {0} bytes is out of bounds")]
    Length(usize),
    /// The check byte does not match.
    #[error("the reply's checksum is wrong")]
    Checksum,
    /// The line went quiet in the middle of a frame.
    #[error("the reply breaks off")]
    Truncated,
}

/// Finds reply frames in whatever comes down the line.
///
/// It holds a bounded number of bytes, resumes the search one byte further after a bad frame (so that
/// a good frame behind noise that looks like one is found), and zeroises what it lets go.
pub struct Decoder {
    held: Bytes,
}

impl Default for Decoder {
    fn default() -> Self {
        Self {
            held: Bytes::with_capacity(HELD),
        }
    }
}

impl Decoder {
    /// Takes bytes from the line. Call [`Self::next_reply`] until `None` after each piece of at most 2 KiB.
    pub fn push(&mut self, bytes: &[u8]) {
        // More than two longest frames unread cannot be a reply: keep the newest.
        let room = HELD.saturating_sub(bytes.len());
        if self.held.len() > room {
            self.held.discard(self.held.len() - room);
        }
        self.held.extend(&bytes[bytes.len().saturating_sub(HELD)..]);
    }

    /// The next frame, or what is wrong with it; `None` until more bytes arrive.
    pub fn next_reply(&mut self) -> Option<Result<Reply, FrameError>> {
        self.seek();
        let header: [u8; 2] = self
            .held
            .get(PREAMBLE.len()..PREAMBLE.len() + 2)?
            .try_into()
            .ok()?;
        let length = usize::from(u16::from_be_bytes(header));
        if !(SHORTEST..=LONGEST).contains(&length) {
            self.held.discard(1);
            return Some(Err(FrameError::Length(length)));
        }
        let end = PREAMBLE.len() + 2 + length;
        let body = self.held.get(PREAMBLE.len()..end)?;
        if body.iter().fold(0, |sum, byte| sum ^ byte) != 0 {
            self.held.discard(1);
            return Some(Err(FrameError::Checksum));
        }
        let reply = Reply {
            sw3: body[4],
            data: Zeroizing::new(body[5..body.len() - 1].to_vec()),
        };
        self.held.discard(end);
        Some(Ok(reply))
    }

    /// True in the middle of a frame.
    pub fn is_partial(&self) -> bool {
        self.held.starts_with(&PREAMBLE)
    }

    /// Told that the line went quiet: gives up the frame that it is in the middle of, so that a frame
    /// behind it can be found.
    pub fn quiet(&mut self) -> Option<FrameError> {
        self.seek();
        self.is_partial().then(|| {
            self.held.discard(1);
            FrameError::Truncated
        })
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.held.discard(self.held.len());
    }

    /// Drops what comes before the first preamble, or before what may become one.
    fn seek(&mut self) {
        let start = (0..self.held.len())
            .find(|&at| {
                let rest = &self.held[at..];
                rest.starts_with(&PREAMBLE) || PREAMBLE.starts_with(rest)
            })
            .unwrap_or(self.held.len());
        if start > 0 {
            self.held.discard(start);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frame(sw3: u8, data: &[u8]) -> Vec<u8> {
        let mut bytes = PREAMBLE.to_vec();
        bytes.extend(u16::try_from(data.len() + 4).unwrap().to_be_bytes());
        bytes.extend([0, 0, sw3]);
        bytes.extend(data);
        bytes.push(bytes[5..].iter().fold(0, |sum, byte| sum ^ byte));
        bytes
    }

    /// These bytes, cut where a preamble would end.
    fn without_preamble(mut noise: Vec<u8>) -> Vec<u8> {
        if let Some(at) = noise.windows(5).position(|window| window == PREAMBLE) {
            noise.truncate(at + 4);
        }
        noise
    }

    /// All replies and errors of these bytes, the line going quiet at the end.
    fn decode(bytes: &[u8], piece: usize) -> Vec<Result<(u8, Vec<u8>), FrameError>> {
        let mut decoder = Decoder::default();
        let mut found = Vec::new();
        for piece in bytes.chunks(piece) {
            decoder.push(piece);
            found.extend(std::iter::from_fn(|| decoder.next_reply()));
            assert!(decoder.held.len() <= HELD);
        }
        while let Some(error) = decoder.quiet() {
            found.push(Err(error));
            found.extend(std::iter::from_fn(|| decoder.next_reply()));
        }
        found
            .into_iter()
            .map(|one| one.map(|reply| (reply.sw3, reply.data.to_vec())))
            .collect()
    }

    #[test]
    fn requests_are_those_of_the_standard() {
        // Reset, status, id, find, select, base, new address: all checksums of the table.
        for (command, parameter, check) in [
            (0x10, 0xFF, 0xEC),
            (0x11, 0xFF, 0xED),
            (0x12, 0xFF, 0xEE),
            (0x20, 1, 0x22),
            (0x20, 2, 0x21),
            (0x30, 1, 0x32),
            (0x30, 3, 0x30),
        ] {
            let bytes = request(command, parameter);
            assert_eq!(bytes[..7], [0xAA, 0xAA, 0xAA, 0x96, 0x69, 0x00, 0x03]);
            assert_eq!(bytes[7..], [command, parameter, check]);
        }
    }

    #[test]
    fn reads_the_replies_of_the_standard() {
        let found = [
            0xAA, 0xAA, 0xAA, 0x96, 0x69, 0x00, 0x08, 0x00, 0x00, 0x9F, 0, 0, 0, 0, 0x97,
        ];
        assert_eq!(decode(&found, 99), [Ok((0x9F, vec![0; 4]))]);
        let none = [
            0xAA, 0xAA, 0xAA, 0x96, 0x69, 0x00, 0x04, 0x00, 0x00, 0x80, 0x84,
        ];
        assert_eq!(decode(&none, 1), [Ok((0x80, vec![]))]);
        assert_eq!(frame(0x90, &[0; 4 + 256 + 1024]).len(), 1295);
        assert_eq!(frame(0x90, &[0; 6 + 256 + 1024 + 1024]).len(), 2321);
    }

    #[test]
    fn finds_a_frame_behind_a_longer_run_of_its_first_byte() {
        let mut bytes = vec![0xAA; 2];
        bytes.extend(frame(0x90, b"ok"));
        assert_eq!(decode(&bytes, 1), [Ok((0x90, b"ok".to_vec()))]);
    }

    #[test]
    fn says_what_is_wrong_and_goes_on() {
        let mut bytes = frame(0x90, b"first");
        *bytes.last_mut().unwrap() ^= 1;
        bytes.extend(frame(0x90, b"second"));
        assert_eq!(
            decode(&bytes, 7),
            [Err(FrameError::Checksum), Ok((0x90, b"second".to_vec()))]
        );

        let mut bytes = [&PREAMBLE[..], &[0xFF, 0xFF]].concat();
        bytes.extend(frame(0x90, b"second"));
        assert_eq!(
            decode(&bytes, 7),
            [
                Err(FrameError::Length(0xFFFF)),
                Ok((0x90, b"second".to_vec()))
            ]
        );

        let whole = frame(0x90, b"cut off");
        let mut bytes = whole[..whole.len() - 3].to_vec();
        assert_eq!(decode(&bytes, 7), [Err(FrameError::Truncated)]);
        bytes.extend(frame(0x41, b""));
        let all = decode(&bytes, 7);
        assert_eq!(all.last(), Some(&Ok((0x41, vec![]))));
    }

    #[test]
    fn a_frame_inside_a_frame_is_data() {
        // A photo may hold any bytes, and must not pass for a reply of its own.
        let outer = frame(0x90, &frame(0x80, b"inner"));
        assert_eq!(decode(&outer, 3), [Ok((0x90, frame(0x80, b"inner")))]);
    }

    #[test]
    fn hides_what_it_carries() {
        let mut decoder = Decoder::default();
        decoder.push(&frame(0x90, b"secret"));
        assert_eq!(
            format!("{:?}", decoder.next_reply().unwrap().unwrap()),
            "Reply { sw3: 90, data: 6 bytes }"
        );
    }

    proptest! {
        // Noise that holds a preamble, a fitting length and, by chance (one in 256), a check byte that fits
        // is a frame: nobody could tell. What holds of all other noise are the two properties below.
        #[test]
        fn noise_without_a_preamble_yields_the_frame_behind_it(
            noise in prop::collection::vec(prop_oneof![any::<u8>(), Just(0xAA), Just(0x96), Just(0x69), Just(0)], 0..200),
            data in prop::collection::vec(any::<u8>(), 0..64),
            piece in 1..40usize,
        ) {
            let bytes = [without_preamble(noise), frame(0x90, &data)].concat();
            prop_assert_eq!(decode(&bytes, piece), [Ok((0x90, data))]);
        }

        #[test]
        fn noise_that_begins_like_a_frame_does_not_swallow_the_next(
            length in 4..1200u16, noise in prop::collection::vec(any::<u8>(), 0..40), piece in 1..40usize,
        ) {
            let bytes = [&PREAMBLE[..], &length.to_be_bytes(), &noise, &frame(0x9F, b"card")].concat();
            let starts = bytes.windows(PREAMBLE.len()).filter(|window| *window == PREAMBLE).count();
            let body = bytes.get(PREAMBLE.len()..PREAMBLE.len() + 2 + usize::from(length));
            let checks = body.is_some_and(|body| body.iter().fold(0, |sum, byte| sum ^ byte) == 0);
            prop_assume!(starts == 2 && !checks);
            prop_assert!(decode(&bytes, piece).contains(&Ok((0x9F, b"card".to_vec()))));
        }

        #[test]
        fn any_bytes_neither_panic_nor_grow(
            bytes in prop::collection::vec(prop_oneof![Just(0xAA), Just(0x96), Just(0x69), any::<u8>()], 0..9000),
            piece in 1..6000usize,
        ) {
            decode(&bytes, piece);
        }
    }
}
