//! A receipt printer that speaks ESC/POS, on a TCP port or wherever else its bytes come from.
//!
//! - [`receive`] takes bytes into the receive buffer and answers real-time requests at once.
//! - [`interpret`] takes them out again, command by command, on a thread of its own.
//! - [`model`] says what the models differ in.
//! - [`machine`] is what that moves: paper, cover, cutter, head.
//! - [`paper`] is what comes out.

mod interpret;
mod machine;
mod model;
mod paper;
mod receive;
mod text;

use std::io::{self, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::line::Line;
pub use machine::Spoil;
use machine::{Machine, Piece};
pub use model::{Features, Model};
pub use receive::Intake;
pub use text::Charset;

/// Longest time for seeing to the plug.
const PLUG: Duration = Duration::from_secs(5);

/// What kind of printer it is.
pub struct Setup {
    /// Printed dots across.
    pub dots: usize,
    /// Dots across the whole paper.
    pub paper_dots: usize,
    /// Characters that it has.
    pub charset: Charset,
    /// What else its model does.
    pub features: Features,
    /// All bits of its answer to `DLE EOT 5` mean the opposite.
    pub inverted: bool,
    /// Size of the receive buffer in bytes.
    pub buffer: usize,
    /// Where pictures of slips go.
    pub out: Option<PathBuf>,
}

impl Setup {
    /// A printer of this model as it comes.
    pub fn of(model: Model) -> Self {
        let features = model.features();
        Self {
            dots: features.dots,
            paper_dots: if features.dots < 576 { 464 } else { 640 },
            charset: features.charset,
            features,
            inverted: false,
            buffer: 64 * 1024,
            out: None,
        }
    }
}

/// Handle to the running printer.
#[derive(Clone)]
pub struct Printer {
    shared: Arc<Shared>,
}

/// Who sends to the printer, and gets its answers.
pub trait Client: Send + Sync {
    /// Takes an answer.
    ///
    /// # Errors
    /// If nobody is there any more.
    fn answer(&self, bytes: &[u8]) -> io::Result<()>;
}

impl Client for Mutex<Line> {
    fn answer(&self, bytes: &[u8]) -> io::Result<()> {
        self.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .write(bytes)
    }
}

impl Client for TcpStream {
    fn answer(&self, bytes: &[u8]) -> io::Result<()> {
        (&mut &*self).write_all(bytes)
    }
}

struct Shared {
    setup: Setup,
    machine: Mutex<Machine>,
    changed: Condvar,
    /// Answers on their way out, in order.
    answers: Sender<Answer>,
}

/// An answer on its way out.
struct Answer {
    client: Arc<dyn Client>,
    bytes: Vec<u8>,
    spoil: Spoil,
}

/// How long answers come in pieces once one was to.
const SPLITTING: Duration = Duration::from_secs(1);

/// Sends answers, one after the other.
fn send(answers: &Receiver<Answer>) {
    let mut split = (Duration::ZERO, Instant::now());
    for answer in answers {
        thread::sleep(answer.spoil.late);
        if !answer.spoil.split.is_zero() {
            split = (answer.spoil.split, Instant::now() + SPLITTING);
        }
        // Bytes that are no answer.
        let noise = (0..answer.spoil.noise).map(|at| [0xFF, 0x91, 0x13, 0x80][at % 4]);
        let noise: Vec<u8> = noise.collect();
        if !noise.is_empty() {
            let _ = answer.client.answer(&noise);
        }
        let bytes = answer.bytes;
        let pieces = match split {
            (pause, until) if !pause.is_zero() && Instant::now() < until => {
                bytes.chunks(1).map(|piece| (piece, pause)).collect()
            }
            _ => vec![(&bytes[..], Duration::ZERO)],
        };
        for (piece, pause) in pieces {
            // Whoever asked may be gone.
            let _ = answer.client.answer(piece);
            thread::sleep(pause);
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Machine> {
        self.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the machine and wakes whoever waits for that.
    fn change<T>(&self, how: impl FnOnce(&mut Machine) -> T) -> T {
        let result = how(&mut self.lock());
        self.changed.notify_all();
        result
    }

    /// Answers whoever is there, unless the printer is silent.
    fn answer(&self, client: Arc<dyn Client>, bytes: Vec<u8>) {
        let mut machine = self.lock();
        if machine.silent || bytes.is_empty() {
            return;
        }
        let spoil = std::mem::take(&mut machine.spoil);
        // Fails only when the sender has ended, and it never does.
        let _ = self.answers.send(Answer {
            client,
            bytes,
            spoil,
        });
    }

    /// Writes the picture of a piece of paper, and then counts it. Drawing takes time, in which the
    /// machine has to go on answering: it is not locked meanwhile.
    fn put_down(&self, piece: Option<Piece>) {
        if let Some(piece) = piece {
            let picture = piece.save(&self.setup);
            self.change(|machine| machine.count(piece.partial, picture));
        }
    }
}

impl Printer {
    /// Starts a printer that nobody is connected to.
    ///
    /// # Errors
    /// If the directory for pictures cannot be made.
    pub fn start(setup: Setup) -> io::Result<Self> {
        if let Some(out) = &setup.out {
            std::fs::create_dir_all(out)?;
        }
        let machine = Mutex::new(Machine::new(&setup));
        let (answers, outgoing) = channel();
        thread::spawn(move || send(&outgoing));
        let shared = Arc::new(Shared {
            setup,
            machine,
            changed: Condvar::new(),
            answers,
        });
        let interpreter = shared.clone();
        thread::spawn(move || interpret::run(&interpreter));
        Ok(Self { shared })
    }

    /// Takes connections at an address from now on, and returns it; port 0 takes a free one.
    ///
    /// # Errors
    /// If the address cannot be had.
    pub fn listen(&self, address: SocketAddr) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        let receiver = self.shared.clone();
        self.shared
            .change(|machine| (machine.address, machine.listening) = (Some(address), true));
        thread::spawn(move || receive::serve(listener, address, &receiver));
        Ok(address)
    }

    /// Takes bytes from a serial line linked at `link` from now on.
    ///
    /// # Errors
    /// If there is no pseudo-terminal, or the link cannot be made.
    pub fn listen_serial(&self, link: &Path, baud: u32) -> io::Result<()> {
        let line = Line::open(link, baud)?;
        let client = Arc::new(Mutex::new(line.another_hand()?));
        let intake = self.intake(client);
        thread::spawn(move || receive::serve_line(line, intake));
        Ok(())
    }

    /// A way in for whoever is connected otherwise.
    pub fn intake(&self, client: Arc<dyn Client>) -> Intake {
        Intake::new(self.shared.clone(), client)
    }

    /// Whether there is paper, as a parallel port tells it.
    pub fn has_paper(&self) -> bool {
        self.shared.lock().paper
    }

    /// Whether it can print.
    pub fn can_print(&self) -> bool {
        self.shared.lock().can_print()
    }

    /// Changes a switch of the machine.
    pub fn set(&self, how: impl FnOnce(&mut Machine)) {
        self.shared.change(how);
    }

    /// Puts its network plug in or pulls it; false if that takes too long, or there is none. It goes on
    /// printing what it has.
    pub fn plug(&self, plugged: bool) -> bool {
        let Some(address) = self.shared.lock().address else {
            return false;
        };
        self.shared.change(|machine| machine.unplugged = !plugged);
        if !plugged {
            // Wakes the thread that waits for connections, if it still does.
            let _ = TcpStream::connect(address);
        }
        let waited = self
            .shared
            .changed
            .wait_timeout_while(self.shared.lock(), PLUG, |machine| {
                machine.listening != plugged
            });
        let (mut machine, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        if !plugged {
            // Only now that nobody can connect again: who does in between would believe it is there.
            for stream in machine.streams.drain(..).filter_map(|one| one.upgrade()) {
                // It may be closed already.
                let _ = stream.shutdown(Shutdown::Both);
            }
            machine.client = None;
        }
        !waited.timed_out()
    }

    /// Takes the roll away.
    pub fn take_paper(&self) {
        self.shared.change(|machine| machine.paper = false);
    }

    /// Lets the roll end after so many more millimetres.
    pub fn end_paper_after(&self, millimetres: f64) {
        let rows = (millimetres.clamp(0.0, 100_000.0) * 8.0) as usize;
        self.shared.change(|machine| {
            machine.rows_left = Some(rows);
            machine.paper = rows > 0;
        });
    }

    /// Puts a new roll in; what hung in the printer comes away with the old one.
    pub fn load_paper(&self) {
        let piece = self.shared.change(|machine| {
            let old = machine.sheet.take_all();
            (machine.paper, machine.low, machine.rows_left) = (true, false, None);
            machine.leave(old, true)
        });
        self.shared.put_down(piece);
    }

    /// Takes the slip at the outlet; waits for one.
    ///
    /// # Errors
    /// If none came in that time.
    pub fn take_slip(&self, timeout: Duration) -> Result<(), &'static str> {
        let waited =
            self.shared
                .changed
                .wait_timeout_while(self.shared.lock(), timeout, |machine| {
                    machine.waiting.is_none()
                });
        let mut machine = waited.unwrap_or_else(PoisonError::into_inner).0;
        if machine.waiting.take().is_none() {
            return Err("no slip waits at the outlet");
        }
        machine.taken_slips += 1;
        drop(machine);
        self.shared.changed.notify_all();
        Ok(())
    }

    /// Clears a jam; what was stuck comes away.
    pub fn clear_jam(&self) {
        let piece = self.shared.change(|machine| {
            let stuck = machine.sheet.take_past_cutter();
            (machine.jammed, machine.will_jam, machine.waiting) = (false, false, None);
            machine.leave(stuck, true)
        });
        self.shared.put_down(piece);
    }

    /// Tears off what hangs out.
    pub fn tear(&self) {
        let piece = self.shared.change(|machine| {
            let torn = machine.sheet.take_past_cutter();
            machine.leave(torn, true)
        });
        self.shared.put_down(piece);
    }

    /// For `ctl paper look`: the rows of dots that hang out, from this one on; a bit a dot.
    pub fn look(&self, from: usize) -> Value {
        self.shared.lock().look(from)
    }

    /// For `ctl state`.
    pub fn state(&self) -> Value {
        self.shared.lock().state()
    }

    /// Waits until so many slips were cut off in all.
    ///
    /// # Errors
    /// How many there are, if it took too long.
    pub fn wait_for_slips(&self, count: usize, timeout: Duration) -> Result<usize, usize> {
        let waited =
            self.shared
                .changed
                .wait_timeout_while(self.shared.lock(), timeout, |machine| machine.slips < count);
        let slips = waited.unwrap_or_else(PoisonError::into_inner).0.slips;
        if slips >= count {
            Ok(slips)
        } else {
            Err(slips)
        }
    }
}
