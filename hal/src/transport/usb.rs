//! USB bulk pipes through libusb: ID card readers (reference/devices.md §1, shapes A and B) and
//! printers (class 7).
//!
//! A libusb that was built with udev learns of later devices only while udevd runs, so each opening
//! looks afresh, in a context of its own.

use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rusb::{
    Context, Device, DeviceHandle, Direction, InterfaceDescriptor, TransferType, UsbContext,
};
use zeroize::{Zeroize, Zeroizing};

use super::seam::Seam;
use super::{Transport, TransportError, left};
use crate::address::{UsbDevice, UsbPort};
use crate::discover;
use crate::printer_port::DeviceId;

/// Shortest wait for a packet. A pipe holds nothing back on this side: the device has to be asked, and
/// answers a full-speed frame (1 ms) later at best. libusb takes 0 for "for ever".
const SHORTEST: Duration = Duration::from_millis(3);

/// Pause after a stall was cleared, so that a device that stalls for ever does not keep a core busy.
const AFTER_STALL: Duration = Duration::from_millis(10);

/// Right after a device was plugged in, it belongs to root until udevd has set its rights.
const RIGHTS: Duration = Duration::from_millis(400);

/// Most bytes given to libusb at once: it sends them as one request, whose count is exact.
const PIECE: usize = 4096;

/// Most packets thrown away by a drain: 64 KiB at full speed.
const DRAINED: usize = 1024;

/// Interface class of printers.
const PRINTER: u8 = 7;

/// Its protocols: to the printer alone, and both ways. Others wrap bytes in packets of their own.
const ONE_WAY: u8 = 1;
const BOTH_WAYS: u8 = 2;

/// A device that is plugged in; never a hub.
pub(crate) struct Connected {
    device: Device<Context>,
    pub(crate) vendor: u16,
    pub(crate) product: u16,
    pub(crate) port: UsbPort,
    /// Class codes of its interfaces.
    pub(crate) interface_classes: Vec<u8>,
    plans: Vec<Plan>,
}

impl Connected {
    /// True if one of its interfaces is a printer's.
    pub(crate) fn is_printer(&self) -> bool {
        self.plans.iter().any(|plan| plan.class == PRINTER)
    }

    /// True if it has the four pipes of shape A, by number.
    pub(crate) fn has_split_pipes(&self) -> bool {
        self.plans.iter().any(|plan| {
            plan.class != PRINTER
                && plan.outputs == [0x02, 0x06]
                && plan.inputs.iter().map(|pipe| pipe.address).eq([0x81, 0x85])
        })
    }

    /// A text that the kernel read from the device when it came: `manufacturer` or `product`.
    pub(crate) fn name(&self, which: &str) -> String {
        let file = Path::new("/sys/bus/usb/devices")
            .join(self.port.to_string())
            .join(which);
        std::fs::read_to_string(file)
            .map(|text| discover::clean(&text))
            .unwrap_or_default()
    }
}

/// All that is plugged in, in the order of ports.
pub(crate) fn connected() -> rusb::Result<Vec<Connected>> {
    const HUB: u8 = 9;
    let mut all: Vec<Connected> = Context::new()?
        .devices()?
        .iter()
        .filter_map(|device| {
            let about = device.device_descriptor().ok()?;
            let plans = plans(&device).unwrap_or_default();
            Some(Connected {
                vendor: about.vendor_id(),
                product: about.product_id(),
                port: port(&device)?,
                interface_classes: interface_classes(&device).unwrap_or_default(),
                plans,
                device,
            })
            .filter(|_| about.class_code() != HUB)
        })
        .collect();
    all.sort_by_key(|device| (device.port.bus(), device.port.path()));
    Ok(all)
}

/// A pipe from the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pipe {
    address: u8,
    /// Largest packet in bytes.
    packet: usize,
}

/// How an interface can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Plan {
    interface: u8,
    setting: u8,
    /// The interface has other settings, so that this one has to be asked for.
    has_settings: bool,
    class: u8,
    /// Bulk pipes, in the order of their numbers.
    outputs: Vec<u8>,
    inputs: Vec<Pipe>,
}

