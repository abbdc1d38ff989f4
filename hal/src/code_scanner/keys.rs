//! What keys pressed say: the decoder of scanners that type, without any device.
//!
//! Kernel events (`linux/input-event-codes.h`) of a keyboard with the US layout, which is what scanners
//! type for unless told otherwise.

use std::collections::VecDeque;

use super::{MAX_CODE_BYTES, ScannedCode, ScannerError, decode};
use crate::wipe::Bytes;

/// Kinds of events.
const SYN: u16 = 0;
const KEY: u16 = 1;

/// Codes of [`SYN`].
const REPORT: u16 = 0;
const DROPPED: u16 = 3;

/// Values of [`KEY`]; 2 is a repetition that the kernel makes up, which no scanner means.
const RELEASED: i32 = 0;
const PRESSED: i32 = 1;

const TAB: u16 = 15;
const ENTER: u16 = 28;
const KEYPAD_ENTER: u16 = 96;
const CONTROL: [u16; 2] = [29, 97];
const SHIFT: [u16; 2] = [42, 54];
/// Alt and the key with a logo: with them, keys stand for other things.
const OTHER: [u16; 4] = [56, 100, 125, 126];
const CAPS_LOCK: u16 = 58;
const NUM_LOCK: u16 = 69;
/// Control and this key is how GS, which parts the fields of GS1 codes, is typed.
const RIGHT_BRACKET: u16 = 27;
const GS: u8 = 0x1D;

/// Makes codes out of keys, and holds a bounded part of one.
pub struct Keys {
    line: Bytes,
    /// Why what is being typed cannot be a code.
    fault: Option<Fault>,
    done: VecDeque<Result<ScannedCode, ScannerError>>,
    /// Modifiers held down.
    held: Vec<u16>,
    caps: bool,
    lost: Lost,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    TooLong,
    NotTyped,
    Damaged,
}

/// Whether events were lost, as the kernel tells when nobody takes them in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lost {
    No,
    /// Up to the next report, events do not fit together.
    Skipping,
    /// Which keys are held must be asked for.
    Asking,
}

impl Default for Keys {
    fn default() -> Self {
        Self {
            line: Bytes::with_capacity(MAX_CODE_BYTES),
            fault: None,
            done: VecDeque::new(),
            held: Vec::new(),
            caps: false,
            lost: Lost::No,
        }
    }
}

impl Keys {
    /// Takes an event; true if [`Self::set_held`] has to follow, because events were lost.
    pub fn event(&mut self, kind: u16, code: u16, value: i32) -> bool {
        match (kind, code, self.lost) {
            (SYN, DROPPED, _) => {
                self.lost = Lost::Skipping;
                // Half a code is worse than none.
                self.fail(Fault::Damaged);
            }
            (SYN, REPORT, Lost::Skipping) => self.lost = Lost::Asking,
            (KEY, _, Lost::No) => self.key(code, value),
            _ => {}
        }
        self.lost == Lost::Asking
    }

    /// Told which keys are held down now.
    pub fn set_held(&mut self, keys: impl Iterator<Item = u16>) {
        self.held = keys.filter(|key| is_modifier(*key)).collect();
        self.lost = Lost::No;
    }

    /// The next code that has its end.
    pub fn next_code(&mut self) -> Option<Result<ScannedCode, ScannerError>> {
        self.done.pop_front()
    }

    /// True in the middle of a code.
    pub fn is_partial(&self) -> bool {
        !self.line.is_empty() || self.fault.is_some()
    }

    /// Told of a pause, or the key that ends a code was pressed: what was typed is a code.
    pub fn end(&mut self) {
        let code = match self.fault.take() {
            Some(Fault::TooLong) => Err(ScannerError::TooLong),
            Some(Fault::NotTyped) => Err(ScannerError::NotTyped),
            Some(Fault::Damaged) => Err(ScannerError::NotText),
            None if self.line.is_empty() => return,
            None => decode(&self.line).ok_or(ScannerError::NotText),
        };
        self.line.discard(self.line.len());
        self.done.push_back(code);
    }

    /// Forgets what was typed, not which keys are held.
    pub fn forget(&mut self) {
        self.line.discard(self.line.len());
        self.fault = None;
        self.done.clear();
    }

