//! The usbredir protocol 0.7 on the wire, as far as a device with bulk or interrupt pipes needs it. All
//! numbers are little-endian. A packet is its kind, the length of what follows, an id, and that. Ids have 64
//! bits and lengths of transfers 32, which QEMU wants for devices at its xHCI.

use std::io::{self, Read};

/// Kinds of packets, by their numbers in the protocol's description.
pub mod kind {
    pub const HELLO: u32 = 0;
    pub const DEVICE_CONNECT: u32 = 1;
    pub const DEVICE_DISCONNECT: u32 = 2;
    pub const RESET: u32 = 3;
    pub const INTERFACE_INFO: u32 = 4;
    pub const EP_INFO: u32 = 5;
    pub const SET_CONFIGURATION: u32 = 6;
    pub const GET_CONFIGURATION: u32 = 7;
    pub const CONFIGURATION_STATUS: u32 = 8;
    pub const SET_ALT_SETTING: u32 = 9;
    pub const GET_ALT_SETTING: u32 = 10;
    pub const ALT_SETTING_STATUS: u32 = 11;
    pub const START_INTERRUPT_RECEIVING: u32 = 15;
    pub const STOP_INTERRUPT_RECEIVING: u32 = 16;
    pub const INTERRUPT_RECEIVING_STATUS: u32 = 17;
    pub const CANCEL_DATA_PACKET: u32 = 21;
    pub const CONTROL_PACKET: u32 = 100;
    pub const BULK_PACKET: u32 = 101;
    pub const INTERRUPT_PACKET: u32 = 103;
}

/// How a transfer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Status {
    Success = 0,
    Cancelled = 1,
    Stall = 4,
    Babble = 6,
}

/// Longest packet that is taken, without its header: the longest transfer and its own header.
const LONGEST: usize = 64 * 1024 + 16;

/// What is understood beyond the least: versions of devices, sizes of packets, ids of 64 bits, and
/// transfers whose length has 32.
const CAPABILITIES: u32 = 1 << 1 | 1 << 4 | 1 << 5 | 1 << 6;

/// A packet that came.
pub struct Packet {
    pub kind: u32,
    /// Names a transfer, or a question; its answer has the same.
    pub id: u64,
    pub body: Vec<u8>,
}

/// Reads one packet.
pub fn read(stream: &mut impl Read) -> io::Result<Packet> {
    let (kind, length) = head(stream)?;
    let mut id = [0; 8];
    stream.read_exact(&mut id)?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok(Packet {
        kind,
        id: u64::from_le_bytes(id),
        body,
    })
}

fn head(stream: &mut impl Read) -> io::Result<(u32, usize)> {
    let [mut kind, mut length] = [[0; 4]; 2];
    stream.read_exact(&mut kind)?;
    stream.read_exact(&mut length)?;
    let length = u32::from_le_bytes(length) as usize;
    if length > LONGEST {
        return Err(unexpected("a usbredir packet is too long"));
    }
    Ok((u32::from_le_bytes(kind), length))
}

/// Puts a packet together.
pub fn packet(kind: u32, id: u64, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let length = u32::try_from(body.len()).unwrap_or_default();
    let header = [kind.to_le_bytes(), length.to_le_bytes()].concat();
    [header, id.to_le_bytes().to_vec(), body].concat()
}

/// The greeting: who this is, and what it understands. Its id has 32 bits: nothing is agreed yet.
pub fn hello() -> Vec<u8> {
    let mut version = [0; 64];
    let name = b"kiosk-sim";
    version[..name.len()].copy_from_slice(name);
    let numbers = [kind::HELLO, 68, 0].map(u32::to_le_bytes).concat();
    [&numbers[..], &version, &CAPABILITIES.to_le_bytes()].concat()
}

/// Reads the other side's greeting, which has to understand as much.
pub fn read_hello(stream: &mut impl Read) -> io::Result<()> {
    let (kind, length) = head(stream)?;
    let mut rest = vec![0; 4 + length];
    stream.read_exact(&mut rest)?;
    match (kind, rest.get(68..72)) {
        (kind::HELLO, Some(&[c0, c1, c2, c3]))
            if u32::from_le_bytes([c0, c1, c2, c3]) & CAPABILITIES == CAPABILITIES =>
        {
            Ok(())
        }
        _ => Err(unexpected("this is no usbredir guest, or a very old one")),
    }
}

