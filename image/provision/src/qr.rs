//! A setup file as a QR code: `YICI-SETUP1:`, then the file, deflated, in base 45 (RFC 9285).
//!
//! All of it are capitals and digits, which scanners that act as keyboards type faithfully, while they
//! cannot type Chinese and end a code at its first line end; and QR codes store them in 5.5 bits each.

use image::{GrayImage, Luma};
use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;
use qrcode::{Color, EcLevel, QrCode};

use crate::MAX_BYTES;
use crate::finding::{Code, Refused};

/// What a setup's code begins with.
pub const PREFIX: &str = "YICI-SETUP1:";

/// A code has at most this many characters: what the code scanners' drivers take.
pub const MAX_CHARS: usize = 4096;

const ALPHABET: &[u8; 45] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

/// Why a file does not fit a QR code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TooLarge {
    /// More characters than [`MAX_CHARS`], or than a QR code holds.
    #[error("the code would have {0} characters, and {MAX_CHARS} fit")]
    Chars(usize),
}

/// What stands in a setup file's code.
///
/// # Errors
/// When it is too large.
pub fn encode(file: &str) -> Result<String, TooLarge> {
    let packed = compress_to_vec_zlib(file.as_bytes(), 10);
    let mut text = String::from(PREFIX);
    for pair in packed.chunks(2) {
        let (mut number, digits) = match pair {
            [high, low] => (usize::from(*high) * 256 + usize::from(*low), 3),
            short => (short.iter().map(|byte| usize::from(*byte)).sum(), 2),
        };
        for _ in 0..digits {
            text.push(char::from(ALPHABET[number % 45]));
            number /= 45;
        }
    }
    if text.len() > MAX_CHARS {
        return Err(TooLarge::Chars(text.len()));
    }
    Ok(text)
}

/// The bytes of a setup file, from what a scanner read. They are not checked yet.
///
/// # Errors
/// When the code holds no setup file, or not the whole.
pub fn decode(code: &[u8]) -> Result<Vec<u8>, Refused> {
    let refused = || {
        Refused::whole(
            Code::NotSetup,
            "这不是终端设置码，或者没有扫全；请重新扫描",
            "this is no setup code, or not all of it was read; scan it again",
        )
    };
    let digits = code
        .strip_prefix(PREFIX.as_bytes())
        .filter(|_| code.len() <= MAX_CHARS)
        .ok_or_else(refused)?;
    let mut packed = Vec::with_capacity(digits.len());
    for group in digits.chunks(3) {
        let mut number = 0;
        for digit in group.iter().rev() {
            let value = ALPHABET.iter().position(|known| known == digit);
            number = number * 45 + value.ok_or_else(refused)?;
        }
        let bytes = match group.len() {
            3 => u16::try_from(number).map(|pair| pair.to_be_bytes().to_vec()),
            2 => u8::try_from(number).map(|byte| vec![byte]),
            _ => return Err(refused()),
        };
        packed.extend(bytes.map_err(|_| refused())?);
    }
    decompress_to_vec_zlib_with_limit(&packed, MAX_BYTES).map_err(|_| refused())
}

/// The code as a picture of black and white, with its quiet zone; 4 pixels a module.
///
/// # Errors
/// When it is too large.
pub fn picture(file: &str) -> Result<GrayImage, TooLarge> {
    const MODULE: usize = 4;
    const QUIET: usize = 4;
    let text = encode(file)?;
    let code = QrCode::with_error_correction_level(&text, EcLevel::L)
        .map_err(|_| TooLarge::Chars(text.len()))?;
    let modules = code.to_colors();
    let width = code.width();
    let side = (width + 2 * QUIET) * MODULE;
    // At most 185 modules a side.
    let side = u32::try_from(side).map_err(|_| TooLarge::Chars(text.len()))?;
    Ok(GrayImage::from_fn(side, side, |x, y| {
        let module = |at: u32| (at as usize / MODULE).checked_sub(QUIET);
        let dark = match (module(x), module(y)) {
            (Some(x), Some(y)) if x < width && y < width => modules[y * width + x] == Color::Dark,
            _ => false,
        };
        Luma([if dark { 0 } else { 255 }])
    }))
}
