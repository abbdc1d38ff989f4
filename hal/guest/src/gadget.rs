//! A second printer of class 7, made by other people: the kernel's own printer gadget (usb_f_printer)
//! behind its dummy host controller. What prints on it here is a few lines.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use yici_hal::address::Address;
use yici_hal::class::DeviceClass;
use yici_hal::discover;
use yici_hal::escpos::{self, Printed, Profile};
use yici_hal::slip::PaperWidth;
use yici_hal::transport;

use crate::Test;
use crate::bench::{Bench, load, until};
use crate::printers::slip;

pub const TESTS: &[Test] = &[
    ("gadget: it is listed", is_listed),
    ("gadget: a slip is printed and proven", prints),
    ("gadget: port status and device id", control_pipe),
];

/// Bytes that it has received so far.
type Received = Arc<Mutex<Vec<u8>>>;

struct Gadget {
    address: Address,
    received: Received,
}

/// The gadget, made when it is first wanted. It stays.
fn gadget() -> &'static Gadget {
    static GADGET: OnceLock<Gadget> = OnceLock::new();
    GADGET.get_or_init(|| {
        load("dummy_hcd", &[]);
        load("usb_f_printer", &[]);
        make().unwrap();
        until("the gadget is plugged in", || found().is_some());
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open("/dev/g_printer0")
            .unwrap();
        let received = Received::default();
        let place = received.clone();
        thread::spawn(move || work(file, &place));
        Gadget {
            address: found().unwrap().address,
            received,
        }
    })
}

/// Describes it to the kernel and plugs it in: Documentation/usb/gadget_configfs.rst and
/// gadget_printer.rst.
fn make() -> std::io::Result<()> {
    let gadget = Path::new("/sys/kernel/config/usb_gadget/printer");
    fs::create_dir(gadget)?;
    fs::write(gadget.join("idVendor"), "0x0525")?;
    fs::write(gadget.join("idProduct"), "0xa4a8")?;
    let names = gadget.join("strings/0x409");
    fs::create_dir(&names)?;
    fs::write(names.join("manufacturer"), "Linux")?;
    fs::write(names.join("product"), "Printer gadget")?;
    let function = gadget.join("functions/printer.0");
    fs::create_dir(&function)?;
    fs::write(
        function.join("pnp_string"),
        "MFG:Linux;MDL:g_printer;CLS:PRINTER;CMD:ESC/POS;",
    )?;
    let configuration = gadget.join("configs/c.1");
    fs::create_dir(&configuration)?;
    std::os::unix::fs::symlink(&function, configuration.join("printer.0"))?;
    fs::write(gadget.join("UDC"), "dummy_udc.0")
}

fn found() -> Option<discover::Found> {
    let is_it = |device: &discover::Found| (device.vendor, device.product) == (0x0525, 0xA4A8);
    discover::devices().into_iter().find(is_it)
}

/// Answers what a printer in good order answers, as soon as it is asked.
fn work(mut file: File, received: &Received) {
    let mut buffer = [0; 8192];
    let mut seen = 0;
    while let Ok(read) = file.read(&mut buffer) {
        let mut all = received.lock().unwrap();
        all.extend(&buffer[..read]);
        let mut answer = Vec::new();
        while seen < all.len() {
            seen += match all[seen..] {
                // DLE EOT n
                [0x10, 0x04, n, ..] => {
                    answer.push(if n == 1 { 0x16 } else { 0x12 });
                    3
                }
                // DLE DC4 fn 8
                [0x10, 0x14, 8, _, _, _, _, _, _, _, ..] => {
                    answer.extend([0x37, 0x25, 0x00]);
                    10
                }
                // GS ( H fn 48
                [0x1D, b'(', b'H', 6, 0, 48, 48, a, b, c, d, ..] => {
                    answer.extend([0x37, 0x22, a, b, c, d, 0x00]);
                    11
                }
                // The beginning of one of these may still be continued.
                [0x10 | 0x1D, ..] if all.len() - seen < 11 && read == buffer.len() => break,
                _ => 1,
            };
        }
        drop(all);
        if !answer.is_empty() && file.write_all(&answer).is_err() {
            return;
        }
    }
}

fn is_listed(_: &Bench) {
    let address = &gadget().address;
    let found = found().unwrap();
    assert_eq!(found.class, Some(DeviceClass::Printer));
    assert_eq!(
        (found.maker.as_str(), found.name.as_str()),
        ("Linux", "Printer gadget")
    );
    assert!(address.to_string().starts_with("usb:class=printer?port="));
}

fn prints(_: &Bench) {
    let gadget = gadget();
    let mut printer = escpos::open(&gadget.address, Profile::epson(PaperWidth::Mm80)).unwrap();
    assert!(printer.status().ready());
    assert_eq!(printer.print(&slip(40)), Printed::Completed);
    let received = gadget.received.lock().unwrap();
    // "收件凭证" in GB 18030.
    let title = [0xCA, 0xD5, 0xBC, 0xFE, 0xC6, 0xBE, 0xD6, 0xA4];
    assert!(received.windows(8).any(|eight| eight == title));
}

fn control_pipe(_: &Bench) {
    let soon = || Instant::now() + Duration::from_secs(2);
    let mut link = transport::open(DeviceClass::Printer, &gadget().address).unwrap();
    let id = link.device_id(soon()).unwrap().unwrap();
    assert_eq!(
        (id.maker.as_str(), id.model.as_str()),
        ("Linux", "g_printer")
    );
    // Selected, no error: somebody has its other end open.
    assert_eq!(
        link.port_status(soon()).unwrap().map(|byte| byte & 0x38),
        Some(0x18)
    );
}
