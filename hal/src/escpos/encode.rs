//! From a slip to the bytes that print it.

use std::cell::RefCell;
use std::rc::Rc;

use escpos::driver::Driver;
use escpos::errors::PrinterError;
use escpos::printer::Printer as Builder;
use escpos::utils::{JustifyMode, Protocol, UnderlineMode};
use qrcode::EcLevel;

use super::charset::code;
use super::{Charset, Profile, QrMethod, outlet};
use crate::glyph::{self, Bitmap, GlyphError, LINE_PITCH, with_face};
use crate::qr::{self, Plan};
use crate::slip::{Align, Element, Slip, Style, char_columns};
use crate::wipe::Bytes;

/// Why a slip cannot be turned into bytes.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// A character or QR code has to be drawn and cannot be.
    #[error(transparent)]
    Glyph(#[from] GlyphError),
    /// The command builder refuses a command.
    #[error("the command builder refuses: {0}")]
    Builder(#[from] PrinterError),
}

/// The bytes that print a slip and cut it off, without a completion request.
///
/// They may hold personal data: the caller zeroises them.
///
/// # Errors
/// [`EncodeError`]; a slip that fits its paper fails only without a Chinese font, and only if some
/// character has to be drawn.
pub fn encode(slip: &Slip, profile: &Profile) -> Result<Vec<u8>, EncodeError> {
    program(slip, profile).map(|program| program.bytes.take())
}

/// The bytes of a slip, and where other commands may come between them.
pub(super) struct Program {
    pub(super) bytes: Bytes,
    /// Offsets between two commands. A real-time request sent elsewhere would be taken for the data of
    /// the command that it interrupts as well.
    pub(super) seams: Vec<usize>,
    /// Dots of paper that the slip needs.
    pub(super) dots: usize,
}

/// Starts a slip on a printer in any state: `ESC @`, motion units of one dot (`GS P 203 203`: printers
/// differ in what they start with; [`Profile::motion_units`]), line spacing, Chinese mode (`FS &`).
pub(super) fn program(slip: &Slip, profile: &Profile) -> Result<Program, EncodeError> {
    let mut encoder = Encoder::new(profile);
    encoder.build(|builder| {
        let builder = builder.init()?;
        let builder = match profile.motion_units {
            true => builder.motion_units(203, 203)?,
            false => builder,
        };
        builder.line_spacing(LINE_PITCH as u8)
    })?;
    if profile.charset != Charset::Ascii {
        encoder.raw(&CHINESE_ON);
    }
    encoder.seam();
    for element in &slip.elements {
        match element {
            Element::Line { text, style, align } => encoder.line(text, *style, *align)?,
            Element::Rule => {
                encoder.line(&glyph::rule(profile.paper), Style::default(), Align::Left)?
            }
            Element::Feed(0) => {}
            Element::Feed(lines) => {
                encoder.pitch(LINE_PITCH)?;
                encoder.build(|builder| builder.feeds(*lines))?;
                encoder.dots += LINE_PITCH * usize::from(*lines);
            }
            Element::Qr { data } => encoder.qr(data)?,
        }
        encoder.seam();
    }
    encoder.raw(&outlet::ending(profile));
    encoder.seam();
    encoder.dots += usize::from(profile.cut_feed);
    let bytes = encoder.out.take();
    Ok(Program {
        bytes,
        seams: encoder.seams,
        dots: encoder.dots,
    })
}

/// `FS &`: bytes from 0x81 on begin a Chinese character.
const CHINESE_ON: [u8; 2] = [0x1C, 0x26];

/// Second bytes after 0x10 (`DLE`) that printers act upon at once, wherever they stand: `DLE EOT`,
/// `DLE ENQ`, `DLE DC4`.
const REAL_TIME: [u8; 3] = [0x04, 0x05, 0x14];

/// Tallest band of a picture, in dots: small enough that a status request between two bands never
/// waits long (2.3 KB, 0.2 s at 115200 baud).
const BAND: usize = 32;

/// Memory that the command builder writes to.
#[derive(Clone)]
struct Memory(Rc<RefCell<Bytes>>);

impl Memory {
    fn take(&self) -> Bytes {
        self.0.take()
    }
}

impl Driver for Memory {
    fn name(&self) -> String {
        "memory".into()
    }

    fn write(&self, data: &[u8]) -> escpos::errors::Result<()> {
        self.0.borrow_mut().extend(data);
        Ok(())
    }

    fn read(&self, _: &mut [u8]) -> escpos::errors::Result<usize> {
        Ok(0)
    }

    fn flush(&self) -> escpos::errors::Result<()> {
        Ok(())
    }
}

struct Encoder<'a> {
    profile: &'a Profile,
    builder: Builder<Memory>,
    out: Memory,
    seams: Vec<usize>,
    dots: usize,
    // What the printer is set to now: a setting is sent only when it changes.
    style: Style,
    align: Align,
    pitch: usize,
}