pub fn unexpected(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// The header of a control packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Control {
    pub endpoint: u8,
    pub request: u8,
    pub request_type: u8,
    pub value: u16,
    pub index: u16,
    pub length: u16,
}

impl Control {
    /// Reads it.
    pub fn parse(body: &[u8]) -> Option<Self> {
        match *body {
            [
                endpoint,
                request,
                request_type,
                _,
                v0,
                v1,
                i0,
                i1,
                l0,
                l1,
                ..,
            ] => Some(Self {
                endpoint,
                request,
                request_type,
                value: u16::from_le_bytes([v0, v1]),
                index: u16::from_le_bytes([i0, i1]),
                length: u16::from_le_bytes([l0, l1]),
            }),
            _ => None,
        }
    }

    /// Answers it: with data, or that it was done (for a request that brought data), or how it failed.
    pub fn answer(&self, id: u64, status: Status, data: &[u8]) -> Vec<u8> {
        let is_in = self.request_type & 0x80 != 0;
        let length = match (status, is_in) {
            (Status::Success, true) => data.len() as u16,
            (Status::Success, false) => self.length,
            (Status::Cancelled | Status::Stall | Status::Babble, _) => 0,
        };
        let head = [self.endpoint, self.request, self.request_type, status as u8];
        let numbers = [self.value, self.index, length].map(u16::to_le_bytes);
        packet(kind::CONTROL_PACKET, id, &[&head, &numbers.concat(), data])
    }
}

/// The header of a bulk packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bulk {
    pub endpoint: u8,
    pub length: u32,
}

impl Bulk {
    /// Reads it, and the data behind it.
    pub fn parse(body: &[u8]) -> Option<(Self, &[u8])> {
        match body {
            [endpoint, _, l0, l1, _, _, _, _, l2, l3, data @ ..] => Some((
                Self {
                    endpoint: *endpoint,
                    length: u32::from_le_bytes([*l0, *l1, *l2, *l3]),
                },
                data,
            )),
            _ => None,
        }
    }
}

/// Answers a bulk packet: `length` is how much was moved, `data` what was read.
pub fn bulk_answer(id: u64, endpoint: u8, status: Status, length: usize, data: &[u8]) -> Vec<u8> {
    let [l0, l1, l2, l3] = u32::try_from(length).unwrap_or_default().to_le_bytes();
    let header = [endpoint, status as u8, l0, l1, 0, 0, 0, 0, l2, l3];
    packet(kind::BULK_PACKET, id, &[&header, data])
}

/// Reads an interrupt packet: its pipe and its data.
pub fn parse_interrupt(body: &[u8]) -> Option<(u8, &[u8])> {
    match body {
        [endpoint, _, _, _, data @ ..] => Some((*endpoint, data)),
        _ => None,
    }
}

/// An interrupt packet, or the answer to one: `length` is how much was moved, `data` what was read.
pub fn interrupt(id: u64, endpoint: u8, status: Status, length: usize, data: &[u8]) -> Vec<u8> {
    let [l0, l1] = u16::try_from(length).unwrap_or_default().to_le_bytes();
    let header = [endpoint, status as u8, l0, l1];
    packet(kind::INTERRUPT_PACKET, id, &[&header, data])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_read_as_they_are_written() {
        let bytes = bulk_answer(7, 0x81, Status::Success, 3, b"abc");
        assert_eq!(
            bytes,
            [
                101, 0, 0, 0, 13, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0x81, 0, 3, 0, 0, 0, 0, 0, 0, 0,
                b'a', b'b', b'c'
            ]
        );
        let packet = read(&mut &bytes[..]).unwrap();
        assert_eq!((packet.kind, packet.id), (kind::BULK_PACKET, 7));
        let bulk = Bulk {
            endpoint: 0x81,
            length: 3,
        };
        assert_eq!(Bulk::parse(&packet.body), Some((bulk, &b"abc"[..])));
    }

    #[test]
    fn a_packet_without_end_is_refused() {
        let header = [101, u32::MAX, 1, 0].map(u32::to_le_bytes).concat();
        assert!(read(&mut &header[..]).is_err());
    }
}
