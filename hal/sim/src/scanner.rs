//! A scanner of codes, on a pseudo-terminal: it sends what it reads, and takes nothing.

use std::io;
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use encoding_rs::GB18030;

use crate::order::ScanOrder;
use crate::plug::{Plug, Socket};

/// Handle to the running scanner.
#[derive(Clone)]
pub struct Scanner {
    codes: Sender<(Vec<u8>, Sender<io::Result<()>>)>,
    plug: Plug,
}

/// Longest text in bytes, some more than any code has.
const LONGEST: usize = 16 * 1024;

impl Scanner {
    /// Starts a scanner of 9600 baud on a pseudo-terminal linked at `link`.
    ///
    /// # Errors
    /// If there is no pseudo-terminal, or the link cannot be made.
    pub fn start(link: &Path) -> io::Result<Self> {
        let plug = Plug::default();
        let mut socket = Socket::open(link, 9600, plug.clone())?;
        let (codes, scanned) = channel::<(Vec<u8>, Sender<_>)>();
        thread::spawn(move || {
            loop {
                socket.see_to_plug();
                match scanned.recv_timeout(Duration::from_millis(100)) {
                    Ok((code, done)) => {
                        // Whoever gave the order may not wait for its end.
                        let _ = done.send(socket.line().and_then(|line| line.write(&code)));
                    }
                    Err(RecvTimeoutError::Timeout) => {
                        // Fails only when nobody can use the line any more.
                        let _ = socket.line().and_then(|line| line.release());
                    }
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        });
        Ok(Self { codes, plug })
    }

    /// Puts the plug in or pulls it; false if that takes too long.
    pub fn plug(&self, plugged: bool) -> bool {
        self.plug.set(plugged)
    }

    /// Scans a code: returns once its last byte has left.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn scan(&self, order: &ScanOrder) -> Result<(), String> {
        let mut code = if order.gb18030 {
            GB18030.encode(&order.text).0.into_owned()
        } else {
            order.text.clone().into_bytes()
        };
        if code.len() > LONGEST {
            return Err(format!("at most {LONGEST} bytes"));
        }
        if !order.without_end {
            code.push(b'\r');
        }
        let (done, sent) = channel();
        self.codes
            .send((code, done))
            .map_err(|_| "the scanner has ended")?;
        sent.recv()
            .map_err(|_| "the scanner has ended")?
            .map_err(|error| error.to_string())
    }
}
