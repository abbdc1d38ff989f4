//! Orders over a Unix socket: one request a connection, one line of JSON each way.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::card::{self, Person, Reader};
use crate::order::{
    CardOrder, CutterState, Device, HeadState, Order, PaperOrder, Position, PrinterOrder,
    SmartCardOrder, UsbOrder, WaitOrder,
};
use crate::printer::Printer;
use crate::scanner::Scanner;
use crate::smart_card::SmartCard;
use crate::usb::Port;

/// Longest request or answer in bytes.
const LONGEST: u64 = 256 * 1024;

/// Most requests under way at once; `wait` holds one for as long as it waits.
const MOST: usize = 32;

/// The devices that are running; those that there can be several of, with their names.
#[derive(Clone, Default)]
pub struct Devices {
    pub readers: Vec<(String, Reader)>,
    pub printers: Vec<(String, Printer)>,
    pub scanner: Option<Scanner>,
    pub social_card: Option<SmartCard>,
    pub pcsc_card: Option<SmartCard>,
    /// The USB ports of those that are on one, by the same names.
    pub ports: Vec<(String, Port)>,
}

impl Devices {
    /// The device of a kind that is meant: the named one, or the only one.
    fn choose<'a, T>(
        all: &'a [(String, T)],
        name: Option<&str>,
        kind: &str,
    ) -> Result<&'a T, Value> {
        let names = || {
            all.iter()
                .map(|(name, _)| name.as_str())
                .collect::<Vec<_>>()
                .join(", ")
        };
        match (name, all) {
            (_, []) => Err(failed(2, format!("this kiosk-sim runs no {kind}"))),
            (Some(name), _) => all.iter().find(|(own, _)| own == name).map_or_else(
                || Err(failed(2, format!("there is no {kind} {name}: {}", names()))),
                |(_, device)| Ok(device),
            ),
            (None, [(_, device)]) => Ok(device),
            (None, _) => Err(failed(
                2,
                format!("name the {kind} with --device: {}", names()),
            )),
        }
    }
}

/// A message on the socket.
#[derive(Serialize, Deserialize)]
struct Request {
    order: Order,
    /// Which device; the only one of its kind otherwise.
    #[serde(default)]
    device: Option<String>,
    /// The person whose card is laid: the client has read the file.
    person: Option<Person>,
}

/// Opens the socket (mode 0600) and serves it on a thread of its own.
///
/// # Errors
/// If the socket cannot be made.
pub fn serve(socket: &Path, devices: Devices) -> io::Result<()> {
    if UnixStream::connect(socket).is_ok() {
        return Err(io::Error::new(
            io::ErrorKind::AddrInUse,
            "another kiosk-sim serves this socket",
        ));
    }
    match std::fs::remove_file(socket) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let listener = UnixListener::bind(socket)?;
    std::fs::set_permissions(socket, std::fs::Permissions::from_mode(0o600))?;
    thread::spawn(move || {
        let running = std::sync::Arc::new(());
        for stream in listener.incoming().flatten() {
            if std::sync::Arc::strong_count(&running) > MOST {
                continue;
            }
            let (devices, guard) = (devices.clone(), running.clone());
            thread::spawn(move || {
                // A client that went away needs no answer.
                let _ = answer(&stream, &devices);
                drop(guard);
            });
        }
    });
    Ok(())
}

/// Sends an order to a running `kiosk-sim`, prints its answer, and turns it into an exit code: 0 done,
/// 1 it did not come to pass (a wait ran out, no card to lift), 2 it could not be done.
pub fn ask(socket: &Path, device: Option<String>, order: Order) -> ExitCode {
    match send(socket, device, order) {
        Ok(answer) => {
            println!("{answer}");
            let code = answer
                .get("code")
                .and_then(Value::as_u64)
                .and_then(|code| u8::try_from(code).ok());
            ExitCode::from(if answer["ok"] == true {
                0
            } else {
                code.unwrap_or(2)
            })
        }
        Err(error) => {
            println!("{}", json!({"ok": false, "error": error}));
            ExitCode::from(2)
        }
    }
}