    fn key(&mut self, code: u16, value: i32) {
        if is_modifier(code) {
            match value {
                PRESSED if !self.held.contains(&code) => self.held.push(code),
                RELEASED => self.held.retain(|held| *held != code),
                _ => {}
            }
            return;
        }
        if value != PRESSED {
            return;
        }
        match code {
            CAPS_LOCK => self.caps = !self.caps,
            NUM_LOCK => {}
            ENTER | KEYPAD_ENTER | TAB => self.end(),
            _ => match self.character(code) {
                Some(_) if self.line.len() >= MAX_CODE_BYTES => self.fail(Fault::TooLong),
                Some(character) if self.fault.is_none() => self.line.extend(&[character]),
                Some(_) => {}
                None => self.fail(Fault::NotTyped),
            },
        }
    }

    fn fail(&mut self, fault: Fault) {
        self.line.discard(self.line.len());
        self.fault.get_or_insert(fault);
    }

    /// What a key stands for with the modifiers that are held; `None` if that is no character.
    fn character(&self, code: u16) -> Option<u8> {
        let holds = |keys: &[u16]| keys.iter().any(|key| self.held.contains(key));
        if holds(&OTHER) {
            return None;
        }
        if holds(&CONTROL) {
            return (code == RIGHT_BRACKET).then_some(GS);
        }
        let (plain, shifted) = layout(code)?;
        let upper = holds(&SHIFT) != (self.caps && plain.is_ascii_lowercase());
        Some(if upper { shifted } else { plain })
    }
}

fn is_modifier(code: u16) -> bool {
    SHIFT.contains(&code) || CONTROL.contains(&code) || OTHER.contains(&code)
}

