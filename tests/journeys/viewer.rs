//! Somebody who watches and touches the terminal's screen over its socket, as `src/headless/live.rs`
//! describes it.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use image::RgbImage;
use image::imageops::replace;
use serde::Deserialize;

use crate::hall::PATIENCE;

/// After a touch the page is looked at for this long before the next; quicker is half of a double tap.
const READING: Duration = Duration::from_millis(700);

/// Something that can be read or touched.
#[derive(Debug, Clone, Deserialize)]
pub struct Label {
    pub label: String,
    button: bool,
    enabled: bool,
    /// Left, top, right, bottom.
    area: [f32; 4],
}

impl Label {
    /// Its middle, in pixels.
    pub fn centre(&self) -> (u16, u16) {
        let [left, top, right, bottom] = self.area;
        (((left + right) / 2.0) as u16, ((top + bottom) / 2.0) as u16)
    }

    fn touchable(&self, text: &str) -> bool {
        self.button && self.enabled && self.label.starts_with(text)
    }
}

pub struct Viewer {
    stream: UnixStream,
    pub screen: RgbImage,
    labels: Vec<Label>,
    /// Pictures seen, with the pixels of each.
    pub pictures: Vec<u32>,
}

impl Viewer {
    /// Comes as soon as the terminal shows its screen.
    pub fn open(socket: &Path) -> Viewer {
        let end = Instant::now() + PATIENCE;
        let stream = loop {
            match UnixStream::connect(socket) {
                Ok(stream) => break stream,
                Err(error) => assert!(Instant::now() < end, "{}: {error}", socket.display()),
            }
            std::thread::sleep(Duration::from_millis(50));
        };
        Viewer {
            stream,
            screen: RgbImage::new(0, 0),
            labels: Vec::new(),
            pictures: Vec::new(),
        }
    }

    /// Waits until something can be read.
    pub fn until(&mut self, text: &str) -> Label {
        self.wait_for(text, |one| one.label.contains(text))
    }

    /// Waits until something can be touched whose label begins so.
    pub fn button(&mut self, text: &str) -> Label {
        self.wait_for(text, |one| one.touchable(text))
    }

    /// Touches what is labelled so, once.
    pub fn tap(&mut self, text: &str) {
        self.button(text);
        self.read();
        let (x, y) = self.button(text).centre();
        self.touch(b'd', x, y);
        std::thread::sleep(Duration::from_millis(80));
        self.touch(b'u', x, y);
    }

    fn wait_for(&mut self, text: &str, found: impl Fn(&Label) -> bool) -> Label {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = self.labels.iter().find(|one| found(one)) {
                return found.clone();
            }
            assert!(
                Instant::now() < end,
                "{text} is not there: {:?}",
                self.labels
            );
            self.look(PATIENCE);
        }
    }

    pub fn touch(&mut self, kind: u8, x: u16, y: u16) {
        let ([x1, x2], [y1, y2]) = (x.to_be_bytes(), y.to_be_bytes());
        self.stream.write_all(&[kind, x1, x2, y1, y2]).unwrap();
    }

    /// Looks at the page for a while.
    pub fn read(&mut self) {
        let end = Instant::now() + READING;
        while let Some(left) = end
            .checked_duration_since(Instant::now())
            .filter(|left| !left.is_zero())
        {
            self.look(left);
        }
    }

    /// Whether the terminal has hung up; what it still sends is taken.
    pub fn let_go(&mut self) -> bool {
        self.stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut rest = Vec::new();
        match self.stream.read_to_end(&mut rest) {
            Ok(_) => true,
            Err(error) => error.kind() == ErrorKind::ConnectionReset,
        }
    }

    /// Red, green and blue of the pixels in the middle of something, from its left to its right.
    pub fn row_through(&self, label: &Label) -> Vec<u8> {
        let [left, top, right, bottom] = label.area.map(|at| at as u32);
        let row: Vec<u8> = (left..right)
            .flat_map(|x| self.screen.get_pixel(x, (top + bottom) / 2).0)
            .collect();
        assert!(
            row.chunks(3).any(|pixel| pixel != &row[..3]),
            "nothing is written there"
        );
        row
    }

    /// Takes one message; whether there was one in this time.
    fn look(&mut self, patience: Duration) -> bool {
        self.stream.set_read_timeout(Some(patience)).unwrap();
        let mut head = [0; 5];
        match self.stream.read(&mut head[..1]) {
            Ok(1) => {}
            Ok(_) => panic!("the terminal has hung up"),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
            Err(error) => panic!("{error}"),
        }
        self.stream.set_read_timeout(Some(PATIENCE)).unwrap();
        self.stream.read_exact(&mut head[1..]).unwrap();
        let [kind, length @ ..] = head;
        let mut payload = vec![0; u32::from_be_bytes(length) as usize];
        self.stream.read_exact(&mut payload).unwrap();
        match kind {
            b'P' => self.picture(&payload),
            b'L' => self.labels = serde_json::from_slice(&payload).unwrap(),
            other => panic!("a message of kind {other}"),
        }
        true
    }

    fn picture(&mut self, payload: &[u8]) {
        let number = |at: usize| u32::from(u16::from_be_bytes([payload[at], payload[at + 1]]));
        let (left, top, size) = (number(0), number(2), (number(4), number(6)));
        if self.screen.dimensions() != size {
            self.screen = RgbImage::new(size.0, size.1);
        }
        let part = image::load_from_memory(&payload[8..]).unwrap().into_rgb8();
        assert!(left + part.width() <= size.0 && top + part.height() <= size.1);
        self.pictures.push(part.width() * part.height());
        replace(&mut self.screen, &part, left.into(), top.into());
    }
}
