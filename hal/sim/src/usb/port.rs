//! A port of the guest with one device in it: QEMU's `usb-redir` at the other end of a Unix socket.
//!
//! One thread reads what QEMU asks, one moves what the guest sends into the device, one takes what the
//! device says. Bytes are never lost or doubled when the guest gives a transfer up: QEMU cancels only
//! what it has not seen the end of, so that the answer to such a transfer goes back into the pipe.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::descriptors::{DEVICE_VERSION, Device, INTERVAL, PACKET};
use super::redir::{self, Bulk, Control, Packet, Status, kind, unexpected};

/// Most transfers that one pipe has under way.
const MOST: usize = 64;

/// Most packets that wait in a pipe to be fetched; more than any reply of a device has.
const WAITING: usize = 4096;

/// Answered transfers that are remembered, in case they are cancelled all the same.
const REMEMBERED: usize = 16;

/// What the device does with what it gets.
pub trait Function: Send {
    /// How many bytes it takes now, and how many it could take at best.
    fn room(&self) -> (usize, usize);

    /// Takes a transfer, or part of it; there is room. Answers go by way of the [`Pipe`] with this
    /// number of a plugging-in.
    fn take(&mut self, endpoint: u8, data: &[u8], plugged: u64);

    /// Answers a request of its class to the control pipe; `None` refuses it.
    fn control(&self, request: &Control) -> Option<Vec<u8>>;

    /// It was plugged in, or reset.
    fn restart(&mut self);
}

/// Where the device puts what it says.
#[derive(Clone)]
pub struct Pipe(Sender<Said>);

/// Something said: the plugging-in that it belongs to (0 for any), the pipe, the bytes.
struct Said(u64, u8, Vec<u8>);

impl Pipe {
    /// Says something.
    ///
    /// # Errors
    /// If the port is gone.
    pub fn say(&self, plugged: u64, endpoint: u8, bytes: &[u8]) -> io::Result<()> {
        self.0
            .send(Said(plugged, endpoint, bytes.to_vec()))
            .map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

/// Handle to the port.
#[derive(Clone)]
pub struct Port {
    shared: Arc<Shared>,
}

struct Shared {
    device: Device,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    function: Box<dyn Function>,
    /// QEMU, once both sides have greeted.
    guest: Option<UnixStream>,
    is_plugged: bool,
    /// Counts pluggings-in and resets, from 1.
    plugged: u64,
    configuration: u8,
    halted: BTreeSet<u8>,
    /// What the guest wants to fetch, by pipe.
    fetches: BTreeMap<u8, VecDeque<Fetch>>,
    /// What waits to be fetched, in packets, by pipe.
    packets: BTreeMap<u8, VecDeque<Vec<u8>>>,
    answered: VecDeque<(u8, Fetch)>,
    /// The guest listens to these interrupt pipes, each with the number of its next packet.
    listening: BTreeMap<u8, u64>,
    /// What the guest sent and the device has not taken yet.
    sent: VecDeque<Transfer>,
    faults: Faults,
}

/// A transfer from the device: it ends when it is full, or with a packet that is not.
struct Fetch {
    id: u64,
    length: usize,
    got: Vec<Vec<u8>>,
}

/// A transfer to the device.
struct Transfer {
    id: u64,
    endpoint: u8,
    data: Vec<u8>,
    taken: usize,
    /// Through an interrupt pipe.
    interrupt: bool,
}

impl Transfer {
    fn ended(&self, status: Status) -> Vec<u8> {
        let answer = match self.interrupt {
            true => redir::interrupt,
            false => redir::bulk_answer,
        };
        answer(self.id, self.endpoint, status, self.taken, &[])
    }
}

/// What is to go wrong.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    /// The next reply is refused: its pipe halts.
    pub stall: bool,
    /// The next transfer to the device is refused.
    pub stall_out: bool,
    /// The next reply runs over the end of its packet.
    pub babble: bool,
    /// Packets of at most so many bytes.
    pub short: Option<usize>,
    /// The device is unplugged in the middle of the next reply of more than one packet.
    pub unplug: bool,
}

impl Port {
    /// Opens a port at a socket (mode 0600) and plugs the device in; `function` gets the pipe to
    /// answer by.
    ///
    /// # Errors
    /// If the socket cannot be made.
    pub fn open(
        socket: &Path,
        device: Device,
        function: impl FnOnce(Pipe) -> Box<dyn Function>,
    ) -> io::Result<Self> {
        match std::fs::remove_file(socket) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let listener = UnixListener::bind(socket)?;
        std::fs::set_permissions(socket, std::fs::Permissions::from_mode(0o600))?;
        let (say, said) = channel();
        let state = Mutex::new(State {
            function: function(Pipe(say)),
            guest: None,
            is_plugged: true,
            plugged: 1,
            configuration: 0,
            halted: BTreeSet::new(),
            fetches: BTreeMap::new(),
            packets: BTreeMap::new(),
            answered: VecDeque::new(),
            listening: BTreeMap::new(),
            sent: VecDeque::new(),
            faults: Faults::default(),
        });
        let shared = Arc::new(Shared {
            device,
            state,
            changed: Condvar::new(),
        });
        let port = Self { shared };
        let (taker, mover, server) = (port.clone(), port.clone(), port.clone());
        thread::spawn(move || taker.take_what_is_said(&said));
        thread::spawn(move || mover.move_what_is_sent());
        thread::spawn(move || {
            // One guest at a time: a port is not shared.
            for stream in listener.incoming().flatten() {
                let ended = server.serve(stream);
                server.lock().leave();
                if let Err(error) = ended
                    && error.kind() != io::ErrorKind::UnexpectedEof
                {
                    eprintln!("kiosk-sim: usbredir: {error}");
                }
            }
        });
        Ok(port)
    }