/// The US layout: what a key stands for, plain and with shift.
fn layout(code: u16) -> Option<(u8, u8)> {
    /// Runs of neighbouring keys: the first one's code, and what they stand for.
    const RUNS: [(u16, &[u8], &[u8]); 11] = [
        (2, b"1234567890-=", b"!@#$%^&*()_+"),
        (16, b"qwertyuiop[]", b"QWERTYUIOP{}"),
        (30, b"asdfghjkl;'`", b"ASDFGHJKL:\"~"),
        (43, b"\\zxcvbnm,./", b"|ZXCVBNM<>?"),
        (55, b"*", b"*"),
        (57, b" ", b" "),
        (71, b"789-456+1230.", b"789-456+1230."),
        // The key beside the left shift of European keyboards.
        (86, b"\\", b"|"),
        (98, b"/", b"/"),
        (117, b"=", b"="),
        (121, b",", b","),
    ];
    RUNS.iter().find_map(|(first, plain, shifted)| {
        let at = usize::from(code.checked_sub(*first)?);
        Some((*plain.get(at)?, *shifted.get(at)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The events of a text, as a scanner types them; each key with its scan code and report.
    fn typed(text: &str) -> Vec<(u16, u16, i32)> {
        text.bytes().flat_map(stroke).collect()
    }

    fn stroke(byte: u8) -> Vec<(u16, u16, i32)> {
        let tap = |code| {
            vec![
                (4, 4, 458_756),
                (KEY, code, 1),
                (SYN, 0, 0),
                (KEY, code, 0),
                (SYN, 0, 0),
            ]
        };
        let around = |modifier, inner: Vec<(u16, u16, i32)>| {
            let mut events = vec![(KEY, modifier, 1), (SYN, 0, 0)];
            events.extend(inner);
            events.extend([(KEY, modifier, 0), (SYN, 0, 0)]);
            events
        };
        match byte {
            b'\n' => return tap(ENTER),
            b'\t' => return tap(TAB),
            GS => return around(CONTROL[0], tap(RIGHT_BRACKET)),
            _ => {}
        }
        let codes = (0..128).filter_map(|code| Some((code, layout(code)?)));
        let (code, shifted) = codes
            .filter(|(_, (plain, shifted))| [*plain, *shifted].contains(&byte))
            .map(|(code, (plain, _))| (code, plain != byte))
            .next()
            .unwrap();
        if shifted {
            around(SHIFT[usize::from(byte % 2)], tap(code))
        } else {
            tap(code)
        }
    }

    fn codes(keys: &mut Keys, events: &[(u16, u16, i32)]) -> Vec<Result<String, String>> {
        for (kind, code, value) in events {
            if keys.event(*kind, *code, *value) {
                keys.set_held(std::iter::empty());
            }
        }
        std::iter::from_fn(|| keys.next_code())
            .map(|code| match code {
                Ok(code) => Ok(code.text().to_owned()),
                Err(error) => Err(error.to_string()),
            })
            .collect()
    }

    fn ok(text: &str) -> Result<String, String> {
        Ok(text.into())
    }

    fn not_typed() -> Result<String, String> {
        Err(ScannerError::NotTyped.to_string())
    }

    #[test]
    fn types_what_is_on_the_keys() {
        let all: String = (0x20..0x7F_u8).map(char::from).collect();
        let mut keys = Keys::default();
        let text = format!("YICI1:0000\n{all}\tA\u{1D}B\n\n");
        let expected = [ok("YICI1:0000"), ok(&all), ok("A\u{1D}B")];
        assert_eq!(codes(&mut keys, &typed(&text)), expected);
        assert!(!keys.is_partial());
    }

    #[test]
    fn a_pause_ends_a_code_and_the_keypad_and_caps_lock_count() {
        let mut keys = Keys::default();
        let mut events = vec![
            (KEY, 71, 1),
            (KEY, 71, 0),
            (KEY, CAPS_LOCK, 1),
            (KEY, CAPS_LOCK, 0),
        ];
        events.extend(typed("aB1"));
        assert!(codes(&mut keys, &events).is_empty());
        assert!(keys.is_partial());
        keys.end();
        assert_eq!(codes(&mut keys, &[]), [ok("7Ab1")]);
        keys.end();
        assert!(codes(&mut keys, &[]).is_empty(), "a pause alone is no code");
    }

    #[test]
    fn repetitions_and_releases_are_no_keys() {
        let mut keys = Keys::default();
        let events = [
            (KEY, 30, 1),
            (KEY, 30, 2),
            (KEY, 30, 2),
            (KEY, 30, 0),
            (KEY, 48, 0),
        ];
        codes(&mut keys, &events);
        assert_eq!(codes(&mut keys, &typed("\n")), [ok("a")]);
    }

    #[test]
    fn chinese_by_alt_and_numbers_is_refused_and_the_next_code_is_read() {
        let alt = [
            (KEY, 56, 1),
            (KEY, 79, 1),
            (KEY, 79, 0),
            (KEY, 80, 1),
            (KEY, 80, 0),
            (KEY, 56, 0),
        ];
        for strange in [
            &alt[..],
            &[(KEY, 59, 1)],
            &[(KEY, 29, 1), (KEY, 22, 1), (KEY, 29, 0)],
        ] {
            let mut keys = Keys::default();
            let mut events = typed("before");
            events.extend(strange);
            events.extend(typed("behind\nnext\n"));
            assert_eq!(codes(&mut keys, &events), [not_typed(), ok("next")]);
        }
    }

    #[test]
    fn lost_events_damage_one_code_and_release_no_key_wrongly() {
        let mut keys = Keys::default();
        let mut events = typed("half");
        events.extend([
            (KEY, SHIFT[0], 1),
            (SYN, DROPPED, 0),
            (KEY, 30, 1),
            (SYN, REPORT, 0),
        ]);
        events.extend(typed("rest\nwhole\n"));
        let damaged = Err(ScannerError::NotText.to_string());
        assert_eq!(codes(&mut keys, &events), [damaged, ok("whole")]);

        // Shift went down while events were lost.
        assert!(!keys.event(SYN, DROPPED, 0));
        assert!(keys.event(SYN, REPORT, 0));
        keys.set_held([SHIFT[1], 30].into_iter());
        keys.forget();
        codes(&mut keys, &[(KEY, 30, 1), (KEY, SHIFT[1], 0)]);
        assert_eq!(codes(&mut keys, &typed("a\n")), [ok("Aa")]);
    }

    #[test]
    fn what_is_too_long_is_dropped_whole() {
        let mut keys = Keys::default();
        let most = "x".repeat(MAX_CODE_BYTES);
        let text = format!("{most}\n{most}x\nshort\n");
        let too_long = Err(ScannerError::TooLong.to_string());
        assert_eq!(
            codes(&mut keys, &typed(&text)),
            [Ok(most), too_long, ok("short")]
        );
    }

    proptest! {
        #[test]
        fn codes_come_as_typed(sent in prop::collection::vec("[ -~\u{1D}]{1,40}", 1..6)) {
            let text: String = sent.iter().flat_map(|code| [code, "\n"]).collect();
            let expected: Vec<_> = sent.into_iter().map(Ok).collect();
            prop_assert_eq!(codes(&mut Keys::default(), &typed(&text)), expected);
        }

        #[test]
        fn any_events_neither_panic_nor_grow(
            events in prop::collection::vec((0..6_u16, 0..260_u16, -1..4_i32), 0..3000)
        ) {
            let mut keys = Keys::default();
            codes(&mut keys, &events);
            prop_assert!(keys.line.len() <= MAX_CODE_BYTES);
            prop_assert!(keys.held.len() <= 8);
        }
    }
}
