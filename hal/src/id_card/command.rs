//! The commands: their codes, how long each may take, and which replies can be theirs.

use std::time::Duration;

use super::frame::Reply;

/// One command with its parameter and the time it may take, from the first byte out to the last byte in.
pub(super) struct Command {
    pub(super) code: u8,
    pub(super) parameter: u8,
    pub(super) limit: Duration,
    /// Whether a reply can be this command's. Others are late replies to earlier ones.
    pub(super) fits: fn(&Reply) -> bool,
}

// Limits: public drivers give find and select 100 ms, SAM id 300, base 2000, new address 1500, and no
// command more than 5 s (reference/devices.md §1). Only "find" is asked again and again, and has no
// patience to lose: one that is late costs nobody anything, while a "select" that is given up too early
// tells of a reader out of order, with a card lying there. The others leave room for slower modules and for the line itself (a base reply takes 112 ms at 115200 baud).

/// SAM status: `11 FF`.
pub(super) const STATUS: Command = Command {
    code: 0x11,
    parameter: 0xFF,
    limit: Duration::from_millis(1000),
    fits: |reply| is_plain(reply, &[]) && reply.data.is_empty(),
};

/// SAM id: `12 FF`.
pub(super) const SAM_ID: Command = Command {
    code: 0x12,
    parameter: 0xFF,
    limit: Duration::from_millis(1000),
    fits: |reply| {
        if reply.sw3 == sw3::OK {
            reply.data.len() == 16
        } else {
            is_plain(reply, &[])
        }
    },
};

/// Find card: `20 01`.
pub(super) const FIND: Command = Command {
    code: 0x20,
    parameter: 0x01,
    limit: Duration::from_millis(500),
    fits: |reply| {
        if reply.sw3 == sw3::FOUND {
            reply.data.len() == 4
        } else {
            reply.sw3 != sw3::OK && is_plain(reply, &[sw3::FIND_FAILED])
        }
    },
};

/// Select card: `20 02`.
pub(super) const SELECT: Command = Command {
    code: 0x20,
    parameter: 0x02,
    limit: Duration::from_millis(1500),
    fits: |reply| {
        if reply.sw3 == sw3::OK {
            reply.data.len() == 8
        } else {
            is_plain(reply, &[sw3::SELECT_FAILED])
        }
    },
};

/// Read base, text and photo: `30 01`.
pub(super) const READ_BASE: Command = Command {
    code: 0x30,
    parameter: 0x01,
    limit: Duration::from_millis(3000),
    // Bounds of lengths are the record's to check; a reply this long is none of the other commands'.
    fits: |reply| {
        if reply.sw3 == sw3::OK {
            reply.data.len() > 100
        } else {
            is_plain(reply, &[sw3::READ_FAILED])
        }
    },
};

/// Read new address: `30 03`. That the reply is the field alone, 70 bytes of UTF-16LE, is not verified
/// on a real reader.
pub(super) const READ_NEW_ADDRESS: Command = Command {
    code: 0x30,
    parameter: 0x03,
    limit: Duration::from_millis(2000),
    fits: |reply| {
        if reply.sw3 == sw3::OK {
            (17..=100).contains(&reply.data.len())
        } else {
            is_plain(reply, &[sw3::READ_FAILED, sw3::ABSENT])
        }
    },
};

/// SW3, the status byte that decides (reference/devices.md §1).
pub(super) mod sw3 {
    pub(in crate::id_card) const OK: u8 = 0x90;
    pub(in crate::id_card) const FOUND: u8 = 0x9F;
    pub(in crate::id_card) const ABSENT: u8 = 0x91;
    pub(in crate::id_card) const NO_CARD_YET: u8 = 0x34;
    pub(in crate::id_card) const READ_FAILED: u8 = 0x41;
    pub(in crate::id_card) const FIND_FAILED: u8 = 0x80;
    pub(in crate::id_card) const SELECT_FAILED: u8 = 0x81;
    pub(in crate::id_card) const BAD_COMMAND: u8 = 0x21;
    pub(in crate::id_card) const UNRECOGNISED: u8 = 0x24;
    /// Codes that only some commands give; all others may answer any command.
    pub(in crate::id_card) const OF_COMMANDS: [u8; 5] =
        [FOUND, ABSENT, READ_FAILED, FIND_FAILED, SELECT_FAILED];
}

/// A reply without data whose code is among `own`, or is no other command's.
fn is_plain(reply: &Reply, own: &[u8]) -> bool {
    own.contains(&reply.sw3) || !sw3::OF_COMMANDS.contains(&reply.sw3)
}
