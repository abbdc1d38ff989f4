//! Screens, touch panels and sound: what the system has found by itself. Nobody writes an address for
//! these, and no driver of ours speaks to them; they are looked up where the kernel lists them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::discover::clean;

/// A list larger than this is cut off, in bytes.
const MOST_BYTES: u64 = 1024 * 1024;

/// A connector for a screen (`/sys/class/drm`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Screen {
    /// The kernel's name, such as `card0-HDMI-A-1`.
    pub connector: String,
    /// Whether a screen is plugged in; `None` if the connector cannot tell.
    pub connected: Option<bool>,
    /// The mode that the screen likes best, such as `1080x1920`.
    pub mode: Option<String>,
}

/// A touch panel (`/proc/bus/input/devices`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Touch {
    /// What it calls itself: at most 64 characters, none of them a control character; may be empty.
    pub name: String,
    /// Its device file, such as `/dev/input/event3`.
    pub path: PathBuf,
}

/// A sound card (`/proc/asound/cards`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Audio {
    /// The system's number of it.
    pub card: u32,
    /// What it calls itself: at most 64 characters, none of them a control character; may be empty.
    pub name: String,
}

/// The connectors for screens, below this root (`/` but in tests); none where the kernel has no
/// graphics.
pub fn screens(root: &Path) -> Vec<Screen> {
    let mut screens: Vec<Screen> = fs::read_dir(root.join("sys/class/drm"))
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| screen(&entry.path()))
        .collect();
    screens.sort_by(|a, b| a.connector.cmp(&b.connector));
    screens
}

/// The touch panels, below this root.
pub fn touches(root: &Path) -> Vec<Touch> {
    let list = text(&root.join("proc/bus/input/devices"));
    list.split("\n\n").filter_map(touch).collect()
}

/// The sound cards, below this root.
pub fn audio(root: &Path) -> Vec<Audio> {
    let list = text(&root.join("proc/asound/cards"));
    list.lines().filter_map(card).collect()
}