/// Sends an order to a running `kiosk-sim`, for the device of this name where there are several; its
/// answer.
///
/// # Errors
/// What is wrong, in words.
pub fn send(socket: &Path, device: Option<String>, order: Order) -> Result<Value, String> {
    let person = match &order {
        Order::Card(CardOrder::Lay { who })
        | Order::Social(SmartCardOrder::Lay { who })
        | Order::PcscCard(SmartCardOrder::Lay { who }) => Some(card::person(who)?),
        Order::Card(_)
        | Order::Social(_)
        | Order::PcscCard(_)
        | Order::Paper(_)
        | Order::Cover { .. }
        | Order::Cutter { .. }
        | Order::Head { .. }
        | Order::Printer(_)
        | Order::Scan(_)
        | Order::Usb(_)
        | Order::Plug { .. }
        | Order::State
        | Order::Wait(_) => None,
    };
    let request = serde_json::to_string(&Request {
        order,
        device,
        person,
    });
    pass_on(socket, &request.map_err(|error| error.to_string())?)
}

/// Sends a request, as it is, and returns the answer.
fn pass_on(socket: &Path, request: &str) -> Result<Value, String> {
    let talk = || -> io::Result<Value> {
        let mut stream = UnixStream::connect(socket)?;
        stream.write_all(request.as_bytes())?;
        stream.write_all(b"\n")?;
        let mut line = String::new();
        BufReader::new(stream.take(LONGEST)).read_line(&mut line)?;
        Ok(serde_json::from_str(&line)?)
    };
    talk().map_err(|error| format!("no kiosk-sim answers at {}: {error}", socket.display()))
}

/// Carries out what comes by the standard input, a line each, and answers each with a line: requests
/// as the socket takes them, or the words of an order, which `parse` understands.
///
/// # Errors
/// If the input or the output breaks.
pub fn relay(
    socket: &Path,
    parse: impl Fn(&str) -> Result<(Option<String>, Order), String>,
) -> io::Result<()> {
    for line in io::stdin().lines() {
        let line = line?;
        let answer = if line.starts_with('{') {
            pass_on(socket, &line)
        } else {
            parse(&line).and_then(|(device, order)| send(socket, device, order))
        };
        let mut stdout = io::stdout();
        writeln!(
            stdout,
            "{}",
            answer.unwrap_or_else(|error| failed(2, error))
        )?;
        stdout.flush()?;
    }
    Ok(())
}

fn answer(stream: &UnixStream, devices: &Devices) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.set_write_timeout(Some(Duration::from_secs(5)))?;
    let mut line = String::new();
    BufReader::new(stream.take(LONGEST)).read_line(&mut line)?;
    let answer = match serde_json::from_str(&line) {
        Ok(request) => obey(request, devices),
        Err(error) => failed(2, format!("this is no order: {error}")),
    };
    let mut stream = stream;
    writeln!(stream, "{answer}")
}

