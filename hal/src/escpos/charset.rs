//! Which characters a printer has, and their codes.

use encoding_rs::{EncoderResult, GB18030};

use super::Charset;

/// The code of a character, if the printer has a shape for it. ASCII is itself; control characters
/// have none.
pub(super) fn code(character: char, charset: Charset) -> Option<Code> {
    if character.is_control() {
        return None;
    }
    let mut utf8 = [0; 4];
    // Into a buffer of our own: encoding_rs's own ones stay in memory when they are dropped.
    let mut code = Code {
        bytes: [0; 8],
        length: 0,
    };
    let text = character.encode_utf8(&mut utf8);
    let (result, _, length) =
        GB18030
            .new_encoder()
            .encode_from_utf8_without_replacement(text, &mut code.bytes, true);
    code.length = length;
    (result == EncoderResult::InputEmpty && has(character, code.as_bytes(), charset))
        .then_some(code)
}

/// The 1, 2 or 4 bytes of a character.
#[derive(Clone, Copy)]
pub(super) struct Code {
    bytes: [u8; 8],
    length: usize,
}

impl Code {
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

fn has(character: char, code: &[u8], charset: Charset) -> bool {
    match (code, charset) {
        (&[_], Charset::Ascii | Charset::Gb2312 | Charset::Gbk | Charset::Gb18030) => true,
        // The private use area has codes and no shapes.
        _ if ('\u{E000}'..='\u{F8FF}').contains(&character) => false,
        (&[_, _], Charset::Gb18030) => true,
        // Of the codes of 4 bytes, GB 18030-2000 makes CJK extension A mandatory, and fonts have that.
        (_, Charset::Gb18030) => ('\u{3400}'..='\u{4DB5}').contains(&character),
        (&[lead, trail], Charset::Gbk) => !is_later_than_gbk(lead, trail),
        (&[lead, trail], Charset::Gb2312) => {
            matches!(lead, 0xA1..=0xA9 | 0xB0..=0xF7)
                && trail >= 0xA1
                && !is_later_than_gbk(lead, trail)
                && !is_later_than_gb2312(lead, trail)
        }
        (_, Charset::Ascii | Charset::Gbk | Charset::Gb2312) => false,
    }
}

/// Codes of 2 bytes that came with GB 18030. encoding_rs takes them for GBK, as browsers have to;
/// printers made for GBK do not have them.
fn is_later_than_gbk(lead: u8, trail: u8) -> bool {
    matches!(
        (lead, trail),
        (0xFE, 0x50..) | (0xA2, 0xAB..=0xB0 | 0xE3..=0xE4 | 0xEF..=0xF0 | 0xFD..) | (0xA6, 0xD9..=0xDF | 0xEC..=0xED | 0xF3 | 0xF6..)
            | (0xA8, 0xBC | 0xBF) | (0xA9, 0x89..=0x95)
    )
}

/// Codes in the rows of GB 2312 that came with GBK.
fn is_later_than_gb2312(lead: u8, trail: u8) -> bool {
    matches!(
        (lead, trail),
        (0xA2, 0xA1..=0xAA) | (0xA6, 0xE0..=0xF5) | (0xA8, 0xBB..=0xC0)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str, charset: Charset) -> Vec<Option<Vec<u8>>> {
        text.chars()
            .map(|character| code(character, charset).map(|code| code.as_bytes().to_vec()))
            .collect()
    }

    #[test]
    fn knows_what_printers_lack() {
        let lacking = |text: &str, charset| {
            text.chars()
                .filter(|&character| code(character, charset).is_none())
                .collect::<String>()
        };
        let text = "Aa1 导办□─①《镕喆堃䶮㐂𠮷𬭎€é☐";
        assert_eq!(lacking(text, Charset::Ascii), text.replace("Aa1 ", ""));
        assert_eq!(lacking(text, Charset::Gb18030), "𠮷𬭎☐");
        assert_eq!(lacking(text, Charset::Gbk), "䶮㐂𠮷𬭎€☐");
        assert_eq!(lacking(text, Charset::Gb2312), "镕喆堃䶮㐂𠮷𬭎€☐");
    }

    #[test]
    fn codes_are_those_of_the_standard() {
        assert_eq!(
            codes("A导䶮㐂", Charset::Gb18030),
            [
                Some(vec![b'A']),
                Some(vec![0xB5, 0xBC]),
                Some(vec![0xFE, 0x9F]),
                Some(vec![0x81, 0x39, 0xEF, 0x31]),
            ]
        );
        assert_eq!(
            codes("\u{10}\u{E000}\u{1F600}", Charset::Gb18030),
            [None, None, None]
        );
    }

    #[test]
    fn no_code_holds_a_control_byte() {
        // Text cannot trigger real-time commands, whatever it says.
        for character in ('\0'..='\u{2FFFF}').filter(|character| !character.is_control()) {
            if let Some(code) = code(character, Charset::Gb18030) {
                assert!(
                    code.as_bytes().iter().all(|&byte| byte >= 0x20),
                    "{character}"
                );
            }
        }
    }
}
