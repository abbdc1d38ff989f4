//! What a device says of itself when it is plugged in: USB 2.0, chapter 9.6.

/// Largest packet of every pipe: these are full-speed devices.
pub const PACKET: usize = 64;

/// Kind of a HID report descriptor.
const REPORT: u8 = 0x22;

/// A device with one interface of pipes.
pub struct Device {
    pub vendor: u16,
    pub product: u16,
    pub maker: &'static str,
    pub name: &'static str,
    /// Class, subclass and protocol of its interface.
    pub class: [u8; 3],
    /// Addresses of its pipes: interrupt pipes if it is a HID device, bulk pipes otherwise.
    pub pipes: &'static [u8],
    /// Its HID report descriptor; none if it is no HID device.
    pub reports: Option<&'static [u8]>,
}

/// How often an interrupt pipe is looked at, in milliseconds.
pub const INTERVAL: u8 = 4;

/// Version of the device in binary-coded decimal.
pub const DEVICE_VERSION: u16 = 0x0100;

impl Device {
    /// Answers GET_DESCRIPTOR; `None` for one that it does not have.
    pub fn descriptor(&self, value: u16) -> Option<Vec<u8>> {
        let [kind, number] = value.to_be_bytes();
        match (kind, number) {
            (1, 0) => Some(self.device()),
            (2, 0) => Some(self.configuration()),
            // The languages: American English.
            (3, 0) => Some(vec![4, 3, 0x09, 0x04]),
            (3, 1) => Some(text(self.maker)),
            (3, 2) => Some(text(self.name)),
            (REPORT, 0) => self.reports.map(<[u8]>::to_vec),
            _ => None,
        }
    }

    fn device(&self) -> Vec<u8> {
        let [vendor, product, version] =
            [self.vendor, self.product, DEVICE_VERSION].map(u16::to_le_bytes);
        let usb = 0x0200u16.to_le_bytes();
        [
            &[18, 1, usb[0], usb[1], 0, 0, 0, PACKET as u8][..],
            &vendor,
            &product,
            &version,
            // Names of maker and product, no serial number, one configuration.
            &[1, 2, 0, 1],
        ]
        .concat()
    }

    fn configuration(&self) -> Vec<u8> {
        let [class, subclass, protocol] = self.class;
        let pipes = self.pipes.len() as u8;
        let mut rest = vec![9, 4, 0, 0, pipes, class, subclass, protocol, 0];
        if let Some(reports) = self.reports {
            // HID 1.11, chapter 6.2.1: one report descriptor, of this length.
            let length = (reports.len() as u16).to_le_bytes();
            rest.extend([9, 0x21, 0x11, 0x01, 0, 1, REPORT, length[0], length[1]]);
        }
        for &pipe in self.pipes {
            const BULK: u8 = 2;
            const INTERRUPT: u8 = 3;
            let (kind, interval) = match self.reports {
                Some(_) => (INTERRUPT, INTERVAL),
                None => (BULK, 0),
            };
            rest.extend([7, 5, pipe, kind, PACKET as u8, 0, interval]);
        }
        let length = (9 + rest.len() as u16).to_le_bytes();
        // One interface, configuration 1, powered by the bus, 100 mA.
        let head = [9, 2, length[0], length[1], 1, 1, 0, 0x80, 50];
        [&head[..], &rest].concat()
    }
}

fn text(text: &str) -> Vec<u8> {
    let units = text.encode_utf16().flat_map(u16::to_le_bytes);
    let mut descriptor = vec![0, 3];
    descriptor.extend(units.take(252));
    descriptor[0] = descriptor.len() as u8;
    descriptor
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTER: Device = Device {
        vendor: 0x0400,
        product: 0xC35A,
        maker: "Yici",
        name: "打印机",
        class: [0xFF, 0, 0],
        pipes: &[0x02, 0x81],
        reports: None,
    };

    #[test]
    fn lengths_add_up() {
        let device = PRINTER;
        assert_eq!(device.descriptor(0x0100).unwrap().len(), 18);
        let configuration = device.descriptor(0x0200).unwrap();
        assert_eq!(configuration.len(), 9 + 9 + 2 * 7);
        assert_eq!(usize::from(configuration[2]), configuration.len());
        assert_eq!(device.descriptor(0x0302).unwrap()[..2], [8, 3]);
        assert_eq!(device.descriptor(0x0600), None);
    }

    #[test]
    fn a_hid_device_tells_its_reports() {
        let device = Device {
            class: [3, 0, 0],
            reports: Some(&[0x06, 0x00, 0xFF]),
            ..PRINTER
        };
        let configuration = device.descriptor(0x0200).unwrap();
        assert_eq!(configuration.len(), 9 + 9 + 9 + 2 * 7);
        assert_eq!(usize::from(configuration[2]), configuration.len());
        assert_eq!(
            configuration[18..27],
            [9, 0x21, 0x11, 0x01, 0, 1, 0x22, 3, 0]
        );
        assert_eq!(device.descriptor(0x2200).unwrap(), [0x06, 0x00, 0xFF]);
        assert_eq!(PRINTER.descriptor(0x2200), None);
    }
}
