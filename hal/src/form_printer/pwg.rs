//! A document as PWG Raster (PWG 5102.4), which every IPP Everywhere printer takes.

use zeroize::Zeroizing;

use super::document::{DPI, Document, HEIGHT, WIDTH};
use crate::glyph::Bitmap;

/// Which raster a printer takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind {
    /// Printed dots for each dot of the page, each way: 1 for 300 dpi, 2 for 600 dpi.
    pub(super) scale: usize,
    /// One bit a dot (`black_1`), else a byte of grey (`sgray_8`).
    pub(super) black: bool,
}

/// Bytes of a page's header (section 4.3).
const HEADER: usize = 1796;

/// A4 in points, as whole numbers.
const POINTS: (u32, u32) = (595, 842);

/// The document as a raster file.
pub(super) fn encode(document: &Document, kind: Kind) -> Zeroizing<Vec<u8>> {
    // A string that grows leaves copies; packed pages of text take about 100 KB.
    let mut file = Zeroizing::new(Vec::with_capacity(1024 * 1024 * document.pages().len()));
    file.extend_from_slice(b"RaS2");
    for page in document.pages() {
        header(&mut file, kind, document.pages().len());
        let mut y = 0;
        while y < HEIGHT {
            let row = row(page, y);
            let same = (y + 1..HEIGHT)
                .take(256 / kind.scale - 1)
                .take_while(|&next| self::row(page, next) == row)
                .count();
            let lines = (same + 1) * kind.scale;
            file.push((lines - 1) as u8);
            pack(&mut file, &line(page, y, kind));
            y += same + 1;
        }
    }
    file
}

/// Section 4.3, table 2: big-endian numbers at fixed places, the rest zero.
fn header(file: &mut Vec<u8>, kind: Kind, pages: usize) {
    let mut header = [0; HEADER];
    let mut put = |at: usize, number: u32| {
        header[at..at + 4].copy_from_slice(&number.to_be_bytes());
    };
    let scale = kind.scale as u32;
    let dpi = DPI as u32 * scale;
    let width = WIDTH as u32 * scale;
    let bits = if kind.black { 1 } else { 8 };
    put(276, dpi);
    put(280, dpi);
    put(340, 1); // copies
    put(352, POINTS.0);
    put(356, POINTS.1);
    put(372, width);
    put(376, HEIGHT as u32 * scale);
    put(384, bits);
    put(388, bits);
    put(392, (width * bits).div_ceil(8));
    // Colour spaces: black, and grey by sRGB's curve.
    put(400, if kind.black { 3 } else { 18 });
    put(420, 1); // colours
    put(452, pages as u32);
    put(456, 1); // neither mirrored
    put(460, 1);
    for (at, text) in [(0, "PwgRaster"), (1732, super::state::A4)] {
        header[at..at + text.len()].copy_from_slice(text.as_bytes());
    }
    file.extend_from_slice(&header);
}

fn row(page: &Bitmap, y: usize) -> &[u8] {
    &page.rows()[y * page.stride()..(y + 1) * page.stride()]
}

/// A line as printed, unpacked.
fn line(page: &Bitmap, y: usize, kind: Kind) -> Zeroizing<Vec<u8>> {
    let dots = (0..WIDTH * kind.scale).map(|x| page.get(x / kind.scale, y));
    if !kind.black {
        return Zeroizing::new(dots.map(|black| if black { 0 } else { 255 }).collect());
    }
    if kind.scale == 1 {
        return Zeroizing::new(row(page, y).to_vec());
    }
    let mut bytes = Zeroizing::new(vec![0; (WIDTH * kind.scale).div_ceil(8)]);
    for (x, _) in dots.enumerate().filter(|(_, black)| *black) {
        bytes[x / 8] |= 0x80 >> (x % 8);
    }
    bytes
}

/// Section 4.4: 0 to 127 repeats the next byte 1 to 128 times, 255 down to 129 is 2 to 128 bytes as they
/// are.
fn pack(file: &mut Vec<u8>, line: &[u8]) {
    let mut at = 0;
    while at < line.len() {
        let rest = &line[at..];
        let run = rest
            .iter()
            .take(128)
            .take_while(|byte| **byte == rest[0])
            .count();
        if run > 1 || rest.len() == 1 {
            file.extend_from_slice(&[(run - 1) as u8, rest[0]]);
            at += run;
            continue;
        }
        let literal = rest
            .windows(2)
            .take(127)
            .take_while(|pair| pair[0] != pair[1])
            .count();
        if literal == 1 {
            file.extend_from_slice(&[0, rest[0]]);
        } else {
            file.push((257 - literal) as u8);
            file.extend_from_slice(&rest[..literal]);
        }
        at += literal;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(bytes: &[u8], at: usize) -> usize {
        u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize
    }

    fn unpack(mut bytes: &[u8], length: usize) -> (Vec<u8>, &[u8]) {
        let mut line = Vec::new();
        while line.len() < length {
            let count = usize::from(bytes[0]);
            if count < 128 {
                line.extend(std::iter::repeat_n(bytes[1], count + 1));
                bytes = &bytes[2..];
            } else {
                assert!(count > 128);
                line.extend(&bytes[1..][..257 - count]);
                bytes = &bytes[1 + 257 - count..];
            }
        }
        assert_eq!(line.len(), length);
        (line, bytes)
    }

    #[test]
    fn every_dot_arrives_at_every_scale() {
        let mut page = Bitmap::new(WIDTH, HEIGHT);
        page.fill(0, 0, 3, 1);
        page.fill(WIDTH - 1, HEIGHT - 1, 1, 1);
        page.fill(700, 1000, 901, 700);
        for x in (0..WIDTH).step_by(3) {
            page.set(x, 20);
        }
        let document = Document::new(vec![page.clone(), Bitmap::new(WIDTH, HEIGHT)]).unwrap();
        for (scale, black) in [(1, true), (1, false), (2, true), (2, false)] {
            let file = encode(&document, Kind { scale, black });
            assert_eq!(&file[..4], b"RaS2");
            let mut rest = &file[4..];
            for page in document.pages() {
                let (header, mut lines) = rest.split_at(HEADER);
                assert!(header.starts_with(b"PwgRaster\0"));
                assert_eq!(number(header, 372), WIDTH * scale);
                assert_eq!(number(header, 376), HEIGHT * scale);
                assert_eq!(number(header, 452), 2);
                let stride = number(header, 392);
                let mut y = 0;
                while y < HEIGHT * scale {
                    let times = usize::from(lines[0]) + 1;
                    let (line, after) = unpack(&lines[1..], stride);
                    lines = after;
                    for x in (0..WIDTH * scale).step_by(7).chain([WIDTH * scale - 1]) {
                        let dot = if black {
                            line[x / 8] & 0x80 >> (x % 8) != 0
                        } else {
                            line[x] == 0
                        };
                        for y in y..y + times {
                            assert_eq!(dot, page.get(x / scale, y / scale), "{x} {y}");
                        }
                    }
                    y += times;
                }
                assert_eq!(y, HEIGHT * scale);
                rest = lines;
            }
            assert!(rest.is_empty());
        }
    }

    proptest! {
        #[test]
        fn packing_is_undone_by_unpacking(
            line in prop::collection::vec(prop_oneof![Just(0), Just(255), any::<u8>()], 1..700)
        ) {
            let mut packed = Vec::new();
            pack(&mut packed, &line);
            let (back, rest) = unpack(&packed, line.len());
            prop_assert!(rest.is_empty());
            prop_assert_eq!(back, line);
        }
    }
}
