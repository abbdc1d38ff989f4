//! Bytes out of the buffer, command by command, onto paper.

use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use qrcode::bits::Bits;
use qrcode::{EcLevel, QrCode, Version};
use yici_hal::glyph::Bitmap;

use super::Shared;
use super::machine::Machine;
use super::model::{Answers, GsP, Outlet};
use super::paper::HEAD_TO_CUTTER;
use super::text::{Charset, Line, Modes, Shape, shapes};

/// Time of a row of dots at 150 mm/s.
const ROW: Duration = Duration::from_nanos(1_000_000_000 / (150 * 8));

/// Rows printed between two looks at paper, cover and head: 1 mm.
const STEP: usize = 8;

/// Longest delay by this machine's own doing.
const LAG: Duration = Duration::from_millis(100);

/// Time from the cutter to the outlet, or back.
const PRESENT: Duration = Duration::from_millis(400);

/// How much a cut leaves.
#[derive(PartialEq, Eq)]
enum Blade {
    All,
    ButOnePoint,
}

/// Time of a cut.
const CUT: Duration = Duration::from_millis(150);

/// Dots from line to line after `ESC @`: 1/6 inch.
const SPACING: usize = 34;

/// The buffer was cleared in the middle of something.
struct Cleared;

type Step = Result<(), Cleared>;

/// Interprets for ever.
pub fn run(shared: &Arc<Shared>) {
    let mut interpreter = Interpreter::new(shared);
    loop {
        if let Err(Cleared) = interpreter.command() {
            // What was being put together is gone; settings stay, as after the real command.
            interpreter.line = Line::default();
            interpreter.symbol.clear();
        }
    }
}

struct Interpreter<'a> {
    shared: &'a Arc<Shared>,
    /// The clears that this command has seen.
    clears: u64,
    line: Line,
    modes: Modes,
    align: u8,
    spacing: usize,
    symbol: Vec<u8>,
    symbol_module: usize,
    symbol_level: EcLevel,
    /// When the paper will have come to rest.
    still: Instant,
    /// The command under way was done when it arrived, and moves nothing.
    passing: bool,
}

impl<'a> Interpreter<'a> {
    fn new(shared: &'a Arc<Shared>) -> Self {
        Self {
            shared,
            clears: 0,
            line: Line::default(),
            modes: Modes::default(),
            align: 0,
            spacing: SPACING,
            symbol: Vec::new(),
            symbol_module: 3,
            symbol_level: EcLevel::L,
            still: Instant::now(),
            passing: false,
        }
    }

    /// Carries one command out.
    fn command(&mut self) -> Step {
        self.clears = self.shared.lock().clears;
        self.passing = false;
        match self.byte()? {
            b'\n' => self.print_line(),
            0x10 => self.skip_real_time(),
            0x1B => self.escape(),
            0x1C => self.chinese(),
            0x1D => self.group(),
            byte @ 0x20..=0x7E => self.character(&[Shape::Character(char::from(byte))], false),
            lead @ 0x81.. if self.modes.chinese => {
                let trail = self.byte()?;
                let shapes = if (0x30..=0x39).contains(&trail) {
                    shapes(
                        &[lead, trail, self.byte()?, self.byte()?],
                        self.shared.setup.charset,
                    )
                } else {
                    shapes(&[lead, trail], self.shared.setup.charset)
                };
                self.character(&shapes, true)
            }
            // A code page that nobody set: print something that shows it.
            0x80.. => self.character(&[Shape::Character('?')], false),
            // Tabulators, carriage returns and other control characters do nothing here.
            byte => {
                if !matches!(byte, 0x09 | 0x0D) {
                    self.unknown(&[byte]);
                }
                Ok(())
            }
        }
    }

    /// `DLE ...`: done when it arrived.
    fn skip_real_time(&mut self) -> Step {
        self.passing = true;
        match self.byte()? {
            second @ (0x04 | 0x05) => {
                let n = self.byte()?;
                // It is no part of what makes the slip.
                let mut machine = self.shared.lock();
                let length = machine.taken.len().saturating_sub(3);
                machine.taken.truncate(length);
                let in_order = self.shared.setup.features.answers == Answers::InOrder;
                if second == 0x04 && in_order {
                    let answer = machine.real_time_status(n);
                    drop(machine);
                    self.answer(&answer);
                }
            }
            0x14 => {
                // Clearing has seven bytes more, the last of which clears this command away too; the
                // others (drawer, switching off) have two.
                let more = if self.byte()? == 8 { 7 } else { 2 };
                for _ in 0..more {
                    self.byte()?;
                }
            }
            second => self.unknown(&[0x10, second]),
        }
        Ok(())
    }

