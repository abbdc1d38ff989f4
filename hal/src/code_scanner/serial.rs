//! A scanner on a serial line: it sends the text as bytes.

use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::{Link, MAX_CODE_BYTES, ScannedCode, ScannerError, decode};
use crate::address::Address;
use crate::class::DeviceClass;
use crate::transport::{self, Transport};
use crate::wipe::Bytes;

/// The link of a scanner on a serial line.
pub(super) struct Line {
    link: Box<dyn Transport>,
    lines: Lines,
}

impl Link for Line {
    /// A byte takes 1 ms at 9600 baud, and USB adapters hold bytes back for up to 16 ms. What a network
    /// behind a converter loses comes 200 ms later at the earliest, and nobody holds up two codes within
    /// half a second. Codes that end with CR or LF wait for nothing.
    const QUIET: Duration = Duration::from_millis(500);

    fn open(address: &Address) -> Result<Self, ScannerError> {
        let link = transport::open(DeviceClass::Code, address).map_err(ScannerError::DeviceGone)?;
        Ok(Self {
            link,
            lines: Lines::default(),
        })
    }

    fn take(&mut self, until: Instant) -> Result<bool, ScannerError> {
        let mut buffer = Zeroizing::new([0; 512]);
        let read = self
            .link
            .read_some(&mut *buffer, until)
            .map_err(ScannerError::DeviceGone)?;
        self.lines.push(&buffer[..read]);
        Ok(read > 0)
    }

    fn next_code(&mut self) -> Option<Result<ScannedCode, ScannerError>> {
        self.lines.next_code()
    }

    fn is_partial(&self) -> bool {
        self.lines.is_partial()
    }

    fn end(&mut self) -> Option<Result<ScannedCode, ScannerError>> {
        self.lines.end()
    }

    fn forget(&mut self) -> Result<(), ScannerError> {
        self.lines.forget();
        self.link.drain().map_err(ScannerError::DeviceGone)
    }
}

/// Cuts what comes down the line into codes, and holds a bounded part of it.
pub struct Lines {
    held: Bytes,
    /// The code that is coming is too long; what follows up to its end is dropped.
    too_long: bool,
}

impl Default for Lines {
    fn default() -> Self {
        Self {
            held: Bytes::with_capacity(2 * MAX_CODE_BYTES),
            too_long: false,
        }
    }
}

impl Lines {
    /// Takes bytes from the line. Call [`Self::next_code`] until `None` after each piece.
    pub fn push(&mut self, bytes: &[u8]) {
        self.held.extend(bytes);
    }

    /// True in the middle of a code.
    pub fn is_partial(&self) -> bool {
        self.too_long || !self.held.is_empty()
    }

    /// The next code that has its end. Neither CR nor LF is part of a character in UTF-8 or GB 18030.
    pub fn next_code(&mut self) -> Option<Result<ScannedCode, ScannerError>> {
        while let Some(end) = self.held.iter().position(|byte| b"\r\n".contains(byte)) {
            let code = self.code(end);
            self.held.discard(end + 1);
            // Nothing stands between CR and LF.
            if code.is_some() {
                return code;
            }
        }
        if self.held.len() > MAX_CODE_BYTES {
            self.held.discard(self.held.len());
            self.too_long = true;
        }
        None
    }

    /// Told that the line went quiet: what is held is a code.
    pub fn end(&mut self) -> Option<Result<ScannedCode, ScannerError>> {
        let code = self.code(self.held.len());
        self.held.discard(self.held.len());
        code
    }

    fn forget(&mut self) {
        self.held.discard(self.held.len());
        self.too_long = false;
    }