/// The ways to use a device that has bulk pipes, best first.
fn plans(device: &Device<Context>) -> rusb::Result<Vec<Plan>> {
    let configuration = device.active_config_descriptor()?;
    let mut plans: Vec<(u8, Plan)> = Vec::new();
    for interface in configuration.interfaces() {
        let has_settings = interface.descriptors().count() > 1;
        for setting in interface.descriptors() {
            let (rank, plan) = plan(&setting, has_settings);
            let speaks = match plan.class {
                PRINTER => matches!(setting.protocol_code(), ONE_WAY | BOTH_WAYS),
                // A reader that cannot be heard is none.
                _ => !plan.inputs.is_empty(),
            };
            if speaks && !plan.outputs.is_empty() {
                plans.push((rank, plan));
            }
        }
    }
    plans.sort_by_key(|(rank, _)| *rank);
    Ok(plans.into_iter().map(|(_, plan)| plan).collect())
}

fn plan(setting: &InterfaceDescriptor<'_>, has_settings: bool) -> (u8, Plan) {
    let bulk = |direction| {
        setting.endpoint_descriptors().filter(move |endpoint| {
            endpoint.transfer_type() == TransferType::Bulk && endpoint.direction() == direction
        })
    };
    let mut outputs: Vec<u8> = bulk(Direction::Out).map(|pipe| pipe.address()).collect();
    outputs.sort_unstable();
    let mut inputs: Vec<Pipe> = bulk(Direction::In)
        .map(|pipe| Pipe {
            address: pipe.address(),
            packet: usize::from(pipe.max_packet_size() & 0x07FF).max(8),
        })
        .collect();
    inputs.sort_unstable_by_key(|pipe| pipe.address);
    let rank = match (setting.class_code(), setting.protocol_code()) {
        (PRINTER, BOTH_WAYS) => 0,
        (PRINTER, _) => 1,
        (_, _) => 2,
    };
    let plan = Plan {
        interface: setting.interface_number(),
        setting: setting.setting_number(),
        has_settings,
        class: setting.class_code(),
        outputs,
        inputs,
    };
    (rank, plan)
}

fn interface_classes(device: &Device<Context>) -> rusb::Result<Vec<u8>> {
    Ok(device
        .active_config_descriptor()?
        .interfaces()
        .filter_map(|interface| interface.descriptors().next())
        .map(|setting| setting.class_code())
        .collect())
}

/// The port's name; `None` for a root hub.
fn port(device: &Device<Context>) -> Option<UsbPort> {
    let path: Vec<String> = device
        .port_numbers()
        .ok()?
        .iter()
        .map(u8::to_string)
        .collect();
    format!("{}-{}", device.bus_number(), path.join("."))
        .parse()
        .ok()
}

/// What the bytes are for. A printer would print what is meant for a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// SAM_V frames.
    Reader,
    /// Whatever a printer takes.
    Printer,
}

/// The claimed interface of a device.
pub(super) struct Usb {
    handle: DeviceHandle<Context>,
    plan: Plan,
    pipes: Pipes,
    /// The last packet that came, as long as the longest of any pipe.
    packet: Zeroizing<Vec<u8>>,
    /// Which of its bytes were not given out yet.
    unread: std::ops::Range<usize>,
}

/// Which pipes carry what.
enum Pipes {
    /// Everything goes through one pipe each way; some printers have none back.
    Plain { output: u8, input: Option<Pipe> },
    /// Heads and bodies of frames go through pipes of their own: shape A.
    Split {
        outputs: [u8; 2],
        inputs: [Pipe; 2],
        out: Seam,
        back: Seam,
    },
}

impl Usb {
    /// Opens the first such device that can be opened. A kernel driver that holds it (usblp) gives it
    /// up until it is closed again. Takes half a second at most, and that only for want of rights.
    pub(super) fn open(what: UsbDevice, port: Option<&UsbPort>, purpose: Use) -> io::Result<Self> {
        let deadline = Instant::now() + RIGHTS;
        loop {
            match Self::try_open(what, port, purpose) {
                Err(rusb::Error::Access) if Instant::now() < deadline => {
                    thread::sleep(Duration::from_millis(20));
                }
                result => return result.map_err(told),
            }
        }
    }