impl<'a> Encoder<'a> {
    fn new(profile: &'a Profile) -> Self {
        let out = Memory(Rc::new(RefCell::new(Bytes::with_capacity(8 * 1024))));
        Self {
            profile,
            builder: Builder::new(out.clone(), Protocol::default(), None),
            out,
            seams: Vec::new(),
            dots: 0,
            style: Style::default(),
            align: Align::default(),
            pitch: LINE_PITCH,
        }
    }

    /// Sends commands without personal data through the builder.
    fn build(
        &mut self,
        commands: impl FnOnce(&mut Builder<Memory>) -> escpos::errors::Result<&mut Builder<Memory>>,
    ) -> Result<(), EncodeError> {
        commands(&mut self.builder)?.print()?;
        Ok(())
    }

    fn raw(&mut self, bytes: &[u8]) {
        self.out.0.borrow_mut().extend(bytes);
    }

    fn seam(&mut self) {
        self.seams.push(self.out.0.borrow().len());
    }

    fn line(&mut self, text: &str, style: Style, align: Align) -> Result<(), EncodeError> {
        let text = fitting(text, style, self.profile);
        let charset = self.profile.charset;
        self.align(align)?;
        if text
            .chars()
            .any(|character| !character.is_control() && code(character, charset).is_none())
        {
            let bitmap = with_face(|face| face.line(text, style, self.profile.paper.dots()))?;
            self.picture(&bitmap);
            let rest = glyph::pitch(style) - bitmap.height();
            self.feed_dots(rest);
            return Ok(());
        }
        self.pitch(glyph::pitch(style))?;
        self.style(style)?;
        for character in text.chars() {
            if let Some(code) = code(character, charset) {
                self.raw(code.as_bytes());
            }
        }
        self.raw(b"\n");
        self.dots += self.pitch;
        Ok(())
    }

    fn style(&mut self, style: Style) -> Result<(), EncodeError> {
        let was = std::mem::replace(&mut self.style, style);
        if was.bold != style.bold {
            self.build(|builder| builder.bold(style.bold))?;
        }
        if was.underline != style.underline {
            let mode = if style.underline {
                UnderlineMode::Single
            } else {
                UnderlineMode::None
            };
            self.build(|builder| builder.underline(mode))?;
        }
        if (was.wide, was.tall) != (style.wide, style.tall) {
            let times = |double| if double { 2 } else { 1 };
            self.build(|builder| builder.size(times(style.wide), times(style.tall)))?;
        }
        let chinese = |style: Style| {
            u8::from(style.wide) << 2 | u8::from(style.tall) << 3 | u8::from(style.underline) << 7
        };
        if chinese(was) != chinese(style) && self.profile.charset != Charset::Ascii {
            // `FS ! n`: on many printers `GS !` and `ESC -` leave Chinese characters as they are. The
            // escpos crate has no FS command.
            self.raw(&[0x1C, 0x21, chinese(style)]);
        }
        Ok(())
    }

    fn align(&mut self, align: Align) -> Result<(), EncodeError> {
        if std::mem::replace(&mut self.align, align) != align {
            let mode = match align {
                Align::Left => JustifyMode::LEFT,
                Align::Centre => JustifyMode::CENTER,
                Align::Right => JustifyMode::RIGHT,
            };
            self.build(|builder| builder.justify(mode))?;
        }
        Ok(())
    }

    /// Line spacing: a tall line needs more, or it touches the next.
    fn pitch(&mut self, pitch: usize) -> Result<(), EncodeError> {
        if std::mem::replace(&mut self.pitch, pitch) != pitch {
            self.build(|builder| builder.line_spacing(pitch as u8))?;
        }
        Ok(())
    }

    /// `ESC J n`, in pieces of at most 255 dots.
    fn feed_dots(&mut self, dots: usize) {
        self.dots += dots;
        let mut left = dots;
        while left > 0 {
            let now = left.min(255);
            self.raw(&[0x1B, 0x4A, now as u8]);
            left -= now;
        }
    }

