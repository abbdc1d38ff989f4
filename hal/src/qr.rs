//! QR codes: which version and module size fit the paper.

use qrcode::bits::Bits;
use qrcode::{EcLevel, QrCode, Version};

use crate::glyph::Bitmap;
use crate::slip::PaperWidth;

/// Blank modules that a reader needs around the symbol.
pub(crate) const QUIET_ZONE: usize = 4;

/// Largest module, in dots: 0.75 mm, enough at arm's length, and saves paper.
const LARGEST_MODULE: usize = 6;

/// Below this many dots a module is printed unsteadily: less error correction then buys larger modules.
const COMFORTABLE_MODULE: usize = 4;

/// Smallest module in dots that telephones still read from thermal paper.
const SMALLEST_MODULE: usize = 3;

/// How data becomes a symbol on a paper of some width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Error correction.
    pub level: EcLevel,
    /// Version, 1 to 40.
    pub version: i16,
    /// Side of a module in dots.
    pub module: usize,
}

impl Plan {
    /// Plans a symbol: level M, or L if modules would be too small otherwise; `None` if the data do not fit.
    pub(crate) fn new(data: &str, paper: PaperWidth) -> Option<Self> {
        let medium = Self::at_level(data, paper, EcLevel::M);
        match medium {
            Some(plan) if plan.module >= COMFORTABLE_MODULE => medium,
            Some(_) | None => Self::at_level(data, paper, EcLevel::L)
                .filter(|low| medium.is_none_or(|medium| low.module > medium.module))
                .or(medium),
        }
    }

    /// The version is that of byte mode throughout, as the simplest printer encodes: one that mixes
    /// modes needs no larger one.
    fn at_level(data: &str, paper: PaperWidth, level: EcLevel) -> Option<Self> {
        let version = (1..=40).find(|&version| fits(data.len(), version, level))?;
        let module = paper.dots() / (side(version) + 2 * QUIET_ZONE);
        (module >= SMALLEST_MODULE).then(|| Self {
            level,
            version,
            module: module.min(LARGEST_MODULE),
        })
    }

    /// Side of the symbol in dots, without quiet zone.
    pub(crate) fn dots(&self) -> usize {
        side(self.version) * self.module
    }

    /// Draws the symbol, without quiet zone. The qrcode crate's own buffers are not zeroised.
    pub(crate) fn draw(&self, data: &str) -> Option<Bitmap> {
        let code = QrCode::with_bits(encode(data, self.version, self.level)?, self.level).ok()?;
        let mut bitmap = Bitmap::new(self.dots(), self.dots());
        for (at, colour) in code.to_colors().into_iter().enumerate() {
            let (x, y) = (at % code.width(), at / code.width());
            if colour == qrcode::Color::Dark {
                bitmap.fill(x * self.module, y * self.module, self.module, self.module);
            }
        }
        Some(bitmap)
    }
}

/// Whether so many bytes fit a version in byte mode: 4 bits of mode, 8 or 16 of length, the bytes.
fn fits(length: usize, version: i16, level: EcLevel) -> bool {
    let count = if version < 10 { 8 } else { 16 };
    Bits::new(Version::Normal(version))
        .max_len(level)
        .is_ok_and(|most| 4 + count + 8 * length <= most)
}

/// Data in byte mode; `None` if they do not fit the version.
///
/// The crate's own choice of modes takes pairs of UTF-8 bytes for Shift-JIS where they happen to look
/// like it, which can need more room than byte mode, and which not all readers take back apart.
fn encode(data: &str, version: i16, level: EcLevel) -> Option<Bits> {
    let mut bits = Bits::new(Version::Normal(version));
    bits.push_byte_data(data.as_bytes())
        .and_then(|()| bits.push_terminator(level))
        .ok()?;
    Some(bits)
}

/// Modules of a version's side.
fn side(version: i16) -> usize {
    17 + 4 * usize::from(version.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_symbol_fits_its_paper() {
        for paper in [PaperWidth::Mm58, PaperWidth::Mm80] {
            for length in (1..3000).step_by(13) {
                if let Some(plan) = Plan::new(&"x".repeat(length), paper) {
                    assert!(
                        plan.dots() + 2 * QUIET_ZONE * plan.module <= paper.dots(),
                        "{length}"
                    );
                    assert!((SMALLEST_MODULE..=LARGEST_MODULE).contains(&plan.module));
                }
            }
        }
    }

    #[test]
    fn dense_symbols_give_up_error_correction() {
        let short = Plan::new("https://yici.example/g/3", PaperWidth::Mm58).unwrap();
        assert_eq!((short.level, short.module), (EcLevel::M, LARGEST_MODULE));
        let dense = Plan::new(&"x".repeat(600), PaperWidth::Mm58).unwrap();
        assert_eq!(
            (dense.level, dense.module),
            (EcLevel::L, 4),
            "level M would leave 3 dots"
        );
    }

    #[test]
    fn knows_how_much_fits() {
        let most =
            |paper| (1..3000).rfind(|&length| Plan::new(&"x".repeat(length), paper).is_some());
        assert_eq!(most(PaperWidth::Mm58), Some(1273));
        assert_eq!(most(PaperWidth::Mm80), Some(2953));
        assert!(Plan::new("", PaperWidth::Mm58).is_some());
    }

    #[test]
    fn whatever_is_planned_can_be_drawn() {
        // UTF-8 that looks like Shift-JIS, and lengths around every change of version.
        for length in 1..300 {
            let data: String = "譁蟄怜喧縺代".chars().cycle().take(length).collect();
            if let Some(plan) = Plan::new(&data, PaperWidth::Mm58) {
                assert_eq!(
                    plan.draw(&data).map(|bitmap| bitmap.width()),
                    Some(plan.dots()),
                    "{length}"
                );
            }
        }
    }
}