impl Touch {
    /// Waits for a finger until then; whether one came.
    ///
    /// # Errors
    /// When the device file cannot be opened or read.
    pub fn wait(&self, until: Instant) -> io::Result<bool> {
        let mut device = evdev::Device::open(&self.path)?;
        device.set_nonblocking(true)?;
        loop {
            match device.fetch_events() {
                Ok(mut events) => {
                    if events.any(|event| event.event_type() == evdev::EventType::ABSOLUTE) {
                        return Ok(true);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
            if Instant::now() >= until {
                return Ok(false);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn text(path: &Path) -> String {
    use io::Read;
    let mut bytes = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(MOST_BYTES).read_to_end(&mut bytes));
    match read {
        Ok(_) => String::from_utf8_lossy(&bytes).into_owned(),
        // A kernel without such devices has no such list.
        Err(_) => String::new(),
    }
}

fn screen(path: &Path) -> Option<Screen> {
    let connector = path.file_name()?.to_str()?.to_owned();
    // The graphics cards themselves stand there as well, without a status.
    let status = text(&path.join("status"));
    let connected = match status.trim() {
        "" => return None,
        "connected" => Some(true),
        "disconnected" => Some(false),
        _ => None,
    };
    Some(Screen {
        connector,
        connected,
        mode: text(&path.join("modes")).lines().next().map(str::to_owned),
    })
}

/// Codes of `linux/input-event-codes.h`.
const INPUT_PROP_POINTER: usize = 0x00;
const INPUT_PROP_DIRECT: usize = 0x01;
const ABS_MT_POSITION_X: usize = 0x35;

/// One paragraph of the list. A touchpad has fingers on it as well, but moves a pointer.
fn touch(device: &str) -> Option<Touch> {
    let line = |start: &str| device.lines().find_map(|line| line.strip_prefix(start));
    let has = |start: &str, bit: usize| line(start).is_some_and(|bits| bit_is_set(bits, bit));
    let fingers = has("B: PROP=", INPUT_PROP_DIRECT)
        || (has("B: ABS=", ABS_MT_POSITION_X) && !has("B: PROP=", INPUT_PROP_POINTER));
    // Nothing but a number: a name with a line's end in it can put words of the device's own here.
    let is_event = |handler: &&str| {
        let number = handler.strip_prefix("event");
        number.is_some_and(|number| number.parse::<u16>().is_ok())
    };
    let event = line("H: Handlers=")?.split_whitespace().find(is_event)?;
    fingers.then(|| Touch {
        name: clean(line("N: Name=").unwrap_or_default().trim_matches('"')),
        path: Path::new("/dev/input").join(event),
    })
}

/// The kernel writes a set of bits as hexadecimal words, the highest first.
fn bit_is_set(words: &str, bit: usize) -> bool {
    let word = words.split_whitespace().rev().nth(bit / 64);
    word.and_then(|word| u64::from_str_radix(word, 16).ok())
        .is_some_and(|word| word >> (bit % 64) & 1 == 1)
}

/// ` 0 [PCH            ]: HDA-Intel - HDA Intel PCH`; a second line says where it is.
fn card(line: &str) -> Option<Audio> {
    let (number, rest) = line.split_once('[')?;
    let (_, name) = rest.split_once("]: ")?;
    Some(Audio {
        card: number.trim().parse().ok()?,
        name: clean(name.split_once(" - ").map_or(name, |(_, name)| name)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A made-up machine: files by their path below its root.
    fn machine(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    #[test]
    fn connectors_are_told_apart_by_their_status() {
        let root = machine(&[
            ("sys/class/drm/version", "drm 1.1.0\n"),
            ("sys/class/drm/card0/dev", "226:0\n"),
            ("sys/class/drm/card0-HDMI-A-1/status", "connected\n"),
            (
                "sys/class/drm/card0-HDMI-A-1/modes",
                "1080x1920\n720x1280\n",
            ),
            ("sys/class/drm/card0-DP-1/status", "disconnected\n"),
            ("sys/class/drm/card0-DP-1/modes", ""),
            ("sys/class/drm/card0-VGA-1/status", "unknown\n"),
        ]);
        let screen = |connector: &str, connected, mode: Option<&str>| Screen {
            connector: connector.into(),
            connected,
            mode: mode.map(str::to_owned),
        };
        assert_eq!(
            screens(root.path()),
            [
                screen("card0-DP-1", Some(false), None),
                screen("card0-HDMI-A-1", Some(true), Some("1080x1920")),
                screen("card0-VGA-1", None, None),
            ]
        );
    }

    /// As kernels write it: a keyboard, a touchpad, a touch panel, and a graphics tablet's finger.
    const INPUTS: &str = "\
I: Bus=0011 Vendor=0001 Product=0001 Version=ab41
N: Name=\"AT Translated Set 2 keyboard\"
H: Handlers=sysrq kbd event0 leds
B: PROP=0
B: EV=120013
B: KEY=402000000 3803078f800d001 feffffdfffefffff fffffffffffffffe

I: Bus=0018 Vendor=06cb Product=7a13 Version=0100
N: Name=\"Synaptics TouchPad\"
H: Handlers=mouse1 event5
B: PROP=5
B: EV=b
B: KEY=e520 10000 0 0 0 0
B: ABS=2e0800000000003

I: Bus=0003 Vendor=222a Product=0001 Version=0110
N: Name=\"ILITEK ILITEK-TP\"
H: Handlers=mouse2 event12
B: PROP=2
B: EV=1b
B: KEY=400 0 0 0 0 0
B: ABS=260800000000003

I: Bus=0003 Vendor=0eef Product=c000 Version=0110
N: Name=\"eGalax \u{2014} \u{1B}触摸屏\"
H: Handlers=event13
B: PROP=0
B: EV=b
B: ABS=260800000000003
";

    #[test]
    fn touch_panels_are_told_from_pads_and_keyboards() {
        let root = machine(&[("proc/bus/input/devices", INPUTS)]);
        let found = touches(root.path());
        let names: Vec<_> = found
            .iter()
            .map(|touch| (touch.name.as_str(), touch.path.to_str().unwrap()))
            .collect();
        assert_eq!(
            names,
            [
                ("ILITEK ILITEK-TP", "/dev/input/event12"),
                ("eGalax \u{2014} 触摸屏", "/dev/input/event13"),
            ]
        );
    }

    #[test]
    fn a_name_cannot_lead_out_of_the_devices() {
        let list = "N: Name=\"x\nH: Handlers=event1/../../../etc/passwd event\n\"\nB: PROP=2\n";
        let root = machine(&[("proc/bus/input/devices", list)]);
        assert!(touches(root.path()).is_empty());
    }

    #[test]
    fn sound_cards_have_a_number_and_a_name() {
        let root = machine(&[(
            "proc/asound/cards",
            " 0 [PCH            ]: HDA-Intel - HDA Intel PCH
                      HDA Intel PCH at 0xa1230000 irq 130
 1 [Headset        ]: USB-Audio - USB Headset
                      C-Media at usb-0000:00:14.0-2, full speed
",
        )]);
        let found = audio(root.path());
        assert_eq!(
            found
                .iter()
                .map(|audio| (audio.card, audio.name.as_str()))
                .collect::<Vec<_>>(),
            [(0, "HDA Intel PCH"), (1, "USB Headset")]
        );
        let none = machine(&[("proc/asound/cards", "--- no soundcards ---\n")]);
        assert!(audio(none.path()).is_empty());
    }

    #[test]
    fn a_machine_without_any_has_none() {
        let root = machine(&[]);
        assert!(screens(root.path()).is_empty());
        assert!(touches(root.path()).is_empty());
        assert!(audio(root.path()).is_empty());
    }
}
