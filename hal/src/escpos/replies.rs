//! What comes back from a printer, taken apart.
//!
//! Answers to `DLE EOT` are single bytes that the printer sends the moment it is asked, between or
//! within longer answers (`37 22 d1 d2 d3 d4 00`, `37 25 00`). They can be told apart everywhere: a
//! status byte has bits 0, 1, 4, 7 = 0, 1, 1, 0, and no byte of the longer answers has, as long as all
//! bytes of a process id are odd (see [`super::link`]).

/// One answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reply {
    /// To `DLE EOT n`; which n, only the order tells.
    Status(u8),
    /// To `GS ( H` fn 48: everything before the request was printed.
    Done([u8; 4]),
    /// To `DLE DC4` fn 8: the buffers are empty.
    Cleared,
    /// To `GS r 1`.
    Transmitted,
}

/// Longest answer, with its header and NUL; longer ones are not for us.
const LONGEST: usize = 8;

/// Takes the stream apart, byte by byte.
#[derive(Default)]
pub(super) struct Demultiplexer {
    block: Option<([u8; LONGEST], usize)>,
}

impl Demultiplexer {
    /// Takes one byte; `Some` when it ends an answer.
    pub(super) fn push(&mut self, byte: u8) -> Option<Reply> {
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