fn obey(request: Request, devices: &Devices) -> Value {
    let name = request.device.as_deref();
    let reader = || Devices::choose(&devices.readers, name, "card reader");
    let printer = || Devices::choose(&devices.printers, name, "printer");
    let scanner = || {
        devices
            .scanner
            .as_ref()
            .ok_or_else(|| failed(2, "this kiosk-sim runs no code scanner"))
    };
    let result = || -> Result<Value, Value> {
        match request.order {
            Order::Card(CardOrder::List) => {
                return Ok(json!({"ok": true, "people": card::people()}));
            }
            Order::Card(order) => return of_reader(reader()?, order, request.person),
            Order::Social(order) => of_smart_card(&devices.social_card, order, request.person)?,
            Order::PcscCard(order) => of_smart_card(&devices.pcsc_card, order, request.person)?,
            Order::Paper(PaperOrder::Out) => printer()?.take_paper(),
            Order::Paper(PaperOrder::OutAfter { millimetres }) => {
                printer()?.end_paper_after(millimetres)
            }
            Order::Paper(PaperOrder::Load) => printer()?.load_paper(),
            Order::Paper(PaperOrder::Low { state }) => {
                printer()?.set(|machine| machine.low = state.is_on())
            }
            Order::Paper(PaperOrder::Tear) => printer()?.tear(),
            Order::Paper(PaperOrder::Take { timeout }) => {
                if let Err(error) = printer()?.take_slip(timeout) {
                    return Err(failed(1, error));
                }
            }
            Order::Paper(PaperOrder::Jam { presenting }) => {
                printer()?.set(|machine| match presenting {
                    true => machine.will_jam = true,
                    false => machine.jammed = true,
                })
            }
            Order::Paper(PaperOrder::ClearJam) => printer()?.clear_jam(),
            Order::Paper(PaperOrder::Look { from }) => return Ok(printer()?.look(from)),
            Order::Cover { position } => printer()?.set(|machine| {
                machine.cover_open = match position {
                    Position::Open => true,
                    Position::Close => false,
                }
            }),
            Order::Cutter { state } => printer()?.set(|machine| match state {
                CutterState::Jam => machine.cutter_stuck = true,
                CutterState::Clear => (machine.cutter_stuck, machine.cutter_error) = (false, false),
            }),
            Order::Head { state } => printer()?.set(|machine| {
                machine.head_hot = match state {
                    HeadState::Hot => true,
                    HeadState::Cool => false,
                }
            }),
            Order::Printer(PrinterOrder::Silent { state }) => {
                printer()?.set(|machine| machine.silent = state.is_on())
            }
            Order::Printer(PrinterOrder::NoCompletion { state }) => {
                printer()?.set(|machine| machine.no_completion = state.is_on())
            }
            Order::Printer(PrinterOrder::Noise { bytes }) if bytes > 65536 => {
                return Err(failed(2, "at most 65536 bytes of noise"));
            }
            Order::Printer(PrinterOrder::Noise { bytes }) => {
                printer()?.set(|machine| machine.spoil.noise = bytes)
            }
            Order::Printer(PrinterOrder::Late { milliseconds }) => printer()?.set(|machine| {
                machine.spoil.late = Duration::from_millis(milliseconds.min(60_000))
            }),
            Order::Printer(PrinterOrder::Split { milliseconds }) => printer()?
                .set(|machine| machine.spoil.split = Duration::from_millis(milliseconds.min(1000))),
            Order::Scan(order) => scanner()?.scan(&order).map_err(|error| failed(2, error))?,
            Order::Plug { device, state } => {
                let done = match device {
                    Device::CardReader => reader()?.plug(state.is_on()),
                    Device::CodeScanner => scanner()?.plug(state.is_on()),
                    Device::Printer => printer()?.plug(state.is_on()),
                };
                if !done {
                    return Err(failed(1, "it has no plug here, or does not see to it"));
                }
            }
            Order::Usb(order) => {
                return of_port(Devices::choose(&devices.ports, name, "USB device")?, &order);
            }
            Order::State => {
                let readers = devices
                    .readers
                    .iter()
                    .map(|(name, one)| (name, one.state()));
                let printers = devices
                    .printers
                    .iter()
                    .map(|(name, one)| (name, one.state()));
                let ports = devices.ports.iter().map(|(name, one)| (name, one.state()));
                let social = devices.social_card.as_ref().map(SmartCard::state);
                let pcsc = devices.pcsc_card.as_ref().map(SmartCard::state);
                return Ok(json!({
                    "ok": true,
                    "reader": readers.clone().next().map(|(_, state)| state),
                    "printer": printers.clone().next().map(|(_, state)| state),
                    "social_card": social,
                    "pcsc_card": pcsc,
                    "devices": readers.chain(printers).collect::<BTreeMap<_, _>>(),
                    "usb": ports.collect::<BTreeMap<_, _>>(),
                }));
            }
            Order::Wait(WaitOrder::Slips { count, timeout }) => {
                return match printer()?.wait_for_slips(count, timeout) {
                    Ok(slips) => Ok(json!({"ok": true, "slips": slips})),
                    Err(slips) => Err(failed(1, format!("only {slips} slips in that time"))),
                };
            }
            Order::Wait(WaitOrder::ReaderPolled { timeout }) => {
                if !reader()?.wait_for_poll(timeout) {
                    return Err(failed(1, "nobody asked the reader for a card in that time"));
                }
            }
        }
        Ok(json!({"ok": true}))
    };
    result().unwrap_or_else(|failure| failure)
}