    fn escape(&mut self) -> Step {
        match self.byte()? {
            b'@' => {
                let (shared, clears, still) = (self.shared, self.clears, self.still);
                *self = Self {
                    clears,
                    still,
                    ..Self::new(shared)
                };
            }
            b'E' => self.modes.bold = self.byte()? & 1 == 1,
            b'-' => self.modes.ascii_underline = matches!(self.byte()?, 1 | 2 | b'1' | b'2'),
            b'!' => {
                let mode = self.byte()?;
                self.modes.bold = mode & 0x08 != 0;
                self.modes.ascii_tall = mode & 0x10 != 0;
                self.modes.ascii_wide = mode & 0x20 != 0;
                self.modes.ascii_underline = mode & 0x80 != 0;
            }
            b'a' => self.align = self.byte()? % 48,
            b'd' => {
                let lines = usize::from(self.byte()?);
                if !self.line.is_empty() {
                    self.print_line()?;
                    return self.feed(lines.saturating_sub(1) * self.spacing);
                }
                return self.feed(lines * self.spacing);
            }
            b'J' => {
                let dots = usize::from(self.byte()?);
                return if self.line.is_empty() {
                    self.feed(dots)
                } else {
                    self.print_line_feeding(dots)
                };
            }
            b'2' => self.spacing = SPACING,
            b'3' => self.spacing = usize::from(self.byte()?),
            b'i' => return self.cut(Blade::All),
            b'm' => return self.cut(Blade::ButOnePoint),
            // Fonts, code pages, national characters, spacing: taken and without effect.
            b't' | b'R' | b'M' | b'G' | b' ' | b'V' | b'{' => {
                self.byte()?;
            }
            other => self.unknown(&[0x1B, other]),
        }
        Ok(())
    }

    fn chinese(&mut self) -> Step {
        let features = &self.shared.setup.features;
        match self.byte()? {
            b'P' if features.outlet == Outlet::FsP => {
                let [_, _, then, seconds] = self.bytes::<4>()?;
                return self.present(Some((then, seconds)));
            }
            other if self.shared.setup.charset == Charset::Ascii => self.unknown(&[0x1C, other]),
            b'&' => self.modes.chinese = true,
            b'.' => self.modes.chinese = false,
            b'!' => {
                let mode = self.byte()?;
                self.modes.chinese_wide = mode & 0x04 != 0;
                self.modes.chinese_tall = mode & 0x08 != 0;
                self.modes.chinese_underline = mode & 0x80 != 0;
            }
            b'-' => self.modes.chinese_underline = matches!(self.byte()?, 1 | 2 | b'1' | b'2'),
            b'S' => {
                self.bytes::<2>()?;
            }
            other => self.unknown(&[0x1C, other]),
        }
        Ok(())
    }

    fn group(&mut self) -> Step {
        match self.byte()? {
            b'!' => {
                // Chinese characters do not heed it: FS ! is theirs.
                let size = self.byte()?;
                self.modes.ascii_wide = size >> 4 != 0;
                self.modes.ascii_tall = size & 0x0F != 0;
            }
            b'V' => {
                let mode = self.byte()?;
                let blade = match mode {
                    0 | b'0' | 65 => Blade::All,
                    _ => Blade::ButOnePoint,
                };
                let feed = match mode {
                    // It would search for a black mark that is not there.
                    66 if self.shared.setup.features.gs_p == GsP::BarCodes => {
                        self.byte()?;
                        self.unknown(b"mark");
                        return Ok(());
                    }
                    65 | 66 => HEAD_TO_CUTTER + usize::from(self.byte()?),
                    0 | 1 | b'0' | b'1' => 0,
                    other => {
                        self.unknown(&[0x1D, b'V', other]);
                        return Ok(());
                    }
                };
                if !self.line.is_empty() {
                    self.print_line()?;
                }
                self.feed(feed)?;
                return self.cut(blade);
            }
            b'e' if self.shared.setup.features.outlet == Outlet::GsE => return self.ejector(),
            b'v' => return self.raster(),
            b'(' => return self.group_long(),
            b'r' => {
                let kind = self.byte()?;
                if matches!(kind, 1 | b'1') && self.shared.setup.features.transmit_status {
                    let status = self.shared.lock().paper_status();
                    self.answer(&[status]);
                } else {
                    self.unknown(&[0x1D, b'r', kind]);
                }
            }
            b'P' => match self.shared.setup.features.gs_p {
                GsP::MotionUnits => {
                    self.bytes::<2>()?;
                }
                GsP::BarCodes => {
                    self.byte()?;
                }
            },
            b'L' | b'W' => {
                self.bytes::<2>()?;
            }
            b'B' | b'b' | b'h' | b'w' | b'H' | b'f' => {
                self.byte()?;
            }
            other => self.unknown(&[0x1D, other]),
        }
        Ok(())
    }