    /// The code of the first bytes that are held, if there are any.
    fn code(&mut self, length: usize) -> Option<Result<ScannedCode, ScannerError>> {
        if std::mem::take(&mut self.too_long) || length > MAX_CODE_BYTES {
            return Some(Err(ScannerError::TooLong));
        }
        (length > 0).then(|| decode(&self.held[..length]).ok_or(ScannerError::NotText))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code_scanner::{CodeScanner, Driver, USUAL_BAUD};
    use crate::status::{Actor, Cause, DeviceState, Scanner, ScannerStatus};
    use crate::transport::TransportError;
    use encoding_rs::GB18030;
    use proptest::prelude::*;
    use std::collections::VecDeque;
    use std::io;

    /// A line on which each piece comes after a pause; then it is quiet, or gone.
    struct Script {
        pieces: VecDeque<(Duration, Vec<u8>)>,
        since: Instant,
        gone: bool,
    }

    impl Transport for Script {
        fn write_some(&mut self, _: &[u8], _: Instant) -> Result<usize, TransportError> {
            panic!("nothing is asked of a scanner");
        }

        fn read_some(
            &mut self,
            buffer: &mut [u8],
            until: Instant,
        ) -> Result<usize, TransportError> {
            let Some((pause, piece)) = self.pieces.front() else {
                if self.gone {
                    return Err(TransportError::Gone(io::ErrorKind::BrokenPipe));
                }
                std::thread::sleep(until.saturating_duration_since(Instant::now()));
                return Ok(0);
            };
            let due = self.since + *pause;
            std::thread::sleep(due.min(until).saturating_duration_since(Instant::now()));
            if due > until.max(Instant::now()) {
                return Ok(0);
            }
            let count = piece.len();
            buffer[..count].copy_from_slice(piece);
            self.pieces.pop_front();
            self.since = Instant::now();
            Ok(count)
        }
    }

    fn scanner(pieces: &[(u64, &[u8])], gone: bool) -> Driver<Line> {
        let pieces = pieces
            .iter()
            .map(|(pause, bytes)| (Duration::from_millis(*pause), bytes.to_vec()));
        let script = Script {
            pieces: pieces.collect(),
            since: Instant::now(),
            gone,
        };
        let address = Address::Serial {
            path: "/nonexistent".into(),
            baud: USUAL_BAUD,
        };
        Driver::new(address, line(script))
    }

    fn line(link: impl Transport + 'static) -> Line {
        Line {
            link: Box::new(link),
            lines: Lines::default(),
        }
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(5)
    }

    fn text(scanner: &mut Driver<Line>) -> String {
        scanner.read(soon()).unwrap().unwrap().text().to_owned()
    }

    /// What the bytes come to in pieces of a size, the line going quiet at the end.
    fn codes(bytes: &[u8], piece: usize) -> Vec<Result<String, String>> {
        let mut lines = Lines::default();
        let mut found = Vec::new();
        for piece in bytes.chunks(piece) {
            lines.push(piece);
            found.extend(std::iter::from_fn(|| lines.next_code()));
            assert!(lines.held.len() <= MAX_CODE_BYTES);
        }
        found.extend(lines.end());
        assert!(!lines.is_partial());
        found
            .into_iter()
            .map(|code| match code {
                Ok(code) => Ok(code.text().to_owned()),
                Err(error) => Err(error.to_string()),
            })
            .collect()
    }

    #[test]
    fn a_code_ends_with_cr_lf_both_or_a_pause() {
        for end in ["\r", "\n", "\r\n", ""] {
            let bytes = format!("YICI1:A{end}");
            let pieces: [(u64, &[u8]); 2] = [(0, bytes.as_bytes()), (1500, b"next\r")];
            let mut scanner = scanner(&pieces, false);
            assert_eq!(text(&mut scanner), "YICI1:A", "{end:?}");
            assert_eq!(text(&mut scanner), "next", "{end:?}");
            assert!(scanner.read(Instant::now()).unwrap().is_none());
        }
    }

    #[test]
    fn what_is_half_read_is_kept_until_it_ends() {
        let mut scanner = scanner(&[(0, b"YICI"), (60, b"1:A"), (60, b"\r")], false);
        let short = Instant::now() + Duration::from_millis(30);
        assert!(scanner.read(short).unwrap().is_none());
        // Nobody looked for longer than a pause; its rest lies there by now.
        std::thread::sleep(Line::QUIET + Duration::from_millis(50));
        assert_eq!(text(&mut scanner), "YICI1:A");
    }

    #[test]
    fn what_somebody_held_up_earlier_is_forgotten() {
        let mut scanner = scanner(&[(0, b"earlier\rhalf"), (1500, b"now\r")], false);
        assert_eq!(text(&mut scanner), "earlier");
        assert!(scanner.status().ready());
        assert_eq!(text(&mut scanner), "now");
    }

    #[test]
    fn nothing_is_held_of_what_comes_while_nobody_waits() {
        let earlier: [(u64, &[u8]); 40] = [(5, b"YICI1:SECRET\rYICI1:HALF"); 40];
        let mut scanner = scanner(&[&earlier[..], &[(1500, b"now\r")]].concat(), false);
        for _ in 0..40 {
            std::thread::sleep(Duration::from_millis(6));
            assert_eq!(scanner.status().cause, None);
            let held = &scanner.link.as_ref().unwrap().lines.held;
            assert!(held.is_empty(), "{} bytes", held.len());
        }
        assert_eq!(text(&mut scanner), "now");
    }

    #[test]
    fn texts_come_whole_in_both_encodings() {
        let name = "龙䶮𬭎，一次办";
        let (encoded, _, lost) = GB18030.encode(name);
        assert!(!lost);
        assert_eq!(
            codes(&[&encoded, &b"\r"[..]].concat(), 1),
            [Ok(name.into())]
        );
        assert_eq!(codes(name.as_bytes(), 2), [Ok(name.into())]);
        let gs1 = "0106901234567892\u{1D}10A1";
        assert_eq!(codes(gs1.as_bytes(), 99), [Ok(gs1.into())]);
    }

    #[test]
    fn garbage_is_dropped_with_a_reason() {
        let not_text = || Err("what was scanned is no text".to_owned());
        let too_long = || Err("what was scanned is longer than any code".to_owned());
        let ok = || Ok("fine".to_owned());
        assert_eq!(codes(b"\xFF\xFE\x80\rfine\r", 3), [not_text(), ok()]);
        assert_eq!(codes(b"a\0b\r\nfine", 99), [not_text(), ok()]);
        // Half a character of GB 18030.
        assert_eq!(codes(b"\xC4\xE3\xBA\rfine", 99), [not_text(), ok()]);
        let longest = "x".repeat(MAX_CODE_BYTES);
        assert_eq!(codes(longest.as_bytes(), 500), [Ok(longest.clone())]);
        for piece in [1, 500] {
            let long = format!("{longest}{longest}y\rfine\r");
            assert_eq!(codes(long.as_bytes(), piece), [too_long(), ok()]);
        }
        assert_eq!(codes(format!("{longest}y").as_bytes(), 512), [too_long()]);
    }

    #[test]
    fn only_what_was_heard_is_good() {
        let mut scanner = scanner(&[(300, b"code\r")], false);
        let open = ScannerStatus {
            device: DeviceState::Starting,
            scanner: Scanner::Unknown,
            cause: None,
        };
        assert_eq!(scanner.status(), open);
        assert!(!open.ready());
        assert_eq!(text(&mut scanner), "code");
        assert!(scanner.status().ready());
    }

    #[test]
    fn a_lost_link_is_told_and_opened_again() {
        let mut scanner = scanner(&[(0, b"code\rhalf")], true);
        assert_eq!(text(&mut scanner), "code");
        let error = scanner.read(soon()).unwrap_err();
        assert!(matches!(error, ScannerError::DeviceGone(_)));
        assert_eq!(error.actor(), Actor::Staff);
        // Its file is none: opening it again fails, and that is told.
        let status = scanner.status();
        assert_eq!(status, ScannerStatus::faulty(Cause::NotConnected));
    }

    #[test]
    fn babble_ends_in_time() {
        struct Babble;
        impl Transport for Babble {
            fn write_some(&mut self, _: &[u8], _: Instant) -> Result<usize, TransportError> {
                Ok(0)
            }
            fn read_some(
                &mut self,
                buffer: &mut [u8],
                _: Instant,
            ) -> Result<usize, TransportError> {
                buffer.fill(b'U');
                Ok(buffer.len())
            }
        }
        let mut scanner = scanner(&[], false);
        scanner.link = Some(line(Babble));
        let start = Instant::now();
        let until = start + Duration::from_millis(50);
        assert!(scanner.read(until).unwrap().is_none());
        assert!(start.elapsed() < Duration::from_secs(5));
        assert!(scanner.link.unwrap().lines.held.len() <= MAX_CODE_BYTES);
    }

    #[test]
    fn hides_what_it_carries() {
        let code = decode(b"YICI1:SECRET").unwrap();
        assert_eq!(format!("{code:?}"), "ScannedCode(…)");
    }

    proptest! {
        #[test]
        fn codes_come_as_sent(
            sent in prop::collection::vec("[^\\pC]{1,60}", 1..5), piece in 1..200usize,
            end in prop_oneof![Just("\r"), Just("\n"), Just("\r\n")],
        ) {
            let bytes: String = sent.iter().flat_map(|code| [code.as_str(), end]).collect();
            let expected: Vec<_> = sent.into_iter().map(Ok).collect();
            prop_assert_eq!(codes(bytes.as_bytes(), piece), expected);
        }

        #[test]
        fn any_bytes_neither_panic_nor_grow(
            bytes in prop::collection::vec(prop_oneof![9 => any::<u8>(), 1 => Just(b'\r')], 0..12000),
            piece in 1..512usize,
        ) {
            codes(&bytes, piece);
        }
    }
}