    /// Pulls the plug; false if it was out.
    pub fn unplug(&self) -> bool {
        let was = self.lock().unplug();
        self.shared.changed.notify_all();
        was
    }

    /// Plugs the device in; false if it was.
    pub fn plug(&self) -> bool {
        let mut state = self.lock();
        let was = state.is_plugged;
        if !was {
            state.is_plugged = true;
            state.restart();
            state.tell(&connect(&self.shared.device));
        }
        !was
    }

    /// Lets something go wrong.
    pub fn spoil(&self, how: impl FnOnce(&mut Faults)) {
        how(&mut self.lock().faults);
    }

    /// For `ctl state`.
    pub fn state(&self) -> Value {
        let state = self.lock();
        json!({
            "plugged": state.is_plugged,
            "guest": state.guest.is_some(),
            "packet": state.faults.short.unwrap_or(PACKET),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Serves one guest until it leaves.
    fn serve(&self, mut stream: UnixStream) -> io::Result<()> {
        let writer = stream.try_clone()?;
        writer.set_write_timeout(Some(Duration::from_secs(5)))?;
        (&writer).write_all(&redir::hello())?;
        redir::read_hello(&mut stream)?;
        {
            let mut state = self.lock();
            state.guest = Some(writer);
            state.restart();
            if state.is_plugged {
                state.tell(&connect(&self.shared.device));
            }
        }
        loop {
            let packet = redir::read(&mut stream)?;
            self.obey(&packet)?;
            self.shared.changed.notify_all();
        }
    }

    fn obey(&self, packet: &Packet) -> io::Result<()> {
        let mut state = self.lock();
        let id = packet.id;
        match packet.kind {
            kind::RESET => state.restart(),
            kind::SET_CONFIGURATION => {
                state.configuration = packet.body.first().copied().unwrap_or_default();
                state.tell_configuration(id);
            }
            kind::GET_CONFIGURATION => state.tell_configuration(id),
            kind::SET_ALT_SETTING | kind::GET_ALT_SETTING => {
                let interface = packet.body.first().copied().unwrap_or_default();
                state.tell(&redir::packet(
                    kind::ALT_SETTING_STATUS,
                    id,
                    &[&[Status::Success as u8, interface, 0]],
                ));
            }
            kind::CANCEL_DATA_PACKET => state.cancel(id),
            kind::CONTROL_PACKET => {
                let control =
                    Control::parse(&packet.body).ok_or_else(|| unexpected("short control"))?;
                let answer = match state.control(&self.shared.device, &control) {
                    Some(mut data) => {
                        data.truncate(usize::from(control.length));
                        control.answer(id, Status::Success, &data)
                    }
                    None => control.answer(id, Status::Stall, &[]),
                };
                state.tell(&answer);
            }
            kind::BULK_PACKET => {
                let (bulk, data) =
                    Bulk::parse(&packet.body).ok_or_else(|| unexpected("short bulk"))?;
                state.transfer(id, &bulk, data)?;
            }
            kind::START_INTERRUPT_RECEIVING | kind::STOP_INTERRUPT_RECEIVING => {
                let endpoint = packet.body.first().copied().unwrap_or_default();
                let listens = packet.kind == kind::START_INTERRUPT_RECEIVING;
                state.listen(id, endpoint, listens);
            }
            kind::INTERRUPT_PACKET => {
                let (endpoint, data) = redir::parse_interrupt(&packet.body)
                    .ok_or_else(|| unexpected("short interrupt"))?;
                state.send(id, endpoint, data, true)?;
            }
            // Filters and acknowledgements change nothing here.
            _ => {}
        }
        Ok(())
    }

    fn take_what_is_said(&self, said: &Receiver<Said>) {
        while let Ok(Said(plugged, endpoint, bytes)) = said.recv() {
            let mut state = self.lock();
            // What a device says that was pulled out meanwhile is heard by nobody.
            if state.is_plugged && (plugged == 0 || plugged == state.plugged) {
                let size = state.faults.short.unwrap_or(PACKET).clamp(1, PACKET);
                let waiting = state.packets.entry(endpoint).or_default();
                waiting.extend(bytes.chunks(size).map(<[u8]>::to_vec));
                let excess = waiting.len().saturating_sub(WAITING);
                waiting.drain(..excess);
                state.deliver(endpoint);
            }
        }
    }

    fn move_what_is_sent(&self) {
        let mut state = self.lock();
        loop {
            state = if state.take_sent() {
                state
            } else {
                // A printer makes room by itself and tells nobody.
                self.shared
                    .changed
                    .wait_timeout(state, Duration::from_millis(5))
                    .unwrap_or_else(PoisonError::into_inner)
                    .0
            };
        }
    }
}

impl State {
    /// Writes to the guest; one that does not listen is no longer there.
    fn tell(&mut self, bytes: &[u8]) {
        if let Some(guest) = &mut self.guest
            && guest.write_all(bytes).is_err()
        {
            self.guest = None;
        }
    }

    fn tell_configuration(&mut self, id: u64) {
        let body = [Status::Success as u8, self.configuration];
        self.tell(&redir::packet(kind::CONFIGURATION_STATUS, id, &[&body]));
    }

    /// Power on: everything under way is over.
    fn restart(&mut self) {
        self.plugged += 1;
        self.configuration = 0;
        self.halted.clear();
        self.fetches.clear();
        self.packets.clear();
        self.answered.clear();
        self.listening.clear();
        self.sent.clear();
        self.function.restart();
    }

    fn leave(&mut self) {
        self.guest = None;
        self.restart();
    }

    fn unplug(&mut self) -> bool {
        let was = std::mem::replace(&mut self.is_plugged, false);
        if was {
            self.tell(&redir::packet(kind::DEVICE_DISCONNECT, 0, &[]));
            self.restart();
        }
        was
    }

    /// The guest gave a transfer up.
    fn cancel(&mut self, id: u64) {
        let given_up = self.fetches.iter_mut().find_map(|(&endpoint, fetches)| {
            let at = fetches.iter().position(|fetch| fetch.id == id)?;
            Some((endpoint, fetches.remove(at)?))
        });
        if let Some((endpoint, fetch)) = given_up {
            self.put_back(endpoint, fetch.got);
            self.tell(&redir::bulk_answer(id, endpoint, Status::Cancelled, 0, &[]));
        } else if let Some(at) = self.sent.iter().position(|transfer| transfer.id == id)
            && let Some(transfer) = self.sent.remove(at)
        {
            self.tell(&transfer.ended(Status::Cancelled));
        } else if let Some(at) = self.answered.iter().position(|(_, fetch)| fetch.id == id)
            && let Some((endpoint, fetch)) = self.answered.remove(at)
        {
            // Its answer and the cancelling crossed: QEMU throws the answer away.
            self.put_back(endpoint, fetch.got);
        }
    }

    fn put_back(&mut self, endpoint: u8, packets: Vec<Vec<u8>>) {
        let waiting = self.packets.entry(endpoint).or_default();
        for packet in packets.into_iter().rev() {
            waiting.push_front(packet);
        }
        self.deliver(endpoint);
    }

    /// Carries a request to the control pipe out; `None` refuses it.
    fn control(&mut self, device: &Device, control: &Control) -> Option<Vec<u8>> {
        match (control.request_type, control.request) {
            // GET_DESCRIPTOR, of the device or of a HID interface.
            (0x80 | 0x81, 6) => device.descriptor(control.value),
            // GET_STATUS
            (0x80..=0x82, 0) => Some(vec![0, 0]),
            // CLEAR_FEATURE of a pipe: ENDPOINT_HALT
            (0x02, 1) => {
                self.halted.remove(&(control.index as u8));
                Some(Vec::new())
            }
            // SET_FEATURE and CLEAR_FEATURE of the device
            (0x00, 1 | 3) => Some(Vec::new()),
            (kind, _) if kind & 0x60 == 0x20 => self.function.control(control),
            _ => None,
        }
    }

    fn transfer(&mut self, id: u64, bulk: &Bulk, data: &[u8]) -> io::Result<()> {
        let endpoint = bulk.endpoint;
        if endpoint & 0x80 == 0 {
            self.send(id, endpoint, data, false)?;
        } else if self.halted.contains(&endpoint) {
            self.tell(&redir::bulk_answer(id, endpoint, Status::Stall, 0, &[]));
        } else {
            let fetches = self.fetches.entry(endpoint).or_default();
            if fetches.len() >= MOST {
                return Err(unexpected("too many transfers"));
            }
            fetches.push_back(Fetch {
                id,
                length: bulk.length as usize,
                got: Vec::new(),
            });
            self.deliver(endpoint);
        }
        Ok(())
    }

    /// The guest sends something.
    fn send(&mut self, id: u64, endpoint: u8, data: &[u8], interrupt: bool) -> io::Result<()> {
        let transfer = Transfer {
            id,
            endpoint,
            data: data.to_vec(),
            taken: 0,
            interrupt,
        };
        if std::mem::take(&mut self.faults.stall_out) {
            self.halted.insert(endpoint);
        }
        if self.halted.contains(&endpoint) {
            self.tell(&transfer.ended(Status::Stall));
        } else if self.sent.len() >= MOST {
            return Err(unexpected("too many transfers"));
        } else {
            self.sent.push_back(transfer);
        }
        Ok(())
    }

    /// The guest begins or ends to listen to an interrupt pipe.
    fn listen(&mut self, id: u64, endpoint: u8, listens: bool) {
        if listens {
            self.listening.entry(endpoint).or_default();
        } else {
            self.listening.remove(&endpoint);
        }
        let body = [Status::Success as u8, endpoint];
        self.tell(&redir::packet(
            kind::INTERRUPT_RECEIVING_STATUS,
            id,
            &[&body],
        ));
        self.deliver(endpoint);
    }

    /// Says what waits in an interrupt pipe that is listened to.
    fn interrupt(&mut self, endpoint: u8) {
        while let Some(id) = self.listening.get_mut(&endpoint)
            && let Some(packet) = self
                .packets
                .get_mut(&endpoint)
                .and_then(VecDeque::pop_front)
        {
            let number = std::mem::replace(id, *id + 1);
            let (status, packet) = if std::mem::take(&mut self.faults.stall) {
                (Status::Stall, Vec::new())
            } else if std::mem::take(&mut self.faults.babble) {
                (Status::Babble, Vec::new())
            } else {
                (Status::Success, packet)
            };
            self.tell(&redir::interrupt(
                number,
                endpoint,
                status,
                packet.len(),
                &packet,
            ));
            // Of a longer reply, each report waits until the host has confirmed the one before.
            if std::mem::take(&mut self.faults.unplug) {
                self.unplug();
            }
        }
    }

    /// Pulls the plug, if that is to happen and more of a reply waits.
    fn unplug_amidst(&mut self, endpoint: u8) {
        let is_amidst = self
            .packets
            .get(&endpoint)
            .is_some_and(|rest| !rest.is_empty());
        if self.faults.unplug && is_amidst {
            self.faults.unplug = false;
            self.unplug();
        }
    }

    /// Hands waiting packets to the transfers that fetch them.
    fn deliver(&mut self, endpoint: u8) {
        self.interrupt(endpoint);
        while let (Some(fetch), Some(waiting)) = (
            self.fetches
                .get_mut(&endpoint)
                .and_then(VecDeque::front_mut),
            self.packets.get_mut(&endpoint),
        ) {
            let Some(packet) = waiting.pop_front() else {
                return;
            };
            let had: usize = fetch.got.iter().map(Vec::len).sum();
            let status = if std::mem::take(&mut self.faults.stall) {
                self.halted.insert(endpoint);
                Some(Status::Stall)
            } else if std::mem::take(&mut self.faults.babble) || had + packet.len() > fetch.length {
                Some(Status::Babble)
            } else {
                let length = had + packet.len();
                let is_end = packet.len() < PACKET || length == fetch.length;
                fetch.got.push(packet);
                is_end.then_some(Status::Success)
            };
            let Some(status) = status else { continue };
            let Some(fetch) = self
                .fetches
                .get_mut(&endpoint)
                .and_then(VecDeque::pop_front)
            else {
                return;
            };
            if status == Status::Success {
                let data = fetch.got.concat();
                self.tell(&redir::bulk_answer(
                    fetch.id,
                    endpoint,
                    status,
                    data.len(),
                    &data,
                ));
                self.answered.push_back((endpoint, fetch));
                if self.answered.len() > REMEMBERED {
                    self.answered.pop_front();
                }
            } else {
                // The reply is lost.
                self.packets.remove(&endpoint);
                self.tell(&redir::bulk_answer(fetch.id, endpoint, status, 0, &[]));
            }
            self.unplug_amidst(endpoint);
        }
    }

    /// Moves the first transfer into the device, if it has room: all of it at once, unless it could
    /// never hold that much. False if nothing could be moved.
    fn take_sent(&mut self) -> bool {
        let Some(transfer) = self.sent.front_mut() else {
            return false;
        };
        let rest = &transfer.data[transfer.taken..];
        let (room, most) = self.function.room();
        let count = rest.len().min(most);
        if count > room {
            return false;
        }
        self.function
            .take(transfer.endpoint, &rest[..count], self.plugged);
        transfer.taken += count;
        if transfer.taken == transfer.data.len()
            && let Some(transfer) = self.sent.pop_front()
        {
            self.tell(&transfer.ended(Status::Success));
        }
        true
    }
}

/// The packets that say which device is there: pipes, interface, device.
fn connect(device: &Device) -> Vec<u8> {
    const FULL_SPEED: u8 = 1;
    const CONTROL: u8 = 0;
    const BULK: u8 = 2;
    const INTERRUPT: u8 = 3;
    const UNUSED: u8 = 255;
    let (through, interval) = match device.reports {
        Some(_) => (INTERRUPT, INTERVAL),
        None => (BULK, 0),
    };
    let place = |pipe: u8| usize::from((pipe & 0x80) >> 3 | pipe & 0x0F);
    let mut kinds = [UNUSED; 32];
    let mut sizes = [0u8; 64];
    let mut intervals = [0u8; 32];
    // Both directions of the control pipe stand at its number.
    for (place, kind) in [(0, CONTROL), (16, CONTROL)]
        .into_iter()
        .chain(device.pipes.iter().map(|&pipe| (place(pipe), through)))
    {
        kinds[place] = kind;
        intervals[place] = interval;
        sizes[2 * place..2 * place + 2].copy_from_slice(&(PACKET as u16).to_le_bytes());
    }
    let zeros = [0u8; 32];
    let pipes = redir::packet(kind::EP_INFO, 0, &[&kinds, &intervals, &zeros, &sizes]);
    let mut classes = [[0u8; 32]; 3];
    for (all, class) in classes.iter_mut().zip(device.class) {
        all[0] = class;
    }
    let count = 1u32.to_le_bytes();
    let interface = redir::packet(
        kind::INTERFACE_INFO,
        0,
        &[&count, &zeros, &classes[0], &classes[1], &classes[2]],
    );
    let numbers = [device.vendor, device.product, DEVICE_VERSION].map(u16::to_le_bytes);
    // The device itself has no class: its interface has.
    let whole = redir::packet(
        kind::DEVICE_CONNECT,
        0,
        &[&[FULL_SPEED, 0, 0, 0], &numbers.concat()],
    );
    [pipes, interface, whole].concat()
}