fn of_port(port: &Port, order: &UsbOrder) -> Result<Value, Value> {
    match order {
        UsbOrder::Unplug { mid_transfer: true } => port.spoil(|faults| faults.unplug = true),
        UsbOrder::Unplug {
            mid_transfer: false,
        } => {
            if !port.unplug() {
                return Err(failed(1, "it is not plugged in"));
            }
        }
        UsbOrder::Plug => {
            if !port.plug() {
                return Err(failed(1, "it is plugged in already"));
            }
        }
        UsbOrder::Stall { out: true } => port.spoil(|faults| faults.stall_out = true),
        UsbOrder::Stall { out: false } => port.spoil(|faults| faults.stall = true),
        UsbOrder::Babble => port.spoil(|faults| faults.babble = true),
        UsbOrder::Short { bytes } => port.spoil(|faults| faults.short = Some(usize::from(*bytes))),
    }
    Ok(json!({"ok": true}))
}

fn of_reader(reader: &Reader, order: CardOrder, person: Option<Person>) -> Result<Value, Value> {
    match order {
        CardOrder::Lay { .. } => {
            let person = person.ok_or_else(|| failed(2, "whose card?"))?;
            reader.lay(&person).map_err(|error| failed(2, error))?;
        }
        CardOrder::Lift { while_reading } => {
            if !reader.lift(while_reading) {
                return Err(failed(1, "there is no card"));
            }
        }
        CardOrder::List => {}
        CardOrder::Noise { bytes } if bytes > 65536 => {
            return Err(failed(2, "at most 65536 bytes of noise"));
        }
        CardOrder::Noise { bytes } => reader.spoil(|spoil| spoil.noise = bytes),
        CardOrder::Corrupt => reader.spoil(|spoil| spoil.corrupt = true),
        CardOrder::Truncate => reader.spoil(|spoil| spoil.truncate = true),
        CardOrder::Length { length } => reader.spoil(|spoil| spoil.length = Some(length)),
        CardOrder::Late { milliseconds } => {
            reader.spoil(|spoil| spoil.late = Duration::from_millis(milliseconds.min(60_000)))
        }
        CardOrder::Split { bytes: 0, .. } => {
            return Err(failed(2, "pieces have at least one byte"));
        }
        CardOrder::Split {
            bytes,
            milliseconds,
        } => {
            let pause = Duration::from_millis(milliseconds.min(60_000));
            reader.spoil(|spoil| spoil.split = Some((bytes, pause)));
        }
        CardOrder::Unplug => reader.spoil(|spoil| spoil.unplug = true),
        CardOrder::AwaitRecord => reader.spoil(|spoil| spoil.await_record = true),
        CardOrder::AtOnce { state } => reader.set_at_once(state.is_on()),
        CardOrder::Silent { state } => reader.set_silent(state.is_on()),
    }
    Ok(json!({"ok": true}))
}

fn of_smart_card(
    card: &Option<SmartCard>,
    order: SmartCardOrder,
    person: Option<Person>,
) -> Result<(), Value> {
    let card = card
        .as_ref()
        .ok_or_else(|| failed(2, "this kiosk-sim runs no such smart card"))?;
    match order {
        SmartCardOrder::Lay { .. } => {
            let person = person.ok_or_else(|| failed(2, "whose card?"))?;
            card.lay(&person).map_err(|error| failed(2, error))?;
        }
        SmartCardOrder::Lift => {
            if !card.lift() {
                return Err(failed(1, "there is no card"));
            }
        }
        SmartCardOrder::Mute { state } => card.set_mute(state.is_on()),
        SmartCardOrder::Freeze { state } => card.set_frozen(state.is_on()),
        SmartCardOrder::StatusWord { status } => card.spoil(|spoil| spoil.status = Some(status)),
        SmartCardOrder::Truncate => card.spoil(|spoil| spoil.truncate = true),
        SmartCardOrder::Late { milliseconds } => {
            card.spoil(|spoil| spoil.late = Duration::from_millis(milliseconds.min(60_000)))
        }
    }
    Ok(())
}

fn failed(code: u8, error: impl std::fmt::Display) -> Value {
    json!({"ok": false, "code": code, "error": error.to_string()})
}
