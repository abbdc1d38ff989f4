//! Nothing that was read or printed stays in the process's memory.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use yici_hal::escpos::{self, Charset, Printed, Profile};
use yici_hal::id_card;
use yici_hal::slip::{PaperWidth, Slip};
use zeroize::Zeroizing;

use crate::bench::Bench;

/// A made-up name, with each character moved by [`KEY`]: the test itself must not hold it.
const HIDDEN: [u32; 6] = [
    0x5F90 ^ KEY,
    0x7F50 ^ KEY,
    0x4DAE ^ KEY,
    0x8783 ^ KEY,
    0x7A50 ^ KEY,
    0x7FF3 ^ KEY,
];
const KEY: u32 = 0x0511;

/// Key for the bytes that are searched for.
const BYTE_KEY: u8 = 0x5A;

/// The name.
pub fn canary() -> Zeroizing<String> {
    let mut name = Zeroizing::new(String::with_capacity(32));
    name.extend(
        HIDDEN
            .iter()
            .filter_map(|&hidden| char::from_u32(hidden ^ KEY)),
    );
    name
}

/// The name's bytes as Rust, cards and printers have it, each byte hidden.
pub fn encodings() -> [Vec<u8>; 3] {
    let name = canary();
    let utf16 = Zeroizing::new(
        name.encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect::<Vec<_>>(),
    );
    let mut printed = Zeroizing::new(vec![0; 64]);
    let mut encoder = encoding_rs::GB18030.new_encoder();
    let (_, _, length) = encoder.encode_from_utf8_without_replacement(&name, &mut printed, true);
    let hide = |bytes: &[u8]| bytes.iter().map(|byte| byte ^ BYTE_KEY).collect();
    [
        hide(name.as_bytes()),
        hide(&utf16),
        hide(&printed[..length]),
    ]
}

/// How often this process's memory holds the bytes.
pub fn occurrences(hidden: &[u8]) -> usize {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let mut memory = File::open("/proc/self/mem").unwrap();
    let mut found = 0;
    let mut page = Zeroizing::new(vec![0; 1 << 20]);
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        let (from, to) = line.split(' ').next().unwrap().split_once('-').unwrap();
        let (mut at, to) = (
            u64::from_str_radix(from, 16).unwrap(),
            u64::from_str_radix(to, 16).unwrap(),
        );
        while at < to {
            let length = page.len().min((to - at) as usize);
            memory.seek(SeekFrom::Start(at)).unwrap();
            // Threads of other tests give their stacks back meanwhile.
            if memory.read_exact(&mut page[..length]).is_err() {
                break;
            }
            // What is read lies in memory itself: each is found once more, and not counted.
            let here = page.as_ptr() as u64;
            let hits = page[..length].windows(hidden.len()).enumerate();
            let hits = hits.filter(|(_, window)| {
                window
                    .iter()
                    .zip(hidden)
                    .all(|(byte, hidden)| byte ^ BYTE_KEY == *hidden)
            });
            found += hits
                .filter(|(offset, _)| {
                    !(here..here + page.len() as u64).contains(&(at + *offset as u64))
                })
                .count();
            at += length as u64;
        }
    }
    found
}

/// A file that describes a card with the name.
pub fn canary_file(number: &str) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(512));
    text.push_str("sex = \"2\"\nbirth = \"20000101\"\nvalid_from = \"20200101\"\nvalid_to = \"20300101\"\nnumber = \"");
    text.push_str(number);
    text.push_str("\"\nname = \"");
    text.push_str(&canary());
    text.push('"');
    text
}

#[test]
fn neither_card_nor_slip_leaves_the_name_behind() {
    let bench = Bench::run(&[
        "--card-reader",
        "CARD",
        "--printer",
        "127.0.0.1:0",
        "--out",
        "OUT",
    ]);
    let file = bench.directory().join("canary.toml");
    std::fs::write(&file, canary_file("1").as_bytes()).unwrap();

    // The search finds what is there.
    let planted = canary();
    let encodings = encodings();
    assert!(
        occurrences(&encodings[0]) > 0,
        "the search finds a planted name"
    );
    drop(planted);
    assert_eq!(
        encodings.each_ref().map(|encoding| occurrences(encoding)),
        [0; 3]
    );

    let mut reader = id_card::open(bench.card_reader.as_ref().unwrap()).unwrap();
    let mut printers = [Charset::Gb18030, Charset::Gbk].map(|charset| {
        let profile = Profile {
            charset,
            ..Profile::epson(PaperWidth::Mm80)
        };
        escpos::open(bench.printer.as_ref().unwrap(), profile).unwrap()
    });
    bench.ctl(&format!("card lay {}", file.display()));
    while !reader.find().unwrap() {}
    {
        let card = reader.read().unwrap();
        assert_eq!(card.name, *canary());
        let mut slip = Slip::new();
        // Exactly as long as needed: a slip wipes its texts, and not what they were made from.
        slip.text(card.name.clone()).qr(card.name.clone());
        for printer in &mut printers {
            assert_eq!(printer.print(&slip), Printed::Completed);
        }
        assert!(occurrences(&encodings[0]) > 0, "card and slip hold it");
    }
    // With the drivers still open.
    assert_eq!(
        encodings.each_ref().map(|encoding| occurrences(encoding)),
        [0; 3]
    );
}