    fn qr(&mut self, data: &str) -> Result<(), EncodeError> {
        let too_long = GlyphError::QrTooLong { bytes: data.len() };
        let plan = Plan::new(data, self.profile.paper).ok_or(too_long.clone())?;
        let margin = qr::QUIET_ZONE * plan.module;
        self.align(Align::Centre)?;
        self.feed_dots(margin);
        let drawn_there = match self.profile.qr {
            QrMethod::Native => self.native_qr(data, &plan),
            QrMethod::Raster => false,
        };
        if !drawn_there {
            self.picture(&plan.draw(data).ok_or(too_long)?);
        }
        self.feed_dots(margin);
        Ok(())
    }

    /// `GS ( k`: model 2, module size, error correction, store, print. False, with nothing sent, if the
    /// command's bytes would hold a real-time command.
    fn native_qr(&mut self, data: &str, plan: &Plan) -> bool {
        let level = match plan.level {
            EcLevel::L => 0x30,
            EcLevel::M => 0x31,
            EcLevel::Q => 0x32,
            EcLevel::H => 0x33,
        };
        let Ok([low, high]) = u16::try_from(data.len() + 3).map(u16::to_le_bytes) else {
            return false;
        };
        let mut command = Bytes::with_capacity(data.len() + 48);
        command.extend(&[0x1D, 0x28, 0x6B, 0x04, 0x00, 0x31, 0x41, 0x32, 0x00]);
        command.extend(&[0x1D, 0x28, 0x6B, 0x03, 0x00, 0x31, 0x43, plan.module as u8]);
        command.extend(&[0x1D, 0x28, 0x6B, 0x03, 0x00, 0x31, 0x45, level]);
        command.extend(&[0x1D, 0x28, 0x6B, low, high, 0x31, 0x50, 0x30]);
        command.extend(data.as_bytes());
        command.extend(&[0x1D, 0x28, 0x6B, 0x03, 0x00, 0x31, 0x51, 0x30]);
        if holds_real_time(&command) {
            return false;
        }
        self.raw(&command);
        self.dots += plan.dots();
        true
    }

    /// `GS v 0`, in bands, as wide as the ink: the printer aligns it.
    fn picture(&mut self, bitmap: &Bitmap) {
        if bitmap.inked_width() == 0 {
            self.feed_dots(bitmap.height());
            return;
        }
        // The printer aligns whole bytes: what fills them up stands where that leaves the dots right.
        let filling = bitmap.stride() * 8 - bitmap.width();
        let (across, before) = match self.align {
            Align::Left => (bitmap.inked_width().div_ceil(8), 0),
            // Trimming these would shift them by what was trimmed.
            Align::Centre => (bitmap.stride(), filling / 2),
            Align::Right => (bitmap.stride(), filling),
        };
        let bitmap = bitmap.moved_right(before);
        for band in bitmap.rows().chunks(bitmap.stride() * BAND) {
            let rows = band.len() / bitmap.stride();
            let mut data = Bytes::with_capacity(across * rows);
            for row in band.chunks(bitmap.stride()) {
                data.extend(&row[..across]);
            }
            let mut data = zeroize::Zeroizing::new(data.take());
            nudge_real_time(&mut data);
            self.raw(&[0x1D, 0x76, 0x30, 0x00, across as u8, 0x00, rows as u8, 0x00]);
            self.raw(&data);
            self.dots += rows;
            self.seam();
        }
    }
}

/// As much of the text as the paper is wide: printers would wrap the rest onto a line of its own.
fn fitting<'t>(text: &'t str, style: Style, profile: &Profile) -> &'t str {
    let room = profile.paper.columns() / if style.wide { 2 } else { 1 };
    let mut used = 0;
    let end = text.char_indices().find(|&(_, character)| {
        used += char_columns(character);
        used > room
    });
    end.map_or(text, |(at, _)| &text[..at])
}

fn holds_real_time(bytes: &[u8]) -> bool {
    bytes
        .windows(2)
        .any(|pair| pair[0] == 0x10 && REAL_TIME.contains(&pair[1]))
}