    fn try_open(what: UsbDevice, port: Option<&UsbPort>, purpose: Use) -> rusb::Result<Self> {
        let mut failure = rusb::Error::NotFound;
        for device in connected()? {
            let meant = match what {
                UsbDevice::Id { vendor, product } => {
                    (vendor, product) == (device.vendor, device.product)
                }
                UsbDevice::Printer => device.is_printer(),
            } && port.is_none_or(|port| *port == device.port);
            let plan = device.plans.iter().find(|plan| match (purpose, what) {
                (Use::Reader, _) => plan.class != PRINTER,
                (Use::Printer, UsbDevice::Printer) => plan.class == PRINTER,
                (Use::Printer, UsbDevice::Id { .. }) => true,
            });
            if !meant {
                continue;
            }
            match plan
                .ok_or(rusb::Error::NotSupported)
                .and_then(|plan| Self::claim(device.device.open()?, plan.clone(), purpose))
            {
                Ok(link) => return Ok(link),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    fn claim(handle: DeviceHandle<Context>, plan: Plan, purpose: Use) -> rusb::Result<Self> {
        // Attached again when the interface is released, that is when the handle is dropped.
        handle.set_auto_detach_kernel_driver(true)?;
        handle.claim_interface(plan.interface)?;
        if plan.has_settings {
            handle.set_alternate_setting(plan.interface, plan.setting)?;
        }
        let pipes = match (&plan.outputs[..], &plan.inputs[..], purpose) {
            (&[heads, bodies], &[heads_back, bodies_back], Use::Reader) => Pipes::Split {
                outputs: [heads, bodies],
                inputs: [heads_back, bodies_back],
                out: Seam::default(),
                back: Seam::default(),
            },
            (&[output, ..], inputs, Use::Reader | Use::Printer) => Pipes::Plain {
                output,
                input: inputs.first().copied(),
            },
            (&[], _, _) => return Err(rusb::Error::NotSupported),
        };
        let longest = plan.inputs.iter().map(|pipe| pipe.packet).max();
        Ok(Self {
            handle,
            pipes,
            packet: Zeroizing::new(vec![0; longest.unwrap_or_default()]),
            unread: 0..0,
            plan,
        })
    }

    /// Waits for one packet. Exactly one: a transfer for more would end only at a short packet, and an
    /// answer that fills its last packet has none behind it.
    fn receive(&mut self, pipe: Pipe, deadline: Instant) -> Result<(), TransportError> {
        self.packet.zeroize();
        self.packet.resize(pipe.packet, 0);
        self.unread = 0..0;
        loop {
            let wait = left(deadline).max(SHORTEST);
            match self.handle.read_bulk(pipe.address, &mut self.packet, wait) {
                Ok(read) if read > 0 => {
                    self.unread = 0..read;
                    return Ok(());
                }
                Ok(_) | Err(rusb::Error::Timeout | rusb::Error::Interrupted) => {}
                // The device refuses, or babbles over the end of a packet: what it said is lost, and
                // it may say more.
                Err(rusb::Error::Pipe | rusb::Error::Overflow) => {
                    self.handle.clear_halt(pipe.address).map_err(gone)?;
                    thread::sleep(AFTER_STALL.min(left(deadline)));
                }
                Err(error) => return Err(gone(error)),
            }
            if Instant::now() >= deadline {
                return Ok(());
            }
        }
    }

    /// A control request of the printer class to this interface; `None` if it is no printer, or refuses.
    fn ask_printer(
        &mut self,
        request: u8,
        index: u16,
        answer: &mut [u8],
        deadline: Instant,
    ) -> Result<Option<usize>, TransportError> {
        const CLASS_INTERFACE_IN: u8 = 0xA1;
        if self.plan.class != PRINTER {
            return Ok(None);
        }
        let wait = left(deadline).max(SHORTEST);
        match self
            .handle
            .read_control(CLASS_INTERFACE_IN, request, 0, index, answer, wait)
        {
            Ok(read) => Ok(Some(read)),
            Err(rusb::Error::Pipe | rusb::Error::Timeout | rusb::Error::Overflow) => Ok(None),
            Err(error) => Err(gone(error)),
        }
    }
}

impl Transport for Usb {
    fn write_some(&mut self, bytes: &[u8], deadline: Instant) -> Result<usize, TransportError> {
        let (pipe, count) = match &self.pipes {
            Pipes::Plain { output, .. } => (*output, bytes.len().min(PIECE)),
            Pipes::Split { outputs, out, .. } => {
                (outputs[usize::from(out.in_body())], out.run(bytes))
            }
        };
        let wait = left(deadline).max(SHORTEST);
        let written = match self.handle.write_bulk(pipe, &bytes[..count], wait) {
            Ok(written) => written,
            Err(rusb::Error::Timeout | rusb::Error::Interrupted) => 0,
            Err(error) => {
                // How much went is not known, so that going on could send bytes twice: the link is
                // over, and the next one finds the pipe open.
                if error == rusb::Error::Pipe {
                    self.handle.clear_halt(pipe).map_err(gone)?;
                }
                return Err(gone(error));
            }
        };
        match &mut self.pipes {
            Pipes::Plain { .. } => {}
            Pipes::Split { out, .. } => out.advance(&bytes[..written]),
        }
        Ok(written)
    }

    fn read_some(&mut self, buffer: &mut [u8], deadline: Instant) -> Result<usize, TransportError> {
        if self.unread.is_empty() {
            let pipe = match &self.pipes {
                Pipes::Plain { input, .. } => *input,
                Pipes::Split { inputs, back, .. } => Some(inputs[usize::from(back.in_body())]),
            };
            let Some(pipe) = pipe else {
                thread::sleep(left(deadline));
                return Ok(0);
            };
            self.receive(pipe, deadline)?;
            match &mut self.pipes {
                Pipes::Plain { .. } => {}
                Pipes::Split { back, .. } => back.advance(&self.packet[self.unread.clone()]),
            }
        }
        let count = buffer.len().min(self.unread.len());
        let end = self.unread.start + count;
        buffer[..count].copy_from_slice(&self.packet[self.unread.start..end]);
        self.unread.start = end;
        Ok(count)
    }

    /// Also begins a new frame in both directions: whatever broke off before, breaks off here.
    fn drain(&mut self) -> Result<(), TransportError> {
        let inputs = self.plan.inputs.clone();
        match &mut self.pipes {
            Pipes::Plain { .. } => {}
            Pipes::Split { out, back, .. } => (*out, *back) = (Seam::default(), Seam::default()),
        }
        for pipe in inputs {
            for _ in 0..DRAINED {
                self.receive(pipe, Instant::now())?;
                if std::mem::take(&mut self.unread).is_empty() {
                    break;
                }
            }
        }
        Ok(())
    }

    fn port_status(&mut self, deadline: Instant) -> Result<Option<u8>, TransportError> {
        const GET_PORT_STATUS: u8 = 1;
        let mut answer = [0; 1];
        let interface = u16::from(self.plan.interface);
        let read = self.ask_printer(GET_PORT_STATUS, interface, &mut answer, deadline)?;
        Ok((read == Some(1)).then_some(answer[0]))
    }

    fn device_id(&mut self, deadline: Instant) -> Result<Option<DeviceId>, TransportError> {
        const GET_DEVICE_ID: u8 = 0;
        let mut answer = [0; DeviceId::LONGEST];
        // Unlike everywhere else, the interface stands in the high byte, its setting in the low one.
        let index = u16::from_be_bytes([self.plan.interface, self.plan.setting]);
        let read = self.ask_printer(GET_DEVICE_ID, index, &mut answer, deadline)?;
        Ok(read.map(|read| DeviceId::parse(&answer[..read])))
    }
}

/// Why a device cannot be opened, in the system's words.
fn told(error: rusb::Error) -> io::Error {
    io::Error::new(kind(error), error)
}

fn gone(error: rusb::Error) -> TransportError {
    TransportError::Gone(kind(error))
}

fn kind(error: rusb::Error) -> io::ErrorKind {
    match error {
        rusb::Error::Access => io::ErrorKind::PermissionDenied,
        rusb::Error::NoDevice => io::ErrorKind::NotConnected,
        rusb::Error::NotFound => io::ErrorKind::NotFound,
        rusb::Error::Busy => io::ErrorKind::ResourceBusy,
        rusb::Error::Timeout => io::ErrorKind::TimedOut,
        rusb::Error::Pipe => io::ErrorKind::BrokenPipe,
        rusb::Error::NotSupported => io::ErrorKind::Unsupported,
        rusb::Error::NoMem => io::ErrorKind::OutOfMemory,
        rusb::Error::Interrupted => io::ErrorKind::Interrupted,
        rusb::Error::Io
        | rusb::Error::InvalidParam
        | rusb::Error::Overflow
        | rusb::Error::BadDescriptor
        | rusb::Error::Other => io::ErrorKind::Other,
    }
}
