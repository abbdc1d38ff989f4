//! USB ports, spoken to as QEMU's `usb-redir` does. With real QEMU and the real drivers they are tried
//! by `tools/test-usb`.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use crate::bench::Bench;

const CONNECT: u32 = 1;
const DISCONNECT: u32 = 2;
const INTERFACES: u32 = 4;
const PIPES: u32 = 5;
const LISTEN: u32 = 15;
const LISTENING: u32 = 17;
const CANCEL: u32 = 21;
const CONTROL: u32 = 100;
const BULK: u32 = 101;
const INTERRUPT: u32 = 103;

const STATUS_REQUEST: [u8; 10] = [0xAA, 0xAA, 0xAA, 0x96, 0x69, 0x00, 0x03, 0x11, 0xFF, 0xED];
const STATUS_REPLY: [u8; 11] = [
    0xAA, 0xAA, 0xAA, 0x96, 0x69, 0x00, 0x04, 0x00, 0x00, 0x90, 0x94,
];

struct Guest(UnixStream);

impl Guest {
    fn connect(bench: &Bench, socket: &str) -> Self {
        let stream = UnixStream::connect(bench.directory().join(socket)).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        let mut guest = Self(stream);
        let mut greeting = [0; 68];
        greeting[..4].copy_from_slice(b"test");
        // Versions of devices, sizes of packets, long ids, long transfers.
        greeting[64] = 1 << 1 | 1 << 4 | 1 << 5 | 1 << 6;
        // In a greeting, the id has 32 bits.
        let header = [0, 68, 0].map(u32::to_le_bytes).concat();
        guest.0.write_all(&header).unwrap();
        guest.0.write_all(&greeting).unwrap();
        let mut theirs = [0; 12 + 68];
        guest.0.read_exact(&mut theirs).unwrap();
        assert_eq!(theirs[..5], [0, 0, 0, 0, 68]);
        guest
    }

    fn send(&mut self, kind: u32, id: u32, body: &[u8]) {
        let header = [kind, body.len() as u32, id, 0].map(u32::to_le_bytes);
        self.0.write_all(&header.concat()).unwrap();
        self.0.write_all(body).unwrap();
    }

    fn receive(&mut self) -> (u32, u32, Vec<u8>) {
        let mut header = [0; 16];
        self.0.read_exact(&mut header).unwrap();
        let number = |at: usize| u32::from_le_bytes(header[at..at + 4].try_into().unwrap());
        let mut body = vec![0; number(4) as usize];
        self.0.read_exact(&mut body).unwrap();
        (number(0), number(8), body)
    }

    #[track_caller]
    fn expect(&mut self, kind: u32) -> (u32, Vec<u8>) {
        let (found, id, body) = self.receive();
        assert_eq!(found, kind);
        (id, body)
    }

    fn is_told_of_a_device(&mut self) -> Vec<u8> {
        let (_, pipes) = self.expect(PIPES);
        assert_eq!(pipes.len(), 32 * 3 + 64);
        assert_eq!(self.expect(INTERFACES).1.len(), 4 + 32 * 4);
        self.expect(CONNECT).1
    }

    fn write(&mut self, id: u32, pipe: u8, data: &[u8]) {
        let head = [pipe, 0, data.len() as u8, 0, 0, 0, 0, 0, 0, 0];
        self.send(BULK, id, &[&head, data].concat());
    }

    fn fetch(&mut self, id: u32, pipe: u8, length: u8) {
        self.send(BULK, id, &[pipe, 0, length, 0, 0, 0, 0, 0, 0, 0]);
    }

    /// Status and data of the answer to a bulk transfer.
    #[track_caller]
    fn moved(&mut self, id: u32) -> (u8, Vec<u8>) {
        let (of, body) = self.expect(BULK);
        assert_eq!(of, id);
        (body[1], body[10..].to_vec())
    }
}

#[test]
fn a_device_is_told_and_answers_through_its_pipes() {
    let bench = Bench::run(&["--usb-card-reader", "USB,shape=b"]);
    let mut guest = Guest::connect(&bench, "usb");
    let device = guest.is_told_of_a_device();
    assert_eq!(device[..8], [1, 0, 0, 0, 0x00, 0x04, 0x5A, 0xC3]);
    // GET_DESCRIPTOR of the device, 64 bytes at most.
    guest.send(CONTROL, 1, &[0x80, 6, 0x80, 0, 0, 1, 0, 0, 64, 0]);
    let (_, answer) = guest.expect(CONTROL);
    assert_eq!((answer[3], answer[8], answer.len()), (0, 18, 10 + 18));

    guest.write(2, 0x02, &STATUS_REQUEST);
    assert_eq!(guest.moved(2).0, 0);
    guest.fetch(3, 0x81, 64);
    assert_eq!(guest.moved(3), (0, STATUS_REPLY.to_vec()));

    bench.ctl("usb unplug");
    guest.expect(DISCONNECT);
    assert_eq!(bench.try_ctl("usb unplug").0, 1);
    bench.ctl("usb plug");
    guest.is_told_of_a_device();
}