    /// `GS ( x pL pH ...`: those that are not known can be skipped, for their length is.
    fn group_long(&mut self) -> Step {
        let kind = self.byte()?;
        let length = usize::from(u16::from_le_bytes(self.bytes::<2>()?));
        let mut parameters = Vec::new();
        for _ in 0..length {
            parameters.push(self.byte()?);
        }
        let features = &self.shared.setup.features;
        match (kind, &parameters[..]) {
            (b'k', _) if !features.qr => self.unknown(b"QR"),
            (b'H', _) if !features.process_id => self.unknown(&[0x1D, b'(', b'H']),
            (b'k', [0x31, 0x41, _, _]) => {}
            (b'k', [0x31, 0x43, module]) => self.symbol_module = usize::from(*module).clamp(1, 16),
            (b'k', [0x31, 0x45, level]) => {
                self.symbol_level = match level {
                    0x31 => EcLevel::M,
                    0x32 => EcLevel::Q,
                    0x33 => EcLevel::H,
                    _ => EcLevel::L,
                }
            }
            (b'k', [0x31, 0x50, 0x30, data @ ..]) => self.symbol = data.to_vec(),
            (b'k', [0x31, 0x51, 0x30]) => return self.print_symbol(),
            (b'H', [0x30, 0x30, id @ ..]) if id.len() == 4 => {
                let answer = [&[0x37, 0x22][..], id, &[0x00]].concat();
                self.answer(&answer);
            }
            (kind, parameters) => {
                let head: Vec<u8> = [0x1D, b'(', kind]
                    .into_iter()
                    .chain(parameters.iter().take(2).copied())
                    .collect();
                self.unknown(&head);
            }
        }
        Ok(())
    }

    fn print_symbol(&mut self) -> Step {
        let code = match symbol(&self.symbol, self.symbol_level) {
            Some(code)
                if !self.symbol.is_empty()
                    && code.width() * self.symbol_module <= self.shared.setup.dots =>
            {
                code
            }
            // Too large for the paper: real ones print nothing either.
            Some(_) | None => {
                self.unknown(b"QR");
                return Ok(());
            }
        };
        let side = code.width() * self.symbol_module;
        let mut bitmap = Bitmap::new(side, side);
        for (at, colour) in code.to_colors().into_iter().enumerate() {
            if colour == qrcode::Color::Dark {
                let (x, y) = (
                    at % code.width() * self.symbol_module,
                    at / code.width() * self.symbol_module,
                );
                bitmap.fill(x, y, self.symbol_module, self.symbol_module);
            }
        }
        self.print(&bitmap, side)
    }

    /// `GS v 0 m xL xH yL yH data`.
    fn raster(&mut self) -> Step {
        let [kind, mode] = self.bytes::<2>()?;
        let across = usize::from(u16::from_le_bytes(self.bytes::<2>()?));
        let rows = usize::from(u16::from_le_bytes(self.bytes::<2>()?));
        if kind != b'0' {
            self.unknown(&[0x1D, b'v', kind]);
            return Ok(());
        }
        let (double_x, double_y) = (mode & 1 != 0, mode & 2 != 0);
        for _ in 0..rows {
            let mut row = Bitmap::new(
                (across * 8 * if double_x { 2 } else { 1 }).min(self.shared.setup.dots),
                1,
            );
            for at in 0..across {
                let byte = self.byte()?;
                for bit in (0..8).filter(|bit| byte & 0x80 >> bit != 0) {
                    let x = at * 8 + bit;
                    if double_x {
                        row.fill(2 * x, 0, 2, 1);
                    } else {
                        row.set(x, 0);
                    }
                }
            }
            for _ in 0..if double_y { 2 } else { 1 } {
                self.print(&row, 1)?;
            }
        }
        Ok(())
    }

