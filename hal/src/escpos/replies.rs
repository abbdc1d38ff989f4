//! What comes back from a printer, taken apart.
//!
//! Answers to `DLE EOT` are single bytes that the printer sends the moment it is asked, between or
//! within longer answers (`37 22 d1 d2 d3 d4 00`, `37 25 00`). They can be told apart everywhere: a
//! status byte has bits 0, 1, 4, 7 = 0, 1, 1, 0, and no byte of the longer answers has, as long as all
//! bytes of a process id are odd (see [`super::link`]).
//!
//! What printers say about their outlet keeps to no such rule. It is recognised only while it is
//! expected, and asked for only while nothing else is on its way.

/// One answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// To `DLE EOT n`; which n, only the order tells.
    Status(u8),
    /// To `GS ( H` fn 48: everything before the request was printed.
    Done([u8; 4]),
    /// To `DLE DC4` fn 8: the buffers are empty.
    Cleared,
    /// To `GS r 1`.
    Transmitted,
    /// To `DLE EOT 5` or `GS e 6`.
    Outlet(u8),
    /// To `DLE EOT 20`, without its header.
    Full([u8; 4]),
}

/// What is on its way and looks like anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Expected {
    /// Nothing.
    #[default]
    Nothing,
    /// One byte of any value but 37, which begins a longer answer.
    Outlet,
    /// One byte in which bit 1 is 0.
    Ejector,
    /// `10 0F` and four bytes of any value.
    Full,
}

/// Longest answer, with its header and NUL; longer ones are not for us.
const LONGEST: usize = 8;

/// Takes the stream apart, byte by byte.
#[derive(Default)]
pub struct Demultiplexer {
    block: Option<([u8; LONGEST], usize)>,
    /// The bytes of a full status so far, the first byte of its header included.
    full: Option<([u8; 6], usize)>,
    /// What else is expected; [`Expected::Nothing`] again once it has come.
    pub expected: Expected,
}

impl Demultiplexer {
    /// Takes one byte; `Some` when it ends an answer.
    pub fn push(&mut self, byte: u8) -> Option<Reply> {
        if let Some((mut full, length)) = self.full.take()
            && (length > 1 || byte == 0x0F)
        {
            full[length] = byte;
            if length < 5 {
                self.full = Some((full, length + 1));
                return None;
            }
            self.expected = Expected::Nothing;
            let [_, _, rest @ ..] = full;
            return Some(Reply::Full(rest));
        }
        let lone = self.block.is_none();
        match self.expected {
            // No byte of a longer answer is 10, so that this may come within one.
            Expected::Full if byte == 0x10 => {
                self.full = Some(([byte, 0, 0, 0, 0, 0], 1));
                return None;
            }
            Expected::Outlet if lone && byte != 0x37 => {
                self.expected = Expected::Nothing;
                return Some(Reply::Outlet(byte));
            }
            Expected::Ejector if lone && byte & 0b10 == 0 => {
                self.expected = Expected::Nothing;
                return Some(Reply::Outlet(byte));
            }
            Expected::Nothing | Expected::Outlet | Expected::Ejector | Expected::Full => {}
        }
        if byte & 0b1001_0011 == 0b0001_0010 {
            return Some(Reply::Status(byte));
        }
        match self.block.take() {
            Some((block, length)) if byte == 0 => match block[..length] {
                [0x37, 0x22, d1, d2, d3, d4] => Some(Reply::Done([d1, d2, d3, d4])),
                [0x37, 0x25] => Some(Reply::Cleared),
                _ => None,
            },
            Some((mut block, length)) => {
                // A block that grows too long is given up: what follows is read as new.
                if let Some(place) = block.get_mut(length) {
                    *place = byte;
                    self.block = Some((block, length + 1));
                }
                None
            }
            None if byte == 0x37 => {
                let mut block = [0; LONGEST];
                block[0] = byte;
                self.block = Some((block, 1));
                None
            }
            // The answer to GS r has bits 4 and 7 = 0. Flow control and automatic status have bit 4 set.
            None if byte & 0b1001_0000 == 0 => Some(Reply::Transmitted),
            None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(bytes: &[u8]) -> Vec<Reply> {
        let mut demultiplexer = Demultiplexer::default();
        bytes
            .iter()
            .filter_map(|&byte| demultiplexer.push(byte))
            .collect()
    }

    #[test]
    fn takes_mixed_answers_apart() {
        use Reply::{Cleared, Done, Status, Transmitted};
        let mixed = [
            0x12, 0x37, 0x25, 0x00, 0x37, 0x22, b'A', 0x16, b'C', b'7', b'9', 0x00, 0x32, 0x0F,
            0x13,
        ];
        assert_eq!(
            all(&mixed),
            [
                Status(0x12),
                Cleared,
                Status(0x16),
                Done(*b"AC79"),
                Status(0x32),
                Transmitted
            ]
        );
    }

    #[test]
    fn answers_of_other_kinds_and_lengths_are_dropped() {
        assert_eq!(all(&[0x37, 0x22, b'A', b'C', 0x00]), []);
        assert_eq!(all(&[0x37, 0x23, b'A', b'A', b'A', b'A', 0x00]), []);
        assert_eq!(
            all(&[&[0x37][..], &[0x41; 8], &[0x37, 0x25, 0x00]].concat()),
            [Reply::Cleared]
        );
    }

    #[test]
    fn what_looks_like_anything_is_taken_only_while_it_is_expected() {
        let expecting = |expected, bytes: &[u8]| -> Vec<Reply> {
            let mut demultiplexer = Demultiplexer {
                expected,
                ..Demultiplexer::default()
            };
            bytes
                .iter()
                .filter_map(|&byte| demultiplexer.push(byte))
                .collect()
        };
        use Reply::{Cleared, Full, Outlet, Status};
        let full = [0x10, 0x0F, 0x25, 0x12, 0x37, 0x10, 0x12];
        assert_eq!(
            expecting(Expected::Full, &full),
            [Full([0x25, 0x12, 0x37, 0x10]), Status(0x12)]
        );
        // Within a longer answer, and after a lone 10.
        assert_eq!(
            expecting(
                Expected::Full,
                &[0x37, 0x25, 0x10, 0x10, 0x0F, 1, 2, 3, 4, 0x00]
            ),
            [Full([1, 2, 3, 4]), Cleared]
        );
        assert_eq!(
            expecting(Expected::Outlet, &[0x37, 0x25, 0x00, 0x12, 0x16]),
            [Cleared, Outlet(0x12), Status(0x16)]
        );
        assert_eq!(
            expecting(Expected::Ejector, &[0x12, 0x2C, 0x13]),
            [Status(0x12), Outlet(0x2C)]
        );
        assert_eq!(all(&[0x10, 0x0F, 0x81, 0x90]), [Reply::Transmitted]);
    }

    proptest! {
        #[test]
        fn noise_never_hides_an_answer_for_long(noise in prop::collection::vec(any::<u8>(), 0..50)) {
            // A block in the middle of which noise ends swallows at most itself: a NUL ends it.
            let bytes = [&noise[..], &[0x00], &[0x37, 0x22, b'1', b'3', b'5', b'7', 0x00]].concat();
            let found = all(&bytes);
            prop_assert_eq!(found.last(), Some(&Reply::Done(*b"1357")));
        }
    }
}
