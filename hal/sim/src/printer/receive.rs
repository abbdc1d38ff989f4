//! Bytes in: into the receive buffer, and real-time commands carried out the moment they arrive.

use std::io::{self, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::Duration;

use super::model::Answers;
use super::{Client, Shared};
use crate::line::Line;

/// Most connections at once.
const CONNECTIONS: usize = 8;

/// Takes connections for ever, but while the plug is pulled.
pub fn serve(mut listener: TcpListener, address: SocketAddr, shared: &Arc<Shared>) {
    let open = Arc::new(());
    loop {
        for stream in listener.incoming().flatten() {
            let mut machine = shared.lock();
            if machine.unplugged {
                break;
            }
            if Arc::strong_count(&open) > CONNECTIONS {
                continue;
            }
            let stream = Arc::new(stream);
            machine.streams.retain(|one| one.strong_count() > 0);
            machine.streams.push(Arc::downgrade(&stream));
            drop(machine);
            let (shared, guard) = (shared.clone(), open.clone());
            thread::spawn(move || {
                // A connection that breaks ends; the printer goes on printing what it has.
                let _ = take_in(&stream, &shared);
                drop(guard);
            });
        }
        drop(listener);
        shared.change(|machine| machine.listening = false);
        let waited = shared
            .changed
            .wait_while(shared.lock(), |machine| machine.unplugged);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
        listener = loop {
            match TcpListener::bind(address) {
                Ok(listener) => break listener,
                Err(error) => {
                    eprintln!("kiosk-sim: printer at {address}: {error}");
                    thread::sleep(Duration::from_secs(1));
                }
            }
        };
        shared.change(|machine| machine.listening = true);
    }
}

fn take_in(stream: &Arc<TcpStream>, shared: &Arc<Shared>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_write_timeout(Some(Duration::from_secs(1)))?;
    let mut intake = Intake::new(shared.clone(), stream.clone());
    let mut piece = [0; 256];
    loop {
        let read = (&**stream).read(&mut piece)?;
        if read == 0 {
            return Ok(());
        }
        intake.take(&piece[..read])?;
    }
}

/// Takes what comes over a line, for ever.
pub fn serve_line(mut line: Line, mut intake: Intake) {
    let mut piece = [0; 256];
    loop {
        match line.read(&mut piece) {
            // Nothing for a while.
            Ok(0) => {}
            Ok(read) => {
                let _ = intake.take(&piece[..read]);
            }
            // The pseudo-terminal is gone.
            Err(_) => return,
        }
    }
}

/// One connection's way into the receive buffer.
pub struct Intake {
    shared: Arc<Shared>,
    client: Arc<dyn Client>,
    watcher: Watcher,
}

impl Intake {
    pub(super) fn new(shared: Arc<Shared>, client: Arc<dyn Client>) -> Self {
        Self {
            shared,
            client,
            watcher: Watcher::default(),
        }
    }

    /// How many bytes can be taken at once, and how many could if the buffer were empty.
    pub fn room(&self) -> (usize, usize) {
        let size = self.shared.setup.buffer;
        (size.saturating_sub(self.shared.lock().buffer.len()), size)
    }

    /// Takes bytes in; waits while the buffer is full.
    ///
    /// # Errors
    /// If nobody takes the answers.
    pub fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        let shared = &self.shared;
        shared.lock().client = Some(self.client.clone());
        for &byte in bytes {
            // A full buffer holds everything up, real-time commands behind it as well: that is why
            // drivers should not fill it.
            let machine = shared.lock();
            let waited = shared.changed.wait_while(machine, |machine| {
                machine.buffer.len() >= shared.setup.buffer
            });
            let mut machine = waited.unwrap_or_else(PoisonError::into_inner);
            machine.buffer.push_back(byte);
            let command = self.watcher.push(byte);
            let mut answer = Vec::new();
            match command {
                None => {}
                Some(RealTime::Status(n)) => {
                    let at_once = match shared.setup.features.answers {
                        Answers::AtOnce => true,
                        Answers::AtRest => !machine.is_moving(),
                        Answers::InOrder => false,
                    };
                    if at_once {
                        answer = machine.real_time_status(n);
                    }
                    // The bytes stay where they are: inside another command, they are its data too.
                    // Only a status request right behind another one is dropped, or a printer that
                    // waits for paper would fill up with them.
                    let length = machine.buffer.len();
                    let before: Vec<u8> = machine
                        .buffer
                        .iter()
                        .skip(length.saturating_sub(6))
                        .copied()
                        .collect();
                    if let [0x10, 0x04, 1..=5 | 20, 0x10, 0x04, _] = before[..]
                        && shared.setup.features.answers != Answers::InOrder
                    {
                        machine.buffer.truncate(length - 3);
                    }
                }
                Some(RealTime::Clear) if shared.setup.features.clears => {
                    machine.clear();
                    answer.extend([0x37, 0x25, 0x00]);
                }
                Some(RealTime::Clear) => {}
            }
            drop(machine);
            shared.changed.notify_all();
            shared.answer(self.client.clone(), answer);
        }
        Ok(())
    }
}

enum RealTime {
    /// `DLE EOT n`.
    Status(u8),
    /// `DLE DC4` fn 8 with its fixed seven bytes.
    Clear,
}

/// Sees real-time commands in the stream, wherever they stand.
#[derive(Default)]
struct Watcher {
    last: [u8; 10],
}

impl Watcher {
    fn push(&mut self, byte: u8) -> Option<RealTime> {
        self.last.rotate_left(1);
        self.last[9] = byte;
        match self.last {
            [.., 0x10, 0x04, n @ (1..=5 | 20)] => Some(RealTime::Status(n)),
            [0x10, 0x14, 0x08, 0x01, 0x03, 0x14, 0x01, 0x06, 0x02, 0x08] => Some(RealTime::Clear),
            _ => None,
        }
    }
}