/// A report of 64 bytes: length and payload.
fn report(payload: &[u8]) -> Vec<u8> {
    let mut report = vec![payload.len() as u8];
    report.extend(payload);
    report.resize(64, 0);
    report
}

#[test]
fn a_hid_reader_is_heard_while_it_is_listened_to() {
    let bench = Bench::run(&["--usb-card-reader", "USB,shape=c"]);
    let mut guest = Guest::connect(&bench, "usb");
    assert_eq!(guest.is_told_of_a_device()[4..8], [0x83, 0x04, 0x2B, 0x57]);
    // GET_DESCRIPTOR of its reports, from the interface.
    guest.send(CONTROL, 1, &[0x80, 6, 0x81, 0, 0, 0x22, 0, 0, 255, 0]);
    assert_eq!(guest.expect(CONTROL).1.len(), 10 + 27);

    let ask = [&[0x02, 0, 64, 0][..], &report(&STATUS_REQUEST)].concat();
    guest.send(INTERRUPT, 2, &ask);
    // Nobody listens yet: only the sending is confirmed.
    assert_eq!(guest.expect(INTERRUPT), (2, vec![0x02, 0, 64, 0]));
    guest.send(LISTEN, 3, &[0x81]);
    assert_eq!(guest.expect(LISTENING), (3, vec![0, 0x81]));
    let (_, heard) = guest.expect(INTERRUPT);
    assert_eq!(heard[..4], [0x81, 0, 64, 0]);
    assert_eq!(heard[4..], report(&STATUS_REPLY));
}

#[test]
fn nothing_is_lost_when_a_transfer_is_given_up() {
    let bench = Bench::run(&["--usb-card-reader", "USB,shape=b"]);
    let mut guest = Guest::connect(&bench, "usb");
    guest.is_told_of_a_device();
    // Given up before anything came.
    guest.fetch(1, 0x81, 64);
    guest.send(CANCEL, 1, &[]);
    assert_eq!(guest.moved(1).0, 1);
    guest.write(2, 0x02, &STATUS_REQUEST);
    guest.moved(2);
    guest.fetch(3, 0x81, 64);
    assert_eq!(guest.moved(3).1, STATUS_REPLY);
    // Answered and given up at once: the answer comes again.
    guest.send(CANCEL, 3, &[]);
    guest.fetch(4, 0x81, 64);
    assert_eq!(guest.moved(4).1, STATUS_REPLY);
}

#[test]
fn a_stalled_pipe_stays_so_until_it_is_cleared() {
    let bench = Bench::run(&["--usb-card-reader", "USB,shape=b"]);
    let mut guest = Guest::connect(&bench, "usb");
    guest.is_told_of_a_device();
    bench.ctl("usb stall");
    guest.write(1, 0x02, &STATUS_REQUEST);
    guest.moved(1);
    for id in [2, 3] {
        guest.fetch(id, 0x81, 64);
        assert_eq!(guest.moved(id).0, 4);
    }
    // CLEAR_FEATURE: ENDPOINT_HALT of 81.
    guest.send(CONTROL, 4, &[0, 1, 0x02, 0, 0, 0, 0x81, 0, 0, 0]);
    guest.expect(CONTROL);
    guest.write(5, 0x02, &STATUS_REQUEST);
    guest.moved(5);
    guest.fetch(6, 0x81, 64);
    assert_eq!(guest.moved(6).1, STATUS_REPLY);
}

#[test]
fn of_several_devices_one_is_named() {
    let bench = Bench::run(&[
        "--usb-card-reader",
        "USB,name=left",
        "--usb-card-reader",
        "USB2",
        "--usb-printer",
        "USB3",
    ]);
    let (code, answer) = bench.try_ctl("card lay citizen");
    assert_eq!(code, 2);
    let error = answer["error"].as_str().unwrap();
    assert!(error.contains("left, usb-card-reader-2"), "{error}");
    bench.ctl("--device left card lay citizen");
    let state = bench.ctl("state");
    assert_eq!(state["devices"]["left"]["card"]["name"], "李小满");
    assert!(state["devices"]["usb-card-reader-2"]["card"].is_null());
    assert_eq!(bench.try_ctl("--device right card lift").0, 2);
    // There is only one printer.
    bench.ctl("paper out");
    assert_eq!(bench.printer_state()["paper"], "out");
}

#[test]
fn babble_from_the_guest_ends_its_session_alone() {
    let bench = Bench::run(&["--usb-printer", "USB"]);
    let mut guest = Guest::connect(&bench, "usb");
    guest.is_told_of_a_device();
    guest
        .0
        .write_all(&[101, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF])
        .unwrap();
    let mut rest = Vec::new();
    let _ = guest.0.read_to_end(&mut rest);
    assert!(rest.is_empty());
    Guest::connect(&bench, "usb").is_told_of_a_device();
}