    fn character(&mut self, shapes: &[Shape], chinese: bool) -> Step {
        let (style, dots) = if chinese {
            (self.modes.chinese(), 24)
        } else {
            (self.modes.ascii(), 12)
        };
        for &shape in shapes {
            if !self.line.push(shape, style, dots, self.shared.setup.dots) {
                self.print_line()?;
                self.line.push(shape, style, dots, self.shared.setup.dots);
            }
        }
        Ok(())
    }

    fn print_line(&mut self) -> Step {
        self.print_line_feeding(self.spacing)
    }

    fn print_line_feeding(&mut self, dots: usize) -> Step {
        let bitmap = self.line.draw();
        self.print(&bitmap, dots.max(bitmap.height()))
    }

    /// Prints a bitmap where it is aligned, and moves the paper so many rows in all.
    fn print(&mut self, bitmap: &Bitmap, rows: usize) -> Step {
        let room = self.shared.setup.dots.saturating_sub(bitmap.width());
        let left = match self.align {
            1 => room / 2,
            2 => room,
            _ => 0,
        };
        let mut placed = Bitmap::new(self.shared.setup.dots, 1);
        let drawn: Vec<Vec<u8>> = (0..rows)
            .map(|y| {
                placed.clone_from(&Bitmap::new(self.shared.setup.dots, 1));
                for x in (0..bitmap.width()).filter(|&x| bitmap.get(x, y)) {
                    placed.set(left + x, 0);
                }
                placed.rows().to_vec()
            })
            .collect();
        for step in drawn.chunks(STEP) {
            self.move_paper(step)?;
        }
        Ok(())
    }

    fn feed(&mut self, rows: usize) -> Step {
        for step in vec![Vec::new(); rows].chunks(STEP) {
            self.move_paper(step)?;
        }
        Ok(())
    }

    /// Moves up to [`STEP`] rows past the head, as soon as that can be done.
    fn move_paper(&mut self, rows: &[Vec<u8>]) -> Step {
        thread::sleep(self.still.saturating_duration_since(Instant::now()));
        let machine = self.shared.lock();
        let clears = self.clears;
        let waited = self.shared.changed.wait_while(machine, |machine| {
            !machine.can_print() && machine.clears == clears
        });
        let mut machine = waited.unwrap_or_else(PoisonError::into_inner);
        if machine.clears != clears {
            return Err(Cleared);
        }
        if machine.waiting.is_some() && !rows.is_empty() {
            machine.collisions += 1;
        }
        for row in rows {
            machine.sheet.push(row);
        }
        if let Some(left) = &mut machine.rows_left {
            *left = left.saturating_sub(rows.len());
            machine.paper = *left > 0;
        }
        drop(machine);
        self.shared.changed.notify_all();
        // Sleeping too long once is made up for; having stood still is not.
        let now = Instant::now();
        if now > self.still + LAG {
            self.still = now;
        }
        self.still += ROW * rows.len() as u32;
        Ok(())
    }

    fn cut(&mut self, blade: Blade) -> Step {
        self.cut_off()?;
        let hangs = self.shared.setup.features.outlet == Outlet::Sensor;
        if hangs && blade == Blade::ButOnePoint {
            self.shared.change(Machine::bring_out);
        }
        Ok(())
    }

    fn cut_off(&mut self) -> Step {
        thread::sleep(self.still.saturating_duration_since(Instant::now()));
        self.shared
            .change(|machine| machine.cutter_error |= machine.cutter_stuck);
        // Nothing to move, but a cut needs the same things in order.
        self.move_paper(&[])?;
        thread::sleep(CUT);
        let piece = self.shared.change(|machine| {
            let slip = machine.sheet.take_past_cutter();
            machine.leave(slip, false)
        });
        self.shared.put_down(piece);
        Ok(())
    }