/// Blackens one dot beside a lone one wherever a picture's bytes would pass for a real-time command:
/// 0x10 becomes 0x18.
fn nudge_real_time(data: &mut [u8]) {
    for at in 1..data.len() {
        if data[at - 1] == 0x10 && REAL_TIME.contains(&data[at]) {
            data[at - 1] = 0x18;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::escpos::{Completion, Model};
    use crate::slip::PaperWidth;
    use proptest::prelude::*;

    fn profile() -> Profile {
        Profile::epson(PaperWidth::Mm80)
    }

    /// What lies between the opening and the cut.
    fn body(slip: &Slip, profile: &Profile) -> Vec<u8> {
        let bytes = encode(slip, profile).unwrap();
        let opening = [&b"\x1b@\x1dP\xcb\xcb\x1b3\x22"[..], &CHINESE_ON].concat();
        assert!(bytes.starts_with(&opening), "{bytes:02x?}");
        let cut = b"\x1dVB\x18";
        assert!(bytes.ends_with(cut));
        bytes[opening.len()..bytes.len() - cut.len()].to_vec()
    }

    fn contains(bytes: &[u8], part: &[u8]) -> bool {
        bytes.windows(part.len()).any(|window| window == part)
    }

    #[test]
    fn plain_text_is_codes_and_line_feeds() {
        let mut slip = Slip::new();
        slip.text("导办A1").text("");
        assert_eq!(body(&slip, &profile()), b"\xB5\xBC\xB0\xEC\x411\n\n");
    }

    #[test]
    fn chinese_and_ascii_are_each_told_their_style() {
        let mut slip = Slip::new();
        let style = Style {
            bold: true,
            underline: true,
            wide: true,
            tall: true,
        };
        slip.line("导A", style, Align::Centre).text("导");
        let expected = [
            &b"\x1ba\x01\x1b3\x3c"[..],
            b"\x1bE\x01\x1b-\x01\x1d!\x11\x1c!\x8c",
            b"\xB5\xBCA\n",
            b"\x1ba\x00\x1b3\x22",
            b"\x1bE\x00\x1b-\x00\x1d!\x00\x1c!\x00",
            b"\xB5\xBC\n",
        ];
        assert_eq!(body(&slip, &profile()), expected.concat());
    }

    #[test]
    fn lines_with_characters_that_the_printer_lacks_are_drawn() {
        let mut slip = Slip::new();
        slip.text("张䶮");
        let gbk = Profile {
            charset: Charset::Gbk,
            ..profile()
        };
        assert!(contains(
            &body(&slip, &gbk),
            &[0x1D, 0x76, 0x30, 0x00, 6, 0x00, 24, 0x00]
        ));
        assert_eq!(body(&slip, &profile()), b"\xD5\xC5\xFE\x9F\n");
        let mut slip = Slip::new();
        slip.line(
            "𬭎",
            Style {
                wide: true,
                tall: true,
                ..Style::default()
            },
            Align::Right,
        );
        assert!(contains(
            &body(&slip, &profile()),
            &[0x1D, 0x76, 0x30, 0x00, 6, 0x00, 32, 0x00]
        ));
    }

    #[test]
    fn models_get_what_they_understand() {
        let mut slip = Slip::new();
        slip.text("A").line(
            "B",
            Style {
                underline: true,
                ..Style::default()
            },
            Align::Left,
        );
        let sent = |name| {
            let profile = Model::named(name).unwrap().profile;
            encode(&slip, &profile).unwrap()
        };
        // No Chinese mode, and the presenter's command instead of a cut.
        let underlined = b"\x1b@\x1dP\xcb\xcb\x1b3\x22A\n\x1b-\x01B\n";
        assert_eq!(
            sent("pyramid-reliance"),
            [&underlined[..], b"\x1bJ\x18\x1de\x03\x0c"].concat()
        );
        assert_eq!(
            sent("custom-vkp80iii"),
            [&underlined[..], b"\x1bJ\x18\x1cP\x02\x01R\x3c"].concat()
        );
        // `GS P` would be the alignment of bar codes.
        assert_eq!(
            sent("masung-ms-d347"),
            b"\x1b@\x1b3\x22\x1c&A\n\x1b-\x01\x1c!\x80B\n\x1bJ\x78\x1bm"
        );
    }

    #[test]
    fn what_is_too_wide_is_cut_off_and_control_characters_are_left_out() {
        let mut slip = Slip::new();
        slip.text("导".repeat(30)).text("a\x10\x04\x1bb");
        let expected = [b"\xB5\xBC".repeat(24), b"\nab\n".to_vec()].concat();
        assert_eq!(body(&slip, &profile()), expected);
    }

    #[test]
    fn qr_codes_are_drawn_by_the_printer_or_by_us() {
        let mut slip = Slip::new();
        slip.qr("https://yici.example/");
        let native = body(&slip, &profile());
        assert!(contains(
            &native,
            b"\x1d(k\x18\x00\x31\x50\x30https://yici.example/"
        ));
        assert!(contains(
            &native,
            b"\x1d(k\x03\x00\x31\x43\x06\x1d(k\x03\x00\x31\x45\x31"
        ));
        let raster = body(
            &slip,
            &Profile {
                qr: QrMethod::Raster,
                ..profile()
            },
        );
        assert!(!contains(&raster, b"\x1d(k") && contains(&raster, b"\x1dv0\x00"));
    }

    #[test]
    fn pictures_stand_where_the_printer_would_have_put_their_dots() {
        let profile = Profile {
            qr: QrMethod::Raster,
            ..profile()
        };
        // 25 modules of 6 dots, in 19 bytes: one of the two dots more is before them.
        let mut slip = Slip::new();
        slip.qr("https://yici.example/");
        let centred = body(&slip, &profile);
        let start = b"\x1dv0\x00\x13\x00\x20\x00\x7f\xff\xff\xff\xff\xe0";
        assert!(contains(&centred, start));
        // 36 dots in 5 bytes: an underline ends at the edge of the paper.
        let mut slip = Slip::new();
        let underlined = Style {
            underline: true,
            ..Style::default()
        };
        slip.line("a𠮷", underlined, Align::Right);
        let right = body(&slip, &profile);
        assert!(contains(&right, b"\x1dv0\x00\x05\x00\x18\x00"));
        assert!(contains(
            &right,
            b"\x0f\xff\xff\xff\xff\x0f\xff\xff\xff\xff"
        ));
    }

    #[test]
    fn data_that_hold_real_time_commands_are_kept_from_the_printer() {
        let mut slip = Slip::new();
        // A length of 0x0410 is such a pair in the command's own bytes.
        for data in ["a\x10\x14b".to_owned(), "x".repeat(0x0410 - 3)] {
            slip.elements = vec![Element::Qr { data }];
            let bytes = body(&slip, &profile());
            assert!(!contains(&bytes, b"\x1d(k") && contains(&bytes, b"\x1dv0\x00"));
        }
        let mut rows = [0x10, 0x10, 0x04, 0x10, 0x05, 0x10, 0x14, 0x10, 0x15];
        nudge_real_time(&mut rows);
        assert_eq!(rows, [0x10, 0x18, 0x04, 0x18, 0x05, 0x18, 0x14, 0x10, 0x15]);
    }

    #[test]
    fn a_typical_slip_is_a_tenth_of_its_picture() {
        let mut slip = Slip::new();
        slip.line(
            "导办告知单",
            Style {
                tall: true,
                bold: true,
                ..Style::default()
            },
            Align::Centre,
        )
        .rule();
        for _ in 0..20 {
            slip.text("□ 结婚证            原件 1份")
                .text("  为什么要：证明父母的婚姻关系");
        }
        slip.qr("https://yici.example/g/AbCdEf0123456789").feed(1);
        let program = program(&slip, &profile()).unwrap();
        let raster = program.dots * PaperWidth::Mm80.dots() / 8;
        assert!(
            program.bytes.len() * 10 <= raster,
            "{} bytes, {raster} as a picture",
            program.bytes.len()
        );
    }

    fn styles() -> impl Strategy<Value = Style> {
        any::<[bool; 4]>().prop_map(|[bold, underline, wide, tall]| Style {
            bold,
            underline,
            wide,
            tall,
        })
    }

    fn elements() -> impl Strategy<Value = Element> {
        let aligns = prop_oneof![Just(Align::Left), Just(Align::Centre), Just(Align::Right)];
        prop_oneof![
            ("[ -~一-龥䶮𬭎\u{1F600}]{0,30}|\\PC{0,9}", styles(), aligns)
                .prop_map(|(text, style, align)| Element::Line { text, style, align }),
            "\\PC{0,80}".prop_map(|data| Element::Qr { data }),
            Just(Element::Rule),
            any::<u8>().prop_map(Element::Feed),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn no_slip_holds_a_real_time_command(
            elements in prop::collection::vec(elements(), 0..8), charset in prop_oneof![Just(Charset::Gb2312), Just(Charset::Gbk), Just(Charset::Gb18030)],
            native in any::<bool>(),
        ) {
            let qr = if native { QrMethod::Native } else { QrMethod::Raster };
            let profile = Profile { charset, qr, completion: Completion::None, ..Profile::epson(PaperWidth::Mm58) };
            let slip = Slip { elements };
            let program = program(&slip, &profile).unwrap();
            prop_assert!(!holds_real_time(&program.bytes));
            prop_assert_eq!(program.seams.last(), Some(&program.bytes.len()));
            prop_assert!(program.seams.is_sorted());
        }
    }
}
