//! Readers that show the ID application through the PC/SC service (reference/devices.md §1, shape D).

use std::time::Duration;

use super::driver::{CardReader, ReaderError};
use super::record::IdCard;
use crate::smart_card::{Link, Session};
use crate::status::ReaderStatus;
use crate::wipe::Bytes;

/// Gives the reader whose name begins so; an empty beginning is any reader's. It need not be there yet:
/// [`CardReader::status`] tells.
pub(super) fn open(reader: &str) -> Box<dyn CardReader> {
    Box::new(Reader(Link::start(reader)))
}

/// Longest time for a whole card, which the reader fetches from it at the first command: readers of
/// other shapes take about 2 s.
const READ: Duration = Duration::from_secs(6);

/// Lengths of text and photo, 2 bytes each.
const HEADER: usize = 4;
/// Bytes of header and text.
const TEXT: usize = HEADER + 256;
/// Bytes of header, text and photo.
const WHOLE: usize = TEXT + 1024;

struct Reader(Link);

impl CardReader for Reader {
    fn status(&mut self) -> ReaderStatus {
        self.0.status()
    }

    fn find(&mut self) -> Result<bool, ReaderError> {
        Ok(self.0.find()?)
    }

    fn read(&mut self) -> Result<IdCard, ReaderError> {
        self.0.read(READ, read_card)
    }

    fn sam_id(&mut self) -> Result<String, ReaderError> {
        Err(ReaderError::NoSamId)
    }
}

fn read_card(card: &mut Session) -> Result<IdCard, ReaderError> {
    let mut record = Bytes::with_capacity(2 * WHOLE);
    for block in 0..=5 {
        let bytes = card.exchange(&[0xFF, 0xB0, block, 0x00, 0x00])?;
        append(&mut record, block, &bytes);
    }
    Ok(IdCard::parse(&record)?)
}

/// Joins the blocks to what other readers give as "read base". A reply has room for 256 bytes: the first
/// ends before the text does, and the photo's first bytes follow the text's last ones. A reader that
/// gives the first one with the whole text puts a header before the photo, too.
fn append(record: &mut Bytes, block: u8, bytes: &[u8]) {
    let again = if block == 1 && record.len() == TEXT {
        HEADER
    } else {
        0
    };
    record.extend(bytes.get(again..).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(blocks: &[&[u8]]) -> Vec<u8> {
        let mut record = Bytes::default();
        for (block, bytes) in (0..).zip(blocks) {
            append(&mut record, block, bytes);
        }
        record.take()
    }

    #[test]
    fn blocks_of_either_cut_make_one_record() {
        let text: Vec<u8> = [&[1, 0, 4, 0], &[b'T'; 256][..]].concat();
        let photo = [b'P'; 1024];
        let whole = [&text[..], &photo].concat();
        let blocks: Vec<&[u8]> = whole.chunks(256).collect();
        assert_eq!((blocks.len(), blocks[5].len()), (6, 4));
        assert_eq!(joined(&blocks), whole);

        let photo = [&[0; 4], &photo[..]].concat();
        let blocks: Vec<&[u8]> = std::iter::once(&text[..])
            .chain(photo.chunks(256))
            .collect();
        assert_eq!(blocks.len(), 6);
        assert_eq!(joined(&blocks), whole);
    }
}