    /// `GS e n`.
    fn ejector(&mut self) -> Step {
        match self.byte()? {
            2 => self.take_back(),
            3 => {
                self.byte()?;
                self.present(None)
            }
            5 => {
                self.shared.change(|machine| machine.waiting = None);
                Ok(())
            }
            6 => {
                let status = self.shared.lock().ejector_status();
                self.answer(&[status]);
                Ok(())
            }
            0x20 => {
                let [_, seconds] = self.bytes::<2>()?;
                self.present(Some((b'R', seconds)))
            }
            other => {
                self.unknown(&[0x1D, b'e', other]);
                Ok(())
            }
        }
    }

    /// Cuts, and brings the slip to the outlet; then, after so many seconds, out (`E`) or back (`R`).
    fn present(&mut self, then: Option<(u8, u8)>) -> Step {
        // To the blade, as these cut where the slip ends.
        self.feed(HEAD_TO_CUTTER)?;
        self.cut_off()?;
        thread::sleep(PRESENT);
        let number = self.shared.change(|machine| {
            machine.jammed |= std::mem::take(&mut machine.will_jam);
            machine.bring_out();
            machine.presented
        });
        // Stuck, it does nothing more until that is mended.
        self.move_paper(&[])?;
        if let Some((then, seconds @ 1..)) = then {
            let shared = self.shared.clone();
            thread::spawn(move || {
                thread::sleep(Duration::from_secs(seconds.into()));
                shared.change(|machine| {
                    if machine.waiting == Some(number) && !machine.jammed {
                        machine.waiting = None;
                        machine.retracted += u64::from(then == b'R');
                    }
                });
            });
        }
        Ok(())
    }

    /// Cuts what hangs out, and takes back what is at the outlet.
    fn take_back(&mut self) -> Step {
        let hangs = self.shared.lock().sheet.printed_rows() > 0;
        if hangs {
            self.feed(HEAD_TO_CUTTER)?;
            thread::sleep(self.still.saturating_duration_since(Instant::now()));
            let piece = self.shared.change(|machine| {
                let slip = machine.sheet.take_past_cutter();
                machine.leave(slip, true)
            });
            self.shared.put_down(piece);
        }
        self.move_paper(&[])?;
        thread::sleep(PRESENT);
        self.shared.change(|machine| {
            machine.retracted += u64::from(machine.waiting.take().is_some());
        });
        Ok(())
    }

    /// Answers a queued request once the paper is at rest.
    fn answer(&mut self, bytes: &[u8]) {
        thread::sleep(self.still.saturating_duration_since(Instant::now()));
        let client = {
            let machine = self.shared.lock();
            if machine.no_completion {
                None
            } else {
                machine.client.clone()
            }
        };
        if let Some(client) = client {
            self.shared.answer(client, bytes.to_vec());
        }
    }

    fn unknown(&self, bytes: &[u8]) {
        self.shared.lock().record_unknown(bytes);
    }

    /// The next byte, as soon as there is one.
    fn byte(&mut self) -> Result<u8, Cleared> {
        let mut machine = self.shared.lock();
        let clears = self.clears;
        if machine.buffer.is_empty() {
            machine.busy = false;
            let waited = self.shared.changed.wait_while(machine, |machine| {
                machine.buffer.is_empty() && machine.clears == clears
            });
            machine = waited.unwrap_or_else(PoisonError::into_inner);
        }
        if machine.clears != clears {
            return Err(Cleared);
        }
        let byte = machine.buffer.pop_front().unwrap_or_default();
        // A printer that answers at rest only has to answer a second request behind the first.
        machine.busy |= !self.passing && byte != 0x10;
        // Bounded: a slip is a few kilobytes.
        if machine.taken.len() < 1024 * 1024 {
            machine.taken.push(byte);
        }
        drop(machine);
        self.shared.changed.notify_all();
        Ok(byte)
    }

    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], Cleared> {
        let mut bytes = [0; N];
        for byte in &mut bytes {
            *byte = self.byte()?;
        }
        Ok(bytes)
    }
}

/// Encodes a symbol as printers do: bytes as they are, in the smallest version that holds them.
fn symbol(data: &[u8], level: EcLevel) -> Option<QrCode> {
    (1..=40).find_map(|version| {
        let mut bits = Bits::new(Version::Normal(version));
        bits.push_byte_data(data).ok()?;
        bits.push_terminator(level).ok()?;
        QrCode::with_bits(bits, level).ok()
    })
}
