//! What one model of printer can do.

use serde::{Deserialize, Serialize};

use crate::slip::PaperWidth;

/// What one model of printer can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Profile {
    /// Width of its paper.
    pub paper: PaperWidth,
    /// Characters that it has; lines with others are drawn.
    pub charset: Charset,
    /// How it proves that a slip came out.
    pub completion: Completion,
    /// Whether it clears its buffers when told so in real time (`DLE DC4` fn 8). Without this, the
    /// rest of a slip that a fault stopped may come out for the next citizen.
    pub clears_buffer: bool,
    /// How it gets QR codes.
    pub qr: QrMethod,
}

/// The characters that a printer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Charset {
    /// GB 2312: 6,763 ideographs.
    Gb2312,
    /// GBK: 21,003 ideographs; not 䶮, 㐂, 𠮷, 𬭎.
    Gbk,
    /// GB 18030-2000: 27,484 ideographs, those of the basic plane; 䶮 and 㐂, but not 𠮷 and 𬭎, which
    /// have codes there while printers' fonts have no shapes for them.
    Gb18030,
}

/// How a printer proves that a slip came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Completion {
    /// It returns an id that was queued behind the slip (`GS ( H` fn 48).
    ProcessId,
    /// It answers a status request that was queued behind the slip (`GS r 1`). Weaker: the answer
    /// carries no id, and some printers give it when the slip has been received, not printed.
    TransmitStatus,
    /// It has no such answer: whether a slip came out is never known.
    None,
}

/// How a printer gets QR codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QrMethod {
    /// It draws them itself (`GS ( k`).
    Native,
    /// They are sent as pictures.
    Raster,
}

impl Profile {
    /// An Epson TM or a printer made after it, with a GB 18030 character set.
    pub fn epson(paper: PaperWidth) -> Self {
        Self {
            paper,
            charset: Charset::Gb18030,
            completion: Completion::ProcessId,
            clears_buffer: true,
            qr: QrMethod::Native,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_written_in_a_configuration_as_it_reads() {
        let text = r#"{"paper":"58","charset":"gb2312","completion":"transmit-status","clears-buffer":false,"qr":"raster"}"#;
        let profile: Profile = serde_json::from_str(text).unwrap();
        assert_eq!(
            (profile.paper, profile.charset),
            (PaperWidth::Mm58, Charset::Gb2312)
        );
        assert_eq!(serde_json::to_string(&profile).unwrap(), text);
        assert!(serde_json::from_str::<Profile>(&text.replace("qr", "qrcode")).is_err());
    }
}
